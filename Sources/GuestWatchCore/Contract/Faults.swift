/// What a failed call means for us. The client maps every answer of vCenter to one of these (vsphere-api.md, section 7).
public enum FaultKind: String, Hashable, Sendable, CaseIterable {
  // about the guest login
  /// The guest refused the account (InvalidGuestLogin; REST UNAUTHENTICATED with a live session): quarantine, no retry.
  case guestLoginRefused = "guest-login-refused"
  /// The account was neither accepted nor refused (TooManyGuestLogons, GuestMultipleMappings, ...Challenge).
  case guestLoginTrouble = "guest-login-trouble"
  /// What the account is to be proven with (a SAML token that somebody renews) could not be read: nothing was sent.
  case noCredential = "no-credential"
  /// The account may not do this in the guest (GuestPermissionDenied).
  case guestDenied = "guest-denied"

  // about the VM
  /// The VM does not exist any more (ManagedObjectNotFound, NOT_FOUND without a pid).
  case vmGone = "vm-gone"
  /// The VM is off, suspended or in a state in which guests cannot be asked.
  case wrongState = "wrong-state"
  /// The guest agent does not run (GuestOperationsUnavailable, SERVICE_UNAVAILABLE of one VM).
  case toolsUnavailable = "tools-unavailable"
  /// The guest or its agent cannot do this or has it switched off; permanent until the guest changes.
  case unsupported = "unsupported"
  /// The VM is busy (TaskInProgress, RESOURCE_BUSY).
  case busy = "busy"

  // about vCenter
  /// A privilege is missing in vCenter (NoPermission, UNAUTHORIZED).
  case notPermitted = "not-permitted"
  /// The session is dead and could not be made anew for this call.
  case sessionLost = "session-lost"
  /// vCenter refused our own login (InvalidLogin, 401 at session create).
  case loginRefused = "login-refused"
  /// vCenter turns our login away without judging it (503): too many sessions are open, or it is starting.
  case noSession = "no-session"
  /// No connection, a reset, or a name that does not resolve.
  case unreachable = "unreachable"
  /// The certificate is not the expected one, or TLS failed. Never fall back.
  case untrusted = "untrusted"
  /// No answer within the deadline of the whole call.
  case unanswered = "unanswered"
  /// A gateway or service error that passes (429, 502, 503, 504, TIMED_OUT, HostCommunication).
  case transient = "transient"
  /// An answer that is cut, too large, not JSON or of the wrong type.
  case badAnswer = "bad-answer"
  /// More matches than vCenter lists in one answer.
  case overCap = "over-cap"
  /// vCenter calls our request wrong (INVALID_ARGUMENT, InvalidRequest, 404 of a method): ours or permanent.
  case badRequest = "bad-request"
  /// Anything else (ERROR, INTERNAL_SERVER_ERROR, GuestOperationsFault, an unknown type).
  case unknown = "unknown"
}

/// A failed call: what it means, and what vCenter called it.
public struct Fault: Error, Hashable, Sendable {
  /// What it means for us.
  public var kind: FaultKind
  /// `error_type`, `_typeName`, an HTTP status or a library's error: for people and the ledger.
  public var code: String
  /// The first message of the answer, at most 256 bytes, no secrets.
  public var detail: String

  public init(_ kind: FaultKind, code: String, detail: String = "") {
    self.kind = kind
    self.code = code
    self.detail = detail
  }
}

/// When a call really happened.
public struct Timing: Hashable, Sendable {
  /// Read right before the first byte of the request's body (or head, where it has none) left; nil: nothing was sent.
  /// For a call that was replayed after a new login it is the replay's.
  public var firstByte: Now?
  /// Read when the whole answer was there, or when the call was given up.
  public var ended: Now
  /// The `Date` header of the answer in seconds since 1970, if there was one.
  public var date: Int64?

  public init(firstByte: Now?, ended: Now, date: Int64? = nil) {
    self.firstByte = firstByte
    self.ended = ended
    self.date = date
  }
}

/// How a terminate was answered.
public enum KillAnswer: Hashable, Sendable {
  /// 204.
  case done
  /// GuestProcessNotFound.
  case notFound
  /// For certain nothing was begun (TaskInProgress, NotAuthenticated).
  case notBegun(Fault)
  /// The guest or vCenter does not allow it: NoPermission, GuestPermissionDenied, InvalidGuestLogin, Operation...ByGuest,
  /// GuestComponentsOutOfDate.
  case denied(Fault)
  /// Anything that may or may not have had an effect: look.
  case ambiguous(Fault)
  /// Not a byte of the body left: it was never sent.
  case notSent(Fault)
  /// No answer within the deadline, the body had (at least in part) left: look.
  case unanswered
}
