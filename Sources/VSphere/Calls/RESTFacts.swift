import GuestWatchCore

/// Reads the state of VMs one by one over REST, for a vCenter before 8.0 U1 (vsphere-api.md, 3.4-3.7). Boot and suspend
/// times, templates and managing solutions are not told there; nothing can be terminated there either.
struct RESTFacts: Sendable {
  let calls: SessionCalls

  /// VMs that are read side by side: four requests each, on a vCenter that others use too.
  static let atOnce = 4

  /// All of them listed with their names.
  func read(_ listed: [VMLists.Listed]) async -> Result<(vms: [VMFacts], complete: Bool), Fault> {
    var vms: [VMFacts] = []
    var complete = true
    for start in stride(from: 0, to: listed.count, by: RESTFacts.atOnce) {
      let some = listed[start..<min(start + RESTFacts.atOnce, listed.count)]
      let results = await withTaskGroup(of: (Int, Result<(VMFacts, Bool)?, Fault>).self) { group in
        for (place, vm) in some.enumerated() { group.addTask { (place, await facts(of: vm)) } }
        var results: [(Int, Result<(VMFacts, Bool)?, Fault>)] = []
        for await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
      }
      for result in results {
        switch result {
        case .failure(let fault): return .failure(fault)
        case .success(nil): complete = false
        case .success((let facts, let whole)?):
          vms.append(facts)
          complete = complete && whole
        }
      }
    }
    return .success((vms, complete))
  }

  /// nil: the VM is gone. False: something of it could not be read.
  private func facts(of vm: VMLists.Listed) async -> Result<(VMFacts, Bool)?, Fault> {
    var facts = VMFacts(
      moid: vm.moid, name: vm.name ?? vm.moid, instanceUUID: nil, power: vm.power, tools: .unknown, ready: false,
      family: .unknown)
    let path = "/api/vcenter/vm/\(percentEncoded(vm.moid))"
    var whole = true
    switch await part(path) {
    case .failure(let fault) where fault.kind == .vmGone: return .success(nil)
    case .failure(let fault): return .failure(fault)
    case .success(nil): whole = false
    case .success(let body?):
      facts.instanceUUID = body["identity"]["instance_uuid"].string
      facts.biosUUID = body["identity"]["bios_uuid"].string
    }
    guard vm.power == .on else { return .success((facts, whole)) }
    switch await part(path + "/tools") {
    case .failure(let fault): return fault.kind == .vmGone ? .success(nil) : .failure(fault)
    case .success(let body):
      whole = whole && body != nil
      switch body?["run_state"].string {
      case "RUNNING": facts.tools = .running
      case "NOT_RUNNING": facts.tools = .notRunning
      case "EXECUTING_SCRIPTS": facts.tools = .executingScripts
      default: facts.tools = .unknown
      }
    }
    switch await part(path + "/guest/operations") {
    case .failure(let fault): return fault.kind == .vmGone ? .success(nil) : .failure(fault)
    // SERVICE_UNAVAILABLE means that the state of Tools is unknown: not ready.
    case .success(let body): facts.ready = body?["guest_operations_ready"].bool ?? false
    }
    switch await part(path + "/guest/identity") {
    case .failure(let fault): return fault.kind == .vmGone ? .success(nil) : .failure(fault)
    case .success(let body):
      switch body?["family"].string {
      case "WINDOWS": facts.family = .windows
      case "LINUX": facts.family = .linux
      case nil: facts.family = .unknown
      default: facts.family = .other
      }
    }
    return .success((facts, whole))
  }

  /// nil: this VM does not say; the next one may.
  private func part(_ path: String) async -> Result<JSON?, Fault> {
    switch await calls.call({ session in await calls.restJSON(path, about: .vm, session: session) }) {
    case .success(let body): return .success(body)
    case .failure(let fault):
      switch fault.kind {
      case .sessionLost, .loginRefused, .noSession, .unreachable, .untrusted, .unanswered, .vmGone:
        return .failure(fault)
      case .guestLoginRefused, .guestLoginTrouble, .noCredential, .guestDenied, .wrongState, .toolsUnavailable,
        .unsupported, .busy, .notPermitted, .transient, .badAnswer, .overCap, .badRequest, .unknown:
        return .success(nil)
      }
    }
  }
}
