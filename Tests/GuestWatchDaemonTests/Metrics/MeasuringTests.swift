import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

/// A file for metrics that says what it was asked, and answers when the test lets it.
final class FakeMetrics: MetricsFile {
  private struct State {
    var asked: [String] = []
    var pictures: [MetricsPicture] = []
    var waiting: [@Sendable (Result<Void, MetricsFailure>) -> Void] = []
    var hangs = false
    var failure: String?
  }
  private let state = Mutex(State())

  var asked: [String] { state.withLock { $0.asked } }
  var pictures: [MetricsPicture] { state.withLock { $0.pictures } }

  /// From here on a write does not end.
  func hang() { state.withLock { $0.hangs = true } }
  /// From here on a write, or a removal, comes to this; nil: it works.
  func fail(_ message: String?) { state.withLock { $0.failure = message } }
  /// Those that hang end, and no other hangs.
  func go() {
    let waiting = state.withLock { state in
      state.hangs = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for done in waiting { done(.success(())) }
  }

  func put(
    _ picture: MetricsPicture, at path: String, done: @escaping @Sendable (Result<Void, MetricsFailure>) -> Void
  ) {
    state.withLock {
      $0.pictures.append(picture)
    }
    answer("put \(path)", done)
  }

  func remove(_ path: String, done: @escaping @Sendable (Result<Void, MetricsFailure>) -> Void) {
    answer("remove \(path)", done)
  }

  private func answer(_ what: String, _ done: @escaping @Sendable (Result<Void, MetricsFailure>) -> Void) {
    let result: Result<Void, MetricsFailure>? = state.withLock { state in
      state.asked.append(what)
      if state.hangs {
        state.waiting.append(done)
        return nil
      }
      return state.failure.map { .failure(MetricsFailure($0)) } ?? .success(())
    }
    if let result { done(result) }
  }
}

@Suite("Metrics of the scheduler")
struct MeasuringTests {
  private let metrics = FakeMetrics()

  private func bench(_ loads: String?...) -> Bench {
    let outcomes = Mutex(loads)
    return Bench(
      source: { journal in
        let load: @Sendable ([FakeLink]) -> LoadOutcome<FakeLink> = { present in
          outcomes.withLock { outcomes in
            outcomes.isEmpty
              ? .refused(["x:1:1: error: no"])
              : .loaded(Setup(configuration: .test, links: present, textfile: outcomes.removeFirst()))
          }
        }
        return FakeSource(journal, load, load, load, load, load)
      }, metrics: metrics
    ) { event, _ in
      if case .shutdownAsked = event { [.stopped] } else { [] }
    }
  }

  private func reload(_ bench: Bench) {
    bench.scheduler.askReload()
    bench.executor.drain()
  }

  private func said(_ bench: Bench) -> [String] { bench.journal.lines("report metrics-") }

  @Test("A picture at the start, then one every 15 s; none without a file")
  func every() {
    let bench = bench()
    bench.start(bench.link("lab", bench.client("A")), textfile: "/m/g.prom")
    #expect(metrics.asked == ["put /m/g.prom"])
    bench.pass(.seconds(14))
    #expect(metrics.asked.count == 1)
    bench.pass(.seconds(1))
    #expect(metrics.asked.count == 2)
    bench.pass(.seconds(600))
    #expect(metrics.asked == Array(repeating: "put /m/g.prom", count: 42))
    #expect(said(bench).isEmpty)

    let without = FakeMetrics()
    let other = Bench(metrics: without) { _, _ in [] }
    other.start(other.link("lab", other.client("A")))
    other.pass(.seconds(600))
    #expect(without.asked.isEmpty)
  }

  @Test("After a clean stop there is no file, and none is written any more")
  func stop() {
    let bench = bench()
    bench.start(bench.link("lab", bench.client("A")), textfile: "/m/g.prom")
    bench.scheduler.askShutdown()
    bench.executor.drain()
    #expect(bench.hasEnded)
    #expect(metrics.asked == ["put /m/g.prom", "remove /m/g.prom"])
    bench.pass(.seconds(60))
    #expect(metrics.asked.count == 2)
  }

  @Test("A write that has not ended lets the next ones out and is said once; when it ends, that is said too")
  func hangs() {
    let bench = bench()
    metrics.hang()
    bench.start(bench.link("lab", bench.client("A")), textfile: "/m/g.prom")
    #expect(said(bench).isEmpty)
    bench.pass(.seconds(15))
    let failing =
      "report metrics-failing warning: a write of /m/g.prom has not ended after 15 s; look whether its disk hangs"
    #expect(said(bench) == [failing])
    bench.pass(.seconds(60))
    #expect(metrics.asked == ["put /m/g.prom"] && said(bench) == [failing])
    #expect(bench.journal.lines("WATCHDOG").count == 7, "the watchdog is fed all the same")

    metrics.go()
    bench.executor.drain()
    #expect(said(bench) == [failing, "report metrics-work info: /m/g.prom"])
    bench.pass(.seconds(15))
    #expect(metrics.asked.count == 2)
  }

  @Test("It stops in time where a write hangs")
  func hangsAtTheEnd() {
    let bench = bench()
    metrics.hang()
    bench.start(bench.link("lab", bench.client("A")), textfile: "/m/g.prom")
    bench.scheduler.askShutdown()
    bench.executor.drain()
    #expect(bench.hasEnded)
  }

  @Test("A failure is said once until it works")
  func fails() {
    let bench = bench()
    metrics.fail("/m/g.prom.new cannot be made: Permission denied")
    bench.start(bench.link("lab", bench.client("A")), textfile: "/m/g.prom")
    bench.pass(.seconds(300))
    let failing = "report metrics-failing warning: /m/g.prom.new cannot be made: Permission denied"
    #expect(metrics.asked.count == 21 && said(bench) == [failing])
    metrics.fail(nil)
    bench.pass(.seconds(300))
    #expect(said(bench) == [failing, "report metrics-work info: /m/g.prom"])
    metrics.fail("/m/g.prom.new cannot be made: Permission denied")
    bench.pass(.seconds(15))
    #expect(said(bench).count == 3)
  }

  @Test("A reload writes elsewhere at once and takes away what was; without the key only that")
  func reloads() {
    let bench = bench("/m/g.prom", "/n/g.prom", nil, "/m/g.prom")
    bench.start(bench.link("lab", bench.client("A")), textfile: "/m/g.prom")
    bench.pass(.seconds(5))
    reload(bench)
    #expect(metrics.asked == ["put /m/g.prom"], "the same path stays")
    reload(bench)
    #expect(metrics.asked.suffix(2) == ["remove /m/g.prom", "put /n/g.prom"])
    reload(bench)
    #expect(metrics.asked.last == "remove /n/g.prom")
    bench.pass(.seconds(60))
    #expect(metrics.asked.count == 4)
    reload(bench)
    #expect(metrics.asked.last == "put /m/g.prom")
    // A file that is refused changes nothing.
    reload(bench)
    bench.pass(.seconds(15))
    #expect(metrics.asked.suffix(2) == ["put /m/g.prom", "put /m/g.prom"])
    #expect(said(bench).isEmpty)
  }

  @Test("Away from a disk that hangs: the new file is written, and how the old one ends is not said")
  func reloadsAwayFromATrouble() {
    let bench = bench("/n/g.prom")
    metrics.hang()
    bench.start(bench.link("lab", bench.client("A")), textfile: "/m/g.prom")
    bench.pass(.seconds(15))
    #expect(said(bench).count == 1)
    reload(bench)
    #expect(metrics.asked == ["put /m/g.prom", "remove /m/g.prom", "put /n/g.prom"])
    metrics.go()
    bench.executor.drain()
    #expect(said(bench).count == 2, "the new one works: \(said(bench))")
    bench.pass(.seconds(15))
    #expect(metrics.asked.last == "put /n/g.prom" && said(bench).count == 2)
  }

  @Test("Back to a file whose write is under way is no sign that it hangs")
  func backAndForth() {
    let bench = bench("/n/g.prom", "/m/g.prom")
    metrics.hang()
    bench.start(bench.link("lab", bench.client("A")), textfile: "/m/g.prom")
    reload(bench)
    reload(bench)
    #expect(metrics.asked == ["put /m/g.prom", "remove /m/g.prom", "put /n/g.prom", "remove /n/g.prom"])
    #expect(said(bench).isEmpty)
    metrics.go()
    bench.pass(.seconds(15))
    #expect(metrics.asked.last == "put /m/g.prom" && said(bench).isEmpty)
  }

  @Test("Another file that fails is said, too")
  func anotherFails() {
    let bench = bench("/n/g.prom")
    metrics.fail("no")
    bench.start(bench.link("lab", bench.client("A")), textfile: "/m/g.prom")
    bench.pass(.seconds(15))
    reload(bench)
    #expect(
      said(bench) == [
        "report metrics-failing warning: no",
        "report metrics-failing warning: no; remove it by hand, or node_exporter goes on to show what is in it",
        "report metrics-failing warning: no",
      ])
  }

  @Test("The picture has what passed through the scheduler since the start, and how the writing went")
  func pictures() throws {
    let bench = Bench(source: { FakeSource($0) }, metrics: metrics) { event, now in
      switch event {
      case .began: [.survey(1, by: now.continuous + .seconds(30)), .report(Report(.spared, .notice))]
      case .surveyed: [.intent(at: now), .closed(.exited, at: now), .closed(.exited, at: now)]
      default: []
      }
    }
    let rule = MetricsTextTests.rule("r", budget: nil)
    bench.start(
      bench.link("lab", bench.client("A")),
      with: Configuration(
        vcenters: [VCenterEntry(id: lab)], logins: [LoginEntry(id: linux, account: "watch")], rules: [rule]),
      textfile: "/m/g.prom")
    bench.pass(.seconds(15))
    metrics.fail("no")
    bench.pass(.seconds(15))
    // There is nothing to load: it is refused.
    reload(bench)
    metrics.hang()
    bench.pass(.seconds(45))

    let first = try #require(metrics.pictures.first)
    #expect(first.writes == MetricsWrites() && !first.isRefused && first.logins == [linux])
    #expect(first.figures == Figures(snapshot: Snapshot(vmsInScope: 4, rules: 1)))
    let last = try #require(metrics.pictures.last)
    #expect(last.writes == MetricsWrites(ok: 2, failed: 1, skipped: 0) && last.isRefused)
    #expect(last.at.continuous - last.started.continuous == .seconds(45))
    #expect(last.loaded == last.started)
    let call = CallTally.Call(kind: .survey, result: .fault(.busy))
    #expect(last.tally[lab].calls == [call: 1])
    #expect(last.tally[RuleID("r")].outcomes == [.exited: 1])
    #expect(last.tally.reports[.spared] == 1 && last.tally.reports[.started] == 1)
    #expect(last.tally.reports[.metricsFailing] == 1 && last.tally.reports[.configurationRefused] == 1)
    metrics.go()
    bench.executor.drain()
    metrics.fail(nil)
    bench.pass(.seconds(15))
    #expect(metrics.pictures.last?.writes == MetricsWrites(ok: 3, failed: 1, skipped: 2))
  }
}
