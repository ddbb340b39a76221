import VCenterModel

/// A call whose URL was understood.
struct IncomingCall: Sendable {
  var kind: CallKind
  /// The value of `vmware-api-session-id`.
  var token: String?
  /// What is asked, or what is wrong with how it is asked.
  var asked: Result<Question, Malformed>

  /// What a call asks.
  enum Question: Sendable {
    case model(Request)
    /// `SessionIsActive`: the model has no account with the privilege that it needs.
    case sessionIsActive
  }

  /// The VM that the call is about.
  var vm: String? {
    guard case .success(.model(let request)) = asked else { return nil }
    return switch request {
    case .vm(let moid), .tools(let moid), .guestOperations(let moid), .guestIdentity(let moid): moid
    case .listProcesses(let moid, _, _, _), .getProcess(let moid, _, _), .terminate(let moid, _, _, _),
      .startProgram(let moid, _, _, _), .validateCredentials(let moid, _):
      moid
    default: nil
    }
  }

  /// The pid that the call is about.
  var pid: Int64? {
    guard case .success(.model(let request)) = asked else { return nil }
    return switch request {
    case .getProcess(_, _, let pid), .terminate(_, _, let pid, _): pid
    case .listProcesses(_, _, _, let pids): pids?.count == 1 ? pids?.first : nil
    default: nil
    }
  }
}

/// Why a request is refused before anybody looks at what it asks.
enum Malformed: Error, Hashable, Sendable {
  /// The body is no JSON.
  case json(JSONError)
  /// The body has the wrong shape.
  case shape(ShapeError)
  /// There is a body, and its content type is not JSON.
  case contentType(String?)
  /// A body where none belongs.
  case unexpectedBody
  /// A query parameter that the call does not have.
  case unknownParameter(String)
  /// A query parameter or path element with an impossible value.
  case badParameter(String)
  /// A parameter that a vCenter knows and this simulator does not: never silently ignored.
  case notSimulated(String)
  /// `Authorization` is missing or no Basic credential.
  case noBasicCredential
  /// A reference to a manager that is not there: its type and id.
  case noSuchObject(type: String, value: String)
  /// `_typeName` names another type than belongs there.
  case wrongTypeName(place: String, expected: String, found: String?)

  /// A sentence for people, without anything of the body but names.
  var message: String {
    switch self {
    case .json(let error): "The body is not JSON: \(error.what) at byte \(error.offset)."
    case .shape(let error): "The body is wrong: \(error)."
    case .contentType(let type): "The content type must be application/json, not \(type ?? "absent")."
    case .unexpectedBody: "This call takes no body."
    case .unknownParameter(let name): "This call has no parameter \(name.debugDescription)."
    case .badParameter(let name): "The value of \(name) cannot be."
    case .notSimulated(let what): "This simulator does not know \(what)."
    case .noBasicCredential: "This call needs a Basic credential."
    case .noSuchObject(let type, let value): "There is no \(type) \(value.debugDescription)."
    case .wrongTypeName(let place, let expected, let found):
      "\(place) must have the _typeName \(expected), not \(found.map(\.debugDescription) ?? "none")."
    }
  }
}

extension HTTPCall {
  /// The token of the session.
  var sessionToken: String? { header("vmware-api-session-id") }

  /// The JSON body; nil where there is none.
  func json() throws(Malformed) -> JSON? {
    guard !body.isEmpty else { return nil }
    let type = header("content-type")
    let name = type?.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() }
    guard name == "application/json" else { throw .contentType(type) }
    do {
      return try JSON(parsing: body)
    } catch {
      throw .json(error)
    }
  }

  /// Reads the JSON body, which must be an object with nothing in it that `read` does not take.
  func fields<Value>(_ read: (inout JSONFields) throws(ShapeError) -> Value) throws(Malformed) -> Value {
    let json = try json()
    do throws(ShapeError) {
      guard let json else { throw ShapeError(path: "", .missing) }
      var fields = try JSONFields(json)
      let value = try read(&fields)
      try fields.close()
      return value
    } catch {
      throw .shape(error)
    }
  }
}
