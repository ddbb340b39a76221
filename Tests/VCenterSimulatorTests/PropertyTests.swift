import NIOHTTP1
import Testing
import VCenterModel

@testable import VCenterSimulator

@Suite struct PropertyTests {
  private func query(_ objects: JSON, _ paths: [JSON], options: JSON = [:]) -> JSON {
    [
      "specSet": [
        [
          "_typeName": "PropertyFilterSpec", "objectSet": objects,
          "propSet": [["_typeName": "PropertySpec", "type": "VirtualMachine", "all": false, "pathSet": .array(paths)]],
        ]
      ], "options": options,
    ]
  }

  private func view(_ client: Client) async throws -> JSON {
    let view = try await client.vi(
      "ViewManager/ViewManager/CreateContainerView",
      ["container": ["type": "Folder", "value": "group-d1"], "type": ["VirtualMachine"], "recursive": true])
    #expect(view.json?["type"] == "ContainerView")
    return [
      [
        "_typeName": "ObjectSpec", "obj": view.json ?? .null, "skip": true,
        "selectSet": [
          ["_typeName": "TraversalSpec", "name": "v", "type": "ContainerView", "path": "view", "skip": false]
        ],
      ]
    ]
  }

  private func retrieve(_ client: Client, _ body: JSON) async throws -> Client.Answer {
    try await client.vi("PropertyCollector/propertyCollector/RetrievePropertiesEx", body)
  }

  private func moids(_ page: JSON?) -> [JSON?] {
    guard case .array(let objects)? = page?["objects"] else { return [] }
    return objects.map { $0["obj"]?["value"] }
  }

  @Test func allMachinesComePageByPage() async throws {
    try await Client.with(.synthetic(5, settings: .init(pageSize: 2))) { client async throws in
      let body = query(try await view(client), ["name"], options: ["maxObjects": 100])
      var page = try await retrieve(client, body).json
      var found = moids(page)
      while let token = page?["token"] {
        page = try await client.vi(
          "PropertyCollector/propertyCollector/ContinueRetrievePropertiesEx", ["token": token]
        ).json
        found += moids(page)
      }
      #expect(found == ["vm-1", "vm-2", "vm-3", "vm-4", "vm-5"])
    }
  }

  @Test func valuesAreBoxedByTheirTypes() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let body = query(
        [["obj": ["type": "VirtualMachine", "value": "vm-1"]]],
        ["name", "runtime.powerState", "config.template", "runtime.suspendTime", "guest.guestFamily"])
      let page = try await retrieve(client, body).json
      guard case .array(let objects)? = page?["objects"], case .array(let values)? = objects.first?["propSet"] else {
        Issue.record("no values")
        return
      }
      // Unset ones (suspendTime) are silently absent.
      #expect(values.map { $0["name"] } == ["name", "runtime.powerState", "config.template", "guest.guestFamily"])
      #expect(values[0]["val"] == ["_typeName": "string", "_value": "db 1"])
      #expect(values[1]["val"] == ["_typeName": "VirtualMachinePowerState", "_value": "poweredOn"])
      #expect(values[2]["val"] == ["_typeName": "boolean", "_value": false])
    }
  }

  @Test func aDeadSessionIsAnswered200WithEverythingMissing() async throws {
    try await Client.with(.synthetic(2)) { client async throws in
      let body = query(try await view(client), ["name"])
      await client.running.vcenter.change { model, _ in model.expireSessions() }
      let answer = try await retrieve(client, body)
      #expect(answer.status == 200)
      guard case .array(let objects)? = answer.json?["objects"] else {
        Issue.record("no objects")
        return
      }
      for object in objects {
        #expect(object["propSet"] == nil)
        guard case .array(let missing)? = object["missingSet"] else { continue }
        #expect(missing.map { $0["fault"]?["_typeName"] } == ["NotAuthenticated"])
      }
    }
  }

  @Test func nothingFoundIsNull() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let body = query(try await view(client), ["name"])
      await client.running.vcenter.change { model, _ in model.remove("vm-1") }
      let answer = try await retrieve(client, body)
      #expect(answer.status == 200)
      #expect(answer.json == .null)
      let machines = try await client.rest(.GET, "/vcenter/vm")
      #expect(machines.json == [])
    }
  }

  @Test func viewsAreDestroyedOnce() async throws {
    try await Client.with(.synthetic()) { client async throws in
      guard case .array(let specs) = try await view(client), case .string(let id)? = specs.first?["obj"]?["value"]
      else {
        Issue.record("no view")
        return
      }
      let path = "ContainerView/\(id.replacing("[", with: "%5B").replacing("]", with: "%5D"))/DestroyView"
      #expect(try await client.vi(path).status == 204)
      #expect(try await client.vi(path).refusal == "ManagedObjectNotFound")
    }
  }

  @Test func listedMachinesAreFiltered() async throws {
    try await Client.with(.synthetic(3, settings: .init(listCap: 2))) { client async throws in
      func names(_ query: String) async throws -> JSON? {
        guard case .array(let rows)? = try await client.rest(.GET, "/vcenter/vm?" + query).json else { return nil }
        return .array(rows.compactMap { $0["name"] })
      }
      #expect(try await names("names=db%202") == ["db 2"])
      #expect(try await names("names=db%201&names=db%203") == ["db 1", "db 3"])
      #expect(try await names("vms=vm-1&power_states=POWERED_ON") == ["db 1"])
      #expect(try await names("vms=vm-1&power_states=POWERED_OFF") == [])
      // A comma is part of the value.
      #expect(try await names("vms=vm-1,vm-2") == [])
      let all = try await client.rest(.GET, "/vcenter/vm")
      #expect(all.status == 500)
      #expect(all.refusal == "UNABLE_TO_ALLOCATE_RESOURCE")
    }
  }
}
