import GuestWatchCore
import RuleFiles
import Synchronization
import Systemd

@testable import GuestWatchDaemon

/// A report as the scheduler says it, of a process of a guest.
func noticeReport(
  _ kind: Report.Kind = .killed, kill: UInt32 = 1, name: String = "spin", owner: String = "bob", command: String = "",
  vm: String = "db-07", detail: String = ""
) -> Report {
  Report(
    kind, .notice, rule: RuleID("spinners"), vcenter: VCenterID("lab"), moid: "vm-7", vmName: vm,
    process: Process(
      pid: 4242, started: 1_795_297_145, owner: GuestText(owner), name: GuestText(name), command: GuestText(command)),
    killID: KillID(life: 3, number: kill), reason: .forbidden, gate: kind == .wouldKill ? .dryRun : nil,
    outcome: kind == .killed ? .exited : nil, detail: detail)
}

/// 2023-11-14T22:13:20.123Z
let noticed: Int64 = 1_700_000_000_123_456_789

func notice(_ report: Report = noticeReport(), number: UInt64 = 1) -> Notice {
  Notice(report, entry(for: report), at: noticed, number: number)
}

/// A `[[notify]]` with a program, as it is loaded.
func target(_ name: String = "pager", _ words: String..., on events: [Report.Kind] = [.killed]) throws -> NotifyTarget {
  try NotifyTarget(
    NotifySettings(name: name, events: events, way: .program(words.isEmpty ? ["/bin/true"] : words)))
}

/// A way to tell somebody that does as the test says, and remembers what it was told.
final class FakeDelivery: Delivery {
  private struct State {
    var told: [String] = []
    var answers: [Delivered] = []
    var closed = 0
    var cancelled = 0
  }
  private let state = Mutex(State())
  /// Every call waits here, where there is one.
  let gate: Barrier?

  /// - Parameter answers: one for each try; then all goes well.
  init(gate: Barrier? = nil, _ answers: Delivered...) {
    self.gate = gate
    state.withLock { $0.answers = answers }
  }

  /// The same answer so many times.
  init(repeating answer: Delivered, _ count: Int) {
    gate = nil
    state.withLock { $0.answers = Array(repeating: answer, count: count) }
  }

  var told: [String] { state.withLock { $0.told } }
  var closed: Int { state.withLock { $0.closed } }
  var cancelled: Int { state.withLock { $0.cancelled } }

  func deliver(_ notice: Notice) async -> Delivered {
    state.withLock { $0.told.append(notice[.killID] ?? notice.kind.rawValue) }
    if let gate {
      await withTaskCancellationHandler {
        await gate.wait()
      } onCancel: {
        state.withLock { $0.cancelled += 1 }
        gate.open()
      }
    }
    return state.withLock { $0.answers.isEmpty ? .done : $0.answers.removeFirst() }
  }

  func close() async { state.withLock { $0.closed += 1 } }
}

/// A notifier in virtual time, with fake ways to tell.
final class NoticeBench {
  let executor = TestExecutor()
  let clock = TestClock()
  let notifier: Notifier
  private let entries: Said
  private let ended = Barrier()

  private final class Said: Sendable {
    let all = Mutex<[JournalEntry]>([])
  }

  /// What was said of receivers.
  var said: [JournalEntry] { entries.all.withLock { $0 } }
  var hasEnded: Bool { ended.isOpen }

  /// - Parameter deliveries: one each time that one is made.
  init(chance: Double = 0.5, _ deliveries: FakeDelivery...) {
    let said = Said()
    entries = said
    let left = Mutex(deliveries)
    notifier = Notifier(
      clock: clock, say: { entry in said.all.withLock { $0.append(entry) } }, chance: { chance },
      makeDelivery: { _ in left.withLock { $0.isEmpty ? FakeDelivery() : $0.removeFirst() } })
  }

  func start(_ targets: NotifyTarget...) {
    notifier.take(targets)
    Task(executorPreference: executor) { [notifier, ended] in
      await notifier.run()
      ended.open()
    }
    executor.drain()
  }

  /// Offers without letting anybody do anything.
  func offer(_ report: Report) { notifier.tell(report, entry(for: report), at: clock.now()) }

  func tell(_ report: Report) {
    offer(report)
    executor.drain()
  }

  func take(_ targets: NotifyTarget...) {
    notifier.take(targets)
    executor.drain()
  }

  func pass(_ duration: Duration) { clock.advance(by: duration, executor) }

  func open(_ gate: Barrier) {
    gate.open()
    executor.drain()
  }

  func end() {
    notifier.end()
    executor.drain()
  }
}
