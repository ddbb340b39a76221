public import GuestWatchCore

/// A password that cannot be printed: not by a description, a reflection or a dump.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The text itself. Read it only where it is written into a request.
  let revealed: String

  public init(_ text: String) { revealed = text }

  public var description: String { "(secret)" }
  public var debugDescription: String { "(secret)" }
  public var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// Where a vCenter is and how it is logged in to: one `[[vcenter]]` entry (design.md, section 5).
public struct VCenterConnection: Sendable {
  /// How the requests travel.
  public enum Scheme: String, Sendable {
    case https
    /// Only to this machine itself: credentials are in every request.
    case http
  }

  public var id: VCenterID
  public var scheme: Scheme
  /// A DNS name or an IP address; an IPv6 address with or without its brackets.
  public var host: String
  /// 1 to 65535.
  public var port: Int
  public var userName: String
  public var password: Secret
  /// A PEM file with the certificates to trust instead of the system's; nil: the system's.
  public var caFile: String?
  /// SHA-256 of the certificates to trust, 64 lower-case hex digits each, in place of chain and name; empty: none.
  public var fingerprints: [String]
  /// The most requests to this vCenter at a time, 1 or more. Whoever plans the calls keeps to it; the client sizes
  /// its pool of connections by it.
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

  /// The host as a resolver takes it: without the brackets of an IPv6 address.
  var bareHost: String {
    host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
  }

  /// The host as a URL and the `Host` header take it.
  var urlHost: String { bareHost.contains(":") ? "[\(bareHost)]" : bareHost }

  /// `Host` header and URL authority: the port only where it is not the scheme's own.
  var authority: String {
    let usual = scheme == .https ? 443 : 80
    return port == usual ? urlHost : "\(urlHost):\(port)"
  }

  /// True where no request can leave this machine: `localhost`, `::1`, and 127.0.0.0/8 written as four numbers (a name
  /// may begin with `127.` too).
  var isLoopback: Bool {
    let numbers = bareHost.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return bareHost == "localhost" || bareHost == "::1"
      || numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
  }
}
