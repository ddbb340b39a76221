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
  /// The most requests in flight, 1...1024.
  public var maxInFlight: Int

  public init(
    id: VCenterID, scheme: Scheme = .https, host: String, port: Int = 443, userName: String, password: Secret,
    caFile: String? = nil, maxInFlight: Int = 64
  ) {
    self.id = id
    self.scheme = scheme
    self.host = host
    self.port = port
    self.userName = userName
    self.password = password
    self.caFile = caFile
    self.maxInFlight = maxInFlight
  }
}

/// What is sent to a guest to log in.
public struct LoginSettings: Sendable, Hashable {
  public var id: LoginID
  public var userName: String
  public var password: Secret

  public init(id: LoginID, userName: String, password: Secret) {
    self.id = id
    self.userName = userName
    self.password = password
  }
}

/// Everything that the files ask for.
public struct LoadedConfiguration: Sendable, Hashable {
  /// For the decision; free of secrets.
  public var configuration: Configuration
  /// In the order of the file, one for each entry of `configuration.vcenters`.
  public var vcenters: [VCenterSettings]
  /// In the order of the file, one for each entry of `configuration.logins`.
  public var logins: [LoginSettings]
  /// What was read, in the order of the rules: the main file first.
  public var files: [String]
  /// `[ledger] keep`: how long closed rows are kept.
  public var keep: Duration

  /// Of `[ledger] keep`.
  public static let defaultKeep: Duration = .seconds(400 * 86_400)

  public init(
    configuration: Configuration, vcenters: [VCenterSettings], logins: [LoginSettings], files: [String],
    keep: Duration = LoadedConfiguration.defaultKeep
  ) {
    self.configuration = configuration
    self.vcenters = vcenters
    self.logins = logins
    self.files = files
    self.keep = keep
  }
}

/// The outcome of one reading.
public struct LoadResult: Sendable {
  /// Nil exactly where a diagnostic is an error.
  public var loaded: LoadedConfiguration?
  /// In the order of the files, then by place.
  public var diagnostics: [Diagnostic]

  public init(loaded: LoadedConfiguration?, diagnostics: [Diagnostic]) {
    self.loaded = loaded
    self.diagnostics = diagnostics
  }
}
