public import GuestWatchCore
public import Logging
import NIOSSL

/// The client of one vCenter: sessions, inventory, looks into guests, and the terminate.
///
/// No function throws; each answers by its deadline (`by`, on the continuous clock), body of the answer included, and
/// gives its requests up when its task is cancelled. It waits for nothing but vCenter and paces nothing: that is for
/// whoever plans the calls, at most `maxInFlight` at a time. `shutDown` must be called before it is let go.
public final class VCenterClient: Sendable {
  private let connection: VCenterConnection
  private let clock: CallClock
  let wire: Wire
  let keeper: SessionKeeper
  let calls: SessionCalls
  private let terminator: Terminator
  private let memory = InventoryMemory()

  /// Prepares a client; nothing is sent yet.
  ///
  /// Clients that share `refusals` count refused logins together: all of one daemon should. Throws where `ca_file` is missing or holds no certificate (the path is in the detail), and where a connection
  /// without TLS would leave this machine.
  public init(
    connection: VCenterConnection, clock: CallClock, refusals: LoginRefusals = LoginRefusals(), logger: Logger? = nil
  ) throws(Fault) {
    guard connection.scheme == .https || connection.isLoopback else {
      throw Fault(
        .badRequest, code: "url", detail: shown("http to \(connection.host) would show passwords to all; use https"))
    }
    let trust = try Trust(caFile: connection.caFile, fingerprints: connection.fingerprints)
    terminator = try Terminator(to: connection, trusting: trust, clock: clock)
    self.connection = connection
    self.clock = clock
    wire = Wire(to: connection, trusting: trust, clock: clock.now)
    let login = Login(wire: wire, connection: connection, clock: clock, refusals: refusals)
    keeper = SessionKeeper(login: login, clock: clock, logger: logger)
    calls = SessionCalls(wire: wire, keeper: keeper)
  }

  /// Finds the VMs that `query` selects and reads their state: resolves its selectors, lists names where a scope needs
  /// them, then `RetrievePropertiesEx` (over REST alone before 8.0 U1). One request at a time. An empty query asks nothing
  /// and is an empty inventory; a selector that cannot be resolved selects nothing and is in `unresolved`.
  ///
  /// `Timing.firstByte` is that of the last list. A fault that does not speak of one selector or one VM fails it all.
  public func inventory(_ query: ScopeQuery, by: Instant) async -> (Timing, Result<Inventory, Fault>) {
    let trace = Trace()
    let reading = InventoryReading(calls: calls, memory: memory, query: query, trace: trace)
    if query.isEmpty {
      let known = await keeper.known
      let empty = Inventory(
        vcenterUUID: known?.vcenterUUID ?? "", canTerminate: known?.vi?.processManager != nil, vms: [], complete: true)
      return (trace.timing(ended: clock()), .success(empty))
    }
    return await answered(by: by, trace) { await reading.run() }
  }

  /// Lists a guest's processes: over REST, or over VI JSON (`ListProcessesInGuest`) where ends must show.
  ///
  /// Without VI JSON it is a REST listing all the same; `Listing.showsEnds` says which it was.
  public func survey(
    moid: String, login: GuestCredential, showingEnds: Bool, by: Instant
  ) async -> (Timing, Result<Listing, Fault>) {
    let trace = Trace()
    let looks = GuestLooks(calls: calls, moid: moid, login: login, trace: trace)
    let calls = calls
    return await answered(by: by, trace) {
      await calls.call { session in
        if showingEnds, let vi = session.vi, let processManager = vi.processManager {
          await looks.listShowingEnds(session, vi, processManager)
        } else {
          await looks.list(session)
        }
      }
    }
  }

  /// Gets one pid over REST. `.gone` only where vCenter says so and the VM is still there.
  public func look(
    moid: String, login: GuestCredential, pid: Int64, by: Instant
  ) async -> (Timing, Result<Look, Fault>) {
    let trace = Trace()
    let looks = GuestLooks(calls: calls, moid: moid, login: login, trace: trace)
    let calls = calls
    return await answered(by: by, trace) { await calls.call { session in await looks.get(session, pid: pid) } }
  }

  /// TerminateProcessInGuest (design.md, section 4, step 5). The first byte leaves before `firstByteBy` (continuous) and
  /// `firstByteByWall` (unix nanoseconds), or nothing ever does. Never queued, never a cause of a login, never sent
  /// twice; a connection that is given up is torn down at once.
  public func terminate(
    moid: String, login: GuestCredential, pid: Int64, firstByteBy: Instant, firstByteByWall: Int64, by: Instant
  ) async -> (Timing, KillAnswer) {
    guard pid > Terminator.lastForbiddenPID else {
      return unsent(.badRequest, "pid", "process \(pid) is never terminated: the system's own, or a process group")
    }
    guard let session = await keeper.existing else {
      return unsent(.sessionLost, "no session", "there is no session, and a terminate never logs in")
    }
    guard let vi = session.vi, let processManager = vi.processManager else {
      return unsent(.unsupported, "no VI JSON", "this vCenter has no VI JSON (before 8.0 U1): it cannot terminate")
    }
    let order = Terminator.Order(
      path: vi.path("GuestProcessManager", processManager, "TerminateProcessInGuest"), token: vi.token,
      body: .object([
        ("vm", .reference(type: "VirtualMachine", moid)), ("auth", login.vi), ("pid", .integer(pid)),
      ]), pid: pid, firstByteBy: firstByteBy, firstByteByWall: firstByteByWall, by: by)
    let result = await terminator.send(order)
    if result.sessionIsDead { await keeper.markDead(session, at: .vi) }
    if let token = result.token, token != vi.token { await keeper.refresh(token, of: session, at: .vi) }
    return (result.timing, result.answer)
  }

  /// Logs out at both APIs, for good: no call logs in again, also none that is under way. A login under way is awaited
  /// first. What is not done by `by` is left to vCenter's idle timeout.
  public func logOut(by: Instant) async {
    let keeper = keeper
    _ = await within(by, on: clock) { await keeper.logOut() }
  }

  /// Closes all connections and ends what still waits. The client cannot be used any more.
  public func shutDown() async {
    await keeper.close()
    await wire.shutDown()
  }

  private func unsent(_ kind: FaultKind, _ code: String, _ detail: String) -> (Timing, KillAnswer) {
    (Timing(firstByte: nil, ended: clock()), .notSent(Fault(kind, code: code, detail: detail)))
  }

  func answered<Value: Sendable>(
    by: Instant, _ trace: Trace, _ call: @escaping @Sendable () async -> Result<Value, Fault>
  ) async -> (Timing, Result<Value, Fault>) {
    let result = await within(by, on: clock, call) ?? .failure(deadlinePassed)
    return (trace.timing(ended: clock()), result)
  }
}
