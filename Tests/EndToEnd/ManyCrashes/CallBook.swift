import Foundation

/// The guest calls that the simulator received, kept up to date piece by piece.
struct CallBook: Sendable {
  /// A call with its times read.
  struct Entry: Sendable {
    var call: Call
    var received: Date
    /// Nil: not answered yet.
    var answered: Date?

    init(_ call: Call) throws {
      guard let received = date(call.received) else { throw Trouble("no time: \(call.received)") }
      self.call = call
      self.received = received
      answered = call.answered.flatMap(date)
    }
  }

  /// By their numbers.
  private(set) var entries: [Int: Entry] = [:]
  /// The number of the first call that may still change or come.
  private(set) var next = 1

  /// - Parameter calls: all calls from `next` on.
  mutating func take(_ calls: [Call]) throws {
    for call in calls where call.isGuestCall { entries[call.number] = try Entry(call) }
    let waiting = calls.first { $0.answered == nil }?.number
    next = waiting ?? calls.last.map { $0.number + 1 } ?? next
  }

  var terminates: [Entry] { all { $0.isTerminate } }

  func all(_ wanted: (Call) -> Bool) -> [Entry] {
    entries.values.filter { wanted($0.call) }.sorted { $0.call.number < $1.call.number }
  }
}
