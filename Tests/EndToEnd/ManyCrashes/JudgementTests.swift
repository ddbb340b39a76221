import Foundation
import Glibc
import Testing

/// The judgement of the crash test is tested with true stories and with lies: it must find each of them.
@Suite("What the crash test would find") struct JudgementTests {
  @Test("A runaway that a terminate ended: nothing is wrong")
  func trueStory() throws {
    #expect(try Story().faults == [])
  }

  @Test(
    "One thing is not as it happened",
    arguments: [
      Lie("a terminate that belongs to 0 rows") { $0.rows[0].outcome = "abandoned" },
      Lie("a terminate that belongs to 0 rows") { $0.rows = [] },
      Lie("a terminate that belongs to 0 rows") { $0.rows[0].recorded = at(6.1) },
      Lie("a terminate that belongs to 0 rows") { $0.rows[0].pid += 1 },
      Lie("a row without an outcome") { $0.rows[0].outcome = "open" },
      Lie("two terminates for one row") { $0.terminate(number: 9, received: 6.05) },
      Lie("a terminate that belongs to 2 rows") { $0.rows.append($0.rows[0]) },
      Lie("a terminate without a confirm") { $0.calls.removeFirst() },
      Lie("a terminate without a confirm") { $0.calls[0].received = at(0.5) },
      Lie("a terminate without a confirm") { $0.calls[0].answered = at(6.03) },
      Lie("a terminate without a confirm") { $0.calls[0].pid = 4243 },
      Lie("not what happened: exited") { $0.members[0].dead = nil },
      Lie("not what happened: exited") { $0.members[0].lived = $0.time(7.5) },
      Lie("not what happened: exited") { $0.hits[2] = .some(nil) },
      Lie("not what happened: exited") { $0.calls[1].status = nil },
      Lie("not what happened: exited") { $0.rows[0].answered = nil },
      Lie("not what happened: already-gone") { $0.rows[0].outcome = "already-gone" },
      Lie("not what happened: gone") { $0.rows[0].outcome = "gone" },
      Lie("not what happened: gone") {
        $0.crash(at: 8.5)
        $0.rows[0].outcome = "gone"
      },
      Lie("not what happened: survived") {
        $0.rows[0].outcome = "survived"
        $0.rows[0].verified = at(31)
        $0.rows[0].closed = at(31)
      },
      Lie("not what happened: failed") { $0.rows[0].outcome = "failed" },
      Lie("not what happened: denied") { $0.rows[0].outcome = "denied" },
      Lie("not what happened: unknown") { $0.rows[0].outcome = "unknown" },
      Lie("not what happened: unknown") {
        $0.crash(at: 6.5)
        $0.rows[0].outcome = "unknown"
        $0.rows[0].verified = at(80)
        $0.rows[0].closed = at(80)
      },
      Lie("a kill of nobody who had run away") { $0.members[0].isRunaway = false },
      Lie("somebody died who had not run away") { $0.bystander(dead: true) },
      Lie("nobody knows what killed") { $0.runaway("runaway-2", dead: true) },
      Lie("the terminate found another process") { $0.hits[2]??.name = "bystander" },
      Lie("while another kill was open on the VM") { story in
        story.runaway("runaway-2", dead: false)
        var other = story.rows[0]
        (other.killId, other.name, other.pid) = ("1-0", "runaway-2", 5000)
        (other.recorded, other.closed, other.verified, other.outcome) = (at(5.5), at(100), at(100), "unknown")
        story.crash(at: 5.6)
        story.rows.append(other)
      },
      Lie("s after its intent") { $0.rows[0].decided = at(0.1) },
    ])
  func lie(_ lie: Lie) throws {
    var story = Story()
    lie.tell(&story)
    let faults = try story.faults
    #expect(faults.contains { $0.contains(lie.found) }, "\(faults)")
  }

  @Test("A life that ended before it could write down the answer", arguments: [(6.9, Weather.fair), (16, .slowLedger)])
  func answerLost(struck seconds: Double, weather: Weather) throws {
    var story = Story()
    story.crash(at: seconds, weather)
    (story.rows[0].outcome, story.rows[0].answered) = ("gone", nil)
    (story.rows[0].verified, story.rows[0].closed) = (at(20), at(20))
    #expect(try story.faults == [])
  }

  @Test("More in a window than a budget allows, by the ledger's times and by the simulator's", arguments: [0, 1, 2])
  func budgets(shift: Int) throws {
    // Seven kills 3 s apart, three on one of the VMs.
    var story = Story()
    for number in 1...6 {
      story.kill(number, vm: CrashPlan.vms[(number + shift) % 3], from: Double(number) * 3)
    }
    let faults = try story.faults
    #expect(faults.contains { $0.hasPrefix("a budget of all was exceeded") }, "\(faults)")
    #expect(faults.contains { $0.hasPrefix("the simulator received more than") }, "\(faults)")
    #expect(faults.contains { $0.contains("of a rule") }, "\(faults)")
    #expect(faults.contains { $0.contains("of a VM") }, "\(faults)")
    // Spread out far enough they are all right.
    story = Story()
    for number in 1...6 { story.kill(number, vm: CrashPlan.vms[number % 3], from: Double(number) * 30) }
    #expect(try story.faults == [])
  }

  @Test("A rule that pauses after a terminate does")
  func cooldown() throws {
    var story = Story()
    story.kill(1, vm: "vm-101", from: Double(Story.plan.cooldown) - 1, rule: CrashPlan.twinRule, kind: "twin")
    story.kill(2, vm: "vm-101", from: Double(Story.plan.cooldown) * 2 - 3, rule: CrashPlan.twinRule, kind: "twin")
    let faults = try story.faults
    #expect(faults.contains { $0.contains("of a cooldown") }, "\(faults)")
  }

  @Test("A row that is lost, that comes twice, or that changes")
  func rows() {
    let row = Story().rows[0]
    var open = row
    (open.outcome, open.verified, open.closed) = ("open", nil, nil)
    var book = RowBook()
    #expect(book.take([open], "1") == [])
    #expect(book.take([row], "2") == [], "an open row may get its outcome")
    #expect(book.take([row, row], "3").contains { $0.contains("two rows") })
    #expect(book.take([open], "4").contains { $0.contains("outcome of kill 1-1 changed") })
    var other = row
    other.pid += 1
    #expect(book.take([other], "5").contains { $0.contains("intent of kill 1-1 changed") })
    #expect(book.take([], "6").contains { $0.contains("not in the ledger any more") })
  }

  struct Lie: Sendable, CustomTestStringConvertible {
    /// What the judgement says of it, among other things.
    var found: String
    var tell: @Sendable (inout Story) -> Void

    init(_ found: String, _ tell: @escaping @Sendable (inout Story) -> Void) {
      self.found = found
      self.tell = tell
    }

    var testDescription: String { found }
  }
}

/// A time of the story, in seconds from its beginning, as rows and calls write it.
private func at(_ seconds: Double) -> String { Date(timeIntervalSince1970: 1_700_000_000 + seconds).precise }

/// One life in which one runaway was killed, as everybody tells it.
struct Story {
  static let plan = CrashPlan(
    within: 20, perVM: 2, all: 4, lone: CrashPlan.Budget(kills: 3, within: 10), cooldown: 5, manyProcesses: false)

  var rows: [HistoryRow] = []
  var calls: [Call] = []
  var hits: [Int: SimulatorState.Terminate.Hit?] = [:]
  var members: [Population.Member] = []
  var deaths: [CrashWorld.Death] = []

  init() { kill(0, vm: "vm-101", from: 0) }

  var faults: [String] {
    get throws {
      var book = CallBook()
      try book.take(calls)
      return try Judgement(Self.plan, rows: rows, deaths: deaths, calls: book, hits: hits, members: members).faults
    }
  }

  func time(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_700_000_000 + seconds) }

  /// Confirmed at 6.00 s, recorded at 6.01, received at 6.02, answered at 6.2, looked at at 7.2.
  mutating func kill(
    _ number: Int, vm: String, from start: Double, rule: String = CrashPlan.loneRule, kind: String = "runaway"
  ) {
    let pid = Int64(4242 + number)
    let name = "\(kind)-\(number)"
    let first = calls.count + 1
    let look = rule == CrashPlan.twinRule ? "vi.ListProcessesInGuest" : "rest.process.get"
    calls.append(
      Call(
        number: first, kind: look, vm: vm, pid: pid, received: at(start + 5.98), answered: at(start + 6), status: 200))
    calls.append(
      Call(
        number: first + 1, kind: "vi.TerminateProcessInGuest", vm: vm, pid: pid, received: at(start + 6.02),
        answered: at(start + 6.2), status: 204))
    hits[first + 1] = SimulatorState.Terminate.Hit(name: name, owner: "eve", started: at(start))
    rows.append(
      HistoryRow(
        killId: "1-\(number + 1)", rule: rule, reason: "", vcenter: "sim", vm: vm, vmName: "web", pid: pid, name: name,
        owner: "eve", started: at(start), action: "terminate", outcome: "exited", error: nil, dryRun: false,
        decided: at(start + 6.005), confirmed: at(start + 6), sent: at(start + 6.015), answered: at(start + 6.2),
        verified: at(start + 7.2), recorded: at(start + 6.01), closed: at(start + 7.21), bootId: "boot",
        closedBootId: "boot",
        askedBy: "rule", gate: nil, count: 1, first: nil, mixed: false, guestLogin: "linux", vcenterUuid: "",
        vmUuid: "", description: ""))
    add(name, vm: vm, pid: pid, isRunaway: true, lived: start + 6, dead: start + 6.3)
  }

  mutating func terminate(number: Int, received: Double) {
    var call = calls[1]
    (call.number, call.received) = (number, at(received))
    calls.append(call)
    hits[number] = hits[2]
  }

  mutating func runaway(_ name: String, dead: Bool) {
    add(name, vm: "vm-101", pid: 5000, isRunaway: true, lived: 3, dead: dead ? 4 : nil)
  }

  mutating func bystander(dead: Bool) {
    add("bystander", vm: "vm-101", pid: 4100, isRunaway: false, lived: 3, dead: dead ? 4 : nil)
  }

  private mutating func add(
    _ name: String, vm: String, pid: Int64, isRunaway: Bool, lived: Double, dead: Double?
  ) {
    // Any process will do: nobody looks at it here.
    guard let process = LocalProcess(getpid()) else { return }
    members.append(
      Population.Member(
        name: name, vm: vm, pid: pid, process: process, isRunaway: isRunaway, lived: time(lived),
        dead: dead.map { time($0) }))
  }

  mutating func crash(at seconds: Double, _ weather: Weather = .fair) {
    deaths.append(
      CrashWorld.Death(
        life: 1, moment: .afterReady(.seconds(1)), weather: weather, ready: time(0), started: time(0),
        struck: time(seconds), reaped: time(seconds + 0.01), open: []))
  }
}
