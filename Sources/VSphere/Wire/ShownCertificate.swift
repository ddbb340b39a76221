import Crypto
public import GuestWatchCore
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// The certificate that a server shows, for somebody to compare with what he knows. It proves nothing by itself.
public struct ShownCertificate: Sendable, Hashable {
  /// SHA-256 of the whole certificate (DER): 64 lower-case hex digits.
  public var fingerprint: String
  /// Until when it says that it is valid: seconds since 1970.
  public var validUntil: Int64

  /// Makes a TLS connection, reads the certificate and closes it. Nothing is trusted and nothing is sent but the handshake.
  ///
  /// Takes 5 s to connect and 5 s for the handshake at most. Throws `unreachable` where there is no server, `untrusted`
  /// where it does not speak TLS 1.2 or later.
  public static func of(host: String, port: Int) async throws(Fault) -> ShownCertificate {
    do {
      let context = try NIOSSLContext(configuration: .vcenter(verifying: .none))
      let loop = MultiThreadedEventLoopGroup.singleton.any()
      let shown = loop.makePromise(of: ShownCertificate.self)
      let limit = loop.scheduleTask(in: Wire.connectTimeout * 2) {
        shown.fail(Fault(.unreachable, code: "no handshake", detail: "the server did not answer the TLS handshake"))
      }
      ClientBootstrap(group: loop).connectTimeout(Wire.connectTimeout)
        .channelInitializer { channel in
          // Whatever comes of it, also where nothing came in time.
          shown.futureResult.whenComplete { _ in channel.close(promise: nil) }
          return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(NIOSSLClientHandler(context: context, host: host))
            try pipeline.addHandler(CertificateReader(shown))
          }
        }
        .connect(host: host, port: port).whenFailure { shown.fail($0) }
      defer { limit.cancel() }
      return try await shown.futureResult.get()
    } catch let fault as Fault {
      throw fault
    } catch {
      throw wireFault(error, answering: false)
    }
  }
}

private final class CertificateReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let shown: EventLoopPromise<ShownCertificate>

  init(_ shown: EventLoopPromise<ShownCertificate>) { self.shown = shown }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? TLSUserEvent, case .handshakeCompleted = event else { return }
    shown.completeWith(
      Result {
        let handler = try context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        guard let certificate = handler.peerCertificate else { throw OtherFingerprint(found: nil) }
        return ShownCertificate(
          fingerprint: try fingerprint(of: certificate), validUntil: Int64(certificate.notValidAfter))
      })
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { shown.fail(error) }

  func channelInactive(context: ChannelHandlerContext) {
    shown.fail(Fault(.unreachable, code: "closed", detail: "the server closed the connection in the TLS handshake"))
  }
}
