import NIOCore
import NIOPosix
import Synchronization

/// Accepts connections, reads what comes, says nothing.
final class MuteServer: Sendable {
  let port: Int
  private let channel: any Channel
  private let accepted: Accepted

  private final class Accepted: Sendable {
    let count = Atomic(0)
  }

  private init(port: Int, channel: any Channel, accepted: Accepted) {
    self.port = port
    self.channel = channel
    self.accepted = accepted
  }

  /// Connections that were ever made.
  var connections: Int { accepted.count.load(ordering: .relaxed) }

  static func start() async throws -> MuteServer {
    let accepted = Accepted()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        accepted.count.add(1, ordering: .relaxed)
        return channel.eventLoop.makeSucceededVoidFuture()
      }
      .bind(host: "127.0.0.1", port: 0).get()
    guard let port = channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
    return MuteServer(port: port, channel: channel, accepted: accepted)
  }

  func stop() async { try? await channel.close().get() }
}
