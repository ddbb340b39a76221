import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

@Suite("A kill by hand through the scheduler") struct HandAskingTests {
  private static let identity = Identity(pid: 4242, started: 7, owner: "bob")
  private static let vm = VMKey(vcenter: "u-1", instance: "u-2")

  /// A decision that answers each question with these.
  private func bench(_ said: [HandAnswer]) -> Bench {
    let bench = Bench { event, _ in
      switch event {
      case .asked(.find(let ask, _)), .asked(.kill(let ask, _)): return said.map { .answer(ask, $0) }
      default: return []
      }
    }
    bench.start(bench.link("lab", bench.client("A")))
    return bench
  }

  private func ask(_ bench: Bench, _ question: Question, uid: UInt32 = 1000) -> [String] {
    let texts = Mutex<[String]>([])
    bench.scheduler.ask(question, by: Enquirer(number: 9, uid: uid)) { answer in
      texts.withLock { $0.append(answer.lines(configuration: "/c").joined(separator: "|")) }
    }
    bench.executor.drain()
    return texts.withLock { $0 }
  }

  @Test("The order carries the peer's user id and words; steps come as they are, then the end")
  func order() throws {
    let id = KillID(life: 3, number: 1)
    let bench = bench([
      .step(.confirming(.seconds(5))), .step(.recording(id)), .step(.terminating(id)), .step(.verifying(id)),
      .closed(id, .exited, nil),
    ])
    let said = ask(bench, .kill(Self.vm, LoginID("linux"), Self.identity, why: "it eats the disk"))
    let orders = bench.script.heard.all.compactMap { event -> KillOrder? in
      if case .asked(.kill(AskID(9), let order)) = event { order } else { nil }
    }
    #expect(
      orders == [
        KillOrder(
          vm: Self.vm, login: LoginID("linux"), identity: Self.identity,
          demand: Demand(uid: 1000, why: "it eats the disk"))
      ])
    #expect(said.count == 5)
    for step in said.dropLast() { #expect(step.hasPrefix(#"{"is":"step","message":"#)) }
    #expect(
      said.last == #"{"is":"kill","kill_id":"3-1","outcome":"exited"}|"#
        + #"{"is":"end","ok":true,"message":"killed: it was told to end and exited [kill 3-1]","notes":[]}"#)
  }

  @Test(
    "Every other end says why, and does not exit with 0",
    arguments: Outcome.allCases.filter { $0 != .exited }.map { HandAnswer.closed(KillID(life: 3, number: 1), $0, nil) }
      + [
        .open(KillID(life: 3, number: 1)), .refused(.unknownVM(unheard: [])), .refused(.unknownVM(unheard: [lab])),
        .refused(.ambiguousVM([VMName(address: vm42, name: "db-07")], unheard: [lab])),
        .refused(.unwatched("it is a template", nil)), .refused(.loginNeeded([linux])),
        .refused(.loginElsewhere(LoginID("root"), [linux])), .refused(.gone),
        .refused(.another(Process(pid: 5, started: 1, owner: "eve", name: "other", command: ""))),
        .refused(.gate(.paused)), .refused(.failed(Fault(.guestDenied, code: "x"))),
        .refused(.changed("the VM began a new life")), .refused(.busy), .refused(.notRecorded("disk full")),
        .refused(.tooLate),
      ])
  func ends(answer: HandAnswer) throws {
    let said = ask(bench([answer]), .kill(Self.vm, LoginID("linux"), Self.identity, why: "why"))
    #expect(said.count == 1)
    let reply = try #require(
      ControlClient.reply(Array((said[0].split(separator: "|").joined(separator: "\n") + "\n").utf8)))
    #expect(!reply.isDone && [.usage, .unavailable, .stateUnusable].contains(reply.status) && !reply.message.isEmpty)
  }

  @Test("Whoever goes away is withdrawn once, and what is said later reaches nobody")
  func gone() {
    let bench = bench([])
    #expect(ask(bench, .find(Wanted(vm: "db-07", pid: 4242))).isEmpty)
    for _ in 0..<2 {
      bench.scheduler.leave(Enquirer(number: 9, uid: 1000))
      bench.executor.drain()
    }
    let withdrawn = bench.script.heard.all.count { event in
      if case .asked(.withdraw(AskID(9))) = event { true } else { false }
    }
    #expect(withdrawn == 1)
  }
}
