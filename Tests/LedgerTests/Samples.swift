import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// A state directory of its own for one test; gone with it.
final class Folder {
  let path: String
  private var mounted = false
  private var shut = false

  init() throws {
    var template = Array("/tmp/guestwatch-ledger.XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    path = try #require(made)
  }

  deinit {
    reopen()
    if mounted { umount2(path, Int32(MNT_DETACH)) }
    _ = try? run(["rm", "-rf", path])
  }

  var state: String { path + "/state" }
  var ledger: String { state + "/ledger.db" }
  var log: String { state + "/ledger.db-wal" }

  /// True where this account may mount; root in a container often may not.
  static let mayMount: Bool = {
    guard geteuid() == 0, let folder = try? Folder() else { return false }
    return folder.mountSmall(kilobytes: 64)
  }()

  /// Puts a small file system of its own at the folder; false where that is not allowed.
  func mountSmall(kilobytes: Int) -> Bool {
    mounted = mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0
    return mounted
  }

  /// Lays a read-only view of the state directory over it; false where that failed.
  ///
  /// A file system itself becomes read-only only where nobody has a file open for writing, and that can be a child of
  /// another test: between its fork and its exec it has all descriptors of this process, also those that were closed
  /// here meanwhile. Nothing was ever opened through the view.
  func makeReadOnly() -> Bool {
    let view = UInt(MS_BIND)
    shut = mount(state, state, nil, view, nil) == 0
    return shut && mount(nil, state, nil, view | UInt(MS_REMOUNT) | UInt(MS_RDONLY), nil) == 0
  }

  /// Takes the read-only view away.
  func reopen() {
    if shut { umount2(state, Int32(MNT_DETACH)) }
    shut = false
  }

  func store(_ moment: Now = at(0), boot: String = "boot-a") throws(LedgerError) -> LedgerStore {
    try LedgerStore.open(stateDirectory: state, now: moment, bootID: boot)
  }

  func history(_ filter: HistoryFilter = HistoryFilter()) throws(LedgerError) -> [HistoryRow] {
    try HistoryReader.rows(stateDirectory: state, filter: filter)
  }
}

/// 2026-11-21T21:00:00Z in nanoseconds.
let evening: Int64 = 1_795_294_800_000_000_000

/// `seconds` on a clock that is at 1000 s when the wall says evening; `step` is what the wall clock is wrong by.
func at(_ seconds: Int64, step: Int64 = 0) -> Now {
  Now(
    continuous: Instant(nanoseconds: (1000 + seconds) * 1_000_000_000),
    wall: evening + (seconds + step) * 1_000_000_000)
}

func id(_ number: UInt32, life: UInt32 = 1) -> KillID { KillID(life: life, number: number) }

func record(
  _ id: KillID, decided: Now = at(0), reason: Reason = .forbidden, vmName: String = "db-07", pid: Int64 = 4242,
  name: GuestText = "bkagent", owner: GuestText = "backup", command: GuestText = "", rule: String = "stuck-backup"
) -> KillRecord {
  KillRecord(
    id: id, cause: .rule(RuleID(rule), reason), ruleDescription: "The nightly agent never needs two hours.",
    action: .terminate, dryRun: false, vm: VMKey(vcenter: "vc-uuid", instance: "vm-uuid"),
    address: VMAddress(vcenter: VCenterID("lab"), moid: "vm-42"), vmName: vmName, login: LoginID("linux"),
    process: Process(pid: pid, started: 1_795_200_000, owner: owner, name: name, command: command),
    anchors: [Anchor(pid: 1, started: 1_790_000_000), Anchor(pid: 7, started: -3)], decided: decided,
    confirmed: Now(continuous: decided.continuous, wall: decided.wall + 5_000_000))
}

func timing(_ sent: Now? = at(1), _ ended: Now = at(6)) -> Timing { Timing(firstByte: sent, ended: ended, date: 17) }

let fault = Fault(.guestDenied, code: "GuestPermissionDenied", detail: "no: \"never\"\nagain")

extension LedgerStore {
  /// Writes and requires success.
  func put(
    _ id: KillID, _ step: LedgerStep, _ moment: Now = at(0), _ place: SourceLocation = #_sourceLocation
  ) async throws {
    try require(await write(id, step, now: moment), place)
  }

  /// Writes and requires a failure. Returns what it says.
  func refuse(
    _ id: KillID, _ step: LedgerStep, _ moment: Now = at(0), _ place: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let result = await write(id, step, now: moment)
    guard case .failure(let failure) = result else {
      Issue.record("it was written", sourceLocation: place)
      return ""
    }
    return failure.message
  }
}

func require(_ result: Result<Void, LedgerFailure>, _ place: SourceLocation = #_sourceLocation) throws {
  if case .failure(let failure) = result { Issue.record("\(failure.message)", sourceLocation: place) }
}

/// Calls `body` and returns what its error says.
func refusal(_ place: SourceLocation = #_sourceLocation, _ body: () throws(LedgerError) -> Void) -> LedgerError? {
  do {
    try body()
    Issue.record("nothing was refused", sourceLocation: place)
    return nil
  } catch {
    return error
  }
}

/// Runs a program to its end. Returns its exit status.
@discardableResult
func run(_ words: [String]) throws -> Int32 {
  let child = try spawn(words)
  var status: Int32 = 0
  try #require(waitpid(child, &status, 0) == child)
  return status & 0x7f == 0 ? (status >> 8) & 0xff : -1
}

/// Starts a program; `channel` becomes its stdin and stdout.
func spawn(_ words: [String], channel: Int32? = nil) throws -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  if let channel {
    posix_spawn_file_actions_adddup2(&actions, channel, 0)
    posix_spawn_file_actions_adddup2(&actions, channel, 1)
  }
  var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
  arguments.append(nil)
  defer { for argument in arguments { free(argument) } }
  var child = pid_t()
  try #require(posix_spawnp(&child, words[0], &actions, nil, arguments, environ) == 0)
  return child
}

/// Two ends of a channel that no child inherits by accident, however many tests start children at once.
func makeChannel() throws -> (ours: Int32, theirs: Int32) {
  var ends: [Int32] = [0, 0]
  try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
  return (ends[0], ends[1])
}

func contents(of path: String) throws -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  try #require(file >= 0)
  defer { close(file) }
  var found = stat()
  try #require(fstat(file, &found) == 0)
  var bytes = [UInt8](repeating: 0, count: Int(found.st_size))
  try #require(read(file, &bytes, bytes.count) == bytes.count)
  return bytes
}

func put(_ bytes: [UInt8], in path: String) throws {
  let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
  try #require(file >= 0)
  defer { close(file) }
  try #require(write(file, bytes, bytes.count) == bytes.count)
}
