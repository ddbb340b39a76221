import Testing
import VCenterModel

@Suite struct InventoryTests {
  let all = ["name", "runtime.powerState", "config.instanceUuid", "config.managedBy", "runtime.suspendTime"]

  @Test func `properties come in pages, unset ones in neither list, unreadable ones as missing`() throws {
    let lab = Lab()
    for i in 2...5 {
      lab.model.add(
        VirtualMachine(
          facts: VirtualMachine.Facts(moid: "vm-\(i)", name: "web-\(i)", unreadable: ["config.instanceUuid"]),
          accounts: [], guest: .external))
    }
    guard case .object(let view) = lab.call(.createContainerView) else { throw Unexpected("no view") }
    let query = PropertyQuery(objects: .view(view), paths: all, maxObjects: 2)
    var found: [ObjectContent] = []
    var response = lab.call(.retrieveProperties(query))
    while case .properties(let page?) = response {
      #expect(page.objects.count <= 2)
      found += page.objects
      guard let token = page.token else { break }
      response = lab.call(.continueRetrieve(token: token))
    }
    #expect(found.map(\.moid) == ["vm-1", "vm-2", "vm-3", "vm-4", "vm-5"])
    #expect(found[0].values.map(\.path) == ["name", "runtime.powerState", "config.instanceUuid"])
    #expect(found[1].missing.map(\.path) == ["config.instanceUuid"])
    #expect(lab.call(.destroyView(view)) == .done)
    #expect(
      lab.call(.retrieveProperties(query)) == .failure(.objectNotFound(type: "ContainerView", value: view)))
  }

  @Test func `a wrong path and a VM that is gone fail the whole read, unless gone ones are to be skipped`() throws {
    let lab = Lab()
    var query = PropertyQuery(objects: .vms(["vm-1", "vm-9"]), paths: ["name"])
    #expect(
      lab.call(.retrieveProperties(query)) == .failure(.objectNotFound(type: "VirtualMachine", value: "vm-9")))
    query.skipsMissing = true
    guard case .properties(let page?) = lab.call(.retrieveProperties(query)) else { throw Unexpected("no page") }
    #expect(page.objects.map(\.moid) == ["vm-1"])
    query.paths = ["nmae"]
    #expect(lab.call(.retrieveProperties(query)) == .failure(.invalidProperty(path: "nmae")))
  }

  @Test func `an empty filter list means all`() throws {
    let lab = Lab()
    guard case .vms(let vms) = lab.call(.listVMs(VMFilter())) else { throw Unexpected("no list") }
    #expect(vms.map(\.name) == ["web-1"])
    #expect(lab.call(.listVMs(VMFilter(names: ["web-2"]))) == .vms([]))
    #expect(lab.call(.listVMs(VMFilter(names: ["web-1"], powerStates: [.off]))) == .vms([]))
  }

  @Test func `views die with their own session only`() throws {
    let lab = Lab()
    guard case .object(let view) = lab.call(.createContainerView) else { throw Unexpected("no view") }
    let first = lab.token
    lab.token = lab.logIn()
    #expect(lab.call(.viLogout) == .done)
    lab.token = first
    #expect(lab.call(.destroyView(view)) == .done)
  }

  @Test func `guest calls are refused by the state of the VM, before any login in the guest`() throws {
    let lab = Lab()
    let list = Request.listProcesses(moid: "vm-1", lab.root, via: .rest, pids: nil)
    func set(_ change: (inout VirtualMachine) -> Void) { lab.model.update("vm-1", change) }
    set { $0.busy = true }
    #expect(lab.call(list) == .failure(.busy(moid: "vm-1")))
    set {
      $0.busy = false; $0.facts.ready = false
    }
    #expect(lab.call(list) == .failure(.guestNotReady))
    set { $0.facts.tools = .notRunning }
    #expect(lab.call(list) == .failure(.toolsNotRunning))
    lab.model.switchOff("vm-1", at: lab.now)
    #expect(lab.call(list) == .failure(.powerState(moid: "vm-1", .off)))
    set { $0.facts.connection = .disconnected }
    #expect(lab.call(list) == .failure(.hostNotConnected))
    #expect(
      lab.call(.getProcess(moid: "vm-2", lab.root, pid: 1))
        == .failure(.objectNotFound(type: "VirtualMachine", value: "vm-2")))
    #expect(lab.model.counters.guestLogins == 0)
  }

  @Test func `every error has both faces`() throws {
    let errors: [ModelError] = [
      .notAuthenticated, .loginRefused, .noPermission(moid: "vm-1", privilege: "System.Read"), .noSuchCall,
      .invalidArgument(name: "pid"), .invalidProperty(path: "x"), .tooMany,
      .objectNotFound(type: "VirtualMachine", value: "vm-1"), .powerState(moid: "vm-1", .off), .hostNotConnected,
      .toolsNotRunning, .guestNotReady, .disabledByGuest, .notSupportedByGuest, .busy(moid: "vm-1"),
      .guestLoginRefused, .guestPermissionDenied, .processNotFound(pid: 7), .couldNotTerminate(pid: 7),
      .couldNotStart, .serviceUnavailable, .internalError,
    ]
    for error in errors {
      #expect((400...504).contains(error.rest.status), "\(error)")
      #expect(!error.fault.name.isEmpty && !error.message.isEmpty, "\(error)")
    }
    #expect(ModelError.processNotFound(pid: 7).rest.pid == 7)
    #expect(ModelError.processNotFound(pid: 7).fault.fields.map(\.value) == [.int(7)])
    #expect(ModelError.notAuthenticated.rest.challenge != nil && ModelError.guestLoginRefused.rest.challenge == nil)
    #expect(ModelError.powerState(moid: "vm-1", .off).fault.fields.last?.value == .string("poweredOff"))
  }
}
