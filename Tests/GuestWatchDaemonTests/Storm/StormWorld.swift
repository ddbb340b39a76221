import GuestWatchCore
import GuestWatchDaemon
import Synchronization

/// The real scheduler in a storm: one seed, one interleaving.
final class StormWorld: Sendable {
  static let vcenters = ["a", "b"]

  let seed: UInt64
  let machine: StormMachine
  let log: StormLog
  let mix: StormMix
  let luck: Luck
  let begun: Instant
  private let clients = Mutex(0)

  init(seed: UInt64) {
    self.seed = seed
    var dice = Dice(seed)
    mix = StormMix(&dice)
    machine = StormMachine(seed: dice.next())
    luck = Luck(dice.next())
    log = StormLog(machine)
    begun = machine.now().continuous
  }

  static func job(_ note: LoginNote) -> String {
    if case .vcenterRefused(let number, _) = note { "note \(number)" } else { "note" }
  }
  static func job(_ pauses: [Pause]) -> String { "pauses \(pauses.compactMap(\.until?.nanoseconds))" }
  static func job(_ memory: VMMemory) -> String { "memory-\(memory.vm.instance):\(memory.bootTime ?? 0)" }

  func newLink(_ vcenter: String) -> StormLink {
    let number = clients.withLock { clients in
      clients += 1
      return clients
    }
    return StormLink(vcenter: VCenterID(vcenter), client: StormClient(number), world: self)
  }

  func setup(_ links: [StormLink]) -> Setup<StormLink> {
    log.note(.loaded(Self.vcenters.map { name in links.first { $0.vcenter.name == name }?.client.number ?? 0 }))
    return Setup(configuration: .test, links: links)
  }

  var diskIsFull: Bool {
    let since = machine.now().continuous - begun
    return since >= .seconds(mix.refusesFrom) && since < .seconds(mix.refusesTo)
  }

  /// Lets it rage until the scheduler has ended, and everybody has come back.
  func run() {
    var dice = Dice(seed ^ 0x5707_0000)
    let scheduler = Scheduler(
      deciding: StormDecision(seed, mix, log), source: StormSource(world: self), ledger: StormLedger(world: self),
      line: StormLine(log: log), clock: machine)
    let setup = setup(Self.vcenters.map(newLink))
    Task(executorPreference: machine) { [log] in
      await scheduler.run(setup, restored: Restored(life: 1), seed: 7)
      log.note(.ended)
    }
    var signals = mix.reloads.map { (at: begun + $0, end: false) } + [(at: begun + mix.shutdown, end: true)]
    if dice.percent(30) { signals.append((at: begun + mix.shutdown + dice.duration(.zero, .seconds(20)), end: true)) }
    signals.sort { $0.at < $1.at }

    while true {
      if dice.percent(mix.heldUp) {
        // The machine is busy with something else: time passes while jobs wait.
        machine.move(to: machine.now().continuous + dice.duration(.zero, .seconds(dice.percent(20) ? 9 : 2)))
      } else if machine.runOne() {
        continue
      } else if let next = [machine.nextWake, signals.first?.at].compactMap(\.self).min() {
        machine.move(to: next)
      } else {
        return
      }
      while let signal = signals.first, signal.at <= machine.now().continuous {
        signals.removeFirst()
        if signal.end { scheduler.askShutdown() } else { scheduler.askReload() }
      }
    }
  }
}
