import GuestWatchCore
import RuleFiles
import Synchronization
import Systemd

/// One `[[notify]]`: what waits for it, and the one task that tells it, a notice at a time and in their order.
///
/// A receiver that is dead costs its queue and one task that sleeps, nothing more.
final class Receiver: Sendable {
  private struct State {
    var target: NotifyTarget
    var delivery: any Delivery
    /// Those of targets before this one: to be closed between two notices.
    var retired: [any Delivery] = []
    var queue = NoticeQueue()
    var drops = SaidSeldom(most: 1)
    var failures = SaidSeldom(most: 10)
  }

  /// By it a reload finds again what stays.
  let name: String
  private let state: Mutex<State>
  private let ending = EndOrder()
  private let rings: AsyncStream<Void>
  private let bell: AsyncStream<Void>.Continuation
  private let clock: any DaemonClock
  private let say: @Sendable (JournalEntry) -> Void
  private let chance: @Sendable () -> Double

  init(
    _ target: NotifyTarget, _ delivery: any Delivery, clock: any DaemonClock,
    say: @escaping @Sendable (JournalEntry) -> Void, chance: @escaping @Sendable () -> Double
  ) {
    name = target.settings.name
    state = Mutex(State(target: target, delivery: delivery))
    (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    self.clock = clock
    self.say = say
    self.chance = chance
  }

  var target: NotifyTarget { state.withLock { $0.target } }

  /// Has `notice` told where it is one of those asked for. Never waits.
  func offer(_ notice: Notice, at now: Instant) {
    let (isTaken, dropped, target) = state.withLock { state -> (Bool, Int?, NotifyTarget) in
      guard state.target.settings.events.contains(notice.kind) else { return (false, nil, state.target) }
      let fits = state.queue.put(notice)
      return (true, fits ? state.drops.due(at: now) : state.drops.happened(at: now), state.target)
    }
    if let dropped { say(.notifyDropped(target, count: dropped)) }
    if isTaken { bell.yield() }
  }

  /// From the next try on it is told so. What waits stays.
  func change(to target: NotifyTarget, _ delivery: any Delivery) {
    state.withLock { state in
      state.retired.append(state.delivery)
      state.delivery = delivery
      state.target = target
    }
    bell.yield()
  }

  /// What waits is told until then without waiting between tries, what is under way is given up then, and `run` returns.
  func end(by until: Instant) {
    ending.order(until: until)
    bell.yield()
  }

  /// Tells until it is to end.
  func run() async {
    for await _ in rings {
      while let notice = next() { await tell(notice) }
      await closeRetired()
      if ending.until != nil { break }
    }
    let (lost, drops, failures, target, delivery) = state.withLock { state in
      (state.queue.giveUp(), state.drops.rest(), state.failures.rest(), state.target, state.delivery)
    }
    if drops > 0 { say(.notifyDropped(target, count: drops)) }
    if failures > 0 { say(.notifyFailed(target, more: failures)) }
    if lost > 0 { say(.notifyEnded(target, count: lost)) }
    await closeRetired()
    await delivery.close()
  }

  private func next() -> Notice? {
    let now = clock.now().continuous
    if let until = ending.until, until <= now { return nil }
    let (notice, dropped, target) = state.withLock { ($0.queue.take(), $0.drops.due(at: now), $0.target) }
    if let dropped { say(.notifyDropped(target, count: dropped)) }
    return notice
  }

  private func tell(_ notice: Notice) async {
    var schedule = RetrySchedule()
    while true {
      await closeRetired()
      switch await attempt(notice) {
      case .done: return
      case .failed(let why): return failed(notice, why)
      case .again(let why, let asked):
        let wait = schedule.wait(asked: asked, chance: chance())
        guard let wait, ending.until == nil else {
          return failed(notice, "\(why), after \(counted(schedule.failed, "try", "tries"))")
        }
        await rest(wait)
      }
    }
  }

  /// One try, given up at the moment that `end` names.
  private func attempt(_ notice: Notice) async -> Delivered {
    let delivery = state.withLock { $0.delivery }
    return await withTaskGroup(of: Delivered?.self) { group in
      group.addTask { await delivery.deliver(notice) }
      group.addTask { [ending, clock] in
        if let until = await ending.ordered() { try? await clock.sleep(until: until) }
        return nil
      }
      // The second one ends first only where time ran out.
      while let ended = await group.next() {
        group.cancelAll()
        if let result = ended { return result }
      }
      return .failed("it was given up")
    }
  }

  /// Waits, but not beyond the order to end.
  private func rest(_ duration: Duration) async {
    let until = clock.now().continuous + duration
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [clock] in try? await clock.sleep(until: until) }
      group.addTask { [ending] in _ = await ending.ordered() }
      await group.next()
      group.cancelAll()
    }
  }

  private func failed(_ notice: Notice, _ why: String) {
    let now = clock.now().continuous
    let (count, target) = state.withLock { ($0.failures.happened(at: now), $0.target) }
    if let count { say(.notifyFailed(target, notice, why, count: count)) }
  }

  private func closeRetired() async {
    let retired = state.withLock { state in
      defer { state.retired = [] }
      return state.retired
    }
    for delivery in retired { await delivery.close() }
  }
}
