import GuestWatchCore
import Testing

@testable import GuestWatchDaemon

@Suite("A peer of the control socket costs a place for a bounded time") struct ConversationTests {
  private let start = Instant(nanoseconds: 0)
  private func refusal(_ mistake: Question.Mistake) -> [UInt8] { Array("refused: \(mistake.message)\n".utf8) }
  private func after(_ duration: Duration) -> Instant { start + duration }

  @Test("A question that comes byte by byte is asked once, and its answer leaves in pieces")
  func whole() {
    var peer = Conversation(now: start)
    for byte in Array(Question.status.line.utf8) {
      #expect(peer.received([byte][...], now: start, refusing: refusal) == .nothing)
    }
    #expect(
      peer.received(Array("\n{\"ask\":\"reload\"}\n".utf8)[...], now: start, refusing: refusal) == .asked(.status))
    #expect(peer.part == .waiting && peer.isOwed)
    #expect(peer.received(Array("{}\n".utf8)[...], now: start, refusing: refusal) == .nothing)
    peer.answered(Array("abc".utf8), now: after(.seconds(1)))
    #expect(peer.part == .writing && !peer.isOwed)
    peer.sent(2)
    #expect(Array(peer.left) == [UInt8(ascii: "c")])
    peer.sent(1)
    #expect(peer.part == .over)
  }

  @Test("What is said on the way leaves before the answer does; who does not read it costs no more for that")
  func progress() {
    var peer = Conversation(now: start)
    let kill = Question.kill(
      VMKey(vcenter: "a", instance: "b"), LoginID("c"), Identity(pid: 5, started: 1, owner: "d"), why: "e")
    #expect(
      peer.received(Array((kill.line + "\n").utf8)[...], now: start, refusing: refusal) == .asked(kill))
    peer.progressed(Array("one\n".utf8))
    peer.sent(4)
    #expect(peer.part == .waiting && peer.isOwed && peer.left.isEmpty)
    for _ in 0..<10_000 { peer.progressed(Array("two\n".utf8)) }
    #expect(peer.left.count <= Conversation.mostProgress + 4)
    let waiting = peer.left.count
    peer.answered(Array("end\n".utf8), now: after(.seconds(100)))
    #expect(peer.part == .writing && peer.left.count == waiting + 4 && !peer.isOwed)
    peer.progressed(Array("late\n".utf8))
    peer.sent(waiting + 4)
    #expect(peer.part == .over)
  }

  @Test("A kill by hand is waited for as long as its looks and its terminate may take", arguments: [true, false])
  func patience(isKill: Bool) {
    var peer = Conversation(now: start)
    let kill = Question.kill(
      VMKey(vcenter: "a", instance: "b"), LoginID("c"), Identity(pid: 5, started: 1, owner: "d"), why: "e")
    let question = isKill ? kill : .find(Wanted(vm: "a", pid: 5))
    _ = peer.received(Array((question.line + "\n").utf8)[...], now: start, refusing: refusal)
    peer.timeCame(after(.seconds(199)))
    #expect(peer.part == .waiting)
    peer.timeCame(after(.seconds(260)))
    #expect(peer.part == .over && peer.isOwed)
  }

  @Test(
    "Nothing, half a line and no reading end by themselves; a question goes on being owed", arguments: [0, 1, 2, 3])
  func limits(kind: Int) {
    var peer = Conversation(now: start)
    if kind == 1 { _ = peer.received(Array("{\"ask\"".utf8)[...], now: after(.seconds(4)), refusing: refusal) }
    if kind >= 2 { _ = peer.received(Array("{\"ask\":\"status\"}\n".utf8)[...], now: start, refusing: refusal) }
    if kind == 3 { peer.answered([1, 2, 3], now: after(.seconds(1))) }
    let end: Duration = [0: .seconds(5), 1: .seconds(5), 2: .seconds(60), 3: .seconds(31)][kind] ?? .zero
    peer.timeCame(after(end - .nanoseconds(1)))
    #expect(peer.part != .over)
    #expect(peer.by == after(end))
    peer.timeCame(after(end))
    #expect(peer.part == .over)
    #expect(peer.isOwed == (kind == 2))
  }

  @Test("Too much is refused when it is too much, wherever the line ends", arguments: [true, false])
  func tooLong(ends: Bool) {
    var peer = Conversation(now: start)
    let line = Array(repeating: UInt8(ascii: " "), count: Conversation.longestLine) + (ends ? [32, 10] : [32])
    #expect(peer.received(line[...], now: start, refusing: refusal) == .nothing)
    #expect(peer.part == .writing)
    #expect(String(decoding: peer.left, as: UTF8.self).hasPrefix("refused: a question is no longer than"))
  }

  @Test("A mistake is answered, a peer that hangs up before its line ends is not")
  func mistakes() {
    var peer = Conversation(now: start)
    #expect(peer.received(Array("hello\n".utf8)[...], now: start, refusing: refusal) == .nothing)
    #expect(String(decoding: peer.left, as: UTF8.self).hasPrefix("refused: a question is one JSON object"))
    var gone = Conversation(now: start)
    _ = gone.received(Array("{".utf8)[...], now: start, refusing: refusal)
    #expect(gone.received([], now: start, refusing: refusal) == .nothing)
    #expect(gone.part == .over)
  }

  @Test("A long answer is made as it leaves; a peer that goes away, or does not read, ends that")
  func pieces() {
    for ending in 0...2 {
      var peer = Conversation(now: start)
      _ = peer.received(Array("{\"ask\":\"status\"}\n".utf8)[...], now: start, refusing: refusal)
      var made = 0
      let more: () -> [UInt8]? = {
        made += 1
        return made <= 3 ? Array("piece \(made)\n".utf8) : nil
      }
      peer.answered(Array("first\n".utf8), more: more, now: start)
      #expect(made == 0)
      peer.sent(3)
      #expect(made == 0 && peer.left.count == 3)
      peer.sent(3)
      #expect(made == 1 && Array(peer.left) == Array("piece 1\n".utf8))
      switch ending {
      case 0: peer.lost()
      case 1: peer.timeCame(after(.seconds(30)))
      default: while peer.part == .writing { peer.sent(peer.left.count) }
      }
      #expect(peer.part == .over && made == (ending == 2 ? 4 : 1))
      peer.sent(0)
      #expect(made == (ending == 2 ? 4 : 1))
    }
  }

  @Test("An answer that comes when the peer has gone goes nowhere")
  func late() {
    var peer = Conversation(now: start)
    _ = peer.received(Array("{\"ask\":\"status\"}\n".utf8)[...], now: start, refusing: refusal)
    peer.lost()
    #expect(peer.part == .over && peer.isOwed)
    peer.answered([1], now: start)
    #expect(peer.part == .over && !peer.isOwed && peer.left.isEmpty)
  }
}
