public import GuestWatchCore

/// Who is told, and of what: one `[[notify]]`.
public struct NotifySettings: Sendable, Hashable {
  public enum Way: Sendable, Hashable {
    /// A program with its arguments, started without a shell; the first is its absolute path.
    case program([String])
    case webhook(WebhookSettings)
  }

  /// Unique among all; `notify-2` for the second one where the file names none.
  public var name: String
  /// Each once, in the order of the file.
  public var events: [Report.Kind]
  public var way: Way
  /// For one run of the program, or one try of the request: 1 s to 10 min.
  public var timeout: Duration

  /// What became of every kill, and what keeps guestwatchd from its work until somebody does something about it. Not among
  /// them: what heals or is said of a single VM, which a fleet says a thousand times in a bad hour.
  public static let defaultEvents: [Report.Kind] = [
    .killed, .loginStopped, .loginUnreadable, .vcenterDown, .vcenterLoginRefused, .ledgerFailing, .configurationRefused,
    .limitReached,
  ]
  public static let defaultTimeout: Duration = .seconds(30)
  /// A receiver that is given more time than this is a queue of its own.
  static let longestTimeout: Duration = .seconds(600)
  /// Each has a queue, and may have a program running: of the 512 tasks of the service none must be missing for a kill.
  static let most = 16

  public init(
    name: String, events: [Report.Kind] = NotifySettings.defaultEvents, way: Way,
    timeout: Duration = NotifySettings.defaultTimeout
  ) {
    self.name = name
    self.events = events
    self.way = way
    self.timeout = timeout
  }
}

/// Where a webhook is posted to.
public struct WebhookSettings: Sendable, Hashable {
  /// The whole of it: whoever knows what follows the host may most often post there. Empty where secrets are not opened.
  public var url: Secret
  /// All of it that may be shown, `https://HOST[:PORT]`; empty where secrets are not opened.
  public var origin: String
  /// Of an `Authorization: Bearer` header.
  public var token: Secret?
  /// A PEM file with the certificates to trust; nil: the system's.
  public var caFile: String?
  /// SHA-256 of the certificates to trust, 64 lower-case hex digits each, in place of chain and name; empty: none.
  public var fingerprints: [String]

  public init(url: Secret, origin: String, token: Secret? = nil, caFile: String? = nil, fingerprints: [String] = []) {
    self.url = url
    self.origin = origin
    self.token = token
    self.caFile = caFile
    self.fingerprints = fingerprints
  }
}

/// Where a `[[notify]]` keeps its secrets; nil: there is none, or (of the URL) it stands in the file itself.
public struct NotifyReferences: Sendable, Hashable {
  public var url: SecretReference?
  public var token: SecretReference?

  public init(url: SecretReference? = nil, token: SecretReference? = nil) {
    self.url = url
    self.token = token
  }
}
