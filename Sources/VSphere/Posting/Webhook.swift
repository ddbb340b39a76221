import AsyncHTTPClient
public import GuestWatchCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// What a webhook's certificate is checked against, read once: its name and `ca_file` or the system's roots, or fingerprints.
public struct WebhookTrust: Sendable {
  let trust: Trust

  /// Throws where `ca_file` is missing or holds no certificate.
  public init(caFile: String? = nil, fingerprints: [String] = []) throws(Fault) {
    trust = try Trust(caFile: caFile, fingerprints: fingerprints)
  }
}

/// Somebody who is told over HTTPS: one URL, to which JSON is posted.
///
/// It lives here because the way out of this machine does: the same library, TLS 1.2 or later, the same checks of
/// certificates. It knows nothing of vCenter and shares no connection with it. `shutDown` must be called before it is let go.
public final class Webhook: Sendable {
  /// What the receiver answered.
  public struct Answer: Sendable, Hashable {
    public var status: Int
    /// How long it wants to be left alone (`Retry-After`); nil: it does not say.
    public var retryAfter: Duration?
    /// How the body begins, as it came: text of a stranger.
    public var beginning: String

    public init(status: Int, retryAfter: Duration? = nil, beginning: String = "") {
      self.status = status
      self.retryAfter = retryAfter
      self.beginning = beginning
    }
  }

  /// Why there is no answer. Without the URL: it may be a secret.
  public enum Trouble: Error, Sendable, Hashable {
    /// With the library's name for it.
    case unreachable(String)
    case untrusted(String)
    case unanswered
    case badAnswer(String)
  }

  /// More of a body is not read.
  static let mostRead = 1024
  /// A body that says what is wrong is short, and comes with the head.
  static let bodyWithin = Duration.seconds(2)

  private let client: HTTPClient
  private let url: Secret
  private let token: Secret?
  private let agent: String
  private let clock: CallClock

  /// Nothing is sent yet.
  ///
  /// - Parameters:
  ///   - url: `https://HOST...`, valid.
  ///   - token: Of an `Authorization: Bearer` header.
  ///   - agent: The `User-Agent`.
  public init(url: Secret, token: Secret?, trusting: WebhookTrust, agent: String, clock: CallClock) {
    var configuration = HTTPClient.Configuration()
    trusting.trust.apply(to: &configuration, usesTLS: true)
    configuration.timeout.connect = Wire.connectTimeout
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1
    configuration.connectionPool.idleTimeout = .seconds(20)
    // Whoever posts decides when it is tried again.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    // Another place was not asked for: what is posted is for this one.
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    self.url = url
    self.token = token
    self.agent = agent
    self.clock = clock
  }

  /// Posts JSON once. Ends by `deadline` on the continuous clock, or as soon as the task is cancelled.
  public func post(_ body: [UInt8], by deadline: Instant) async -> Result<Answer, Trouble> {
    var request = HTTPClientRequest(url: url.revealed)
    request.method = .POST
    request.headers = ["content-type": "application/json", "user-agent": agent, "accept": "*/*"]
    if let token { request.headers.add(name: "authorization", value: "Bearer \(token.revealed)") }
    request.body = .bytes(ByteBuffer(bytes: body))
    let call = request
    let client = client
    let head = await within(deadline, on: clock) { () -> Result<HTTPClientResponse, Trouble> in
      do {
        return .success(try await client.execute(call, deadline: .distantFuture))
      } catch {
        return .failure(trouble(error))
      }
    }
    guard let head else { return .failure(.unanswered) }
    return await head.asyncMap { response in
      let end = min(deadline, clock().continuous + Webhook.bodyWithin)
      // What became of it is clear from the head: a body that fails or hangs changes nothing, and is not waited for.
      let beginning = await within(end, on: clock) { await Webhook.beginning(of: response) } ?? ""
      let wait = response.headers.first(name: "retry-after").flatMap { retryAfter($0, now: clock()) }
      return Answer(status: Int(response.status.code), retryAfter: wait, beginning: beginning)
    }
  }

  private static func beginning(of response: HTTPClientResponse) async -> String {
    var bytes: [UInt8] = []
    do {
      for try await part in response.body {
        bytes += part.readableBytesView.prefix(mostRead - bytes.count)
        if bytes.count >= mostRead { break }
      }
    } catch {
      // The rest is missing.
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Closes its connections and ends what still waits.
  public func shutDown() async {
    // It fails where it was shut down before.
    try? await client.shutdown()
  }
}

extension Result {
  fileprivate func asyncMap<New>(_ change: (Success) async -> New) async -> Result<New, Failure> {
    switch self {
    case .success(let value): .success(await change(value))
    case .failure(let failure): .failure(failure)
    }
  }
}

/// In the few words that matter to a receiver; the details of a fault speak of vCenter.
private func trouble(_ error: any Error) -> Webhook.Trouble {
  let fault = wireFault(error, answering: false)
  switch fault.kind {
  case .untrusted: return .untrusted(fault.code)
  case .unanswered: return .unanswered
  case .badAnswer: return .badAnswer(fault.code)
  case .unreachable, .guestLoginRefused, .guestLoginTrouble, .noCredential, .guestDenied, .vmGone, .wrongState,
    .toolsUnavailable, .unsupported, .busy, .notPermitted, .sessionLost, .loginRefused, .noSession, .transient,
    .overCap,
    .badRequest,
    .unknown:
    return .unreachable(fault.code)
  }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date of the wall clock; nil for anything else. Never below 0; what
/// is too large to count is a year.
func retryAfter(_ text: String, now: Now) -> Duration? {
  let most: Int64 = 365 * 86_400
  if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
    return .seconds(min(Int64(text) ?? most, most))
  }
  guard let at = secondsSince1970(httpDate: text) else { return nil }
  let seconds = at - now.wall / 1_000_000_000
  return .seconds(max(0, min(seconds, most)))
}
