import NIOHTTP1
import Testing
import VCenterModel

@testable import VCenterSimulator

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct SessionTests {
  private func basic(_ user: String, _ password: String) -> [(String, String)] {
    [("authorization", "Basic " + Data("\(user):\(password)".utf8).base64EncodedString())]
  }

  @Test func restSessionsBeginLiveAndEnd() async throws {
    try await Client.with(.synthetic(), loggedIn: false) { client async throws in
      var client = client
      let refused = try await client.send(.POST, "/api/session", headers: basic(Client.user, "wrong"))
      #expect(refused.status == 401)
      #expect(refused.refusal == "UNAUTHENTICATED")
      let made = try await client.send(.POST, "/api/session", headers: basic(Client.user, Client.password))
      #expect(made.status == 201)
      guard case .string(let token)? = made.json else {
        Issue.record("the token is no JSON string: \(made.text)")
        return
      }
      #expect(try await client.rest(.GET, "/session").status == 401)
      client.token = token
      let session = try await client.rest(.GET, "/session")
      #expect(session.json?["user"] == "VSPHERE.LOCAL\\svc")
      let ended = try await client.rest(.DELETE, "/session")
      #expect(ended.status == 204)
      #expect(ended.body.isEmpty)
      #expect(try await client.rest(.GET, "/session").status == 401)
    }
  }

  @Test func theTokenOfAVILoginIsInTheHeader() async throws {
    try await Client.with(.synthetic(), loggedIn: false) { client async throws in
      let refused = try await client.vi(
        "SessionManager/SessionManager/Login", ["userName": .string(Client.user), "password": "wrong"])
      #expect(refused.status == 500)
      #expect(refused.refusal == "InvalidLogin")
      #expect(refused.headers["vmware-api-session-id"].isEmpty)
      let answer = try await client.vi("SessionManager/SessionManager/Login", Client.login)
      #expect(answer.json?["_typeName"] == "UserSession")
      let token = try #require(answer.headers.first(name: "vmware-api-session-id"))
      #expect(token.utf8.count == 40)
      #expect(!answer.text.contains(token))
    }
  }

  @Test func everyAnswerHasADate() async throws {
    try await Client.with(.synthetic()) { client async throws in
      for answer in [
        try await client.rest(.GET, "/session"), try await client.rest(.GET, "/nothing"),
        try await client.vi("SessionManager/SessionManager/Logout"),
      ] {
        #expect(answer.headers["date"].count == 1)
        #expect(answer.headers.first(name: "date")?.hasSuffix(" GMT") == true)
      }
    }
  }

  /// From 8.0 U3 one session serves both APIs; before, each has its own (vsphere-api.md, 6).
  @Test(arguments: [(Release.v8u3, 200), (.v8u2, 401)])
  func oneSessionServesBothAPIsFrom8U3(release: Release, status: Int) async throws {
    try await Client.with(.synthetic(settings: .init(release: release)), loggedIn: false) { client async throws in
      var client = client
      let login = try await client.send(
        .POST, "/sdk/vim25/\(release)/SessionManager/SessionManager/Login", body: Client.login.bytes)
      client.token = login.headers.first(name: "vmware-api-session-id")
      #expect(client.token != nil)
      #expect(try await client.rest(.GET, "/session").status == status)
    }
  }

  @Test func olderReleasesLackHelloAndVIJSON() async throws {
    try await Client.with(.synthetic(settings: .init(release: .v8u1)), loggedIn: false) { client async throws in
      let hello = try await client.rest(
        .POST, "/vcenter/system?action=hello", ["api_releases": ["8.0.1.0"]])
      #expect(hello.status == 404)
      let content = try await client.send(
        .POST, "/sdk/vim25/8.0.1.0/ServiceInstance/ServiceInstance/RetrieveServiceContent")
      #expect(content.status == 200)
    }
    try await Client.with(.synthetic(settings: .init(release: .v7u3)), loggedIn: false) { client async throws in
      let content = try await client.send(
        .POST, "/sdk/vim25/7.0.3.0/ServiceInstance/ServiceInstance/RetrieveServiceContent")
      #expect(content.status == 404)
    }
  }

  @Test func helloTakesTheFirstReleaseInCommon() async throws {
    try await Client.with(.synthetic(), loggedIn: false) { client async throws in
      func hello(_ releases: JSON) async throws -> JSON? {
        try await client.rest(.POST, "/vcenter/system?action=hello", ["api_releases": releases]).json
      }
      #expect(try await hello(["9.0.0.0", "8.0.3.0", "8.0.2.0"]) == ["api_release": "8.0.3.0"])
      #expect(try await hello(["12.0.0.0"]) == ["api_release": ""])
    }
  }

  @Test func currentSessionIsNullWithoutOne() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let path = "/sdk/vim25/8.0.3.0/SessionManager/SessionManager/currentSession"
      #expect(try await client.send(.GET, path).json?["userName"] == .string(Client.user))
      #expect(try await client.control(.POST, "/sessions", ["expire": "all"]).status == 200)
      let none = try await client.send(.GET, path)
      #expect(none.status == 200)
      #expect(none.json == .null)
      #expect(try await client.list("vm-1").status == 401)
    }
  }

  @Test func aSessionCanDieForGuestCallsOnly() async throws {
    try await Client.with(.synthetic()) { client async throws in
      #expect(try await client.control(.POST, "/sessions", ["expire": "guest-calls"]).status == 200)
      #expect(try await client.terminate("vm-1", 500).refusal == "NotAuthenticated")
      #expect(try await client.rest(.GET, "/session").status == 200)
    }
  }

  /// The certificate has DNS names only, so that a test of name checks proves something.
  @Test func theCertificateIsForItsNamesOnly() async throws {
    try await Client.with(.synthetic()) { client async throws in
      #expect(client.running.url.hasPrefix("https://localhost:"))
      #expect(try await client.rest(.GET, "/session").status == 200)
      var stranger = client
      stranger.base = "https://127.0.0.1:\(client.running.port)"
      let other = stranger
      await #expect(throws: (any Error).self) { try await other.rest(.GET, "/session") }
    }
  }

  @Test func askingForSessionsNeedsAPrivilege() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let answer = try await client.vi(
        "SessionManager/SessionManager/SessionIsActive", ["sessionID": "x", "userName": "y"])
      #expect(answer.refusal == "NoPermission")
      #expect(answer.json?["privilegeId"] == "Sessions.ValidateSession")
    }
  }
}
