import Glibc
import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

/// A client's end of the socket, byte by byte.
private final class Peer {
  let descriptor: Int32

  init(_ path: String) throws {
    descriptor = localSocket(nonBlocking: false)
    let end = descriptor
    let connected = withSocketAddress(path) { connect(end, $0, $1) }
    try #require(connected == 0, "connect: \(errno)")
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  func say(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
  }

  /// All that comes until it hangs up.
  func hear() -> String {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &piece, piece.count), count > 0 { all += piece[..<count] }
    return String(decoding: all, as: UTF8.self)
  }

  deinit { close(descriptor) }
}

/// Keeps questions until the test answers them.
private final class Desk: Sendable {
  private let waiting = Mutex<[(Question, @Sendable (Answer) -> Void)]>([])
  private let came = Mutex<Int>(0)
  private let bell = ThreadEnd()
  let wanted: Int

  init(wanted: Int = 1) { self.wanted = wanted }

  var ask: ControlServer.Ask {
    { [self] question, _, reply in
      let count = waiting.withLock { waiting in
        waiting.append((question, reply))
        return waiting.count
      }
      if count == wanted { bell.come() }
    }
  }

  /// Waits until as many came as are wanted.
  func questions() -> [Question] {
    bell.wait()
    return waiting.withLock { $0.map(\.0) }
  }

  func answer(_ place: Int, _ text: String) {
    waiting.withLock { $0[place].1 }(.done(text))
  }
}

@Suite("The control socket") struct ControlServerTests {
  private let folder: Folder
  private var path: String { "\(folder.path)/control" }
  private var link: String { "\(folder.path)/link" }

  init() throws { folder = try Folder() }

  private func server(_ ask: @escaping ControlServer.Ask) throws -> ControlServer {
    try ControlServer(path: path, link: link, configuration: "/c", clock: SystemClock(), ask: ask)
  }

  private func mode(_ path: String) -> mode_t? {
    var found = stat()
    return lstat(path, &found) == 0 ? found.st_mode : nil
  }

  @Test("A question is answered, over the link too; the socket is its owner's alone and goes with the server")
  func answers() throws {
    let server = try server { question, _, reply in reply(.done("\(question)")) }
    #expect(mode(path) == S_IFSOCK | 0o600)
    for place in [path, link] {
      #expect(try ControlClient.ask(.reload, at: ["\(folder.path)/none", place]).message == "reload")
    }
    server.stop()
    #expect(mode(path) == nil && mode(link) == nil)
    #expect { try ControlClient.ask(.reload, at: [path]) } throws: { error in
      "\(error)" == "no daemon answers at \(path) (No such file or directory)"
    }
  }

  @Test("Peers that say nothing, half a line or go away hold up nobody, and no more than their share is asked")
  func idlePeers() throws {
    let desk = Desk(wanted: 2)
    let server = try server(desk.ask)
    let silent = try Peer(path)
    let half = try Peer(path)
    half.say("{\"ask\":")
    let first = try Peer(path)
    first.say("{\"ask\":\"status\"}\n{\"ask\":\"reload\"}\n")
    let second = try Peer(path)
    second.say("{\"ask\":\"reload\"}\n")
    #expect(Set(desk.questions()) == [.status, .reload])
    let place = desk.questions().firstIndex(of: .reload) ?? 0
    desk.answer(place, "second")
    #expect(second.hear().contains("\"message\":\"second\""))
    let wrong = try Peer(path)
    wrong.say("hello\n")
    #expect(wrong.hear().contains("\"exit\":64"))
    server.stop()
    for peer in [silent, half, first] { #expect(peer.hear() == "") }
    // It has ended: this goes nowhere.
    desk.answer(1 - place, "first")
  }

  @Test("With all places taken others wait, and come in when one is free")
  func full() throws {
    let most = Int(ControlServer.mostPeers)
    let desk = Desk(wanted: most)
    let server = try server(desk.ask)
    var peers: [Peer] = []
    for _ in 0..<most {
      let peer = try Peer(path)
      peer.say("{\"ask\":\"status\"}\n")
      peers.append(peer)
    }
    #expect(desk.questions().count == most)
    let next = try Peer(path)
    next.say("{\"ask\":\"nothing\"}\n")
    // All hang up, and still their questions wait in a mailbox: no more are let in.
    peers = []
    desk.answer(3, "")
    #expect(next.hear().contains("\"exit\":64"))
    server.stop()
  }

  /// As many peers as have a place, and one more.
  private func crowd(_ most: Int, asking question: Question) throws -> (peers: [Peer], tooMany: Peer) {
    var peers: [Peer] = []
    for _ in 0...most {
      let peer = try Peer(path)
      peer.say(question.line + "\n")
      peers.append(peer)
    }
    let last = peers.removeLast()
    return (peers, last)
  }

  @Test("However many kills by hand wait for slow guests, a pause gets through; beyond a limit kills are refused")
  func slowGuests() throws {
    let most = ControlServer.mostHands
    let desk = Desk(wanted: most + 1)
    let server = try server(desk.ask)
    let find = Question.find(Wanted(vm: "db-07", pid: 500))
    let (peers, tooMany) = try crowd(most, asking: find)
    defer { withExtendedLifetime(peers) {} }
    #expect(tooMany.hear().contains("\(most) kills by hand are under way"))
    let pause = try Peer(path)
    pause.say("{\"ask\":\"pause\"}\n")
    let questions = desk.questions()
    #expect(questions.count { $0 == find } == most)
    let place = try #require(questions.firstIndex { $0 != find })
    desk.answer(place, "paused")
    #expect(pause.hear().contains("\"message\":\"paused\""))
    server.stop()
  }

  @Test("However many listings are waited for, kills by hand get through; beyond a limit no more are shown")
  func manyViews() throws {
    let most = ControlServer.mostViews
    let desk = Desk(wanted: most + 1)
    let server = try server(desk.ask)
    let view = Question.view(.explain(VMKey(vcenter: "a", instance: "b"), linux, RowChoice()))
    let (peers, tooMany) = try crowd(most, asking: view)
    defer { withExtendedLifetime(peers) {} }
    #expect(tooMany.hear().contains("\(most) questions about VMs are being answered"))
    let find = try Peer(path)
    find.say(Question.find(Wanted(vm: "db-07", pid: 500)).line + "\n")
    let questions = desk.questions()
    #expect(questions.count { $0 == view } == most)
    let place = try #require(questions.firstIndex { $0 != view })
    desk.answer(place, "found")
    #expect(find.hear().contains("\"message\":\"found\""))
    server.stop()
  }

  @Test("An explanation arrives whole, however many rows it has")
  func explained() throws {
    let rows = (0..<3_000).map { Saved.process(Int64($0) + 10, "bkagent", "backup") }
    let explanation = try Saved.explanation(rows: rows)
    let server = try server { _, _, reply in reply(.explained(explanation, RowChoice(all: true))) }
    let lines = Held()
    let question = Question.view(.explain(explanation.vm, linux, RowChoice(all: true)))
    let reply = try ControlClient.ask(question, at: [path], onLine: { lines.append($0) })
    #expect(reply.isDone && reply.lines.isEmpty)
    #expect(lines.all == Array(ExplainedLines(explanation, RowChoice(all: true)).joined()))
    server.stop()
  }

  @Test("An answer larger than the socket's buffer arrives whole")
  func large() throws {
    let text = String(repeating: "x", count: 3_000_000)
    let server = try server { _, _, reply in reply(.done(text)) }
    #expect(try ControlClient.ask(.status, at: [path]).message == text)
    server.stop()
  }

  @Test("A socket that a dead daemon left is replaced; one that is listened on, and what is no socket, is left alone")
  func stale() throws {
    let left = localSocket(nonBlocking: false)
    _ = withSocketAddress(path) { bind(left, $0, $1) }
    close(left)
    try folder.write("link", "an operator's own")
    let first = try server { _, _, reply in reply(.done("first")) }
    #expect(throws: ControlSocket.Unusable.self) { try server { _, _, _ in } }
    #expect(try ControlClient.ask(.status, at: [path]).message == "first")
    // What somebody put in its place is not ours to remove.
    #expect(unlink(path) == 0)
    try folder.write("control", "not a socket")
    first.stop()
    #expect(mode(path) == S_IFREG | 0o600 && mode(link) == S_IFREG | 0o600)
    #expect {
      try server { _, _, _ in }
    } throws: { error in
      (error as? ControlSocket.Unusable)?.message == "\(path) is no socket; move it away"
    }
  }

  @Test("Where it is: the first runtime directory, else the state directory; a path too long is said")
  func places() throws {
    #expect(ControlAddress.ofDaemon(state: "/s", runtime: "/r:/q") == "/r/control")
    #expect(ControlAddress.ofDaemon(state: "/s/", runtime: nil) == "/s/control")
    #expect(ControlAddress.ofDaemon(state: "/s", runtime: "") == "/s/control")
    #expect(
      ControlAddress.ofCommand(state: "/s", runtime: nil, usual: true) == ["/s/control", "/run/guestwatchd/control"])
    #expect(ControlAddress.ofCommand(state: "/s", runtime: "/r", usual: false) == ["/r/control", "/s/control"])
    let long = "/" + String(repeating: "x", count: 107)
    #expect(throws: ControlSocket.Unusable.self) { _ = try ControlSocket(path: long, link: nil) }
    #expect(throws: ControlClient.NoAnswer.self) { try ControlClient.ask(.status, at: [long]) }
  }

  @Test(
    "Steps come as they are said; a peer that goes away before the end is told to whoever answers, and frees its place")
  func stepsAndLeaving() throws {
    let kill = Question.kill(
      VMKey(vcenter: "a", instance: "b"), LoginID("c"), Identity(pid: 5, started: 1, owner: "d"), why: "e")
    let server = try server { _, enquirer, reply in
      #expect(enquirer.uid == geteuid())
      reply(.step("one"))
      reply(.step("two"))
      reply(.done("end"))
    }
    let steps = Mutex<[String]>([])
    let reply = try ControlClient.ask(kill, at: [path]) { step in steps.withLock { $0.append(step) } }
    #expect(reply.message == "end" && steps.withLock { $0 } == ["one", "two"])
    server.stop()

    let left = ThreadEnd()
    let desk = Desk()
    let second = try ControlServer(
      path: path, link: link, configuration: "/c", clock: SystemClock(), ask: desk.ask, gone: { _ in left.come() })
    do {
      let peer = try Peer(path)
      peer.say(kill.line + "\n")
      #expect(desk.questions() == [kill])
    }
    left.wait()
    desk.answer(0, "nobody")
    second.stop()
  }
}
