import Testing
import VCenterModel

/// A vCenter with one VM, and a clock that the test moves.
final class Lab {
  static let second: Int64 = 1_000_000_000
  static let start = ModelTime(continuous: 5_000 * second, wall: 1_790_000_000 * second)

  var model: VCenterModel
  var now = Lab.start
  var token: String?
  let root = GuestCredential(user: "guestwatch", password: "right")
  let plain = GuestCredential(user: "alice", password: "hers")

  init(
    release: Release = .v8u3, guest: SyntheticGuest.Settings = SyntheticGuest.Settings(), clockOffset: Int64 = 0,
    overlap: VCenterModel.Overlap = .refused, loggedIn: Bool = true,
    privileges: Set<Privilege> = Set(Privilege.allCases)
  ) {
    model = VCenterModel(
      settings: VCenterModel.Settings(release: release, overlap: overlap),
      accounts: [VCenterAccount(user: "svc", password: "secret", privileges: privileges)])
    let booted = Lab.start.advanced(by: -3_600 * Lab.second)
    model.add(
      VirtualMachine(
        facts: VirtualMachine.Facts(
          moid: "vm-1", name: "web-1", instanceUUID: "uuid-1", biosUUID: "bios-1", bootTime: booted.wall),
        accounts: [
          GuestAccount(user: "guestwatch", password: "right"),
          GuestAccount(user: "alice", password: "hers", superuser: false),
        ],
        guest: .synthetic(SyntheticGuest(settings: guest, bootedAt: booted, clockOffset: clockOffset))))
    if loggedIn { token = logIn() }
  }

  func logIn() -> String? {
    guard case .loggedIn(_, let token) = call(.viLogin(user: "svc", password: "secret")) else { return nil }
    return token
  }

  func pass(_ seconds: Double) { now = now.advanced(by: Int64(seconds * Double(Lab.second))) }

  /// Calls and waits, in the model's own time, until there is an answer.
  func call(_ request: Request) -> Response? {
    var reply = model.handle(request, session: token, at: now)
    while case .later(let at, let id) = reply {
      now = at
      guard let next = model.resume(id, at: now) else { return nil }
      reply = next
    }
    if case .now(let response) = reply { return response }
    return nil
  }

  func rows(_ pids: [Int64]? = nil, as credential: GuestCredential? = nil) -> [ProcessInfo] {
    let response = call(.listProcesses(moid: "vm-1", credential ?? root, via: .vi, pids: pids))
    guard case .processes(let rows) = response else { return [] }
    return rows
  }

  func kill(_ pid: Int64, as credential: GuestCredential? = nil) -> Response? {
    call(.terminate(moid: "vm-1", credential ?? root, pid: pid, via: .vi))
  }

  func spawn(_ spawn: Spawn) -> GuestProcess? {
    let now = now
    return model.withGuest("vm-1") { $0.spawn(spawn, at: now) } ?? nil
  }

  func guest(_ body: (inout SyntheticGuest, ModelTime) -> Void) {
    let now = now
    model.withGuest("vm-1") { body(&$0, now) }
  }
}

let second = Lab.second

/// An answer that the test cannot go on with.
struct Unexpected: Error {
  var what: String
  init(_ what: String) { self.what = what }
}
