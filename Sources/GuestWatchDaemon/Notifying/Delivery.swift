import GuestWatchCore

/// What came of one try to tell a receiver.
enum Delivered: Sendable, Hashable {
  case done
  /// It is of no use to try again; why, in words that may be shown.
  case failed(String)
  /// It may go better later; with how long the receiver wants to be left alone.
  case again(String, after: Duration?)
}

/// One way to tell one receiver. Each call ends within the time limit of its `[[notify]]` and some seconds; it ends early
/// where its task is cancelled.
protocol Delivery: Sendable {
  func deliver(_ notice: Notice) async -> Delivered
  /// No call follows.
  func close() async
}
