import GuestWatchCore

/// What happened in a run: a hash over every event, effect and truth, and, where somebody reads them, the last lines.
public struct Trace: Sendable {
  /// Over everything that happened.
  public var hash: UInt64 { digest.value }
  /// How many things happened.
  public private(set) var steps = 0
  private var digest = Digest()
  private var ring: [String] = []
  private var oldest = 0
  private let kept: Int
  /// Print every line as it happens.
  private let isLoud: Bool
  /// Lines are put together: not in a run that nobody reads, which is several times as fast.
  let isRendered: Bool

  init(kept: Int, isLoud: Bool) {
    self.kept = kept
    self.isLoud = isLoud
    isRendered = kept > 0 || isLoud
  }

  /// Takes one step in. `line` is put together only where it is read; `feed` says what of it counts.
  mutating func step(_ at: Int64, _ feed: (inout Digest) -> Void, line: () -> String) {
    steps += 1
    digest.add(at)
    feed(&digest)
    if isRendered { add(Line.time(Instant(nanoseconds: at)) + " " + line()) }
  }

  private mutating func add(_ line: String) {
    if isLoud { print(line) }
    if ring.count < kept {
      ring.append(line)
    } else if kept > 0 {
      ring[oldest] = line
      oldest = (oldest + 1) % kept
    }
  }

  /// The last lines, oldest first.
  public var last: [String] { Array(ring[oldest...] + ring[..<oldest]) }
}
