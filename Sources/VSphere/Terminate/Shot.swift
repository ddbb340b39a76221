import GuestWatchCore
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// The state of one terminate, shared by its connection and its deadlines. It ends exactly once; what decides is who
/// comes first under the lock: after an ending "not sent" no byte leaves any more.
final class Shot: Sendable {
  enum Ending: Sendable {
    /// Nothing left, and nothing ever will.
    case notSent(Fault)
    /// It left; no whole answer came in time.
    case unanswered
    /// It left; the connection or the answer was lost.
    case lost(Fault)
    case answered(HTTPAnswer)
  }

  private struct State {
    var firstByte: Now?
    var date: HeardDate?
    var ending: (Ending, at: Now)?
    var channel: (any Channel)?
    var waiter: CheckedContinuation<(Ending, Timing), Never>?
  }

  private let clock: @Sendable () -> Now
  private let firstByteBy: Instant
  private let firstByteByWall: Int64
  private let state = Mutex(State())

  init(firstByteBy: Instant, firstByteByWall: Int64, clock: @escaping @Sendable () -> Now) {
    self.firstByteBy = firstByteBy
    self.firstByteByWall = firstByteByWall
    self.clock = clock
  }

  /// Asked on the event loop right before the write, with nothing between: true exactly once, and only before both
  /// limits; else it has ended.
  func mayLeave() -> Bool {
    let (may, finish) = state.withLock { state -> (Bool, (() -> Void)?) in
      guard state.ending == nil, state.firstByte == nil else { return (false, nil) }
      let now = clock()
      if now.continuous < firstByteBy, now.wall < firstByteByWall {
        state.firstByte = now
        return (true, nil)
      }
      return (false, Shot.end(&state, .notSent(Shot.late), at: now))
    }
    finish?()
    return may
  }

  /// The connection stands, and is torn down when the shot ends: false where it has ended already.
  func hold(_ channel: any Channel) -> Bool {
    state.withLock { state in
      guard state.ending == nil else { return false }
      state.channel = channel
      return true
    }
  }

  func dated(by headers: HTTPHeaders) { state.withLock { $0.date = HeardDate(headers, at: clock()) } }

  func answered(_ answer: HTTPAnswer) { end { _ in .answered(answer) } }

  /// The connection failed or was lost.
  func lost(_ fault: Fault) { end { $0.firstByte == nil ? .notSent(fault) : .lost(fault) } }

  /// The time for the first byte is over; without effect where it left.
  func giveUpUnsent() { end { $0.firstByte == nil ? .notSent(Shot.late) : nil } }

  /// The time for the whole call is over, or nobody waits for it any more.
  func giveUp() { end { $0.firstByte == nil ? .notSent(Shot.late) : .unanswered } }

  /// Waits for the end. To be called once.
  func ended() async -> (Ending, Timing) {
    await withCheckedContinuation { continuation in
      let already = state.withLock { state -> (Ending, Timing)? in
        guard let (ending, at) = state.ending else {
          state.waiter = continuation
          return nil
        }
        return (ending, Timing(firstByte: state.firstByte, ended: at, date: state.date?.aged(to: at)))
      }
      if let already { continuation.resume(returning: already) }
    }
  }

  private func end(_ decide: (State) -> Ending?) {
    let finish = state.withLock { state -> (() -> Void)? in
      guard state.ending == nil, let ending = decide(state) else { return nil }
      return Shot.end(&state, ending, at: clock())
    }
    finish?()
  }

  /// Marks the end under the lock; what it returns is done outside of it.
  private static func end(_ state: inout State, _ ending: Ending, at now: Now) -> () -> Void {
    state.ending = (ending, now)
    let timing = Timing(firstByte: state.firstByte, ended: now, date: state.date?.aged(to: now))
    let waiter = state.waiter
    let channel = state.channel
    state.waiter = nil
    state.channel = nil
    return {
      if let channel { tearDown(channel) }
      waiter?.resume(returning: (ending, timing))
    }
  }

  private static let late = Fault(
    .unanswered, code: "too late", detail: "no connection stood before the confirm was too old; nothing was sent")
}

/// Closes a connection so that nothing that waits in a buffer leaves any more. A close through the pipeline would wait
/// for the TLS shutdown and go on flushing until then.
func tearDown(_ channel: any Channel) {
  let loop = channel.eventLoop
  guard loop.inEventLoop else {
    loop.execute { tearDown(channel) }
    return
  }
  if let tls = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self) {
    tls.close(mode: .all, promise: nil)
  } else {
    channel.close(mode: .all, promise: nil)
  }
}
