import NIOCore
import NIOPosix

/// Accepts connections, reads what comes, says nothing.
struct MuteServer: Sendable {
  let port: Int
  private let channel: any Channel

  static func start() async throws -> MuteServer {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    guard let port = channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
    return MuteServer(port: port, channel: channel)
  }

  func stop() async { try? await channel.close().get() }
}
