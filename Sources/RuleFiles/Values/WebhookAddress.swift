/// `https://HOST[:PORT][/PATH][?QUERY]`, taken apart: only what may be shown of it, and the whole.
package struct WebhookAddress: Hashable, Sendable {
  /// `https://HOST[:PORT]`: the port only where it is not 443.
  package var origin: String
  /// The whole of it, in one spelling of scheme, host and port.
  package var url: String

  package enum Mistake: Error, Hashable {
    case malformed
    case plainHTTP
    case credentials
    case host
    case port
    case fragment
    case characters
    case tooLong

    /// What is wrong and what would be right. Never quotes the URL: it may be a secret.
    package var message: String {
      switch self {
      case .malformed: "'webhook' is not a URL; write \"https://HOST/PATH\""
      case .plainHTTP: "'webhook' would send everything in the clear; write https://"
      case .credentials: "'webhook' holds a user name or password; put a token under 'token'"
      case .host: "the host of 'webhook' is neither a name nor an address; write \"https://HOST/PATH\""
      case .port: "the port of 'webhook' is not between 1 and 65535; write \"https://HOST:PORT/PATH\" or leave it out"
      case .fragment: "'webhook' has a '#', and what follows one is never sent; write the URL without it"
      case .characters:
        "'webhook' holds characters that no URL may have as they are; write them as % and two hex digits"
      case .tooLong: "'webhook' is longer than \(WebhookAddress.mostBytes) bytes; write the URL of the receiver"
      }
    }
  }

  /// More than any service gives out.
  private static let mostBytes = 4096

  package init(_ text: String) throws(Mistake) {
    if text.utf8.count > Self.mostBytes { throw .tooLong }
    let scheme = text.prefix { $0 != ":" }.lowercased()
    if scheme == "http" { throw .plainHTTP }
    guard scheme == "https", text.dropFirst(scheme.count).hasPrefix("://") else { throw .malformed }
    // From here on every character is one byte.
    guard text.utf8.allSatisfy({ Self.isAllowed($0) }) else { throw .characters }
    let rest = text.dropFirst("https://".count)
    let authority = rest.prefix { !"/?#".contains($0) }
    let target = rest.dropFirst(authority.count)
    if authority.contains("@") { throw .credentials }
    if target.contains("#") { throw .fragment }
    guard Self.isWhole(target) else { throw .characters }
    let server: ServerAddress
    do {
      server = try ServerAddress("https://\(authority)")
    } catch {
      switch error {
      case .port: throw .port
      case .malformed, .plainHTTP, .path, .credentials, .host: throw .host
      }
    }
    let name = server.host.contains(":") ? "[\(server.host)]" : server.host
    origin = "https://\(name)\(server.port == 443 ? "" : ":\(server.port)")"
    url = origin + (target.hasPrefix("/") ? "" : "/") + target
  }

  /// RFC 3986: unreserved, reserved, and the percent sign.
  private static func isAllowed(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "-._~:/?#[]@!$&'()*+,;=%".utf8.contains(byte)
  }

  /// Two hex digits behind each percent sign, and no bracket, which only a host has.
  private static func isWhole(_ target: Substring) -> Bool {
    var digitsDue = 0
    for byte in target.utf8 {
      if digitsDue > 0 {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
        else { return false }
        digitsDue -= 1
      } else if byte == UInt8(ascii: "%") {
        digitsDue = 2
      } else if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]") {
        return false
      }
    }
    return digitsDue == 0
  }
}
