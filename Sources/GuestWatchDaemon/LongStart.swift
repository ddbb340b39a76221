import Dispatch
import GuestWatchCore

/// Looking through a ledger of a million rows takes half a minute, on a slow disk minutes: longer than a service manager
/// waits for a start. Told that it goes on, it waits; and an operator who asks reads why nothing is watched yet.
///
/// On a thread of its own: the one that starts is busy, and on a machine with one processor tasks have no second one.
struct LongStart: Sendable {
  /// How it is told.
  struct Pace: Sendable {
    /// Most starts are over by then, and nothing is said of them.
    var first = Duration.seconds(2)
    /// So often after that.
    var every = Duration.seconds(10)
    /// How long one word lasts: a manager that hears none in time ends a start that hangs.
    var grant = Duration.seconds(60)
    /// Nothing that is well takes longer, and waiting does not help a disk that does not answer.
    var limit = Duration.seconds(1800)
  }

  private let over = DispatchSemaphore(value: 0)

  /// - Parameter tell: says that it goes on, for so long.
  init(pace: Pace = Pace(), tell: @escaping @Sendable (_ grant: Duration) -> Void) {
    DispatchQueue(label: "guestwatchd.start").async { [over] in
      var pause = pace.first
      var left = pace.limit
      while left > .zero, over.wait(timeout: .now() + .nanoseconds(Int(pause.nanoseconds))) == .timedOut {
        tell(pace.grant)
        left -= pause
        pause = pace.every
      }
    }
  }

  /// It takes no longer.
  func end() { over.signal() }
}
