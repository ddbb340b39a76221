import NIOHTTP1

/// A request as it came, with its whole body.
struct HTTPCall: Sendable {
  var method: HTTPMethod
  /// The path without its query, percent-decoded segment by segment: `/api/vcenter/vm` is `["api", "vcenter", "vm"]`.
  var segments: [String]
  /// The path with its query as it came.
  var target: String
  /// The query, in order and decoded.
  var query: [(name: String, value: String)]
  var headers: HTTPHeaders
  var body: [UInt8]

  /// Nil where the target is no absolute path or its escapes are broken.
  init?(_ head: HTTPRequestHead, body: [UInt8]) {
    let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let path = parts.first, path.hasPrefix("/") else { return nil }
    var segments: [String] = []
    for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let decoded = Self.decoded(segment) else { return nil }
      segments.append(decoded)
    }
    var query: [(name: String, value: String)] = []
    if parts.count == 2 {
      for pair in parts[1].split(separator: "&") {
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = Self.decoded(sides[0], plusIsBlank: true),
          let value = sides.count == 2 ? Self.decoded(sides[1], plusIsBlank: true) : ""
        else { return nil }
        query.append((name, value))
      }
    }
    self.method = head.method
    self.segments = segments
    self.target = head.uri
    self.query = query
    self.headers = head.headers
    self.body = body
  }

  /// The one value of a header; nil where it is absent or stands more than once.
  func header(_ name: String) -> String? {
    let values = headers[name]
    return values.count == 1 ? values[0] : nil
  }

  private static func decoded(_ text: Substring, plusIsBlank: Bool = false) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
          return nil
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(plusIsBlank && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// What is sent back, and how much of it.
struct HTTPAnswer: Sendable {
  var status: Int
  var headers: [(name: String, value: String)] = []
  var contentType: String?
  var body: [UInt8] = []
  var delivery = Delivery.whole

  /// How an answer goes on the wire; anything but `whole` is an injected fault.
  enum Delivery: Hashable, Sendable {
    case whole
    /// The head with the true length and this many bytes of the body, then the connection is closed.
    case cut(afterBytes: Int)
    /// The connection is closed without a byte.
    case dropped
  }

  /// An answer without body.
  static func empty(_ status: Int) -> HTTPAnswer { HTTPAnswer(status: status) }

  static func json(_ status: Int, _ value: JSON) -> HTTPAnswer {
    HTTPAnswer(status: status, contentType: "application/json", body: value.bytes)
  }

  static func text(_ status: Int, _ text: String) -> HTTPAnswer {
    HTTPAnswer(status: status, contentType: "text/plain", body: Array(text.utf8))
  }

  /// What a proxy says when what stands behind it does not answer.
  static func gatewayPage(_ status: Int) -> HTTPAnswer {
    HTTPAnswer(
      status: status, contentType: "text/html",
      body: Array("<html><head><title>\(status)</title></head><body><h1>upstream error</h1></body></html>".utf8))
  }
}
