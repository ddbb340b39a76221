import Glibc

/// One run of a program from its start to its end, on a thread that may wait: it is given its time, then told to end, then
/// killed.
struct ProgramRun {
  /// How it came to its end.
  enum End: Hashable {
    case exited(Int32)
    case signalled(Int32)
    /// Somebody else waited for it.
    case unknown
    /// It is still there though it was killed: something in the kernel holds it.
    case stuck
  }

  struct Outcome: Hashable {
    var end: End
    /// What ended it before its time, if anything.
    var cut: Cut?
    /// How its output begins.
    var output: [UInt8]
  }

  enum Cut: Hashable { case timeLimit, givenUp, tooMuchOutput }

  /// What is kept of its output: the first line is shown.
  static let keptOutput = 4096
  /// A program that writes more than this to nobody is not read any longer, and ends by SIGPIPE.
  static let mostOutput = 1 << 20
  /// A process that was killed and is still there after this is left to itself.
  static let deathLimit = Duration.seconds(2)

  let command: [String]
  let environment: [String]
  /// Then it is told to end (SIGTERM) ...
  let limit: Duration
  /// ... and so long after that it is killed, with all of its group.
  let grace: Duration
  /// The same where it is given up before its time.
  let shortGrace: Duration
  /// Readable as soon as it is to be given up.
  let stop: Int32

  /// - Parameter done: is called once, as soon as it is known how it ended; `run` returns when it is reaped.
  func run(_ done: (Result<Outcome, StartedProgram.Failure>) -> Void) {
    let program: StartedProgram
    do {
      program = try StartedProgram.start(command, environment: environment)
    } catch {
      return done(.failure(error))
    }
    var reader = OutputReader(program.output)
    let (cut, hasEnded) = follow(program, &reader)
    reader.drain()
    reader.close()
    // What it left behind in its group: nobody would ever wait for it. Before it is reaped, so that the number is its own.
    program.signalGroup(SIGKILL)
    var outcome = Outcome(end: .stuck, cut: cut ?? (reader.isFull ? .tooMuchOutput : nil), output: reader.kept)
    if !hasEnded { done(.success(outcome)) }
    let status = StartedProgram.reap(program.pid)
    close(program.end)
    guard hasEnded else { return }
    outcome.end = status.map(End.init(status:)) ?? .unknown
    done(.success(outcome))
  }

  /// Waits until it has ended, and reads what it writes meanwhile. False where it does not end at all.
  private func follow(_ program: StartedProgram, _ reader: inout OutputReader) -> (cut: Cut?, hasEnded: Bool) {
    enum Phase { case running, told, killed }
    var phase = Phase.running
    var cut: Cut?
    var isGivenUp = false
    var next = ContinuousClock.now + limit
    while true {
      var ready = [
        pollfd(fd: program.end, events: Int16(POLLIN), revents: 0),
        pollfd(fd: reader.isOpen ? reader.descriptor : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isGivenUp ? -1 : stop, events: Int16(POLLIN), revents: 0),
      ]
      // One more than the whole milliseconds left: never a moment too early, and never in a hurry.
      let left = max(.zero, next - ContinuousClock.now)
      let count = poll(
        &ready, 3, Int32(left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1))
      if count < 0 && errno != EINTR { return (cut, false) }
      if count > 0 {
        if ready[1].revents != 0 { reader.read() }
        if ready[0].revents != 0 { return (cut, true) }
      }
      if count > 0 && ready[2].revents != 0 {
        isGivenUp = true
        // One that was told to end already has less time for it now.
        next = min(next, ContinuousClock.now + (phase == .running ? .zero : shortGrace))
      }
      guard next <= ContinuousClock.now else { continue }
      switch phase {
      case .running:
        phase = .told
        cut = isGivenUp ? .givenUp : .timeLimit
        next = ContinuousClock.now + (isGivenUp ? shortGrace : grace)
        program.signalGroup(SIGTERM)
      case .told:
        phase = .killed
        next = ContinuousClock.now + Self.deathLimit
        program.signalGroup(SIGKILL)
      case .killed:
        return (cut, false)
      }
    }
  }
}

extension ProgramRun.End {
  /// From the status of wait(2).
  init(status: Int32) {
    let signal = status & 0x7f
    self = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
  }
}

/// Reads what a program writes, keeps how it begins, and stops where it is too much.
private struct OutputReader {
  let descriptor: Int32
  private(set) var isOpen = true
  private(set) var isFull = false
  private(set) var kept: [UInt8] = []
  private var count = 0

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// One piece of what is there. False where there is nothing more for now.
  @discardableResult
  mutating func read() -> Bool {
    guard isOpen else { return false }
    var piece = [UInt8](repeating: 0, count: 16_384)
    let length = Glibc.read(descriptor, &piece, piece.count)
    if length < 0 { return errno == EINTR }
    if length == 0 {
      close()
      return false
    }
    kept += piece[..<min(length, ProgramRun.keptOutput - kept.count)]
    count += length
    if count > ProgramRun.mostOutput {
      isFull = true
      close()
    }
    return isOpen
  }

  /// What lies in the pipe when the program has ended. Not to its end: a child that it left may hold it open.
  mutating func drain() { while read() {} }

  mutating func close() {
    if isOpen { _ = Glibc.close(descriptor) }
    isOpen = false
  }
}
