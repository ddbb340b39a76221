import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

/// What was answered, in order.
private final class Answers: Sendable {
  private let said = Mutex<[Answer]>([])
  var all: [Answer] { said.withLock { $0 } }
  var texts: [String] {
    all.map { answer in
      switch answer {
      case .done(let text, let notes): ([text] + notes).joined(separator: " | ")
      case .refused(let status, let text, let notes): (["\(status.rawValue): \(text)"] + notes).joined(separator: " | ")
      case .status: "status"
      case .step(let text): "step: \(text)"
      case .found(let found): "found: \(found.process.pid)"
      case .vms(let reach, let notes): (reach.vms.map(\.name) + notes).joined(separator: " | ")
      case .explained(let explanation, _): "explained: \(explanation)"
      case .killed(let id, let outcome, let isDone, let text): "\(id) \(outcome) \(isDone): \(text)"
      }
    }
  }
  func take(_ answer: Answer) { said.withLock { $0.append(answer) } }
}

@Suite("What operators ask of the scheduler") struct AskingTests {
  private let answers = Answers()

  /// A decision that has its pauses kept, as `Watch` does.
  private func bench(
    _ shelf: Shelf = Shelf(), gate: Barrier? = nil, source: (Journal) -> FakeSource = { FakeSource($0) }
  )
    -> Bench
  {
    let pauses = Mutex<[Pause]>([])
    let bench = Bench(source: source, ledger: { FakeLedger(journal: $0, gate: gate, shelf: shelf) }) { event, _ in
      switch event {
      case .asked(.pause(let pause, let uid)):
        #expect(uid == 1000)
        return [
          .keepPauses(
            pauses.withLock { all in
              if all.count < Script.mostPauses { all.append(pause) }
              return all
            })
        ]
      case .asked(.resume(let rule, let vms, let uid)):
        #expect(uid == 1000)
        return pauses.withLock { all in
          let before = all.count
          all.removeAll { (rule == nil && vms == nil) || ($0.rule == rule && $0.vms == vms) }
          return all.count == before ? [] : [.keepPauses(all)]
        }
      case .shutdownAsked: return []
      default: return []
      }
    }
    var configuration = Configuration.test
    configuration.rules = [
      Rule(
        id: RuleID("miners"), login: linux, scope: Scope(ids: ["vm-1"]), match: Match(), limits: .forbidden,
        every: .seconds(60))
    ]
    configuration.logins = [LoginEntry(id: linux, account: "watch")]
    bench.start(bench.link("lab", bench.client("A")), with: configuration)
    return bench
  }

  private func ask(_ bench: Bench, _ question: Question) {
    bench.scheduler.ask(question, by: Enquirer(number: 1, uid: 1000)) { [answers] in answers.take($0) }
    bench.executor.drain()
  }

  @Test("A pause is answered when the ledger has kept it, not before")
  func durable() {
    let gate = Barrier()
    let shelf = Shelf()
    let bench = bench(shelf, gate: gate)
    ask(bench, .pause(rule: RuleID("miners"), vms: nil, lasting: .seconds(7200)))
    #expect(answers.texts.isEmpty)
    bench.open(gate)
    #expect(answers.texts == ["paused: rule miners, all VMs, for 2h"])
    #expect(shelf.pauses.last == [Pause(rule: RuleID("miners"), until: bench.clock.now().continuous + .seconds(7200))])
    ask(bench, .resume(rule: nil, vms: nil))
    #expect(answers.texts.last == "resumed: 1 pause ended")
    #expect(shelf.pauses.last == [])
  }

  @Test("A ledger that cannot keep it is said; asked again, it is tried again at once")
  func ledgerRefuses() {
    let shelf = Shelf()
    let bench = bench(shelf)
    shelf.refuse(next: 2)
    ask(bench, .pause(rule: nil, vms: nil, lasting: nil))
    #expect(answers.texts.count == 1)
    #expect(
      answers.texts[0].hasPrefix("73: paused: all rules, all VMs, until it is resumed, but only while this daemon"))
    #expect(answers.texts[0].contains("disk full"))
    // Nothing changes by it, and still it is not done before the disk has what holds.
    ask(bench, .resume(rule: nil, vms: nil))
    #expect(answers.texts.last?.hasPrefix("73: resumed: 1 pause ended, but only") == true)
    ask(bench, .resume(rule: nil, vms: nil))
    #expect(answers.texts.last == "nothing was paused")
    #expect(shelf.pauses == [[]])
  }

  @Test("What was asked first is not answered by what was kept before it")
  func order() {
    let gate = Barrier()
    let shelf = Shelf()
    let bench = bench(shelf, gate: gate)
    ask(bench, .pause(rule: nil, vms: nil, lasting: nil))
    ask(bench, .pause(rule: RuleID("miners"), vms: nil, lasting: nil))
    #expect(answers.texts.isEmpty)
    bench.open(gate)
    #expect(
      answers.texts == [
        "paused: all rules, all VMs, until it is resumed", "paused: rule miners, all VMs, until it is resumed",
      ])
    #expect(shelf.pauses.map(\.count) == [1, 2])
  }

  @Test("Unknown names are errors with a suggestion, and change nothing")
  func unknown() throws {
    let shelf = Shelf()
    let bench = bench(shelf)
    ask(bench, .pause(rule: RuleID("minres"), vms: nil, lasting: nil))
    ask(bench, .retryLogin(LoginID("linx")))
    ask(bench, .resume(rule: RuleID("miners"), vms: nil))
    #expect(
      answers.texts == [
        "64: there is no rule minres in the loaded configuration; did you mean 'miners'?",
        "64: there is no guest login linx in the loaded configuration; did you mean 'linux'?",
        "64: no pause of exactly this is in force: rule miners, all VMs",
      ])
    #expect(shelf.pauses.isEmpty)
    #expect(bench.heard.filter { $0 == "asked" }.count == 1)
    ask(bench, .pause(rule: nil, vms: try Glob("a"), lasting: nil))
    ask(bench, .resume(rule: nil, vms: try Glob("b")))
    #expect(
      answers.texts.last == "64: no pause of exactly this is in force: all rules, VMs b | in force: all rules, VMs a")
  }

  @Test("A pause too many is refused")
  func full() {
    let bench = bench()
    for count in 1...3 { ask(bench, .pause(rule: nil, vms: nil, lasting: .seconds(count))) }
    #expect(answers.texts.last?.hasPrefix("69: 1000 pauses are in force") == true)
  }

  @Test("retry-login reaches the decision")
  func retry() {
    let bench = bench()
    ask(bench, .retryLogin(linux))
    #expect(bench.heard.last == "asked")
    #expect(
      answers.texts == ["guest login linux: where it was refused or stopped it may be tried again, on one VM first"])
  }

  @Test("reload is answered with what came of a load that began after it was asked")
  func reload() {
    let gate = Barrier()
    let bench = bench(source: { journal in
      FakeSource(
        journal, gate: gate, { _ in .refused(["a:1:1: error: wrong"]) },
        { links in .loaded(Setup(configuration: .test, links: links, warnings: ["a:1:1: warning: odd"])) })
    })
    bench.scheduler.askReload()
    bench.executor.drain()
    ask(bench, .reload)
    #expect(answers.texts.isEmpty)
    bench.open(gate)
    #expect(
      answers.texts == [
        "configuration loaded: rules: 0, vCenters: 1, guest logins: 0; gone: rule miners, guest login linux | "
          + "a:1:1: warning: odd"
      ])
    // None is left.
    ask(bench, .reload)
    #expect(
      answers.texts.last
        == "78: configuration refused, the one before stays in force | rules:1:1: error: none left")
  }

  @Test("While it stops, status is answered and nothing else is begun")
  func stopping() {
    let bench = bench()
    bench.scheduler.askShutdown()
    bench.executor.drain()
    ask(bench, .pause(rule: nil, vms: nil, lasting: nil))
    ask(bench, .status)
    #expect(answers.texts == ["69: the daemon is stopping", "status"])
    #expect(!bench.heard.contains("asked"))
  }

  @Test("status has the last warnings and errors, and a refused configuration, as long as they are the last")
  func status() throws {
    let bench = bench(source: { journal in
      FakeSource(
        journal, { _ in .refused((0..<30).map { "a:\($0):1: error: wrong" }) },
        { links in .loaded(Setup(configuration: .test, links: links)) })
    })
    bench.pass(.seconds(10))
    bench.scheduler.askReload()
    bench.executor.drain()
    ask(bench, .status)
    guard case .status(let report)? = answers.all.last else {
      Issue.record("no status")
      return
    }
    #expect(report.refused == bench.clock.now() && report.at == report.refused)
    #expect(report.started.continuous + .seconds(10) == report.at.continuous && report.life == 1)
    #expect(report.troubles.map(\.report.detail) == (10..<30).map { "a:\($0):1: error: wrong" })
    bench.scheduler.askReload()
    bench.executor.drain()
    ask(bench, .status)
    guard case .status(let after)? = answers.all.last else {
      Issue.record("no status")
      return
    }
    #expect(after.refused == nil && after.loaded == bench.clock.now())
  }
}
