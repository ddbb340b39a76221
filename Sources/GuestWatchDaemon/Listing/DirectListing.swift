import Glibc
import GuestWatchCore
import RuleFiles
import Systemd
import VSphere

/// `guestwatchd ps` without any configuration: one vCenter, one VM, two passwords that somebody types, each sent once.
public struct DirectListing: Sendable {
  /// What the command line says.
  public struct Order: Sendable {
    public var url: String
    public var userName: String
    public var guestUserName: String
    public var vm: String
    public var caFile: String?
    public var fingerprint: String?

    public init(
      url: String, userName: String, guestUserName: String, vm: String, caFile: String?, fingerprint: String?
    ) {
      self.url = url
      self.userName = userName
      self.guestUserName = guestUserName
      self.vm = vm
      self.caFile = caFile
      self.fingerprint = fingerprint
    }
  }

  private static let patience = Duration.seconds(60)

  private let order: Order
  private let address: ServerAddress
  private let fingerprints: [String]
  private let clock = SystemClock()

  /// Why the command line is wrong.
  public struct Mistake: Error, Sendable { public var message: String }

  public init(_ order: Order) throws(Mistake) {
    self.order = order
    do throws(ServerAddress.Mistake) { address = try ServerAddress(order.url) } catch {
      throw Mistake(message: error.message.replacing("'url'", with: "--url"))
    }
    guard let text = order.fingerprint else {
      fingerprints = []
      return
    }
    guard let digits = certificateFingerprint(text) else {
      throw Mistake(
        message: "--fingerprint must be the SHA-256 of the certificate as 64 hex digits, with or without colons")
    }
    fingerprints = [digits]
  }

  /// Asks for the password of vCenter, finds the VM, asks for that of the guest, lists, and logs out.
  ///
  /// - Parameters:
  ///   - password: asks for the password of this account; nil: nobody typed one.
  ///   - emit: takes each line, a JSON object.
  public func run(
    password: @Sendable (_ of: String) async -> String?, emit: (String) -> Void
  ) async -> ExplainTalk.End {
    await run(password: password) { vm, rows in
      let wall = clock.now().wall
      for process in rows {
        emit(
          processLine(
            process, vcenter: address.host, moid: vm.moid, vmName: vm.name, login: order.guestUserName,
            claimed: .nanoseconds(wall) - .seconds(process.started), proven: nil))
      }
    }
  }

  /// - Parameter take: takes the VM and its processes by pid.
  func run(
    password: @Sendable (_ of: String) async -> String?, take: (VMFacts, [Process]) -> Void
  ) async -> ExplainTalk.End {
    _ = librariesAreSilent
    guard let typed = await password("\(order.userName) at \(address.host)") else { return nobodyTyped }
    let client: VCenterClient
    do {
      client = try VCenterClient(
        connection: VCenterConnection(
          id: VCenterID(address.host), scheme: address.scheme == .https ? .https : .http, host: address.host,
          port: address.port, userName: order.userName, password: VSphere.Secret(typed), caFile: order.caFile,
          fingerprints: fingerprints, maxInFlight: 2),
        clock: CallClock(clock))
    } catch {
      return ExplainTalk.End(status: .usage, message: words(error))
    }
    let end = await list(client, password, take)
    await client.logOut(by: clock.now().continuous + .seconds(5))
    await client.shutDown()
    return end
  }

  private var nobodyTyped: ExplainTalk.End {
    ExplainTalk.End(
      status: .usage, message: "no password was typed (a terminal is needed to ask on); nothing more was sent")
  }

  private func list(
    _ client: VCenterClient, _ password: @Sendable (String) async -> String?, _ take: (VMFacts, [Process]) -> Void
  ) async -> ExplainTalk.End {
    guard let name = try? Glob(order.vm) else {
      return ExplainTalk.End(status: .usage, message: "--vm must be a VM's name or moid")
    }
    let query = ScopeQuery(scopes: [Scope(names: [name])], ids: [order.vm])
    let inventory: Inventory
    switch await client.inventory(query, by: clock.now().continuous + Self.patience).1 {
    case .failure(let fault): return ExplainTalk.End(status: .unavailable, message: "\(address.host): \(words(fault))")
    case .success(let found): inventory = found
    }
    let there = inventory.vms.filter { query.selects(name: $0.name, moid: $0.moid, in: $0.selectors) }
    guard let vm = there.first else {
      return ExplainTalk.End(
        status: .usage, message: "\(address.host) shows this account no VM called \(bare(order.vm))")
    }
    guard there.count == 1 else {
      return ExplainTalk.End(
        status: .usage, message: "\(bare(order.vm)) may be any of several VMs; name one of them by its moid",
        notes: there.map { "\($0.moid): \(bare($0.name))" })
    }
    // No password is asked for that cannot be of use.
    guard vm.power == .on, vm.ready else {
      return ExplainTalk.End(
        status: .unavailable,
        message: vm.power == .on
          ? "\(bare(vm.name)) cannot be looked into: guest operations are not ready (VMware Tools)"
          : "\(bare(vm.name)) is not powered on")
    }
    guard let typed = await password("\(order.guestUserName) in \(shown(vm.name))") else { return nobodyTyped }
    let login = GuestCredential(userName: order.guestUserName, password: VSphere.Secret(typed))
    // Once: whatever comes of it, a password that may be wrong is not sent again.
    let answer = await client.survey(
      moid: vm.moid, login: login, showingEnds: false, by: clock.now().continuous + Self.patience)
    switch answer.1 {
    case .failure(let fault):
      return ExplainTalk.End(status: .unavailable, message: "\(bare(vm.name)): \(words(fault))")
    case .success(let listing):
      take(vm, listing.rows.sorted { $0.pid < $1.pid })
      return ExplainTalk.End(
        notes: listing.complete
          ? [] : ["the listing is not complete: it is empty, or has a pid twice, or too many rows"])
    }
  }
}
