/// What the vendor's documentation leaves open or contradicts itself about, and what our client is ready for either way.
public enum OpenFact: String, Sendable, Hashable, CaseIterable {
  case passwordLogin = "password-login"
  case restTokenForVI = "rest-token-for-vi-json"
  case sessionRefusal = "session-refusal"
  case viRefusal = "vi-json-refusal"
  case unknownID = "unknown-id"
  case unknownField = "unknown-field"
  case folderDepth = "folder-depth"
  case nullForNone = "null-for-none"
  case idleTimeout = "idle-timeout"
  case sessionLimit = "session-limit"
  case killTimedOut = "kill-timed-out"
  case timedOut = "timed-out"
  case callsAtOnce = "calls-at-once"
  case negativePID = "negative-pid"
  case quickStats = "quick-stats"
  case windows = "windows"

  /// What is to hold.
  public var sentence: String {
    switch self {
    case .passwordLogin: "an account logs in with a password (9.x may refuse that)"
    case .restTokenForVI: "a session of /api serves VI JSON, too"
    case .sessionRefusal: "REST refuses a missing session with UNAUTHENTICATED and a challenge"
    case .viRefusal: "VI JSON refuses a missing session with 500 and NotAuthenticated"
    case .unknownID: "an id that is not there matches nothing in a filter"
    case .unknownField: "a field that is not known is an error"
    case .folderDepth: "the filter for folders shows what lies in folders below"
    case .nullForNone: "VI JSON says null for no objects"
    case .idleTimeout: "a session that is used every five minutes does not die"
    case .sessionLimit: "too many sessions are answered with 503"
    case .killTimedOut: "a process that does not end is a generic error"
    case .timedOut: "guest calls never say TIMED_OUT"
    case .callsAtOnce: "a second guest call on a VM is refused as busy"
    case .negativePID: "vCenter itself refuses negative pids"
    case .quickStats: "quickStats are refreshed every 20 s"
    case .windows: "Windows guests show start times in whole seconds and end processes at once"
    }
  }
}

/// What one of them is at a vCenter.
public struct SeenFact: Sendable, Hashable {
  public enum Result: String, Sendable, Hashable {
    case holds
    case doesNotHold = "does not hold"
    case cannotBeSeen = "cannot be seen"
  }
  public var fact: OpenFact
  public var result: Result
  /// What was answered, or why it cannot be seen.
  public var seen: String

  public init(_ fact: OpenFact, _ result: Result, _ seen: String) {
    self.fact = fact
    self.result = result
    self.seen = seen
  }

  static func judged(_ fact: OpenFact, _ holds: Bool, _ seen: String) -> SeenFact {
    SeenFact(fact, holds ? .holds : .doesNotHold, seen)
  }

  static func unseen(_ fact: OpenFact, _ why: String) -> SeenFact { SeenFact(fact, .cannotBeSeen, why) }
}
