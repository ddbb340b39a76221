import Glibc
import GuestWatchCore

/// The peers that are connected, and what goes over their sockets. Belongs to one thread.
struct PeerTable {
  private struct Peer {
    var enquirer: Enquirer
    /// -1: it was closed, but its question is not answered yet.
    var descriptor: Int32
    var conversation: Conversation
  }

  let configuration: String
  let clock: any DaemonClock
  let ask: (Enquirer, Question) -> Void
  /// Whoever asked waits no more.
  let gone: (Enquirer) -> Void
  private var peers: [Peer] = []
  private var last: UInt64 = 0
  /// Nobody is let in before: descriptors or memory ran out, and whoever waits in the queue would be tried again at once.
  private var rests: Instant?
  private static let rest = Duration.seconds(1)

  init(
    configuration: String, clock: any DaemonClock, ask: @escaping (Enquirer, Question) -> Void,
    gone: @escaping (Enquirer) -> Void
  ) {
    self.configuration = configuration
    self.clock = clock
    self.ask = ask
    self.gone = gone
  }

  private var now: Instant { clock.now().continuous }

  /// Waits until something happens on any of the sockets, and serves it.
  mutating func wait(listener: Int32, ear: Int32) {
    var polled = [pollfd(fd: ear, events: Int16(POLLIN), revents: 0)]
    if let until = rests, until <= now { rests = nil }
    let hasRoom = peers.count { !$0.conversation.waitsForGuest } < ControlServer.mostPeers && rests == nil
    polled.append(pollfd(fd: hasRoom ? listener : -1, events: Int16(POLLIN), revents: 0))
    for peer in peers {
      let events: Int32 =
        switch peer.conversation.part {
        case .reading: POLLIN
        case .writing: POLLOUT
        // Its going away is told without being asked for.
        case .waiting: peer.conversation.left.isEmpty ? 0 : POLLOUT
        case .over: 0
        }
      polled.append(pollfd(fd: peer.descriptor, events: Int16(events), revents: 0))
    }
    let due = (peers.filter { $0.descriptor >= 0 }.map(\.conversation.by) + [rests].compactMap { $0 }).min()
    // Rounded up: a deadline may be a moment late, never so early that this would go round and round.
    let patience = due.map { Int32(clamping: max(($0 - now).nanoseconds, 0) / 1_000_000 + 1) } ?? -1
    guard poll(&polled, nfds_t(polled.count), patience) >= 0 else { return }

    if polled[0].revents != 0 { Self.drain(ear) }
    for (place, peer) in zip(polled[2...], peers.indices) where place.revents != 0 && place.fd >= 0 {
      serve(peer, Int32(place.revents))
    }
    if polled[1].revents != 0 { accept(from: listener) }
    let late = now
    for i in peers.indices { peers[i].conversation.timeCame(late) }
    sweep()
  }

  private static func drain(_ ear: Int32) {
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(ear, &bytes, bytes.count) > 0 {}
  }

  private mutating func accept(from listener: Int32) {
    let descriptor = Glibc.accept(listener, nil, nil)
    guard descriptor >= 0 else {
      if errno != EAGAIN && errno != EINTR && errno != ECONNABORTED { rests = now + Self.rest }
      return
    }
    guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
      close(descriptor)
      return
    }
    last += 1
    let uid = Self.uid(of: descriptor)
    var peer = Peer(
      enquirer: Enquirer(number: last, uid: uid ?? .max), descriptor: descriptor, conversation: Conversation(now: now))
    // Root and the daemon's own user, whoever could open the socket.
    if uid != 0 && uid != geteuid() {
      let refusal = Answer.refused(.unavailable, "only root and the user that the service runs as may ask the daemon")
      peer.conversation.refuse(bytes(refusal), now: now)
    }
    peers.append(peer)
  }

  /// The user at the other end, as the kernel knows it.
  private static func uid(of descriptor: Int32) -> UInt32? {
    // struct ucred: pid, uid, gid. (Swift's Glibc module does not have it.)
    var credentials: [UInt32] = [0, 0, 0]
    var size = socklen_t(12)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, size == 12 else { return nil }
    return credentials[1]
  }

  private mutating func serve(_ i: Int, _ events: Int32) {
    switch peers[i].conversation.part {
    case .reading: receive(i)
    case .writing: send(i)
    case .waiting: if events & (POLLERR | POLLHUP | POLLNVAL) != 0 { peers[i].conversation.lost() } else { send(i) }
    case .over: break
    }
  }

  private mutating func receive(_ i: Int) {
    var piece = [UInt8](repeating: 0, count: 4096)
    let count = read(peers[i].descriptor, &piece, piece.count)
    guard count >= 0 else {
      if errno != EAGAIN && errno != EINTR { peers[i].conversation.lost() }
      return
    }
    let refusing = { [self] (mistake: Question.Mistake) in bytes(Answer.refused(.usage, mistake.message)) }
    switch peers[i].conversation.received(piece[..<count], now: now, refusing: refusing) {
    case .nothing: break
    case .asked(let question):
      let alike = peers.count { $0.conversation.waitsForGuest && $0.conversation.isView == question.isView }
      let most = question.isView ? ControlServer.mostViews : ControlServer.mostHands
      guard !question.waitsForGuest || alike <= most else {
        let refusal =
          question.isView
          ? "\(most) questions about VMs are being answered, and no more are at once; ask again"
          : "\(most) kills by hand are under way, and no more are at once; nothing was sent"
        return peers[i].conversation.answered(bytes(.refused(.unavailable, refusal)), now: now)
      }
      ask(peers[i].enquirer, question)
    }
  }

  private mutating func send(_ i: Int) {
    let count = peers[i].conversation.left.withUnsafeBytes {
      Glibc.send(peers[i].descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    if count >= 0 {
      peers[i].conversation.sent(count)
    } else if errno != EAGAIN && errno != EINTR {
      peers[i].conversation.lost()
    }
  }

  /// The scheduler has answered.
  mutating func answered(_ number: UInt64, _ answer: Answer) {
    guard let i = peers.firstIndex(where: { $0.enquirer.number == number }) else { return }
    if case .step = answer { return peers[i].conversation.progressed(bytes(answer)) }
    let pieces = answer.pieces(configuration: configuration)
    let next: () -> [UInt8]? = {
      while let lines = pieces.next() { if !lines.isEmpty { return Self.bytes(lines) } }
      return nil
    }
    peers[i].conversation.answered((peers[i].descriptor >= 0 ? next() : nil) ?? [], more: next, now: now)
    sweep()
  }

  private func bytes(_ answer: Answer) -> [UInt8] { Self.bytes(answer.lines(configuration: configuration)) }

  private static func bytes(_ lines: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for line in lines {
      bytes += line.utf8
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  /// Closes what is over; a place is free when its question is answered, too.
  private mutating func sweep() {
    for i in peers.indices where peers[i].conversation.part == .over && peers[i].descriptor >= 0 {
      close(peers[i].descriptor)
      peers[i].descriptor = -1
      if peers[i].conversation.isOwed { gone(peers[i].enquirer) }
    }
    peers.removeAll { $0.descriptor < 0 && !$0.conversation.isOwed }
  }

  /// The end: what fits into the sockets' buffers still leaves.
  mutating func hangUp() {
    for i in peers.indices where peers[i].descriptor >= 0 {
      if peers[i].conversation.part == .writing { send(i) }
      close(peers[i].descriptor)
    }
    peers = []
  }
}
