import GuestWatchCore

/// One peer of the control socket, from its first byte to our last: a question, an answer, the end. Pure.
///
/// Each part has its limits, so that a peer that sends nothing, half a line or too much, or that does not read, costs a
/// place for a bounded time and nothing else.
struct Conversation {
  enum Part: Hashable {
    /// The question comes in.
    case reading
    /// The scheduler has it.
    case waiting
    /// The answer goes out.
    case writing
    case over
  }

  /// What to do after bytes have come.
  enum Came: Hashable {
    /// Nothing yet, or the answer can be written.
    case nothing
    case asked(Question)
  }

  /// A question has some names in it, or an owner and a reason of 4 KiB each, all of it escaped.
  static let longestLine = 65_536
  /// A peer that has something to ask asks at once.
  static let readingLimit = Duration.seconds(5)
  /// For the whole answer. A pager that stands still is the client's: it reads all before it shows any.
  static let writingLimit = Duration.seconds(30)
  /// What was said on the way and not read yet.
  static let mostProgress = 16_384

  private(set) var part = Part.reading
  private(set) var by: Instant
  private var came: [UInt8] = []
  private(set) var left: ArraySlice<UInt8> = []
  /// What comes behind that, made when there is room for it; nil: no more. Each has a byte at least.
  private var more: (() -> [UInt8]?)?
  /// The scheduler has the question and has not answered it.
  private(set) var isOwed = false
  /// Its question is about a process in a guest, and takes as long as that guest does.
  private(set) var waitsForGuest = false
  private(set) var isView = false

  init(now: Instant) { by = now + Self.readingLimit }

  /// The peer may not ask.
  mutating func refuse(_ answer: [UInt8], now: Instant) { write(answer, now) }

  /// Bytes have come; none: the peer will send no more.
  mutating func received(_ bytes: ArraySlice<UInt8>, now: Instant, refusing: (Question.Mistake) -> [UInt8]) -> Came {
    guard part == .reading else { return .nothing }
    came += bytes
    guard let end = came.firstIndex(of: UInt8(ascii: "\n")), end <= Self.longestLine else {
      if came.count > Self.longestLine {
        write(refusing(Question.Mistake(message: "a question is no longer than \(Self.longestLine) bytes")), now)
      } else if bytes.isEmpty {
        part = .over
      }
      return .nothing
    }
    do throws(Question.Mistake) {
      let question = try Question.read(Array(came[..<end]))
      came = []
      part = .waiting
      by = now + question.patience
      isOwed = true
      waitsForGuest = question.waitsForGuest
      isView = question.isView
      return .asked(question)
    } catch {
      write(refusing(error), now)
      return .nothing
    }
  }

  /// The scheduler says how far it is.
  mutating func progressed(_ bytes: [UInt8]) {
    // Who does not read what is said on the way is not told more of it: the end is what counts.
    if part == .waiting, left.count < Self.mostProgress { left += bytes }
  }

  /// The scheduler has answered.
  ///
  /// - Parameter more: what comes behind these bytes; an answer may be longer than what should be held at once.
  mutating func answered(_ bytes: [UInt8], more: (() -> [UInt8]?)? = nil, now: Instant) {
    isOwed = false
    guard part == .waiting else { return }
    self.more = more
    write(bytes, now)
  }

  /// So many bytes have left.
  mutating func sent(_ count: Int) {
    left = left.dropFirst(count)
    guard left.isEmpty, part == .writing else { return }
    if let next = more?() { left = next[...] } else { end() }
  }

  /// The peer went away, or its descriptor fails.
  mutating func lost() { end() }

  /// Ends what takes too long.
  mutating func timeCame(_ now: Instant) { if by <= now { end() } }

  private mutating func end() {
    part = .over
    more = nil
  }

  private mutating func write(_ bytes: [UInt8], _ now: Instant) {
    came = []
    left += bytes
    part = .writing
    by = now + Self.writingLimit
  }
}
