public import GuestWatchCore
import RuleFiles
import Synchronization
public import Systemd

/// Tells receivers (`[[notify]]`) what the journal is told, apart from all that looks and kills: what is offered is put into
/// queues, and never waits for anybody.
public final class Notifier: Sendable {
  /// What runs or waits when the daemon ends has so long. Then programs are told to end, and two seconds later are killed.
  static let endLimit = Duration.seconds(3)

  private struct State {
    /// In the order of the configuration.
    var receivers: [Receiver] = []
    var told: UInt64 = 0
    var isEnding = false
  }

  private let state = Mutex(State())
  private let newcomers: AsyncStream<Receiver>
  private let door: AsyncStream<Receiver>.Continuation
  private let clock: any DaemonClock
  private let say: @Sendable (JournalEntry) -> Void
  private let chance: @Sendable () -> Double
  private let makeDelivery: @Sendable (NotifyTarget) -> any Delivery

  /// - Parameters:
  ///   - say: where it is said that somebody could not be told. Must not wait.
  ///   - chance: drawn, 0 to 1.
  public convenience init(
    clock: any DaemonClock, say: @escaping @Sendable (JournalEntry) -> Void,
    chance: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
  ) {
    self.init(clock: clock, say: say, chance: chance) { $0.delivery(clock: clock) }
  }

  init(
    clock: any DaemonClock, say: @escaping @Sendable (JournalEntry) -> Void, chance: @escaping @Sendable () -> Double,
    makeDelivery: @escaping @Sendable (NotifyTarget) -> any Delivery
  ) {
    self.clock = clock
    self.say = say
    self.chance = chance
    self.makeDelivery = makeDelivery
    (newcomers, door) = AsyncStream.makeStream()
  }

  /// Takes the receivers of a configuration over. One that has the name of one before goes on with its queue; one that is gone
  /// tells what is under way, and what waits for it is said to be lost.
  func take(_ targets: [NotifyTarget]) {
    let until = clock.now().continuous + Self.endLimit
    let (new, gone) = state.withLock { state -> ([Receiver], [Receiver]) in
      if state.isEnding { return ([], []) }
      var kept: [String: Receiver] = [:]
      for receiver in state.receivers { kept[receiver.name] = receiver }
      var new: [Receiver] = []
      state.receivers = targets.map { target in
        guard let receiver = kept.removeValue(forKey: target.settings.name) else {
          new.append(Receiver(target, makeDelivery(target), clock: clock, say: say, chance: chance))
          return new[new.count - 1]
        }
        if !receiver.target.isSame(as: target) { receiver.change(to: target, makeDelivery(target)) }
        return receiver
      }
      return (new, Array(kept.values))
    }
    for receiver in new { door.yield(receiver) }
    for receiver in gone { receiver.end(by: until) }
  }

  /// Has everybody told who asked for it. Never waits.
  ///
  /// - Parameter entry: what the journal is told of `report`.
  public func tell(_ report: Report, _ entry: JournalEntry, at now: Now) {
    let (receivers, number) = state.withLock { state in
      state.told += 1
      return (state.isEnding ? [] : state.receivers, state.told)
    }
    if receivers.isEmpty { return }
    let notice = Notice(report, entry, at: now.wall, number: number)
    for receiver in receivers { receiver.offer(notice, at: now.continuous) }
  }

  /// Tells until `end`, and some seconds longer. To be called once.
  public func run() async {
    await withDiscardingTaskGroup { group in
      for await receiver in newcomers { group.addTask { await receiver.run() } }
    }
  }

  /// Nothing more comes. What waits has `endLimit`; what is lost then is said.
  public func end() {
    let until = clock.now().continuous + Self.endLimit
    let receivers = state.withLock { state in
      state.isEnding = true
      return state.receivers
    }
    for receiver in receivers { receiver.end(by: until) }
    door.finish()
  }
}
