import NIOHTTP1
import Testing
import VCenterModel

@testable import VCenterSimulator

/// A malformed request and what it is answered.
struct Malformation: Sendable, CustomTestStringConvertible {
  var name: String
  var method: HTTPMethod
  var path: String
  var body: String?
  var type: String?
  var status: Int
  var refusal: String?

  /// - Parameter type: the content type; nil: none is sent.
  init(
    _ name: String, _ method: HTTPMethod, _ path: String, _ body: String?, type: String? = "application/json",
    _ status: Int, _ refusal: String?
  ) {
    self.name = name
    self.method = method
    self.path = path
    self.body = body
    self.type = type
    self.status = status
    self.refusal = refusal
  }

  init(
    _ name: String, _ path: String, _ body: String, type: String? = "application/json", _ status: Int,
    _ refusal: String?
  ) {
    self.init(name, .POST, path, body, type: type, status, refusal)
  }

  init(_ name: String, _ method: HTTPMethod, _ path: String, _ status: Int, _ refusal: String?) {
    self.init(name, method, path, nil, status, refusal)
  }

  init(_ name: String, _ path: String, _ status: Int, _ refusal: String?) {
    self.init(name, .POST, path, nil, status, refusal)
  }

  var testDescription: String { name }
}

private let list = "/api/vcenter/vm/vm-1/guest/processes?action=list"
private let good =
  #""type":"USERNAME_PASSWORD","interactive_session":false,"user_name":"root","password":"guest-secret""#
private let sdk = "/sdk/vim25/8.0.3.0/"
private let lists = sdk + "GuestProcessManager/guestOperationsProcessManager/ListProcessesInGuest"
private let ends = sdk + "GuestProcessManager/guestOperationsProcessManager/TerminateProcessInGuest"
private let vm = #""vm":{"type":"VirtualMachine","value":"vm-1"}"#
private let auth =
  #""auth":{"_typeName":"NamePasswordAuthentication","interactiveSession":false,"username":"root","password":"x"}"#
private let retrieve = sdk + "PropertyCollector/propertyCollector/RetrievePropertiesEx"
private let create = sdk + "ViewManager/ViewManager/CreateContainerView"
private let objects = #""objectSet":[{"obj":{"type":"VirtualMachine","value":"vm-1"}}]"#
private let properties = #""propSet":[{"type":"VirtualMachine","pathSet":["name"]}]"#

let restMalformations: [Malformation] = [
  Malformation("unknown URL", .GET, "/api/vcenter/vmx", 404, "NOT_FOUND"),
  Malformation("the older flavour", .GET, "/rest/vcenter/vm", 404, "NOT_FOUND"),
  Malformation("wrong method", .POST, "/api/vcenter/vm", "{}", 404, "NOT_FOUND"),
  Malformation("GET of a list of processes", .GET, list, 404, "NOT_FOUND"),
  Malformation("unknown action", "/api/vcenter/vm/vm-1/guest/processes?action=lists", "{}", 404, "NOT_FOUND"),
  Malformation("no action", "/api/vcenter/vm/vm-1/guest/processes", "{}", 404, "NOT_FOUND"),
  Malformation("create is not simulated", "/api/vcenter/vm/vm-1/guest/processes?action=create", "{}", 404, "NOT_FOUND"),
  Malformation("unknown parameter", .GET, "/api/vcenter/vm?filter.names=a", 400, "UNEXPECTED_INPUT"),
  Malformation("unknown power state", .GET, "/api/vcenter/vm?power_states=on", 400, "INVALID_ARGUMENT"),
  Malformation("a filter that is not simulated", .GET, "/api/vcenter/host?standalone=true", 400, "INVALID_ARGUMENT"),
  Malformation("a filter of another list", .GET, "/api/vcenter/cluster?parent_folders=a", 400, "UNEXPECTED_INPUT"),
  Malformation("two types of folders", .GET, "/api/vcenter/folder?type=HOST&type=HOST", 400, "INVALID_ARGUMENT"),
  Malformation("an unknown type of folder", .GET, "/api/vcenter/folder?type=VM", 400, "INVALID_ARGUMENT"),
  Malformation("POST of a list of places", "/api/vcenter/folder", "{}", 404, "NOT_FOUND"),
  Malformation("a tag by name", .GET, "/api/cis/tagging/tag?name=gold", 400, "UNEXPECTED_INPUT"),
  Malformation(
    "tags of no category", "/api/cis/tagging/tag?action=list-tags-for-category", "{}", 400, "INVALID_ARGUMENT"),
  Malformation(
    "objects on tags that are no list", "/api/cis/tagging/tag-association?action=list-attached-objects-on-tags",
    #"{"tag_ids":"a"}"#, 400, "INVALID_ARGUMENT"),
  Malformation(
    "objects of a tag with a body", "/api/cis/tagging/tag-association/t?action=list-attached-objects", "{}", 400,
    "UNEXPECTED_INPUT"),
  Malformation("an unknown action on tags", "/api/cis/tagging/tag?action=list", "{}", 404, "NOT_FOUND"),
  Malformation("no body", list, 400, "INVALID_ARGUMENT"),
  Malformation("not JSON", list, "{", 400, "INVALID_ARGUMENT"),
  Malformation("an array", list, "[]", 400, "INVALID_ARGUMENT"),
  Malformation("wrong content type", list, "{\"credentials\":{\(good)}}", type: "text/plain", 415, "INVALID_REQUEST"),
  Malformation("no content type", list, "{\"credentials\":{\(good)}}", type: nil, 415, "INVALID_REQUEST"),
  Malformation("no credentials", list, "{}", 400, "INVALID_ARGUMENT"),
  Malformation("unknown field", list, "{\"credentials\":{\(good)},\"pids\":[1]}", 400, "UNEXPECTED_INPUT"),
  Malformation("unknown credential field", list, "{\"credentials\":{\(good),\"x\":1}}", 400, "UNEXPECTED_INPUT"),
  Malformation(
    "the other API's spelling", list, #"{"credentials":{"type":"USERNAME_PASSWORD","interactiveSession":false}}"#, 400,
    "INVALID_ARGUMENT"),
  Malformation(
    "no interactive_session", list, #"{"credentials":{"type":"USERNAME_PASSWORD","user_name":"a","password":"b"}}"#,
    400, "INVALID_ARGUMENT"),
  Malformation(
    "interactive_session as text", list,
    #"{"credentials":{"type":"USERNAME_PASSWORD","interactive_session":"false","user_name":"a","password":"b"}}"#, 400,
    "INVALID_ARGUMENT"),
  Malformation(
    "no password", list, #"{"credentials":{"type":"USERNAME_PASSWORD","interactive_session":false,"user_name":"a"}}"#,
    400, "INVALID_ARGUMENT"),
  Malformation(
    "both forms at once", list, "{\"credentials\":{\(good),\"saml_token\":\"t\"}}", 400, "UNEXPECTED_INPUT"),
  Malformation(
    "unknown form", list, #"{"credentials":{"type":"PASSWORD","interactive_session":false}}"#, 400, "INVALID_ARGUMENT"),
  Malformation(
    "a token with a password", list,
    #"{"credentials":{"type":"SAML_BEARER_TOKEN","interactive_session":false,"saml_token":"t","password":"p"}}"#, 400,
    "UNEXPECTED_INPUT"),
  Malformation(
    "a pid that is no number", "/api/vcenter/vm/vm-1/guest/processes/x?action=get", "{\"credentials\":{\(good)}}", 400,
    "INVALID_ARGUMENT"),
  Malformation("hello without releases", "/api/vcenter/system?action=hello", "{}", 400, "INVALID_ARGUMENT"),
  Malformation(
    "hello with an empty list", "/api/vcenter/system?action=hello", #"{"api_releases":[]}"#, 400, "INVALID_ARGUMENT"),
  Malformation(
    "hello in a wrapper", "/api/vcenter/system?action=hello", #"{"spec":{"api_releases":["8.0.3.0"]}}"#, 400,
    "INVALID_ARGUMENT"),
  Malformation("login without Basic", "/api/session", 401, "UNAUTHENTICATED"),
  Malformation("login with a body", "/api/session", "{}", 400, "UNEXPECTED_INPUT"),
]

let viMalformations: [Malformation] = [
  Malformation("unknown release", "/sdk/vim25/9.1.1.0/SessionManager/SessionManager/Login", "{}", 404, nil),
  Malformation("no release at all", "/sdk/vim25/SessionManager/SessionManager/Login", "{}", 404, nil),
  Malformation("unknown type", sdk + "Sessions/SessionManager/Login", "{}", 404, nil),
  Malformation("unknown member", sdk + "SessionManager/SessionManager/login", "{}", 404, nil),
  Malformation("GET of a method", .GET, lists, 404, nil),
  Malformation("POST of a property", sdk + "SessionManager/SessionManager/currentSession", "{}", 404, nil),
  Malformation("another manager's id", sdk + "SessionManager/propertyCollector/Logout", 500, "ManagedObjectNotFound"),
  Malformation("no body", lists, 500, "InvalidRequest"),
  Malformation("wrong content type", lists, "{\(vm),\(auth)}", type: "text/xml", 500, "InvalidRequest"),
  Malformation("no vm", lists, "{\(auth)}", 500, "InvalidRequest"),
  Malformation("no auth", lists, "{\(vm)}", 500, "InvalidRequest"),
  Malformation("a bare reference", lists, "{\"vm\":\"vm-1\",\(auth)}", 500, "InvalidRequest"),
  Malformation(
    "a reference to something else", lists, "{\"vm\":{\"type\":\"HostSystem\",\"value\":\"vm-1\"},\(auth)}", 500,
    "InvalidRequest"),
  Malformation("unknown parameter", lists, "{\(vm),\(auth),\"pid\":1}", 500, "InvalidRequest"),
  Malformation("pids as texts", lists, "{\(vm),\(auth),\"pids\":[\"1\"]}", 500, "InvalidRequest"),
  Malformation("another method's type name", lists, "{\"_typeName\":\"Login\",\(vm),\(auth)}", 500, "InvalidRequest"),
  Malformation(
    "auth without its type", lists,
    "{\(vm),\"auth\":{\"interactiveSession\":false,\"username\":\"a\",\"password\":\"b\"}}", 500, "InvalidRequest"),
  Malformation(
    "auth without interactiveSession", lists,
    "{\(vm),\"auth\":{\"_typeName\":\"NamePasswordAuthentication\",\"username\":\"a\",\"password\":\"b\"}}", 500,
    "InvalidRequest"),
  Malformation(
    "REST's spelling in auth", lists,
    "{\(vm),\"auth\":{\"_typeName\":\"NamePasswordAuthentication\",\"interactiveSession\":false,\"user_name\":\"a\","
      + "\"password\":\"b\"}}", 500, "InvalidRequest"),
  Malformation(
    "an auth that is not simulated", lists,
    "{\(vm),\"auth\":{\"_typeName\":\"SSPIAuthentication\",\"interactiveSession\":false,\"sspiToken\":\"t\"}}", 500,
    "NotSupported"),
  Malformation("terminate without pid", ends, "{\(vm),\(auth)}", 500, "InvalidRequest"),
  Malformation("terminate with a pid as text", ends, "{\(vm),\(auth),\"pid\":\"7\"}", 500, "InvalidRequest"),
  Malformation("terminate with half a pid", ends, "{\(vm),\(auth),\"pid\":7.5}", 500, "InvalidRequest"),
  Malformation(
    "a view of what is not simulated", create,
    #"{"container":{"type":"Folder","value":"group-d1"},"type":["Network"],"recursive":true}"#, 500, "NotSupported"),
  Malformation(
    "a view of a container that cannot be", create,
    #"{"container":{"type":"VirtualMachine","value":"vm-1"},"type":["VirtualMachine"],"recursive":true}"#, 500,
    "InvalidArgument"),
  Malformation(
    "a view of a folder that is not there", create,
    #"{"container":{"type":"Folder","value":"group-v9"},"type":["VirtualMachine"],"recursive":true}"#, 500,
    "ManagedObjectNotFound"),
  Malformation("the objects of no view", .GET, sdk + "ContainerView/none/view", 500, "ManagedObjectNotFound"),
  Malformation(
    "a path of another type", retrieve,
    #"{"specSet":[{"objectSet":[{"obj":{"type":"Folder","value":"group-v3"}}],"#
      + #""propSet":[{"type":"Folder","pathSet":["runtime.powerState"]}]}],"options":{}}"#, 500, "InvalidProperty"),
  Malformation(
    "no options", retrieve, "{\"specSet\":[{\(objects),\(properties)}]}", 500, "InvalidRequest"),
  Malformation(
    "no object set", retrieve, "{\"specSet\":[{\(properties)}],\"options\":{}}", 500, "InvalidRequest"),
  Malformation(
    "an unknown path", retrieve,
    "{\"specSet\":[{\(objects),\"propSet\":[{\"type\":\"VirtualMachine\",\"pathSet\":[\"nam\"]}]}],\"options\":{}}",
    500,
    "InvalidProperty"),
  Malformation(
    "a traversal that does not say what it is", retrieve,
    #"{"specSet":[{"objectSet":[{"obj":{"type":"ContainerView","value":"v"},"skip":true,"selectSet":"#
      + "[{\"type\":\"ContainerView\",\"path\":\"view\"}]}],\(properties)}],\"options\":{}}", 500, "InvalidRequest"),
  Malformation(
    "two filter specs", retrieve,
    "{\"specSet\":[{\(objects),\(properties)},{\(objects),\(properties)}],\"options\":{}}", 500, "NotSupported"),
  Malformation(
    "a deleted VM", retrieve,
    "{\"specSet\":[{\"objectSet\":[{\"obj\":{\"type\":\"VirtualMachine\",\"value\":\"vm-9\"}}],\(properties)}],"
      + "\"options\":{}}", 500, "ManagedObjectNotFound"),
]

@Suite struct StrictnessTests {
  @Test func malformedRESTRequestsAreRefused() async throws {
    try await Client.with(.synthetic()) { client async throws in try await refuse(restMalformations, client) }
  }

  @Test func malformedVIRequestsAreRefused() async throws {
    try await Client.with(.synthetic()) { client async throws in try await refuse(viMalformations, client) }
  }

  /// One server for the whole table.
  private func refuse(_ table: [Malformation], _ client: Client) async throws {
    for row in table {
      let answer = try await client.send(row.method, row.path, body: row.body.map { Array($0.utf8) }, type: row.type)
      #expect(answer.status == row.status, "\(row.name): \(answer.text)")
      #expect(answer.refusal == row.refusal, "\(row.name): \(answer.text)")
    }
    // A refused request has no effect, and the server goes on.
    #expect(await client.running.vcenter.counted.terminates.isEmpty)
    #expect(try await client.list("vm-1").status == 200)
  }

  @Test func whoHasNoSessionLearnsNothingAboutTheRequest() async throws {
    try await Client.with(.synthetic(), loggedIn: false) { client async throws in
      let rest = try await client.rest(.POST, "/vcenter/vm/vm-1/guest/processes?action=list", [:])
      #expect(rest.status == 401)
      #expect(rest.json?["challenge"] != nil)
      let vi = try await client.vi("GuestProcessManager/guestOperationsProcessManager/ListProcessesInGuest", [:])
      #expect(vi.status == 500)
      #expect(vi.refusal == "NotAuthenticated")
    }
  }

  @Test func messagesNameTheFieldAndNoSecret() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let body = #"{"credentials":{\#(good),"surprise":"very-secret"}}"#
      let answer = try await client.send(.POST, list, body: Array(body.utf8))
      #expect(answer.text.contains("credentials.surprise"))
      #expect(!answer.text.contains("secret"))
    }
  }

  @Test func aBodyThatIsTooLargeIsRefused() async throws {
    try await Client.with(.synthetic()) { client async throws in
      let body = [UInt8](repeating: UInt8(ascii: " "), count: Listener.largestBody + 1)
      // The server may close before all of it was sent; what it must not do is read on.
      let status = try? await client.send(.POST, list, body: body).status
      #expect(status == nil || status == 413)
      #expect(try await client.list("vm-1").status == 200)
    }
  }
}
