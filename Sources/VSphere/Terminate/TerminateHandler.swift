import GuestWatchCore
import NIOCore
import NIOHTTP1
import NIOTLS

/// Writes the one request of a connection once it stands (TLS and all), if it still may, and reads its answer.
final class TerminateHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let shot: Shot
  private let head: HTTPRequestHead
  private let body: ByteBuffer
  /// nil: without TLS.
  private let trust: Trust?
  private var answerHead: HTTPResponseHead?
  private var answerBody: [UInt8] = []

  /// A fault is some hundred bytes; nothing of an answer to a terminate is worth more.
  private static let cap = 1024 * 1024

  init(_ shot: Shot, head: HTTPRequestHead, body: ByteBuffer, over trust: Trust?) {
    self.shot = shot
    self.head = head
    self.body = body
    self.trust = trust
  }

  /// It is added to a connection that stands; without TLS there is nothing more to wait for.
  func handlerAdded(context: ChannelHandlerContext) {
    if trust == nil, context.channel.isActive { send(context) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let trust, let event = event as? TLSUserEvent, case .handshakeCompleted = event {
      do {
        try trust.check(context.channel)
        send(context)
      } catch {
        shot.lost(wireFault(error, answering: false))
        tearDown(context.channel)
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  /// Head and body in one flush: the kernel has all of it within this step of the event loop.
  private func send(_ context: ChannelHandlerContext) {
    guard shot.mayLeave() else {
      tearDown(context.channel)
      return
    }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      answerHead = head
      shot.dated(by: head.headers)
    case .body(let part):
      answerBody += part.readableBytesView
      if answerBody.count > TerminateHandler.cap {
        shot.lost(badAnswer("the answer is longer than \(TerminateHandler.cap) bytes"))
      }
    case .end:
      guard let answerHead else { return }
      shot.answered(HTTPAnswer(status: Int(answerHead.status.code), headers: answerHead.headers, body: answerBody))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    shot.lost(wireFault(error, answering: answerHead != nil))
    tearDown(context.channel)
  }

  func channelInactive(context: ChannelHandlerContext) {
    shot.lost(Fault(.unreachable, code: "closed", detail: "vCenter closed the connection without a whole answer"))
    context.fireChannelInactive()
  }
}
