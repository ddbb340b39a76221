import Glibc
import GuestWatchCore
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends terminates, each over a connection of its own that serves nothing else (design.md, section 4, step 5).
///
/// It stands on NIO itself, not on the HTTP client of the other calls: there, thread hops lie between the last look at
/// the clock and the write, and pools, queues and retries that would have to be trusted. Here the clock is read on the
/// event loop, in the step that writes.
struct Terminator: Sendable {
  /// One terminate.
  struct Order: Sendable {
    var path: String
    var token: String
    var body: JSONOut
    /// Whom the body asks to end.
    var pid: Int64
    var firstByteBy: Instant
    var firstByteByWall: Int64
    var by: Instant
  }

  struct Result: Sendable {
    var timing: Timing
    var answer: KillAnswer
    /// A session token that came with the answer.
    var token: String?
    /// The answer says that the session is dead.
    var sessionIsDead = false
  }

  /// 0 to 4 are the system's own on both families, and any other negative pid would signal a whole process group
  /// (vsphere-api.md, 7.4).
  static let lastForbiddenPID: Int64 = 4

  /// The kernel gives up bytes that nobody acknowledged for so long, in ms: what was written must not arrive later
  /// than a terminate may (design.md, section 4, step 5).
  private static let unacknowledgedTime = 5000

  private let connection: VCenterConnection
  private let tls: NIOSSLContext?
  private let trust: Trust
  private let clock: CallClock

  init(
    to connection: VCenterConnection, trusting trust: Trust, clock: CallClock
  ) throws(Fault) {
    self.connection = connection
    self.clock = clock
    self.trust = trust
    guard connection.scheme == .https else {
      self.tls = nil
      return
    }
    do {
      var configuration = trust.tls
      configuration.applicationProtocols = ["http/1.1"]
      self.tls = try NIOSSLContext(configuration: configuration)
    } catch {
      throw Fault(.untrusted, code: "TLS", detail: shown("the trusted certificates cannot be used (\(error))"))
    }
  }

  func send(_ order: Order) async -> Result {
    let shot = Shot(firstByteBy: order.firstByteBy, firstByteByWall: order.firstByteByWall, clock: clock.now)
    let start = clock()
    if Task.isCancelled || min(order.by, order.firstByteBy) <= start.continuous || order.firstByteByWall <= start.wall {
      shot.giveUp()
    } else {
      connect(shot, order)
    }
    let clock = clock
    let (ending, timing) = await withTaskCancellationHandler {
      await withTaskGroup(of: Void.self) { deadlines in
        deadlines.addTask { if await clock.slept(until: order.firstByteBy) { shot.giveUpUnsent() } }
        deadlines.addTask { if await clock.slept(until: order.by) { shot.giveUp() } }
        let end = await shot.ended()
        deadlines.cancelAll()
        return end
      }
    } onCancel: {
      shot.giveUp()
    }
    switch ending {
    case .notSent(let fault): return Result(timing: timing, answer: .notSent(fault))
    case .unanswered: return Result(timing: timing, answer: .unanswered)
    case .lost(let fault): return Result(timing: timing, answer: .ambiguous(fault))
    case .answered(let answer):
      return Result(
        timing: timing, answer: killAnswer(answer, about: order.pid), token: answer.token,
        sessionIsDead: VIFault(answer).saysSessionIsDead)
    }
  }

  private func connect(_ shot: Shot, _ order: Order) {
    let body = order.body.bytes
    var headers: HTTPHeaders = [
      "host": connection.authority, "accept": "application/json", "user-agent": "guestwatchd",
      "content-type": "application/json", "content-length": "\(body.count)", "connection": "close",
    ]
    headers.add(name: HTTPCall.tokenHeader, value: order.token)
    let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: order.path, headers: headers)
    let tls = tls
    let trust = trust
    let host = connection.bareHost
    ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(Wire.connectTimeout)
      .channelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: Terminator.unacknowledgedTime)
      .connect(host: host, port: connection.port)
      // Only now, not in the initializer of the channel: of several addresses several may connect, one is taken.
      .flatMapThrowing { channel in
        guard shot.hold(channel) else {
          tearDown(channel)
          return
        }
        // A close discards what was not sent, instead of the kernel sending it later.
        (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { error in
          shot.lost(wireFault(error, answering: false))
        }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPRequestEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder()))
        try pipeline.addHandler(
          TerminateHandler(shot, head: head, body: ByteBuffer(bytes: body), over: tls == nil ? nil : trust))
        if let tls {
          try pipeline.addHandler(try NIOSSLClientHandler(context: tls, host: host), position: .first)
        }
      }
      .whenFailure { error in shot.lost(wireFault(error, answering: false)) }
  }
}
