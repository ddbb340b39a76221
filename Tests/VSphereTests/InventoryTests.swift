import GuestWatchCore
import Testing

@testable import VSphere

@Suite struct InventoryTests {
  typealias S = VCenterScript
  static let all = "GET /api/vcenter/vm"

  static let list = """
    [{"vm":"vm-1","name":"db-1","power_state":"POWERED_ON","cpu_count":2,"memory_size_MiB":4096},
    {"vm":"vm-2","name":"web-1","power_state":"POWERED_OFF"},
    {"vm":"vm-3","name":"db-2","power_state":"SUSPENDED"}]
    """

  static func object(_ moid: String, _ properties: String, missing: String = "null") -> String {
    #"{"obj":{"type":"VirtualMachine","value":"\#(moid)"},"propSet":[\#(properties)],"missingSet":\#(missing)}"#
  }

  static func property(_ name: String, _ value: String) -> String { #"{"name":"\#(name)","val":\#(value)}"# }

  static let full = [
    property("runtime.powerState", #"{"_typeName":"VirtualMachinePowerState","_value":"poweredOn"}"#),
    property("runtime.connectionState", #"{"_typeName":"VirtualMachineConnectionState","_value":"connected"}"#),
    property("runtime.bootTime", #"{"_typeName":"dateTime","_value":"2026-01-02T03:04:05.123456Z"}"#),
    property("guest.toolsRunningStatus", #"{"_typeName":"string","_value":"guestToolsRunning"}"#),
    property("guest.guestOperationsReady", #"{"_typeName":"boolean","_value":true}"#),
    property("guest.guestFamily", #"{"_typeName":"string","_value":"linuxGuest"}"#),
    property("config.instanceUuid", #"{"_typeName":"string","_value":"50-1"}"#),
    property("config.uuid", #"{"_typeName":"string","_value":"42-1"}"#),
    property("config.template", #"{"_typeName":"boolean","_value":false}"#),
  ].joined(separator: ",")

  func ask(_ bench: Bench, names: [String] = [], ids: [String] = []) async throws -> Result<Inventory, Fault> {
    let query = ScopeQuery(
      scopes: names.isEmpty ? [] : [Scope(names: try names.map { try Glob($0) })], ids: ids)
    return await bench.client.inventory(query, by: bench.clock.after(.seconds(90))).1
  }

  @Test func namesAreFilteredAndThePropertiesReadInBulk() async throws {
    let answer =
      #"{"_typeName":"RetrieveResult","objects":[\#(InventoryTests.object("vm-1", InventoryTests.full)),"#
      + InventoryTests.object("vm-3", InventoryTests.property("config.managedBy", #"{"_typeName":"ManagedByInfo"}"#))
      + "]}"
    try await withVCenter(S.except([InventoryTests.all: .json(InventoryTests.list), S.properties: .json(answer)])) {
      bench in
      let inventory = try #require(try await ask(bench, names: ["db-*"]).value)
      #expect(bench.server.lines == S.loginLines + [InventoryTests.all, S.properties])
      #expect(inventory.vcenterUUID == "vc-uuid" && inventory.canTerminate && inventory.complete)
      let body = try #require(bench.server.requests.last?.body)
      #expect(body.contains(#""reportMissingObjectsInResults":true"#) && body.contains("vm-3"))
      #expect(!body.contains("vm-2"))
      #expect(
        inventory.vms == [
          VMFacts(
            moid: "vm-1", name: "db-1", instanceUUID: "50-1", biosUUID: "42-1", power: .on, connected: true,
            tools: .running, ready: true, family: .linux, bootTime: LookTests.started),
          VMFacts(
            moid: "vm-3", name: "db-2", instanceUUID: nil, power: .suspended, connected: false, tools: .unknown,
            ready: false, family: .unknown, managed: true),
        ])
    }
  }

  @Test func anEmptyQueryAsksNothing() async throws {
    try await withVCenter { bench in
      let inventory = try #require(try await ask(bench).value)
      #expect(inventory.vms.isEmpty)
      #expect(bench.server.connections == 0)
    }
  }

  @Test func idsAreAskedForInChunksNeverWithoutAFilter() async throws {
    try await withVCenter { request in
      request.target.hasPrefix("/api/vcenter/vm?") ? .json("[]") : S.healthy(request)
    } _: { bench in
      let inventory = try #require(try await ask(bench, ids: (1...120).map { "vm-\($0)" }).value)
      #expect(inventory.vms.isEmpty)
      let lists = bench.server.requests.filter { $0.target.hasPrefix("/api/vcenter/vm") }
      #expect(lists.map { $0.target.split(separator: "&").count } == [50, 50, 20])
      #expect(lists.allSatisfy { $0.target.contains("?vms=vm-") })
      #expect(!bench.server.lines.contains(S.properties))
    }
  }

  @Test func pagesAreFollowed() async throws {
    let first = #"{"token":"t1","objects":[\#(InventoryTests.object("vm-1", InventoryTests.full))]}"#
    let second = #"{"objects":[\#(InventoryTests.object("vm-3", InventoryTests.full))]}"#
    let script = S.except([
      InventoryTests.all: .json(InventoryTests.list), S.properties: .json(first), S.moreProperties: .json(second),
    ])
    try await withVCenter(script) { bench in
      let inventory = try #require(try await ask(bench, names: ["db-*"]).value)
      #expect(inventory.complete && inventory.vms.map(\.moid) == ["vm-1", "vm-3"])
      #expect(bench.server.requests.last?.body == #"{"token":"t1"}"#)
    }
  }

  @Test func aMissingPageOrObjectIsIncomplete() async throws {
    let first = #"{"token":"t1","objects":[\#(InventoryTests.object("vm-1", InventoryTests.full))]}"#
    for more in [Reply.fault("SystemError"), .json("null"), .json(first)] {
      let script = S.except([
        InventoryTests.all: .json(InventoryTests.list), S.properties: .json(first), S.moreProperties: more,
      ])
      try await withVCenter(script) { bench in
        let inventory = try #require(try await ask(bench, names: ["db-*"]).value)
        #expect(!inventory.complete && inventory.vms.map(\.moid) == ["vm-1"])
        #expect(bench.server.lines.filter { $0 == S.moreProperties }.count <= 2)
      }
    }
  }

  @Test func whatCannotBeReadIsUnknownAndHandsOff() async throws {
    let denied = #"{"_typeName":"NoPermission"}"#
    let missing = #"[{"path":"config.template","fault":\#(denied)},{"path":"config.managedBy","fault":\#(denied)}]"#
    let properties = InventoryTests.property("config.instanceUuid", #""50-1""#)
    let answer = #"{"objects":[\#(InventoryTests.object("vm-1", properties, missing: missing))]}"#
    try await withVCenter(S.except([InventoryTests.all: .json(InventoryTests.list), S.properties: .json(answer)])) {
      bench in
      let inventory = try #require(try await ask(bench, names: ["db-1"]).value)
      // Else one such VM would keep every other from being known to lie outside a folder or to lack a tag.
      #expect(inventory.complete)
      #expect(inventory.vms.first?.template == true && inventory.vms.first?.managed == true)
      #expect(inventory.vms.first?.instanceUUID == "50-1")
    }
  }

  @Test func aBadVMDoesNotHideTheOthers() async throws {
    try await withVCenter { request in
      switch request.line {
      case InventoryTests.all: .json(InventoryTests.list)
      case S.properties where request.body.contains("vm-2"): .fault("SystemError")
      case S.properties:
        .json(
          #"{"objects":["#
            + ["vm-1", "vm-3"].filter { request.body.contains("\"\($0)\"") }
            .map { InventoryTests.object($0, InventoryTests.full) }.joined(separator: ",") + "]}")
      default: S.healthy(request)
      }
    } _: { bench in
      let inventory = try #require(try await ask(bench, names: ["*"]).value)
      #expect(!inventory.complete && inventory.vms.map(\.moid) == ["vm-1", "vm-3"])
    }
  }

  @Test func aDeadSessionThatHidesInMissingSetIsReplayedOnce() async throws {
    let dead = #"[{"path":"config.uuid","fault":{"_typeName":"NotAuthenticated"}}]"#
    let hidden = #"{"objects":[\#(InventoryTests.object("vm-1", "", missing: dead))]}"#
    let whole = #"{"objects":[\#(InventoryTests.object("vm-1", InventoryTests.full))]}"#
    let script = S.turns([
      InventoryTests.all: [.json(InventoryTests.list)], S.properties: [.json(hidden), .json(whole)],
    ])
    try await withVCenter(script) { bench in
      let inventory = try #require(try await ask(bench, names: ["db-1"]).value)
      #expect(inventory.complete && inventory.vms.count == 1)
      #expect(bench.server.lines.filter { $0 == S.login }.count == 2)
      #expect(bench.server.lines.filter { $0 == S.properties }.count == 2)
    }
  }

  @Test func aDeadRESTSessionIsReplayedOnce() async throws {
    let dead = Reply.rest("UNAUTHENTICATED", status: 401)
    try await withVCenter(S.turns([InventoryTests.all: [dead, .json("[]")]])) { bench in
      let result = try await ask(bench, names: ["*"])
      #expect(result.value?.vms.isEmpty == true)
      #expect(bench.server.lines == S.loginLines + [InventoryTests.all] + S.reloginLines + [InventoryTests.all])
    }
    try await withVCenter(S.except([InventoryTests.all: dead])) { bench in
      let result = try await ask(bench, names: ["*"])
      #expect(result.fault?.kind == .sessionLost)
      #expect(bench.server.lines.filter { $0 == InventoryTests.all }.count == 2)
    }
  }

  @Test func withoutVIJSONTheFactsComeOverREST() async throws {
    let vm = "GET /api/vcenter/vm/vm-1"
    let script = S.except([
      S.hello: .html(404), "POST /sdk/vim25/8.0.1.0/ServiceInstance/ServiceInstance/RetrieveServiceContent": .html(404),
      InventoryTests.all: .json(InventoryTests.list),
      vm: .json(#"{"name":"db-1","identity":{"name":"db-1","bios_uuid":"42-1","instance_uuid":"50-1"}}"#),
      vm + "/tools": .json(#"{"run_state":"RUNNING","upgrade_policy":"MANUAL","auto_update_supported":false}"#),
      vm + "/guest/operations": .json(#"{"guest_operations_ready":true,"interactive_guest_operations_ready":false}"#),
      vm + "/guest/identity": .json(#"{"name":"UBUNTU_64","family":"LINUX","full_name":{},"host_name":"h"}"#),
      "GET /api/vcenter/vm/vm-3": .rest("NOT_FOUND", status: 404),
    ])
    try await withVCenter(script) { bench in
      let inventory = try #require(try await ask(bench, names: ["db-*"]).value)
      #expect(!inventory.canTerminate && !inventory.complete)
      #expect(inventory.vcenterUUID == "127.0.0.1:\(bench.server.port)")
      #expect(
        inventory.vms == [
          VMFacts(
            moid: "vm-1", name: "db-1", instanceUUID: "50-1", biosUUID: "42-1", tools: .running, ready: true,
            family: .linux)
        ])
    }
  }
}
