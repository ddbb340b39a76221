import NIOHTTP1
public import VCenterModel

/// The model with its real guests, and what a test or a demo does to them: one call at a time decides, many may wait.
public actor SimulatedVCenter {
  var model: VCenterModel
  var guests: [String: RealGuest] = [:]
  var troubles = Troubles()
  var calls: [CallRecord] = []
  var counters = SimulatorCounters()
  let clocks: Clocks
  /// The names that the scenario gave to processes, by VM and pid as it is shown.
  var labels: [String: [Int64: String]] = [:]
  /// Hooks that could not be carried out, with the reason: whoever armed them must see it.
  var failedHooks: [String] = []
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
      do throws(SimulatorError) {
        switch hook.action {
        case .swap(let program): _ = try await swap(hook.pid, on: hook.vm, for: program)
        case .kill: try await kill(hook.pid, on: hook.vm)
        case .start(let program): try await start(program, on: hook.vm)
        }
      } catch {
        failedHooks.append("\(hook.calls.text) of \(hook.pid) on \(hook.vm): \(error)")
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
}
