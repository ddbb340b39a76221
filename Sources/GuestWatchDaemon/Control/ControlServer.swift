import Glibc
import GuestWatchCore
import Synchronization

/// Who asks.
public struct Enquirer: Hashable, Sendable {
  /// Counts from 1; each asks one question.
  public var number: UInt64
  /// The user at the other end.
  public var uid: UInt32

  public init(number: UInt64, uid: UInt32) {
    self.number = number
    self.uid = uid
  }
}

/// Listens on the control socket, from a thread of its own: no peer, however slow, holds up anything else, and what is
/// shown is made into text here and not where kills are decided.
final class ControlServer: Sendable {
  /// Who is asked. It calls the closure from anywhere, with any number of steps and once with the end, or never where it
  /// ends before.
  typealias Ask = @Sendable (Question, Enquirer, _ reply: @escaping @Sendable (Answer) -> Void) -> Void
  /// Whoever asked waits no more; the end is owed all the same.
  typealias Gone = @Sendable (Enquirer) -> Void

  /// Connections at once; others wait in the socket's queue. A place is also taken by a question that is not answered,
  /// though its peer has gone: so many wait in the scheduler's mailbox and no more.
  static let mostPeers: Int32 = 8
  /// Kills by hand at once, beside those: slow guests must not keep anybody from `pause` and `status`.
  static let mostHands = 32
  /// Listings that are shown at once, beside those: each may have 16 MiB until it is read.
  static let mostViews = 8

  private struct Inbox {
    var answers: [(peer: UInt64, answer: Answer)] = []
    var ends = false
  }

  private let ask: Ask
  private let gone: Gone
  private let configuration: String
  private let clock: any DaemonClock
  private let inbox = Mutex(Inbox())
  /// Written to when something was put in the inbox; the thread reads the other end. Closed by the thread's end.
  private let bell: Int32
  private let ear: Int32
  private let ended: ThreadEnd

  /// Listens from now on.
  init(
    path: String, link: String?, configuration: String, clock: any DaemonClock, ask: @escaping Ask,
    gone: @escaping Gone = { _ in }
  ) throws(ControlSocket.Unusable) {
    let socket = try ControlSocket(path: path, link: link)
    var ends: [Int32] = [-1, -1]
    let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    guard socketpair(AF_UNIX, Int32(type), 0, &ends) == 0 else {
      throw ControlSocket.Unusable(message: "cannot make a socket: \(String(cString: strerror(errno)))")
    }
    (bell, ear) = (ends[0], ends[1])
    self.ask = ask
    self.gone = gone
    self.configuration = configuration
    self.clock = clock
    ended = ThreadEnd()
    let work = Work(server: self, socket: socket)
    let context = Unmanaged.passRetained(work)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
        return nil
      },
      context.toOpaque())
    guard code == 0 else {
      context.release()
      throw ControlSocket.Unusable(message: "cannot start a thread (error \(code) of pthread_create)")
    }
    pthread_detach(thread)
  }

  deinit {
    close(bell)
    close(ear)
  }

  /// Stops listening, hangs up on all peers and removes the socket. Returns when that is done.
  func stop() {
    inbox.withLock { $0.ends = true }
    ring()
    ended.wait()
  }

  private func ring() {
    var byte: UInt8 = 1
    // Where it is full, it will be heard anyway.
    _ = write(bell, &byte, 1)
  }

  fileprivate func deliver(_ answer: Answer, to peer: UInt64) {
    inbox.withLock { $0.answers.append((peer, answer)) }
    ring()
  }

  /// The thread, and what only it touches.
  private final class Work: Sendable {
    private let server: ControlServer
    private let socket: Mutex<ControlSocket?>

    init(server: ControlServer, socket: consuming sending ControlSocket) {
      self.server = server
      self.socket = Mutex(socket)
    }

    func run() {
      // Signals are for others.
      var all = sigset_t()
      sigfillset(&all)
      pthread_sigmask(SIG_BLOCK, &all, nil)
      // The thread's own for as long as it runs.
      let listener = socket.withLock { $0?.descriptor ?? -1 }
      var table = PeerTable(
        configuration: server.configuration, clock: server.clock,
        ask: { [server] enquirer, question in
          server.ask(question, enquirer) { [weak server] answer in server?.deliver(answer, to: enquirer.number) }
        },
        gone: { [server] in server.gone($0) })
      while true {
        let (answers, ends) = server.inbox.withLock { inbox in
          defer { inbox.answers = [] }
          return (inbox.answers, inbox.ends)
        }
        // A peer that is being answered gets what was said before the end.
        for (peer, answer) in answers { table.answered(peer, answer) }
        if ends { break }
        table.wait(listener: listener, ear: server.ear)
      }
      table.hangUp()
      socket.withLock { $0 = nil }
      server.ended.come()
    }
  }
}

/// The end of a thread that others wait for.
final class ThreadEnd: Sendable {
  private let ends: (Int32, Int32)

  init() {
    var pair: [Int32] = [-1, -1]
    _ = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair)
    ends = (pair[0], pair[1])
  }

  func come() { shutdown(ends.0, Int32(SHUT_RDWR)) }

  func wait() {
    var byte: UInt8 = 0
    while read(ends.1, &byte, 1) < 0, errno == EINTR {}
  }

  deinit {
    close(ends.0)
    close(ends.1)
  }
}
