import GuestWatchCore
import GuestWatchDaemon
import Synchronization

/// The draws of everything around the scheduler, in the order in which it asks.
final class Luck: Sendable {
  private let dice: Mutex<Dice>
  init(_ seed: UInt64) { dice = Mutex(Dice(seed)) }
  func draw<Value: Sendable>(_ draw: (inout Dice) -> Value) -> Value { dice.withLock { draw(&$0) } }
}

/// A client with its own idea of when to answer.
final class StormClient: Sendable {
  let number: Int
  init(_ number: Int) { self.number = number }
}

struct StormLink: VCenterLink {
  let vcenter: VCenterID
  let client: StormClient
  let world: StormWorld

  var session: ObjectIdentifier { ObjectIdentifier(client) }
  func knows(_ login: LoginID) -> Bool { true }

  private enum Delay { case of(Duration), deaf(Duration) }

  /// One call: answered at once, after a while, about at its deadline, after it, or long after.
  private func call(_ by: Instant) async -> Timing {
    world.log.note(.called(by: by, client: client.number))
    let sent = world.machine.now()
    let (mix, left) = (world.mix, by - sent.continuous)
    let delay = world.luck.draw { dice -> Delay in
      let roll = dice.below(100)
      if roll < mix.hangs { return .deaf(dice.duration(.seconds(60), .seconds(400))) }
      if roll < mix.hangs + mix.late { return .deaf(left + dice.duration(.zero, .seconds(12))) }
      if roll < mix.hangs + mix.late + mix.atDeadline { return .of(left + dice.duration(.zero, .milliseconds(400))) }
      return .of(dice.percent(40) ? .zero : dice.duration(.zero, max(left, .milliseconds(1))))
    }
    switch delay {
    // A client gives up when its task is cancelled; one that hangs does not.
    case .of(let time): if time > .zero { try? await world.machine.sleep(until: sent.continuous + time) }
    case .deaf(let time): await world.machine.hang(until: sent.continuous + time)
    }
    world.log.note(.returned(by: by, client: client.number))
    return Timing(firstByte: sent, ended: world.machine.now())
  }

  private static var busy: Fault { Fault(.busy, code: "RESOURCE_BUSY") }

  func inventory(_ query: ScopeQuery, by: Instant) async -> (Timing, Result<Inventory, Fault>) {
    (await call(by), .failure(Self.busy))
  }
  func survey(
    moid: String, login: LoginID, showingEnds: Bool, by: Instant
  ) async -> (Timing, Result<Listing, Fault>) {
    (await call(by), .failure(Self.busy))
  }
  func look(moid: String, login: LoginID, pid: Int64, by: Instant) async -> (Timing, Result<Look, Fault>) {
    (await call(by), .success(.gone))
  }
  func terminate(
    moid: String, login: LoginID, pid: Int64, firstByteBy: Instant, firstByteByWall: Int64, by: Instant
  ) async -> (Timing, KillAnswer) {
    (await call(by), .done)
  }
  func leave(by: Instant) async {
    world.log.note(.leaving(client: client.number))
    let time = world.luck.draw { $0.duration(.zero, .seconds(5)) }
    await world.machine.hang(until: min(by, world.machine.now().continuous + time))
    world.log.note(.left(client: client.number))
  }
}

/// Rule files that are edited at random.
struct StormSource: ConfigurationSource {
  let world: StormWorld

  func load(keeping present: [StormLink]) async -> LoadOutcome<StormLink> {
    let (mix, luck) = (world.mix, world.luck)
    if luck.draw({ $0.percent(mix.slowLoads) }) {
      await world.machine.hang(until: world.machine.now().continuous + luck.draw { $0.duration(.zero, .seconds(40)) })
    }
    if luck.draw({ $0.percent(mix.refusedLoads) }) { return .refused(["rules:1:1: error: no"]) }
    var links: [StormLink] = []
    for name in StormWorld.vcenters where luck.draw({ $0.percent(80) }) {
      let kept = present.first { $0.vcenter.name == name }
      if let kept, luck.draw({ $0.percent(60) }) { links.append(kept) } else { links.append(world.newLink(name)) }
    }
    return .loaded(world.setup(links))
  }
}

/// A disk that is slow, hangs, and is full for a while.
struct StormLedger: KillLedger {
  let world: StormWorld

  private func job(_ text: String) async -> Result<Void, LedgerFailure> {
    world.log.note(.writing(job: text))
    let mix = world.mix
    let delay = world.luck.draw { dice -> Duration in
      if dice.percent(mix.stuckWrites) { return dice.duration(.seconds(20), .seconds(80)) }
      return dice.percent(mix.slowWrites) ? dice.duration(.zero, .seconds(3)) : .zero
    }
    if delay > .zero { await world.machine.hang(until: world.machine.now().continuous + delay) }
    let ok = !world.diskIsFull
    world.log.note(.wrote(job: text, ok: ok))
    return ok ? .success(()) : .failure(LedgerFailure("disk full"))
  }

  func write(_ kill: KillID, _ step: LedgerStep, now: Now) async -> Result<Void, LedgerFailure> {
    await job("step \(kill) \(step.kind)")
  }
  func note(_ note: LoginNote, now: Now) async -> Result<Void, LedgerFailure> { await job(StormWorld.job(note)) }
  func keep(_ pauses: [Pause], now: Now) async -> Result<Void, LedgerFailure> { await job(StormWorld.job(pauses)) }
  func forget(beyond reach: Duration, now: Now) async -> Result<Void, LedgerFailure> { .success(()) }
  func mark(_ memories: [VMMemory], now: Now) async -> Result<Void, LedgerFailure> {
    await job("mark" + memories.map { " " + StormWorld.job($0) }.joined())
  }
}

struct StormLine: OperatorLine {
  let log: StormLog
  func report(_ report: Report, at now: Now) {
    log.note(.report(kind: report.kind.rawValue, detail: report.detail))
  }
  func status(_ snapshot: Snapshot) {}
  func ready() { log.note(.ready) }
  func reloading() { log.note(.reloading) }
  func stopping() { log.note(.stopping) }
  func alive() { log.note(.alive) }
}
