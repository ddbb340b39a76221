import Glibc

/// `https://HOST[:PORT]`, taken apart.
package struct ServerAddress: Hashable, Sendable {
  package var scheme: VCenterSettings.Scheme
  /// A name in lower case, or an address; IPv6 without brackets.
  package var host: String
  package var port: Int

  package enum Mistake: Error, Hashable {
    case malformed
    case plainHTTP
    case path
    case credentials
    case port
    case host

    /// What is wrong and what would be right. Never quotes the URL: it may hold a password.
    package var message: String {
      switch self {
      case .malformed: "'url' is not a URL of a vCenter; write \"https://HOST\" or \"https://HOST:PORT\""
      case .plainHTTP:
        "'url' would send passwords in the clear; write https:// (http:// only to 127.0.0.0/8, ::1 and localhost)"
      case .path: "'url' goes on after the host; write \"https://HOST\" or \"https://HOST:PORT\" and nothing else"
      case .credentials: "'url' holds a user name or password; put them under 'username' and 'password'"
      case .port: "the port of 'url' is not between 1 and 65535; write \"https://HOST:PORT\" or leave the port out"
      case .host:
        "the host of 'url' is neither a name nor an address; write a DNS name, an IPv4 address or [IPv6 address]"
      }
    }
  }

  package init(_ text: String) throws(Mistake) {
    let scheme: VCenterSettings.Scheme
    let rest: Substring
    if text.hasPrefix("https://") {
      scheme = .https
      rest = text.dropFirst("https://".count)
    } else if text.hasPrefix("http://") {
      scheme = .http
      rest = text.dropFirst("http://".count)
    } else {
      throw .malformed
    }
    if rest.contains("@") { throw .credentials }
    if rest.contains(where: { "/?#".contains($0) }) { throw .path }

    let (host, port, loopback) = try ServerAddress.hostAndPort(rest)
    if scheme == .http && !loopback { throw .plainHTTP }
    self.scheme = scheme
    self.host = host
    self.port = port ?? (scheme == .https ? 443 : 80)
  }

  private static func hostAndPort(
    _ text: Substring
  ) throws(Mistake) -> (host: String, port: Int?, loopback: Bool) {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { throw .host }
      let host = text[text.index(after: text.startIndex)..<end].lowercased()
      var address = in6_addr()
      guard isPrintable(host), inet_pton(AF_INET6, host, &address) == 1 else { throw .host }
      let bytes = withUnsafeBytes(of: address) { Array($0) }
      return (host, try port(text[text.index(after: end)...]), bytes == Array(repeating: 0, count: 15) + [1])
    }
    let end = text.firstIndex(of: ":") ?? text.endIndex
    let host = text[..<end].lowercased()
    let port = try port(text[end...])
    if !host.isEmpty, host.utf8.allSatisfy({ "0123456789.".utf8.contains($0) }) {
      var address = in_addr()
      guard inet_pton(AF_INET, host, &address) == 1 else { throw .host }
      return (host, port, withUnsafeBytes(of: address) { $0.first } == 127)
    }
    guard isDNSName(host) else { throw .host }
    return (host, port, host == "localhost")
  }

  /// `text` is "" or begins with a colon.
  private static func port(_ text: Substring) throws(Mistake) -> Int? {
    if text.isEmpty { return nil }
    let digits = text.dropFirst()
    guard text.first == ":", !digits.isEmpty, digits.utf8.count <= 5,
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int(digits), (1...65_535).contains(number)
    else { throw .port }
    return number
  }

  private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

  /// Labels of letters, digits, hyphens and underscores (seen inside companies), up to 253 bytes in all.
  private static func isDNSName(_ text: String) -> Bool {
    if text.utf8.count > 253 { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      !label.isEmpty && label.utf8.count <= 63 && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
  }
}
