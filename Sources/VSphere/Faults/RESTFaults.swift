import GuestWatchCore

/// An error answer of the Automation API (vsphere-api.md, section 2).
struct RESTError: Sendable {
  var status: Int
  /// `error_type`, where the body was JSON and had one.
  var type: String?
  /// True where the body was a JSON object: the API itself answered, not something before it.
  var fromAPI: Bool
  /// `data.pid` of a NOT_FOUND: the process, not the VM, is what was not found.
  var pid: Int64?
  /// The first message.
  var message: String

  init(_ answer: HTTPAnswer) {
    status = answer.status
    let body = answer.json ?? .null
    fromAPI = body.isObject
    type = body["error_type"].string
    pid = body["data"]["pid"].int
    let first = body["messages"].array?.first ?? .null
    message = first["default_message"].string ?? first["localized"].string ?? ""
  }

  /// UNAUTHENTICATED; the status counts only where the body names no known type.
  var isUnauthenticated: Bool { meaning == .unauthenticated }

  /// A NOT_FOUND that the API itself said.
  var isNotFound: Bool { meaning == .notFound }

  var code: String { type ?? "HTTP \(status)" }

  /// What a call was about: the same error means different things.
  enum Subject: Sendable {
    /// A guest's processes: Tools, the guest or the VM may be what fails.
    case guest
    /// One VM.
    case vm
    /// A list, the session: vCenter itself.
    case vcenter
    /// A step of our own login: there is no list that could be too long, and what has no room may have some later.
    case login
    /// The one that sends the password.
    case session
  }

  func fault(about subject: Subject) -> Fault {
    let kind =
      switch subject {
      case .guest: RESTError.guestKind(meaning)
      case .vm: meaning == .notFound ? .vmGone : RESTError.vcenterKind(meaning)
      case .vcenter: RESTError.vcenterKind(meaning)
      case .login: meaning == .noRoom ? .transient : RESTError.vcenterKind(meaning)
      case .session:
        meaning == .noRoom || meaning == .unavailable || status == 503 ? .noSession : RESTError.vcenterKind(meaning)
      }
    return Fault(kind, code: shown(code), detail: shown(message))
  }

  /// By type before status, because sources disagree about the status of some types.
  private var meaning: Meaning {
    if let type, let meaning = RESTError.meanings[type] { return meaning }
    switch status {
    case 401: return .unauthenticated
    case 403: return .unauthorized
    case 404: return fromAPI ? .notFound : .wrongRequest
    case 408, 429, 502, 504: return .passing
    case 503: return fromAPI ? .unavailable : .passing
    case 400, 405...428, 430..<500: return .wrongRequest
    // A gateway's own page: whatever stands behind it, it passes.
    case 500..<600: return fromAPI ? .other : .passing
    default: return .notAnError
    }
  }

  private enum Meaning {
    case wrongState, unsupported, unauthenticated, unauthorized, notFound, busy, noRoom, unavailable, passing
    case inaccessible, wrongRequest, other, notAnError
  }

  /// All values of `error_type` (vsphere-api.md, section 2).
  private static let meanings: [String: Meaning] = [
    "ERROR": .other,
    "ALREADY_EXISTS": .other,
    "ALREADY_IN_DESIRED_STATE": .other,
    "CANCELED": .other,
    "CONCURRENT_CHANGE": .busy,
    "FEATURE_IN_USE": .other,
    "INTERNAL_SERVER_ERROR": .other,
    "INVALID_ARGUMENT": .wrongRequest,
    "INVALID_ELEMENT_CONFIGURATION": .wrongRequest,
    "INVALID_ELEMENT_TYPE": .wrongRequest,
    "INVALID_REQUEST": .wrongRequest,
    "NOT_ALLOWED_IN_CURRENT_STATE": .wrongState,
    "NOT_FOUND": .notFound,
    "OPERATION_NOT_FOUND": .wrongRequest,
    "RESOURCE_BUSY": .busy,
    "RESOURCE_IN_USE": .busy,
    "RESOURCE_INACCESSIBLE": .inaccessible,
    "SERVICE_UNAVAILABLE": .unavailable,
    "TIMED_OUT": .passing,
    "UNABLE_TO_ALLOCATE_RESOURCE": .noRoom,
    "UNAUTHENTICATED": .unauthenticated,
    "UNAUTHORIZED": .unauthorized,
    "UNEXPECTED_INPUT": .wrongRequest,
    "UNSUPPORTED": .unsupported,
    "UNVERIFIED_PEER": .other,
  ]

  private static func guestKind(_ meaning: Meaning) -> FaultKind {
    switch meaning {
    case .wrongState, .inaccessible: .wrongState
    case .unsupported: .unsupported
    // Told apart from a dead session by the caller.
    case .unauthenticated: .guestLoginRefused
    case .unauthorized: .notPermitted
    case .notFound: .vmGone
    case .busy: .busy
    case .unavailable: .toolsUnavailable
    case .passing: .transient
    case .wrongRequest: .badRequest
    // The docs know no cap on guest calls.
    case .noRoom, .other: .unknown
    case .notAnError: .badAnswer
    }
  }

  private static func vcenterKind(_ meaning: Meaning) -> FaultKind {
    switch meaning {
    case .wrongState, .inaccessible: .wrongState
    // A list that is not found is no VM that is gone.
    case .unsupported, .wrongRequest, .notFound: .badRequest
    case .unauthenticated: .sessionLost
    case .unauthorized: .notPermitted
    case .busy: .busy
    case .noRoom: .overCap
    case .unavailable, .passing: .transient
    case .other: .unknown
    case .notAnError: .badAnswer
    }
  }
}

/// A success whose body is not what was asked for.
func badAnswer(_ what: String, status: Int? = nil) -> Fault {
  Fault(.badAnswer, code: status.map { "HTTP \($0)" } ?? "body", detail: shown(what))
}
