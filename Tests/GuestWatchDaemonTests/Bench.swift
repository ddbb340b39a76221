import GuestWatchCore
import GuestWatchDaemon

/// The real scheduler among fakes, in virtual time.
final class Bench {
  let executor = TestExecutor()
  let clock = TestClock()
  let journal = Journal()
  let script: Script
  let source: FakeSource
  let scheduler: Scheduler<Script, FakeSource>
  private let ended = Barrier()

  /// True once `run` has returned.
  var hasEnded: Bool { ended.isOpen }
  var heard: [String] { script.heard.all.map(\.name) }

  init(
    source: (Journal) -> FakeSource = { FakeSource($0) },
    ledger: (Journal) -> any KillLedger = { FakeLedger(journal: $0) },
    metrics: (any MetricsFile)? = nil,
    _ answer: @escaping @Sendable (Event, Now) -> [Effect]
  ) {
    script = Script(answer: answer)
    self.source = source(journal)
    scheduler = Scheduler(
      deciding: script, source: self.source, ledger: ledger(journal), line: FakeLine(journal: journal), clock: clock,
      metrics: metrics)
  }

  func link(_ vcenter: String, _ client: FakeClient, logins: [String] = ["linux"]) -> FakeLink {
    FakeLink(vcenter: VCenterID(vcenter), client: client, logins: logins, clock: clock)
  }

  func client(_ name: String, gate: Barrier? = nil, leaveGate: Barrier? = nil) -> FakeClient {
    FakeClient(name, journal, gate: gate, leaveGate: leaveGate)
  }

  /// Starts the scheduler and lets it do all that it can do without time passing.
  func start(
    _ links: FakeLink..., with configuration: Configuration = .test, restored: Restored = Restored(life: 1),
    textfile: String? = nil
  ) {
    let setup = Setup(configuration: configuration, links: links, textfile: textfile)
    Task(executorPreference: executor) { [scheduler, ended] in
      await scheduler.run(setup, restored: restored, seed: 7)
      ended.open()
    }
    executor.drain()
  }

  func pass(_ duration: Duration) { clock.advance(by: duration, executor) }

  func open(_ gate: Barrier) {
    gate.open()
    executor.drain()
  }
}

extension Configuration {
  static let test = Configuration(vcenters: [VCenterEntry(id: VCenterID("lab"))], logins: [], rules: [])
}

let lab = VCenterID("lab")
let linux = LoginID("linux")
let vm42 = VMAddress(vcenter: lab, moid: "vm-42")
let kill1 = KillID(life: 1, number: 1)

func op(_ number: UInt64) -> OpID { OpID(life: 1, number: number) }

extension Effect {
  static func survey(_ number: UInt64, by: Instant) -> Effect {
    .survey(op(number), vm42, linux, showingEnds: false, by: by)
  }
  static func look(_ number: UInt64, _ purpose: LookPurpose = .check, by: Instant) -> Effect {
    .look(op(number), vm42, linux, pid: 77, purpose, by: by)
  }
  static func terminate(_ number: UInt64, at now: Now, by: Instant) -> Effect {
    .terminate(
      op(number), kill1, vm42, linux, pid: 77, firstByteBy: now.continuous + .seconds(5),
      firstByteByWall: now.wall + 5_000_000_000, by: by)
  }
  static func closed(_ outcome: Outcome, at now: Now) -> Effect {
    .record(kill1, .closed(outcome, error: nil, verified: nil, at: now))
  }
  static func intent(at now: Now) -> Effect {
    .record(
      kill1,
      .intent(
        KillRecord(
          id: kill1, cause: .rule(RuleID("r"), .forbidden), action: .terminate, dryRun: false,
          vm: VMKey(vcenter: "u", instance: "i"), address: vm42, vmName: "db-1", login: linux,
          process: Process(pid: 77, started: 1, owner: "eve", name: "miner", command: ""), anchors: [],
          decided: now, confirmed: now)))
  }
}
