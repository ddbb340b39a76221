import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An HTTP/1.1 server on one port: whole requests in, whole answers (or deliberately broken ones) out.
///
/// It stands on SwiftNIO itself and not on a web framework because it must be able to cut an answer in the middle, close a
/// connection before or after the effect of a call, and see requests exactly as they came.
struct Listener: Sendable {
  typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
  typealias Respond = @Sendable (HTTPCall) async -> HTTPAnswer

  /// Our own requests are under a kilobyte each; a larger one is refused unread.
  static let largestBody = 1 << 20

  private let channel: NIOAsyncChannel<Connection, Never>
  /// The port that was bound.
  let port: Int
  private let now: @Sendable () -> WallTime
  private let logger: Logger

  /// Binds the port at once, so that the caller knows it before anything is served.
  /// - Parameters:
  ///   - port: 0 for any.
  ///   - tls: nil for plain HTTP.
  init(
    host: String, port: Int, tls: NIOSSLContext?, now: @escaping @Sendable () -> WallTime, logger: Logger
  ) async throws {
    channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .bind(host: host, port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
    self.port = channel.channel.localAddress?.port ?? port
    self.now = now
    self.logger = logger
  }

  /// Serves until the task is cancelled; then all connections are closed.
  func serve(_ respond: @escaping Respond) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      try await channel.executeThenClose { connections in
        for try await connection in connections {
          group.addTask { await serve(connection, respond) }
        }
      }
    }
  }

  /// Closes the port where `serve` was never called.
  func close() async {
    // It fails only where it is closed already.
    try? await channel.channel.close()
  }

  private func serve(_ connection: Connection, _ respond: Respond) async {
    do {
      try await connection.executeThenClose { inbound, outbound in
        var head: HTTPRequestHead?
        var body: [UInt8] = []
        for try await part in inbound {
          switch part {
          case .head(let new):
            head = new
            body = []
          case .body(let buffer):
            guard body.count + buffer.readableBytes <= Self.largestBody else {
              try await send(.text(413, "the body is too large"), over: outbound, keepAlive: false)
              return
            }
            body += buffer.readableBytesView
          case .end:
            guard let request = head else { return }
            head = nil
            guard let call = HTTPCall(request, body: body) else {
              try await send(.text(400, "the request target is broken"), over: outbound, keepAlive: false)
              return
            }
            let answer = await respond(call)
            let keepAlive = request.isKeepAlive && answer.delivery == .whole
            try await send(answer, over: outbound, keepAlive: keepAlive)
            guard keepAlive else { return }
          }
        }
      }
    } catch {
      // A client that goes away, or one that does not trust our CA, is its own business.
      logger.debug("connection ended", metadata: ["error": "\(error)"])
    }
  }

  private func send(
    _ answer: HTTPAnswer, over outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>, keepAlive: Bool
  ) async throws {
    if answer.delivery == .dropped { return }
    var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status))
    head.headers.add(name: "date", value: now().httpDate)
    for header in answer.headers { head.headers.add(name: header.name, value: header.value) }
    if let type = answer.contentType { head.headers.add(name: "content-type", value: type) }
    // RFC 9110, 8.6: no content-length with 204.
    if answer.status != 204 { head.headers.add(name: "content-length", value: String(answer.body.count)) }
    if !keepAlive { head.headers.add(name: "connection", value: "close") }
    try await outbound.write(.head(head))
    switch answer.delivery {
    case .cut(let count):
      try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body.prefix(count)))))
      return
    case .whole, .dropped:
      if !answer.body.isEmpty { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))) }
      try await outbound.write(.end(nil))
    }
  }
}
