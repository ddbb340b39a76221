import NIOHTTP1
import Testing
import VCenterModel

@testable import VCenterSimulator

@Suite struct RoleTests {
  private let list = "/sdk/vim25/8.0.3.0/AuthorizationManager/AuthorizationManager/roleList"

  @Test func rolesAreReadAsTheirTypes() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let content = try await client.vi("ServiceInstance/ServiceInstance/RetrieveServiceContent")
      #expect(content.json?["authorizationManager"]?["value"] == "AuthorizationManager")
      let answer = try await client.send(.GET, list)
      guard answer.status == 200, case .array(let roles)? = answer.json else {
        Issue.record("\(answer.text)")
        return
      }
      #expect(roles.first?["_typeName"] == "AuthorizationRole" && roles.first?["roleId"] == .integer(-5))
      // None: unset.
      #expect(roles.first?["privilege"] == nil && roles.first?["info"]?["_typeName"] == "Description")
      let body: JSON = [
        "specSet": [
          [
            "objectSet": [["obj": ["type": "VirtualMachine", "value": "vm-1"]]],
            "propSet": [["type": "VirtualMachine", "pathSet": ["effectiveRole"]]],
          ]
        ], "options": [:],
      ]
      let page = try await client.vi("PropertyCollector/propertyCollector/RetrievePropertiesEx", body).json
      guard case .array(let objects)? = page?["objects"], case .array(let values)? = objects.first?["propSet"],
        case .array(let held)? = values.first?["val"]?["_value"]
      else {
        Issue.record("\(String(describing: page))")
        return
      }
      #expect(values.first?["val"]?["_typeName"] == "ArrayOfInt")
      #expect(roles.contains { $0["roleId"] == held.first })
    }
  }

  @Test func rolesNeedASession() async throws {
    try await Client.with(.synthetic(), loggedIn: false) { client async throws in
      let answer = try await client.send(.GET, list)
      #expect(answer.status == 500 && answer.refusal == "NotAuthenticated")
    }
  }
}
