import GuestWatchCore
import Synchronization
import Testing
import VSphere

@testable import GuestWatchDaemon

/// Answers `find` and `kill` as a daemon would, and keeps what was asked.
private final class Desk: Sendable {
  private let asked = Mutex<[Question]>([])
  private let answers: Mutex<[Result<Answer, ControlClient.NoAnswer>]>
  var questions: [Question] { asked.withLock { $0 } }

  init(_ answers: Result<Answer, ControlClient.NoAnswer>...) { self.answers = Mutex(answers) }

  func ask(_ question: Question) throws(ControlClient.NoAnswer) -> ControlClient.Reply {
    asked.withLock { $0.append(question) }
    let answer = try answers.withLock { $0.removeFirst() }.get()
    let text = answer.lines(configuration: "/c").joined(separator: "\n") + "\n"
    guard let reply = ControlClient.reply(Array(text.utf8)) else {
      throw ControlClient.NoAnswer(description: "no reply in \(text)")
    }
    return reply
  }
}

@Suite("A kill by hand, from the question to the last word") struct KillTalkTests {
  private static let process = Process(
    pid: 4242, started: 1_795_297_145, owner: GuestText("DOM\\bob\u{fffd}", doubtful: true), name: "spin\u{1b}[31m",
    command: "")
  private static let vm = VMKey(vcenter: "u-1", instance: "u-2")
  private static let order = KillTalk.Order(
    wanted: Wanted(vm: "db-07", pid: 4242), why: "it eats\nthe disk", isAgreed: false)

  private func found(gate: Gate? = nil, isStuck: Bool = false, command: GuestText = "") -> Answer {
    var process = Self.process
    process.command = command
    return .found(
      HandAnswer.Found(
        vm: Self.vm, address: VMAddress(vcenter: VCenterID("lab"), moid: "vm-42"), vmName: "db-07",
        login: LoginID("linux"), process: process, gate: gate, isStuck: isStuck))
  }

  private func run(
    _ desk: Desk, agrees: KillTalk.Said = .yes, isAgreed: Bool = false
  ) async throws -> (end: KillTalk.End, shown: [String], asked: Int) {
    let shown = Mutex<[String]>([])
    let asked = Mutex(0)
    let talk = KillTalk(
      ask: { (question) throws(ControlClient.NoAnswer) in try desk.ask(question) },
      show: { line in shown.withLock { $0.append(line) } },
      agrees: {
        asked.withLock { $0 += 1 }
        return agrees
      })
    var order = Self.order
    order.isAgreed = isAgreed
    return (try await talk.run(order), shown.withLock { $0 }, asked.withLock { $0 })
  }

  @Test("What was shown is what is asked for: VM, login, pid, start time and owner, doubts included")
  func identity() async throws {
    let id = KillID(life: 3, number: 1)
    let desk = Desk(.success(found()), .success(.killed(id, outcome: "exited", isDone: true, "killed [kill 3-1]")))
    let (end, shown, asked) = try await run(desk)
    #expect(asked == 1)
    #expect(
      desk.questions == [
        .find(Self.order.wanted),
        .kill(Self.vm, LoginID("linux"), Self.process.identity, why: "it eats\nthe disk"),
      ])
    #expect(end.status == .done && end.message == "killed [kill 3-1]")
    #expect(
      end.json == #"{"kill_id":"3-1","outcome":"exited","error":null,"vcenter":"lab","vm":"vm-42","vm_name":"db-07","#
        + #""pid":4242,"name":"spin\u001b[31m","owner":"DOM\\bob\#u{fffd}","started":"2026-11-21T21:39:05Z","#
        + #""guest_login":"linux","gate":null}"#)
    let text = shown.joined(separator: "\n")
    for part in ["db-07 (vm-42 of vCenter lab)", "(pid 4242)", "2026-11-21T21:39:05Z", "it eats\\nthe disk", "SIGTERM"]
    {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    #expect(!text.unicodeScalars.contains("\u{1b}") && !text.contains("command"))
  }

  @Test("No is no, and --yes asks nobody", arguments: [true, false])
  func agreement(isAgreed: Bool) async throws {
    let id = KillID(life: 3, number: 1)
    let desk = Desk(.success(found()), .success(.killed(id, outcome: "survived", isDone: false, "not killed")))
    let (end, _, asked) = try await run(desk, agrees: .no, isAgreed: isAgreed)
    #expect(asked == (isAgreed ? 0 : 1))
    #expect(desk.questions.count == (isAgreed ? 2 : 1))
    #expect(end.status == .unavailable)
    #expect(end.json.contains(isAgreed ? #""kill_id":"3-1","outcome":"survived""# : #""kill_id":null"#))
  }

  @Test("A gate that is closed is said, and nobody is asked")
  func gate() async throws {
    let desk = Desk(.success(found(gate: .protected, isStuck: true, command: "spin --all")))
    let (end, shown, asked) = try await run(desk, isAgreed: true)
    #expect(asked == 0 && desk.questions.count == 1)
    #expect(end.status == .unavailable && end.message == "not killed: it is protected; nothing was sent")
    #expect(end.json.contains(#""gate":"protected""#))
    #expect(shown.contains { $0.contains("survived three terminates") } && shown.contains { $0.contains("spin --all") })
  }

  @Test("What is refused keeps its status and its notes")
  func refused() async throws {
    let desk = Desk(.success(.refused(.usage, "several VMs", notes: ["lab:vm-1: db-07"])))
    let (end, shown, _) = try await run(desk)
    #expect(end.status == .usage && end.message == "several VMs" && end.notes == ["lab:vm-1: db-07"])
    #expect(
      shown.isEmpty && end.json.hasPrefix(#"{"kill_id":null,"outcome":null,"error":"several VMs","vcenter":null"#))
  }

  @Test("Nobody to ask is told as that; a daemon that is lost after the order leads to the ledger")
  func nobody() async throws {
    let nobody = ControlClient.NoAnswer(description: "no daemon", isListening: false)
    await #expect(throws: nobody) { try await run(Desk(.failure(nobody))) }
    let lost = ControlClient.NoAnswer(description: "it hung up")
    let (end, _, _) = try await run(Desk(.success(found()), .failure(lost)))
    #expect(end.status == .unavailable && end.message.contains("guestwatchd history"))
    // It ended while the operator thought: nobody was asked.
    let desk = Desk(.success(found()), .failure(nobody))
    let (stopped, _, _) = try await run(desk)
    #expect(stopped.message == "not killed: no daemon any more; nothing was sent" && desk.questions.count == 2)
  }

  @Test("A question that nobody answers is a no, and said as what it is")
  func silence() async throws {
    let desk = Desk(.success(found()))
    let (end, _, asked) = try await run(desk, agrees: .nothing)
    #expect(end.status == .unavailable && asked == 1 && desk.questions.count == 1)
    #expect(end.message == "not killed, for nobody answered the question; nothing was sent")
  }
}
