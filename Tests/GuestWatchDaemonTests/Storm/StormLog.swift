import GuestWatchCore
import Synchronization

/// What an answer that was told to the decision says of who gave it.
enum Voice: String {
  case client
  /// In the client's place, at the deadline.
  case scheduler
  /// There was no client to ask.
  case nobody
}

/// One thing that was seen around the scheduler.
enum Seen: Hashable {
  /// The decision asked for an operation.
  case asked(op: UInt64, kind: String, vcenter: String, by: Instant)
  /// The decision was told an answer.
  case told(op: UInt64, kind: String, Voice)
  /// The decision said that it is over.
  case saidStopped
  /// A configuration was told.
  case configured
  /// A client's call began or was done; which operation it is for shows in its deadline.
  case called(by: Instant, client: Int)
  case returned(by: Instant, client: Int)
  /// A load is over: the client of each vCenter in the order of `StormWorld.vcenters`, 0 where it is not configured.
  case loaded([Int])
  case leaving(client: Int)
  case left(client: Int)
  /// The decision asked the ledger for something.
  case given(job: String)
  case writing(job: String)
  case wrote(job: String, ok: Bool)
  /// The decision was told what became of a step.
  case recorded(job: String, ok: Bool)
  case alive, ready, reloading, stopping
  case report(kind: String, detail: String)
  case ended
}

/// Everything that was seen, in order.
final class StormLog: Sendable {
  struct Entry: Hashable {
    var at: Instant
    var seen: Seen
  }
  private let entries = Mutex<[Entry]>([])
  private let machine: StormMachine

  init(_ machine: StormMachine) { self.machine = machine }

  func note(_ seen: Seen) {
    let at = machine.now().continuous
    entries.withLock { $0.append(Entry(at: at, seen: seen)) }
  }

  var all: [Entry] { entries.withLock { $0 } }

  /// FNV-1a over all lines: equal where, and practically only where, everything happened in the same order at the same
  /// times.
  var hash: UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for entry in all {
      for byte in "\(entry.at.nanoseconds) \(entry.seen)\n".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    return hash
  }
}
