import NIOHTTP1
public import VCenterModel

/// The model with its real guests, and what a test or a demo does to them: one call at a time decides, many may wait.
public actor SimulatedVCenter {
  private var model: VCenterModel
  private var guests: [String: RealGuest] = [:]
  private var troubles = Troubles()
  private var calls: [CallRecord] = []
  private var counters = SimulatorCounters()
  private let clocks: Clocks
  /// How often a held call asks whether it was released.
  private static let holdInterval = Duration.milliseconds(10)

  public init(model: VCenterModel, clocks: Clocks) {
    self.model = model
    self.clocks = clocks
  }

  // MARK: calls

  /// Takes one HTTP request of a client and says what it is answered.
  func respond(_ call: HTTPCall) async -> HTTPAnswer {
    let incoming = read(call)
    let number = calls.count + 1
    calls.append(
      CallRecord(
        number: number, method: call.method.rawValue, target: call.target, kind: incoming?.kind, vm: incoming?.vm,
        pid: incoming?.pid, received: clocks.now().wall))
    let answer: HTTPAnswer
    if let incoming {
      answer = await respond(incoming, number: number)
    } else {
      answer = call.segments.first == "sdk" ? .text(404, "404 Not Found") : RestWriter.unknownURL
    }
    calls[number - 1].answered = clocks.now().wall
    if answer.delivery != .dropped { calls[number - 1].status = answer.status }
    if answer.status >= 400, let body = try? JSON(parsing: answer.body) {
      if case .string(let name)? = body["error_type"] ?? body["_typeName"] { calls[number - 1].refusal = name }
    }
    return answer
  }

  private func read(_ call: HTTPCall) -> IncomingCall? {
    if call.segments.first == "api" {
      guard let incoming = RestReader.read(call) else { return nil }
      // Before 8.0 U2 there is no hello.
      return incoming.kind == .hello && !model.settings.release.hasHello ? nil : incoming
    }
    // Its answer is the same for everybody and costs the model nothing.
    guard
      case .now(.serviceContent(let objects)) = model.handle(.serviceContent, session: nil, at: clocks.now())
    else { return nil }
    return ViReader.read(call, release: model.settings.release, objects: objects)
  }

  private func respond(_ call: IncomingCall, number: Int) async -> HTTPAnswer {
    guard let (id, trouble) = troubles.takeFault(call.kind, vm: call.vm, pid: call.pid) else {
      return await carryOut(call, number: number)
    }
    calls[number - 1].isFaulty = true
    switch trouble {
    case .restError(let type, let status, let pid):
      return RestWriter.error(type, status: status ?? Self.status(of: type), text: "injected", pid: pid)
    case .viFault(let name, let fields): return ViWriter.fault(name, text: "injected", fields)
    case .gateway(let status): return .gatewayPage(status)
    case .dropBefore: return HTTPAnswer(status: 0, delivery: .dropped)
    case .dropAfter:
      var answer = await carryOut(call, number: number)
      answer.delivery = .dropped
      return answer
    case .cut(let count):
      var answer = await carryOut(call, number: number)
      answer.delivery = .cut(afterBytes: count)
      return answer
    case .delayBefore(let duration):
      await wait(duration)
      return await carryOut(call, number: number)
    case .delayAfter(let duration):
      let answer = await carryOut(call, number: number)
      await wait(duration)
      return answer
    case .holdBefore:
      await hold(id)
      return await carryOut(call, number: number)
    case .holdAfter:
      let answer = await carryOut(call, number: number)
      await hold(id)
      return answer
    }
  }

  private func carryOut(_ call: IncomingCall, number: Int) async -> HTTPAnswer {
    let question: IncomingCall.Question
    switch call.asked {
    case .failure(let malformed):
      // Who has no session learns nothing about the request.
      if !call.kind.isAnonymous, let refusal = sessionRefusal(call) { return write(.failure(refusal), to: call.kind) }
      return call.kind.isREST ? RestWriter.answer(malformed) : ViWriter.answer(malformed)
    case .success(let asked): question = asked
    }
    switch question {
    case .sessionIsActive:
      if let refusal = sessionRefusal(call) { return write(.failure(refusal), to: call.kind) }
      return write(.failure(.noPermission(moid: "group-d1", privilege: "Sessions.ValidateSession")), to: call.kind)
    case .model(let request):
      let vm = call.vm
      await run(
        troubles.takeHooks(call.kind, .before, vm: vm) { pid in
          call.pid.map { $0 == pid } ?? true
        })
      if call.kind.isGuestCall, let vm { begin(vm) }
      let response = await perform(request, token: call.token, number: number)
      if call.kind.isGuestCall, let vm { counters.guestCalls[vm]?.inFlight -= 1 }
      await run(
        troubles.takeHooks(call.kind, .after, vm: vm) { pid in
          if case .processes(let shown) = response { return shown.contains { $0.pid == pid } }
          return call.pid == pid
        })
      return write(response, to: call.kind)
    }
  }

  private func write(_ response: Response, to kind: CallKind) -> HTTPAnswer {
    kind.isREST ? RestWriter.answer(response, to: kind) : ViWriter.answer(response, to: kind)
  }

  private func sessionRefusal(_ call: IncomingCall) -> ModelError? {
    let probe: Request = call.kind.isREST ? .restGetSession : .currentSession
    return switch model.handle(probe, session: call.token, at: clocks.now()) {
    case .now(.session(.some)): nil
    case .now(.failure(let error)): error
    case .now, .later, .guest: .notAuthenticated
    }
  }

  /// Asks the model, waits as long as it says, and lets real guests carry out what is theirs.
  private func perform(_ request: Request, token: String?, number: Int) async -> Response {
    var terminate: (vm: String, pid: Int64)?
    if case .terminate(let vm, _, let pid, _) = request { terminate = (vm, pid) }
    model.advance(to: clocks.now())
    let synthetic = terminate.flatMap { model.guest($0.vm)?.process(pid: $0.pid) }
    var reply = model.handle(request, session: token, at: clocks.now())
    if let (vm, pid) = terminate {
      switch reply {
      case .guest: break
      case .now(.failure): note(number, vm, pid, nil)
      case .now, .later:
        note(
          number, vm, pid,
          synthetic.map {
            TerminateRecord.Victim(name: $0.name, owner: $0.owner, started: $0.born.wall / 1_000_000_000)
          })
      }
    }
    while true {
      switch reply {
      case .now(let response): return response
      case .later(let at, let id):
        await wait(.nanoseconds(max(0, at.continuous - clocks.now().continuous)))
        guard let next = model.resume(id, at: clocks.now()) else { return .failure(.internalError) }
        reply = next
      case .guest(let call):
        guard let guest = guests[call.moid] else {
          return model.finish(call.id, .notStarted) ?? .failure(.internalError)
        }
        if let (vm, pid) = terminate {
          let hit = await guest.process(pid).map {
            TerminateRecord.Victim(name: $0.name, owner: $0.owner, started: $0.started)
          }
          note(number, vm, pid, hit)
        }
        let result = await guest.perform(call.operation, as: call.account)
        return model.finish(call.id, result) ?? .failure(.internalError)
      }
    }
  }

  private func note(_ number: Int, _ vm: String, _ pid: Int64, _ hit: TerminateRecord.Victim?) {
    counters.terminates.append(TerminateRecord(call: number, vm: vm, pid: pid, hit: hit))
  }

  private func begin(_ vm: String) {
    var traffic = counters.guestCalls[vm] ?? SimulatorCounters.Traffic()
    traffic.received += 1
    traffic.inFlight += 1
    traffic.mostInFlight = max(traffic.mostInFlight, traffic.inFlight)
    counters.guestCalls[vm] = traffic
  }

  private func wait(_ duration: Duration) async {
    // Cancelled only when the simulator ends; then nobody waits for the answer.
    try? await clocks.sleeping.sleep(for: duration)
  }

  private func hold(_ id: Int) async {
    while !troubles.isReleased(id) {
      guard (try? await clocks.sleeping.sleep(for: Self.holdInterval)) != nil else { return }
    }
  }

  private func run(_ hooks: [Hook]) async {
    for hook in hooks {
      // A hook that cannot be carried out shows in what the call then sees; there is nobody to tell here.
      switch hook.action {
      case .swap(let program): _ = try? await swap(hook.pid, on: hook.vm, for: program)
      case .kill: _ = try? await kill(hook.pid, on: hook.vm)
      case .start(let program): _ = try? await start(program, on: hook.vm)
      }
    }
  }

  /// The status of an `error_type` by the published OpenAPI (vsphere-api.md, 2).
  private static func status(of type: String) -> Int {
    switch type {
    case "UNAUTHENTICATED": 401
    case "UNAUTHORIZED": 403
    case "NOT_FOUND", "OPERATION_NOT_FOUND": 404
    case "SERVICE_UNAVAILABLE": 503
    case "TIMED_OUT": 504
    case "RESOURCE_BUSY", "UNABLE_TO_ALLOCATE_RESOURCE", "RESOURCE_INACCESSIBLE", "ERROR", "INTERNAL_SERVER_ERROR": 500
    default: 400
    }
  }

  // MARK: what a scenario, a test or a demo does

  /// Makes `guest` carry out the guest calls of its VM, which must be `external` in the model.
  public func attach(_ guest: RealGuest) { guests[guest.moid] = guest }

  public func arm(_ fault: InjectedFault) -> Int { troubles.arm(fault) }
  public func arm(_ hook: Hook) -> Int { troubles.arm(hook) }
  /// False where nothing is armed under that number.
  public func disarm(_ id: Int) -> Bool { troubles.disarm(id) }
  /// Lets go of a call that the fault of that number holds (or will hold).
  public func release(_ id: Int) { troubles.release(id) }

  /// The calls from a number on.
  public func calls(from number: Int = 1) -> [CallRecord] { Array(calls.dropFirst(max(0, number - 1))) }
  public var counted: SimulatorCounters { counters }
  public var modelCounters: VCenterModel.Counters { model.counters }
  public func openSessions() -> [SessionInfo] { model.openSessions(at: clocks.now()) }
  public var virtualMachines: [VirtualMachine] { model.virtualMachines }

  /// Changes the model: inventory, accounts, sessions, power, synthetic guests.
  public func change<Result: Sendable>(
    _ body: @Sendable (inout VCenterModel, ModelTime) -> Result
  ) -> Result {
    body(&model, clocks.now())
  }

  /// The processes of a guest as its agent would list them.
  public func processes(on vm: String) async throws(SimulatorError) -> [ProcessInfo] {
    if let guest = guests[vm] { return await guest.processes() }
    model.advance(to: clocks.now())
    guard let guest = model.guest(vm) else { throw SimulatorError("there is no VM \(vm.debugDescription)") }
    return guest.processes.map { process in
      ProcessInfo(
        pid: process.pid, name: process.name, owner: process.owner, command: process.command,
        started: process.born.wall / 1_000_000_000)
    }
  }

  @discardableResult
  public func start(
    _ program: GuestProgram, presentedAs pid: Int64? = nil, on vm: String
  ) async throws(SimulatorError) -> ProcessInfo {
    try await real(vm).start(program, presentedAs: pid)
  }

  @discardableResult
  public func kill(_ pid: Int64, on vm: String) async throws(SimulatorError) -> ProcessInfo {
    guard let old = await (try real(vm)).kill(pid) else {
      throw SimulatorError("no process has the pid \(pid) on \(vm.debugDescription)")
    }
    return old
  }

  @discardableResult
  public func swap(
    _ pid: Int64, on vm: String, for program: GuestProgram
  ) async throws(SimulatorError) -> (old: ProcessInfo, newcomer: ProcessInfo) {
    guard let swapped = try await real(vm).swap(pid, for: program) else {
      throw SimulatorError("no process has the pid \(pid) on \(vm.debugDescription)")
    }
    return swapped
  }

  public func restartAgent(on vm: String, shift: Int64) async throws(SimulatorError) {
    try await real(vm).restartAgent(shift: shift)
  }

  private func real(_ vm: String) throws(SimulatorError) -> RealGuest {
    guard let guest = guests[vm] else { throw SimulatorError("\(vm.debugDescription) has no real guest") }
    return guest
  }

  /// The pid by which this machine knows a process of a real guest.
  func localPID(_ pid: Int64, on vm: String) async -> Int32? { await guests[vm]?.localPID(pid) }

  /// How every account stands: refusals in a row, locked or not; `vm` nil for the vCenter and the directory.
  func accountStates() -> [(user: String, vm: String?, refusals: Int, locked: Bool)] {
    var states = model.vcenterAccounts.map {
      (user: $0.user, vm: String?.none, refusals: $0.refusals, locked: $0.locked)
    }
    states += model.directoryAccounts.map { ($0.user, nil, $0.refusals, $0.locked) }
    for machine in model.virtualMachines {
      states += machine.accounts.map { ($0.user, machine.facts.moid, $0.refusals, $0.locked) }
    }
    return states
  }

  /// Waits for children of the real guests that have ended.
  func reap() async {
    for guest in guests.values { await guest.reap() }
  }

  /// Kills all processes of the real guests.
  func shutdown() async {
    for guest in guests.values { await guest.shutdown() }
  }
}
