import AsyncHTTPClient
import GuestWatchCore
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One request, ready to be sent.
struct HTTPCall: Sendable {
  var method: HTTPMethod
  /// Path and query, percent-encoded.
  var path: String
  /// `vmware-api-session-id`.
  var token: String?
  /// Name and password of a Basic header: only where a session is created.
  var basic: (userName: String, password: Secret)?
  /// Bytes of JSON.
  var body: [UInt8]?

  init(
    _ method: HTTPMethod, _ path: String, token: String? = nil, basic: (userName: String, password: Secret)? = nil,
    body: JSONOut? = nil
  ) {
    self.method = method
    self.path = path
    self.token = token
    self.basic = basic
    self.body = body?.bytes
  }

  /// All headers but those that frame the body.
  var headers: HTTPHeaders {
    var headers: HTTPHeaders = ["accept": "application/json", "user-agent": "guestwatchd"]
    if let token { headers.add(name: HTTPCall.tokenHeader, value: token) }
    if let basic {
      headers.add(name: "authorization", value: "Basic \(base64("\(basic.userName):\(basic.password.revealed)"))")
    }
    if body != nil { headers.add(name: "content-type", value: "application/json") }
    return headers
  }

  static let tokenHeader = "vmware-api-session-id"
}

/// A whole answer.
struct HTTPAnswer: Sendable {
  var status: Int
  /// Lower case, without parameters; nil where there was none.
  var contentType: String?
  /// A session token that came with it.
  var token: String?
  var body: [UInt8]

  /// A whole answer is at most this long (design.md, section 5): 20,000 rows of some 800 bytes.
  static let cap = 16 * 1024 * 1024

  init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
    self.status = status
    contentType = headers.first(name: "content-type").map { value in
      String(value.prefix { $0 != ";" && $0 != " " }).lowercased()
    }
    token = HTTPAnswer.token(in: headers)
    self.body = body
  }

  static func token(in headers: HTTPHeaders) -> String? {
    headers.first(name: HTTPCall.tokenHeader).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// False where the answer says that it is something else.
  var mayBeJSON: Bool { contentType == nil || contentType == "application/json" }

  /// The body as JSON; nil where it is none or says that it is something else.
  var json: JSON? { mayBeJSON ? try? JSONReader.read(body) : nil }
}

/// The connections to one vCenter for everything but terminates.
struct Wire: Sendable {
  private let client: HTTPClient
  private let base: String
  private let clock: @Sendable () -> Now

  /// A connection must stand within this (design.md, section 3).
  static let connectTimeout: TimeAmount = .seconds(5)

  /// What may be in flight beside the planned calls: a login or logout, and an inventory. A request that waits for a
  /// connection longer than `connectTimeout` fails as if vCenter could not be reached.
  private static let spare = 1 + RESTFacts.atOnce

  init(to connection: VCenterConnection, trusting trust: Trust, clock: @escaping @Sendable () -> Now) {
    var configuration = HTTPClient.Configuration()
    trust.apply(to: &configuration, usesTLS: connection.scheme == .https)
    configuration.timeout.connect = Wire.connectTimeout
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
      max(1, connection.maxInFlight) + Wire.spare
    // Shorter than any gateway's: a connection that the other side closes first costs a failed call.
    configuration.connectionPool.idleTimeout = .seconds(20)
    // By default the library tries refused connections and bad certificates again until its connect timeout.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    base = "\(connection.scheme.rawValue)://\(connection.urlHost):\(connection.port)"
    self.clock = clock
  }

  /// Sends one request and reads its whole answer. Ends at once when its task is cancelled; sets no deadline.
  func send(_ call: HTTPCall, noting trace: Trace? = nil) async -> Result<HTTPAnswer, Fault> {
    var request = HTTPClientRequest(url: base + call.path)
    request.method = call.method
    request.headers = call.headers
    if let body = call.body {
      let clock = clock
      let noted = NotedBody(bytes: ByteBuffer(bytes: body)) { trace?.leaves(clock()) }
      request.body = .stream(noted, length: .known(Int64(body.count)))
    } else {
      trace?.leaves(clock())
    }
    var answering = false
    do {
      let response = try await client.execute(request, deadline: .distantFuture)
      answering = true
      trace?.dated(HeardDate(response.headers, at: clock()))
      trace?.answers(with: HTTPAnswer.token(in: response.headers))
      return .success(
        HTTPAnswer(
          status: Int(response.status.code), headers: response.headers, body: try await Wire.body(of: response)))
    } catch {
      return .failure(wireFault(error, answering: answering))
    }
  }

  /// Up to the cap, held once only: many guests may answer at the same time.
  private static func body(of response: HTTPClientResponse) async throws -> [UInt8] {
    var body: [UInt8] = []
    if let promised = response.headers.first(name: "content-length").flatMap({ Int($0) }) {
      guard promised <= HTTPAnswer.cap else { throw NIOTooManyBytesError(maxBytes: HTTPAnswer.cap) }
      body.reserveCapacity(max(0, promised))
    }
    for try await part in response.body {
      guard body.count + part.readableBytes <= HTTPAnswer.cap else {
        throw NIOTooManyBytesError(maxBytes: HTTPAnswer.cap)
      }
      body += part.readableBytesView
    }
    return body
  }

  func shutDown() async {
    // It fails where it was shut down before: then there is nothing left to do.
    try? await client.shutdown()
  }
}

extension Trust {
  /// Has every connection of a client checked before a request leaves over it.
  func apply(to configuration: inout HTTPClient.Configuration, usesTLS: Bool) {
    configuration.tlsConfiguration = tls
    guard usesTLS, !fingerprints.isEmpty else { return }
    // The library calls it when TLS stands and before it gives the connection a request. It does not close one that fails.
    configuration.http1_1ConnectionDebugInitializer = { [self] channel in
      channel.eventLoop.submit {
        do { try check(channel) } catch {
          channel.close(promise: nil)
          throw error
        }
      }
    }
  }
}

/// A body that notes the moment in which the library asks for it: the head has been flushed, the body leaves next.
private struct NotedBody: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let bytes: ByteBuffer
  let note: @Sendable () -> Void

  func makeAsyncIterator() -> Iterator { Iterator(rest: bytes, note: note) }

  struct Iterator: AsyncIteratorProtocol {
    var rest: ByteBuffer?
    let note: @Sendable () -> Void

    mutating func next() async throws -> ByteBuffer? {
      guard let bytes = rest else { return nil }
      rest = nil
      note()
      return bytes
    }
  }
}

/// RFC 4648 base64 with padding.
func base64(_ text: String) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  let bytes = Array(text.utf8)
  var result: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let three = bytes[start..<min(start + 3, bytes.count)]
    let bits = three.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - three.count))
    for place in 0..<4 {
      result.append(place <= three.count ? alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
    }
  }
  return String(decoding: result, as: UTF8.self)
}
