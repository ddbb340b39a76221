import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A request as the server got it.
struct Received: Sendable {
  var method: String
  /// Path and query as they came.
  var target: String
  var headers: HTTPHeaders
  var body: String

  /// `POST /path?action=x`, the way scripts name requests.
  var line: String { "\(method) \(target)" }

  /// A request of which only that is known.
  static func line(_ line: String) -> Received {
    let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
    return Received(method: parts[0], target: parts[1], headers: [:], body: "")
  }

  func header(_ name: String) -> String? { headers.first(name: name) }
}

/// What the server does with a request.
indirect enum Reply: Sendable {
  case answer(status: Int, headers: [(String, String)], body: String)
  /// The head promises more than is sent; then the connection is closed.
  case cutBody(status: Int, promised: Int, body: String, headers: [(String, String)] = [])
  /// The head, then a byte every so often, for ever.
  case drip(everyMilliseconds: Int64, headers: [(String, String)] = [])
  /// Chunks without end.
  case flood
  /// Closes without an answer.
  case hangUp
  /// Reads and says nothing.
  case silence
  /// Says it when the gate is opened.
  case held(Gate, Reply)

  static func json(_ body: String, status: Int = 200, headers: [(String, String)] = []) -> Reply {
    .answer(status: status, headers: [("content-type", "application/json")] + headers, body: body)
  }

  static func empty(_ status: Int) -> Reply { .answer(status: status, headers: [], body: "") }

  static func rest(_ type: String, status: Int, data: String = "null") -> Reply {
    .json(
      #"{"error_type":"\#(type)","messages":[{"id":"x","default_message":"said \#(type)"}],"data":\#(data)}"#,
      status: status)
  }

  static func fault(_ type: String, status: Int = 500, more: String = "") -> Reply {
    .json(#"{"faultstring":"said \#(type)"\#(more),"_typeName":"\#(type)"}"#, status: status)
  }
}

/// A small HTTP server on the loopback that follows a script and remembers every request.
final class ScriptedServer: Sendable {
  typealias Script = @Sendable (Received) -> Reply

  let port: Int
  private let channel: any Channel
  private let log: Log
  private let script: ScriptBox

  final class Log: Sendable {
    private struct State {
      var requests: [Received] = []
      var connections = 0
      var ended: [String] = []
      var drips = 0
    }
    private let state = Mutex(State())
    var requests: [Received] { state.withLock { $0.requests } }
    var connections: Int { state.withLock { $0.connections } }
    var ended: [String] { state.withLock { $0.ended } }
    var drips: Int { state.withLock { $0.drips } }
    func add(_ request: Received) { state.withLock { $0.requests.append(request) } }
    func connected() { state.withLock { $0.connections += 1 } }
    func disconnected(after line: String) { state.withLock { $0.ended.append(line) } }
    func dripped() { state.withLock { $0.drips += 1 } }
    func clear() { state.withLock { $0.requests = [] } }
  }

  final class ScriptBox: Sendable {
    private let script: Mutex<Script>
    init(_ script: @escaping Script) { self.script = Mutex(script) }
    func set(_ new: @escaping Script) { script.withLock { $0 = new } }
    func reply(to request: Received) -> Reply { script.withLock { $0 }(request) }
  }

  private init(channel: any Channel, port: Int, log: Log, script: ScriptBox) {
    self.channel = channel
    self.port = port
    self.log = log
    self.script = script
  }

  /// `accepting` runs for every connection before anything is said on it. A port that is 0 is any that is free.
  static func start(
    port: Int = 0, tls: NIOSSLContext? = nil, accepting: @escaping @Sendable () -> Void = {}, _ script: @escaping Script
  ) async throws -> ScriptedServer {
    let log = Log()
    let box = ScriptBox(script)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          log.connected()
          accepting()
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
          try channel.pipeline.syncOperations.addHandler(ScriptHandler(log: log, script: box))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    guard let port = channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
    return ScriptedServer(channel: channel, port: port, log: log, script: box)
  }

  var requests: [Received] { log.requests }
  var lines: [String] { log.requests.map(\.line) }
  /// Connections that were ever made.
  var connections: Int { log.connections }
  /// For each connection that has ended: the last request that came over it.
  var ended: [String] { log.ended }
  /// Bytes of dripping bodies that have left.
  var drips: Int { log.drips }

  /// Forgets what came so far.
  func clear() { log.clear() }

  /// Goes on with another script.
  func follow(_ new: @escaping Script) { script.set(new) }

  func stop() async { try? await channel.close().get() }
}

private final class ScriptHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let log: ScriptedServer.Log
  private let script: ScriptedServer.ScriptBox
  private var head: HTTPRequestHead?
  private var body = ""
  private var last = ""

  init(log: ScriptedServer.Log, script: ScriptedServer.ScriptBox) {
    self.log = log
    self.script = script
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = ""
    case .body(let part): body += String(buffer: part)
    case .end:
      guard let head else { return }
      let request = Received(method: head.method.rawValue, target: head.uri, headers: head.headers, body: body)
      last = request.line
      log.add(request)
      write(script.reply(to: request), context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) { log.disconnected(after: last) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func write(_ reply: Reply, _ context: ChannelHandlerContext) {
    switch reply {
    case .answer(let status, let headers, let body):
      var all = HTTPHeaders(headers)
      if status != 204 { all.add(name: "content-length", value: "\(body.utf8.count)") }
      send(context, status, all, body)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    case .cutBody(let status, let promised, let body, let headers):
      let all = [("content-type", "application/json"), ("content-length", "\(promised)")] + headers
      send(context, status, HTTPHeaders(all), body)
      context.flush()
      context.close(promise: nil)
    case .drip(let milliseconds, let headers):
      let every = TimeAmount.milliseconds(milliseconds)
      let log = log
      let all = [("content-type", "application/json"), ("transfer-encoding", "chunked")] + headers
      send(context, 200, HTTPHeaders(all), "[")
      context.flush()
      let loop = NIOLoopBound(context, eventLoop: context.eventLoop)
      context.eventLoop.scheduleRepeatedTask(initialDelay: every, delay: every) { task in
        let context = loop.value
        guard context.channel.isActive else { return task.cancel() }
        context.writeAndFlush(NIOAny(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: " ")))))
          .whenSuccess { log.dripped() }
      }
    case .flood:
      send(context, 200, ["content-type": "application/json", "transfer-encoding": "chunked"], "[")
      flood(context, left: 32)
    case .hangUp: context.close(promise: nil)
    case .silence: break
    case .held(let gate, let reply):
      let loop = NIOLoopBound((context, self), eventLoop: context.eventLoop)
      let eventLoop = context.eventLoop
      gate.pass {
        eventLoop.execute {
          let (context, handler) = loop.value
          handler.write(reply, context)
        }
      }
    }
  }

  /// 32 MiB, a MiB at a time.
  private func flood(_ context: ChannelHandlerContext, left: Int) {
    guard left > 0, context.channel.isActive else { return }
    let block = ByteBuffer(repeating: UInt8(ascii: " "), count: 1024 * 1024)
    let loop = NIOLoopBound((context, self), eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(block)))).whenSuccess {
      let (context, handler) = loop.value
      handler.flood(context, left: left - 1)
    }
  }

  private func send(_ context: ChannelHandlerContext, _ status: Int, _ headers: HTTPHeaders, _ body: String) {
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !body.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil) }
  }
}
