import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

@Suite("explain, whoever answers") struct ExplainTalkTests {
  /// A daemon with so many VMs; what it was asked, and how many of that at once.
  private final class FakeDaemon: Sendable {
    struct State {
      var asked: [ViewQuestion] = []
      var (now, atOnce, most) = (Int64(0), 0, 0)
      var emitted: [String] = []
      var waits: [Duration] = []
    }
    let state = Mutex(State())
    let vms: Int
    init(vms: Int) { self.vms = vms }

    func answer(_ question: ViewQuestion, _ onLine: @Sendable (String) -> Void) async -> ControlClient.Reply {
      state.withLock {
        $0.asked.append(question)
        $0.atOnce += 1
        $0.most = max($0.most, $0.atOnce)
      }
      for _ in 0..<20 { await Task.yield() }
      state.withLock { $0.atOnce -= 1 }
      switch question {
      case .vms:
        for i in 0..<vms {
          onLine(
            #"{"is":"vm","vcenter":"lab","vm":"vm-\#(i)","vm_name":"n\#(i)","vcenter_uuid":"u","vm_uuid":"i\#(i)","#
              + #""guest_login":"linux","every_seconds":\#(i % 2 == 0 ? 60 : 120),"rules":["r"]}"#)
        }
      case .explain(let vm, _, _):
        if vm.instance == "i1" {
          return ControlClient.Reply(lines: [], isDone: false, status: .unavailable, message: "it is off", notes: [])
        }
        onLine(#"{"is":"vm","vcenter_uuid":"u","vm_uuid":"\#(vm.instance)"}"#)
      }
      return ControlClient.Reply(lines: [], isDone: true, status: .done, message: "", notes: ["vCenter west is down"])
    }

    func talk(rounds: Int = 0) -> ExplainTalk {
      ExplainTalk(
        ask: { question, onLine in .success(await self.answer(question, onLine)) },
        emit: { line in self.state.withLock { $0.emitted.append(line) } },
        wait: { duration in
          self.state.withLock {
            $0.waits.append(duration)
            $0.now += duration.nanoseconds
            return $0.waits.count <= rounds
          }
        },
        now: { Instant(nanoseconds: self.state.withLock { $0.now }) })
    }
  }

  private func order(follow: Bool = false, all: Bool = false) -> ExplainTalk.Order {
    ExplainTalk.Order(filter: VMFilter(), choice: RowChoice(all: all), follow: follow)
  }

  @Test("Every VM once, in order, four at once and where all rows are wanted one; why one cannot be is said")
  func order() async {
    for all in [false, true] {
      let daemon = FakeDaemon(vms: 12)
      let end = await daemon.talk().run(order(all: all))
      #expect(end == ExplainTalk.End(status: .done, notes: ["vCenter west is down"]))
      let (emitted, most) = daemon.state.withLock { ($0.emitted, $0.most) }
      #expect(most <= (all ? 1 : 4))
      #expect(emitted.count == 13)
      for i in 0..<12 where i != 1 { #expect(emitted[i].contains(#""vm_uuid":"i\#(i)""#)) }
      #expect(emitted[1].contains(#""is":"unwatched""#) && emitted[1].contains(#""reason":"it is off""#))
      #expect(emitted[12].contains(#""vms":11,"vms_unwatched":1"#))
    }
  }

  @Test("Followed, each VM is asked about again as often as its rules look at it, until interrupted")
  func follow() async {
    let daemon = FakeDaemon(vms: 4)
    #expect(await daemon.talk(rounds: 3).run(order(follow: true)).status == .done)
    let (asked, waits) = daemon.state.withLock { ($0.asked, $0.waits) }
    #expect(waits == Array(repeating: .seconds(60), count: 4))
    let explained = asked.compactMap { if case .explain(let vm, _, _) = $0 { vm.instance } else { nil } }
    #expect(explained.filter { $0 == "i0" }.count == 4 && explained.filter { $0 == "i3" }.count == 2)
  }

  @Test("Nobody to ask, a refusal, and nothing that can be looked at are no success")
  func ends() async {
    let nobody = ExplainTalk(
      ask: { _, _ in .failure(ControlClient.NoAnswer(description: "no daemon", isListening: false)) }, emit: { _ in },
      wait: { _ in false }, now: { Instant(nanoseconds: 0) })
    #expect(await nobody.run(order()) == ExplainTalk.End(status: .unavailable, message: "no daemon"))
    let refusing = ExplainTalk(
      ask: { _, _ in
        .success(ControlClient.Reply(lines: [], isDone: false, status: .usage, message: "no VM", notes: ["a"]))
      }, emit: { _ in }, wait: { _ in false }, now: { Instant(nanoseconds: 0) })
    #expect(await refusing.run(order()) == ExplainTalk.End(status: .usage, message: "no VM", notes: ["a"]))
    let off = FakeDaemon(vms: 2)
    let end = await ExplainTalk(
      ask: { question, onLine in
        if case .explain = question {
          return .success(
            ControlClient.Reply(lines: [], isDone: false, status: .unavailable, message: "off", notes: []))
        }
        return .success(await off.answer(question, onLine))
      }, emit: { _ in }, wait: { _ in false }, now: { Instant(nanoseconds: 0) }
    ).run(order())
    #expect(end.status == .unavailable)
  }
}

@Suite("Looking through the scheduler") struct ViewAskingTests {
  private func bench(_ said: ViewAnswer?) -> Bench {
    let bench = Bench { event, _ in
      switch event {
      case .asked(.vms(let ask, _)), .asked(.explain(let ask, _, _)): said.map { [.show(ask, $0)] } ?? []
      default: []
      }
    }
    var configuration = Configuration.test
    configuration.rules = [Saved.backup]
    bench.start(bench.link("lab", bench.client("A")), with: configuration)
    return bench
  }

  private func ask(_ bench: Bench, _ question: ViewQuestion) -> [String] {
    let texts = Mutex<[String]>([])
    bench.scheduler.ask(.view(question), by: Enquirer(number: 9, uid: 0)) { answer in
      texts.withLock { $0 += answer.lines(configuration: "/c") }
    }
    bench.executor.drain()
    return texts.withLock { $0 }
  }

  private static var reached: Reach {
    var reach = Reach()
    reach.vms = [
      ReachedVM(
        vm: VMKey(vcenter: "u", instance: "saved"), address: vm42, name: "db-07", login: linux, every: .seconds(60),
        rules: [RuleID("stuck-backup")])
    ]
    return reach
  }
  private let explain = ViewQuestion.explain(VMKey(vcenter: "u", instance: "i"), linux, RowChoice())

  @Test("VMs by name, each with what the second question needs; a rule that is not there is said with the nearest")
  func vms() {
    let bench = bench(.reached(Self.reached))
    let said = ask(bench, .vms(VMFilter(rule: RuleID("stuck-backup"))))
    #expect(said.count == 2 && said[0].contains(#""vm_uuid":"saved","guest_login":"linux","every_seconds":60"#))
    #expect(
      ask(bench, .vms(VMFilter(rule: RuleID("stuck-bakup")))).last?.contains("did you mean 'stuck-backup'?") == true)
  }

  @Test(
    "No VM fits: 64 and the nearest name; where a vCenter is silent it may have one: 69",
    arguments: [
      (VMFilter(vms: try? Glob("db-7")), [], 64, "called db-7; did you mean db-07?"),
      (VMFilter(vms: try? Glob("quite-another")), [], 64, "rules reach db-07, vm-42"),
      (VMFilter(rule: RuleID("stuck-backup")), [], 64, "the scope of rule stuck-backup reaches no VM"),
      (
        VMFilter(), [VCenterTrouble(id: lab, fault: Fault(.unreachable, code: "refused"))], 69,
        "no rule's scope reaches a VM"
      ),
    ])
  func none(filter: VMFilter, silent: [VCenterTrouble], status: Int, says: String) throws {
    var reach = Reach()
    reach.names = ["db-07", "vm-42"]
    reach.silent = silent
    let end = try #require(ask(bench(.reached(reach)), .vms(filter)).last)
    #expect(end.contains("\"exit\":\(status)") && end.contains(says), "\(end)")
    #expect(end.contains("vCenter lab cannot be asked") == !silent.isEmpty)
  }

  @Test(
    "Every reason why not is said, and is no success",
    arguments: [
      ViewAnswer.NoView.unwatched("it is off", nil), .login, .changed("it went away"),
      .failed(Fault(.guestDenied, code: "x")), .tooLate, .stopping,
    ])
  func refusals(why: ViewAnswer.NoView) throws {
    let said = ask(bench(.refused(why)), explain)
    #expect(said.count == 1 && said[0].contains(#""ok":false,"exit":69"#), "\(said)")
  }

  @Test("The explanation, as it was chosen; whoever goes away is withdrawn")
  func explained() throws {
    let said = ask(bench(.explained(try Saved.explanation())), explain)
    #expect(said.count == 9 && said.last?.contains(#""ok":true"#) == true)
    let silent = bench(nil)
    #expect(ask(silent, explain).isEmpty)
    silent.scheduler.leave(Enquirer(number: 9, uid: 0))
    silent.executor.drain()
    #expect(silent.script.heard.all.contains { if case .asked(.withdraw(AskID(9))) = $0 { true } else { false } })
  }

  @Test("Over a link that only looks no terminate leaves, whoever asks for it")
  func looking() async {
    let bench = bench(nil)
    let client = bench.client("B")
    let link = LookingLink(link: bench.link("lab", client))
    let (timing, answer) = await link.terminate(
      moid: "vm-42", login: linux, pid: 77, firstByteBy: .never, firstByteByWall: .max, by: .never)
    if case .notSent = answer {} else { Issue.record("\(answer)") }
    #expect(timing.firstByte == nil && bench.journal.lines("terminate").isEmpty)
  }
}
