public import GuestWatchCore

/// How to reach one vCenter.
public struct VCenterSettings: Sendable, Hashable {
  /// `http` occurs only with 127.0.0.0/8, ::1 and localhost.
  public enum Scheme: String, Sendable, Hashable { case https, http }

  public var id: VCenterID
  public var scheme: Scheme
  /// A DNS name in lower case, an IPv4 address, or an IPv6 address without brackets.
  public var host: String
  /// 1...65535.
  public var port: Int
  public var userName: String
  public var password: Secret
  /// A PEM file with the certificates to trust; nil: the system's.
  public var caFile: String?
  /// SHA-256 of the certificates to trust, 64 lower-case hex digits each, in place of chain and name; empty: none.
  public var fingerprints: [String]
  /// The most requests in flight, 1...1024.
  public var maxInFlight: Int

  public init(
    id: VCenterID, scheme: Scheme = .https, host: String, port: Int = 443, userName: String, password: Secret,
    caFile: String? = nil, fingerprints: [String] = [], maxInFlight: Int = 64
  ) {
    self.id = id
    self.scheme = scheme
    self.host = host
    self.port = port
    self.userName = userName
    self.password = password
    self.caFile = caFile
    self.fingerprints = fingerprints
    self.maxInFlight = maxInFlight
  }
}

/// What is sent to a guest to log in.
public struct LoginSettings: Sendable, Hashable {
  public enum Secret: Sendable, Hashable {
    case password(userName: String, RuleFiles.Secret)
    /// A SAML bearer token, renewed by somebody else: to be read anew for each use. Without a name the guest finds the
    /// account by its aliases.
    case samlToken(userName: String?, SecretFile)
  }

  public var id: LoginID
  public var secret: Secret

  public init(id: LoginID, secret: Secret) {
    self.id = id
    self.secret = secret
  }

  /// The account's name inside guests, where the configuration has it.
  public var userName: String? {
    switch secret {
    case .password(let userName, _): userName
    case .samlToken(let userName, _): userName
    }
  }
}

/// How a file names a secret without holding it.
public enum SecretReference: Sendable, Hashable, CustomStringConvertible {
  /// The name of a credential of the service.
  case credential(String)
  case file(String)

  /// Without the secret.
  public var description: String {
    switch self {
    case .credential(let name): "credential \(name)"
    case .file(let path): "file \(path)"
    }
  }
}

/// Where a value stands in the files.
public struct Origin: Sendable, Hashable {
  /// As it was opened.
  public var file: String
  /// Counted from 1.
  public var line: Int

  public init(file: String, line: Int) {
    self.file = file
    self.line = line
  }
}

/// Where each value stands, by its key; a key that is in no file is in none of these.
public struct Origins: Sendable, Hashable {
  /// Of `[daemon]`, `[budget]`, `[protect]`, `[ledger]` and `[metrics]`.
  public var sections: [String: [String: Origin]] = [:]
  /// One for each vCenter, login, `[[notify]]` and rule.
  public var vcenters: [[String: Origin]] = []
  public var logins: [[String: Origin]] = []
  public var notify: [[String: Origin]] = []
  public var rules: [[String: Origin]] = []

  public init() {}
}

/// What the files say that neither the decision nor a connection needs: for `show-config`.
public struct Wording: Sendable, Hashable {
  /// `[daemon] every`.
  public var every: Duration = .seconds(300)
  /// `[daemon] rules`, as it is opened.
  public var rulesFolder = "rules.d"
  /// `[daemon] time_zone`; nil: the machine's.
  public var timeZone: String?
  /// One for each vCenter, and for each login.
  public var vcenterPasswords: [SecretReference] = []
  public var loginSecrets: [SecretReference] = []
  /// One for each `[[notify]]`.
  public var notifyReferences: [NotifyReferences] = []
  /// From where relative paths were opened.
  public var workingFolder = "/"
  public var origins = Origins()

  public init() {}
}

/// Everything that the files ask for.
public struct LoadedConfiguration: Sendable, Hashable {
  /// For the decision; free of secrets.
  public var configuration: Configuration
  /// In the order of the file, one for each entry of `configuration.vcenters`.
  public var vcenters: [VCenterSettings]
  /// In the order of the file, one for each entry of `configuration.logins`.
  public var logins: [LoginSettings]
  /// In the order of the file.
  public var notify: [NotifySettings]
  /// What was read, in the order of the rules: the main file first.
  public var files: [String]
  /// `[ledger] keep`: how long closed rows are kept.
  public var keep: Duration
  /// `[metrics] textfile`: where metrics are written, an absolute path; nil: nowhere.
  public var textfile: String?
  /// Decides nothing.
  public var wording: Wording

  /// Of `[ledger] keep`.
  public static let defaultKeep: Duration = .seconds(400 * 86_400)

  public init(
    configuration: Configuration, vcenters: [VCenterSettings], logins: [LoginSettings],
    notify: [NotifySettings] = [], files: [String], keep: Duration = LoadedConfiguration.defaultKeep,
    textfile: String? = nil, wording: Wording = Wording()
  ) {
    self.configuration = configuration
    self.vcenters = vcenters
    self.logins = logins
    self.notify = notify
    self.files = files
    self.keep = keep
    self.textfile = textfile
    self.wording = wording
  }
}

/// How much was done to read, in steps that grow with the text: what is read, compared and said.
package struct Work: Sendable, Hashable {
  /// Bytes of the files.
  package var read = 0
  /// Letters compared for suggestions.
  package var compared = 0
  /// Bytes of all diagnostics.
  package var said = 0

  package var steps: Int { read + compared + said }
}

/// The outcome of one reading.
public struct LoadResult: Sendable {
  /// Nil exactly where a diagnostic is an error.
  public var loaded: LoadedConfiguration?
  /// In the order of the files, then by place.
  public var diagnostics: [Diagnostic]
  /// The text of the files that something is said of, for those who show lines of it.
  public var texts: SourceTexts
  package var work = Work()

  public init(loaded: LoadedConfiguration?, diagnostics: [Diagnostic], texts: SourceTexts = SourceTexts()) {
    self.loaded = loaded
    self.diagnostics = diagnostics
    self.texts = texts
  }
}
