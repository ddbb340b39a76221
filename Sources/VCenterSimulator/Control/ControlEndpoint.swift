import NIOHTTP1
import VCenterModel

/// The way for tests and demos to look behind the simulator and to make trouble: plain HTTP on a loopback port, JSON both ways.
///
/// Every request needs the header `x-control-token` with the token of the ready line (it can start programs on this machine;
/// a port is open to every local user and web page, a token is not). Answers are 200, 400 with `{"error": "..."}`, 403 or 404.
///
/// ```
/// GET  /calls?from=N            {"calls": [{"number", "method", "target", "kind", "vm", "pid", "received", "answered",
///                                "status", "refusal", "faulty"}]}; bodies are never kept, so no password is either
/// GET  /state                   {"counters": {...}, "open_sessions": [...], "terminates": [{"call", "vm", "pid", "hit":
///                                {"name", "owner", "started"}}], "guest_calls": {"vm-101": {"received", "in_flight",
///                                "most_in_flight"}}, "guests": {"vm-101": [{"pid", "name", "owner", "command", "started",
///                                "label", "os_pid"}]}, "accounts": [{"user", "vm", "refusals", "locked"}],
///                                "failed_hooks": ["..."]}
/// POST /faults                  {"calls": PATTERN, "vm", "pid", "skip": 0, "times": 1 (0: until disarmed)} and exactly one of
///                                {"error_type": "RESOURCE_BUSY", "status", "data_pid"}   a REST error without effect
///                                {"fault": "TaskInProgress", "fields": {...}}            a VI JSON fault without effect
///                                {"gateway": 502}                                        a proxy's HTML page, without effect
///                                {"drop": "before" | "after"}    the connection closes, before or after the effect
///                                {"cut": 20}                     the effect, then so many bytes of the body
///                                {"delay_s": 1.5} {"delay_answer_s": 1.5}                waits before / after the effect
///                                {"hold": "before" | "after"}    waits until released
///                                -> {"id": 1}. PATTERN: a call name (`rest.process.get`), `vi.*`, `look`, `terminate`, `guest`
/// POST /hooks                   {"calls": PATTERN, "at": "before" | "after", "vm", "pid", "skip": 0} and exactly one of
///                                {"swap": PROGRAM} {"kill": true} {"start": PROGRAM}: happens once, at such a call that shows
///                                or names the pid, before its effect or before its answer leaves -> {"id": 2}
/// POST /disarm  {"id": 1}       removes a fault or hook          POST /release {"id": 1}   lets go of what it holds
/// POST /sessions {"expire": "all" | "guest-calls"}               ends all sessions, or their use for guest calls
/// POST /guests/VM/start PROGRAM (+ "pid": shown instead)         -> the process
/// POST /guests/VM/kill {"pid"}                                   -> the process that was
/// POST /guests/VM/swap {"pid", PROGRAM}                          -> {"old", "newcomer"}
/// POST /guests/VM/restart-agent {"shift_s": 0}
/// POST /vms/VM {"power", "tools", "ready", "busy", "name"}       changes what is given; as in `Scenario`:
///              {"folder", "cluster", "host"} moves it, {"attach": ["tier:gold"], "detach": [...]} its tags
/// POST /vms/VM/remove
/// POST /folders {"path": "/Datacenter/vm/db", "name": "data"}    renames a VM folder; without a name: makes it
/// POST /tags {"tag": "tier:gold", "name": "silver", "access": "readable" | "hidden" | "denied"}   renames it, says who may
///                                                                read it; without both: makes it
/// ```
/// PROGRAM is `{"argv": [...], "name", "owner", "ignores_sigterm"}` as in `Scenario`.
struct ControlEndpoint: Sendable {
  let vcenter: SimulatedVCenter
  let token: String

  func respond(_ call: HTTPCall) async -> HTTPAnswer {
    guard call.header("x-control-token") == token else {
      return .json(403, ["error": "the header x-control-token is missing or wrong"])
    }
    do {
      guard let answer = try await answer(call) else {
        return .json(404, ["error": "there is no such URL and method"])
      }
      return .json(200, answer)
    } catch let error as Malformed {
      return .json(400, ["error": .string(error.message)])
    } catch {
      return .json(400, ["error": .string("\(error)")])
    }
  }

  private func answer(_ call: HTTPCall) async throws -> JSON? {
    switch (call.method, call.segments.count, call.segments.first) {
    case (.GET, 1, "calls"):
      let from = call.query.first { $0.name == "from" }.flatMap { Int($0.value) } ?? 1
      return ["calls": .array(await vcenter.calls(from: from).map(ControlWriter.call))]
    case (.GET, 1, "state"): return await ControlWriter.state(vcenter)
    case (.POST, 1, "faults"):
      return ["id": .integer(Int64(await vcenter.arm(try TroubleReader.fault(try body(call)))))]
    case (.POST, 1, "hooks"): return ["id": .integer(Int64(await vcenter.arm(try TroubleReader.hook(try body(call)))))]
    case (.POST, 1, "disarm"):
      let id = try number(call)
      guard await vcenter.disarm(id) else { throw SimulatorError("nothing is armed under \(id)") }
      return [:]
    case (.POST, 1, "release"):
      await vcenter.release(try number(call))
      return [:]
    case (.POST, 1, "sessions"):
      switch try call.fields({ fields throws(ShapeError) in try fields.string("expire") }) {
      case "all": await vcenter.change { model, _ in model.expireSessions() }
      case "guest-calls": await vcenter.change { model, _ in model.killSessionsForGuestCalls() }
      case let other: throw SimulatorError("\(other.debugDescription) is neither \"all\" nor \"guest-calls\"")
      }
      return [:]
    case (.POST, 3, "guests"): return try await guest(call, vm: call.segments[1], action: call.segments[2])
    case (.POST, 2, "vms"):
      try await change(call, vm: call.segments[1])
      return [:]
    case (.POST, 3, "vms") where call.segments[2] == "remove":
      let vm = call.segments[1]
      await vcenter.change { model, _ in model.remove(vm) }
      return [:]
    case (.POST, 1, "folders"):
      let (path, name) = try call.fields { fields throws(ShapeError) in
        (try ScenarioReader.path(try fields.string("path"), at: "path"), try fields.optionalString("name"))
      }
      let done = await vcenter.change { model, _ in
        guard let folder = model.places.makeFolder(at: path) else { return false }
        return name.map { model.places.rename(folder, to: $0) } ?? true
      }
      guard done else { throw SimulatorError("another folder beside \(path.debugDescription) is called so") }
      return [:]
    case (.POST, 1, "tags"):
      try await changeTag(call)
      return [:]
    default: return nil
    }
  }

  private func changeTag(_ call: HTTPCall) async throws {
    let (tag, name, access) = try call.fields { fields throws(ShapeError) in
      (
        try fields.string("tag"), try fields.optionalString("name"),
        try ScenarioReader.choice(&fields, "access") as TagAccess?
      )
    }
    let done = await vcenter.change { model, _ in
      guard let id = model.tags.make(tag) else { return false }
      switch access {
      case .readable: model.tags.restrict(id, .readable)
      case .hidden: model.tags.restrict(id, .hidden)
      case .denied: model.tags.restrict(id, .denied)
      case nil: break
      }
      return name.map { model.tags.rename(id, to: $0) } ?? true
    }
    guard done else {
      throw SimulatorError("\(tag.debugDescription) is no \"category:name\", or another tag is called so")
    }
  }

  private enum TagAccess: String { case readable, hidden, denied }

  private func guest(_ call: HTTPCall, vm: String, action: String) async throws -> JSON? {
    switch action {
    case "start":
      let (program, pid) = try call.fields { fields throws(ShapeError) in
        (try ScenarioReader.program(&fields), try fields.optionalInteger("pid"))
      }
      return ControlWriter.process(try await vcenter.start(program, presentedAs: pid, on: vm))
    case "kill":
      let pid = try call.fields { fields throws(ShapeError) in try fields.integer("pid") }
      return ControlWriter.process(try await vcenter.kill(pid, on: vm))
    case "swap":
      let (program, pid) = try call.fields { fields throws(ShapeError) in
        (try ScenarioReader.program(&fields), try fields.integer("pid"))
      }
      let swapped = try await vcenter.swap(pid, on: vm, for: program)
      return ["old": ControlWriter.process(swapped.old), "newcomer": ControlWriter.process(swapped.newcomer)]
    case "restart-agent":
      let shift = try call.fields { fields throws(ShapeError) in try fields.optionalInteger("shift_s") ?? 0 }
      try await vcenter.restartAgent(on: vm, shift: shift)
      return [:]
    default: return nil
    }
  }

  /// What `POST /vms/VM` may change.
  private struct Change: Sendable {
    var power: VirtualMachine.Power?
    var tools: VirtualMachine.Tools?
    var ready: Bool?
    var busy: Bool?
    var name: String?
    var whereabouts: Whereabouts
  }

  private func change(_ call: HTTPCall, vm: String) async throws {
    let change = try call.fields { fields throws(ShapeError) in
      Change(
        power: try ScenarioReader.choice(&fields, "power"), tools: try ScenarioReader.choice(&fields, "tools"),
        ready: try fields.optionalBool("ready"), busy: try fields.optionalBool("busy"),
        name: try fields.optionalString("name"), whereabouts: try whereabouts(&fields))
    }
    let known = await vcenter.change { model, now in
      guard let power = model.virtualMachine(vm)?.facts.power else { return false }
      switch (power, change.power) {
      case (_, nil), (.on, .on), (.off, .off), (.suspended, .suspended): break
      case (.suspended, .on): model.resumeVM(vm, at: now)
      case (.off, .on): model.switchOn(vm, at: now)
      case (_, .off): model.switchOff(vm, at: now)
      case (_, .suspended): model.suspend(vm, at: now)
      }
      model.update(vm) { machine in
        if let tools = change.tools { machine.facts.tools = tools }
        if let ready = change.ready { machine.facts.ready = ready }
        if let busy = change.busy { machine.busy = busy }
        if let name = change.name { machine.facts.name = name }
      }
      model.put(vm, change.whereabouts)
      return true
    }
    guard known else { throw SimulatorError("there is no VM \(vm.debugDescription)") }
  }

  private func whereabouts(_ fields: inout JSONFields) throws(ShapeError) -> Whereabouts {
    Whereabouts(
      folder: try fields.optionalString("folder").map { path throws(ShapeError) in
        try ScenarioReader.path(path, at: "folder")
      },
      cluster: try fields.optionalString("cluster"), host: try fields.optionalString("host"),
      attach: try ScenarioReader.tags(&fields, "attach"), detach: try ScenarioReader.tags(&fields, "detach"))
  }

  private func body(_ call: HTTPCall) throws(Malformed) -> JSON {
    guard let json = try call.json() else { throw .shape(ShapeError(path: "", .missing)) }
    return json
  }

  private func number(_ call: HTTPCall) throws(Malformed) -> Int {
    Int(clamping: try call.fields { fields throws(ShapeError) in try fields.integer("id") })
  }
}
