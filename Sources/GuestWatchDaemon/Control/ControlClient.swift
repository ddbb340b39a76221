import Glibc
import GuestWatchCore
import VSphere

/// Asks the running daemon, from a command.
public enum ControlClient {
  /// Nobody answered.
  public struct NoAnswer: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence.
    public var description: String
    /// False where no daemon listens at all: nothing was asked of anybody.
    public var isListening = true
  }

  /// What came back.
  public struct Reply: Sendable {
    /// All lines but the last, as they came.
    public var lines: [String]
    public var isDone: Bool
    /// What to exit with.
    public var status: ExitStatus
    /// What was done, or why it was not.
    public var message: String
    public var notes: [String]
  }

  /// Beyond the time in which the daemon answers, or not at all.
  private static let more = Duration.seconds(30)
  /// The status of 40,000 VMs that cannot be watched has some 20 MiB.
  private static let longestAnswer = 256 << 20

  /// Asks at the first of these places where a daemon listens. Blocks.
  ///
  /// - Parameters:
  ///   - onStep: is called with each step that the daemon says on the way.
  ///   - onLine: takes every other line but the last, as it comes; nil: they are kept for the reply.
  public static func ask(
    _ question: Question, at places: [String], onStep: (String) -> Void = { _ in }, onLine: ((String) -> Void)? = nil
  ) throws(NoAnswer) -> Reply {
    let patience = (question.patience + more).wholeSeconds
    var tried: [String] = []
    for place in places {
      let descriptor = localSocket(nonBlocking: false)
      guard descriptor >= 0 else { throw NoAnswer(description: "cannot make a socket: \(reason(errno))") }
      defer { close(descriptor) }
      var limit = timeval(tv_sec: Int(patience), tv_usec: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      switch withSocketAddress(place, { connect(descriptor, $0, $1) }) {
      case 0?: return try exchange(question, descriptor, place, patience, onStep, onLine)
      case nil: tried.append("\(place) (the path is too long for a socket)")
      case .some: tried.append("\(place) (\(reason(errno)))")
      }
    }
    throw NoAnswer(description: "no daemon answers at \(tried.joined(separator: ", nor at "))", isListening: false)
  }

  private static func exchange(
    _ question: Question, _ descriptor: Int32, _ place: String, _ patience: Int64, _ onStep: (String) -> Void,
    _ onLine: ((String) -> Void)?
  ) throws(NoAnswer) -> Reply {
    var left = Array((question.line + "\n").utf8)[...]
    while !left.isEmpty {
      let count = left.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0 && errno != EINTR { break }
      left = left.dropFirst(max(count, 0))
    }
    var came: [UInt8] = []
    var told = 0
    // Of what has come so much was given away.
    var kept = 0
    var piece = [UInt8](repeating: 0, count: 65_536)
    while came.count < longestAnswer {
      let count = read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN {
        throw NoAnswer(description: "the daemon at \(place) did not answer within \(patience) s; see its journal")
      }
      // An error after the last line (it hung up before it had read all) is an end, too.
      if count <= 0 { break }
      came += piece[..<count]
      while let end = came[told...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = came[told..<end]
        if let step = step(line) {
          onStep(step)
        } else if let onLine, !line.starts(with: #"{"is":"end""#.utf8) {
          onLine(String(decoding: line, as: UTF8.self))
          kept = end + 1
        }
        told = end + 1
      }
      came.removeFirst(kept)
      (told, kept) = (told - kept, 0)
    }
    guard let reply = reply(came) else {
      throw NoAnswer(
        description: "the daemon at \(place) hung up before it had answered, so what was asked may or may not be done"
      )
    }
    return reply
  }

  /// What a line says of how far it is; nil: it is another line.
  static func step(_ line: ArraySlice<UInt8>) -> String? {
    // Answers may have a million lines of other sorts.
    guard line.starts(with: #"{"is":"step""#.utf8), let object = try? JSONReader.read(Array(line)) else { return nil }
    return object["message"].string
  }

  /// Reads an answer; nil where its last line is missing or makes no sense.
  static func reply(_ bytes: [UInt8]) -> Reply? {
    var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    guard bytes.last == UInt8(ascii: "\n"), let last = lines.popLast(),
      let end = try? JSONReader.read(Array(last.utf8)),
      end["is"].string == "end", let isDone = end["ok"].bool
    else { return nil }
    let status = end["exit"].int.flatMap { Int32(exactly: $0) }.flatMap { ExitStatus(rawValue: $0) }
    return Reply(
      lines: lines, isDone: isDone, status: isDone ? .done : status ?? .unavailable,
      message: end[isDone ? "message" : "error"].string ?? "",
      notes: (end["notes"].array ?? []).compactMap(\.string))
  }

  private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
