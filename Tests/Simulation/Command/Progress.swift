import Glibc

/// How far it is: one line that is written over on a terminal, a line now and then elsewhere.
struct Progress {
  private let total: Int
  private let isWanted: Bool
  private let isTerminal = isatty(2) == 1
  private let started = ContinuousClock.now
  private var next = ContinuousClock.now
  private var isShown = false

  init(total: Int, isWanted: Bool) {
    self.total = total
    self.isWanted = isWanted
    if !isTerminal { next = next + Progress.pause }
  }

  /// Off a terminal: rare enough for a log, often enough to see that it lives.
  private static let pause = Duration.seconds(30)

  mutating func show(done: Int, failed: Int) {
    let now = ContinuousClock.now
    guard isWanted, now >= next else { return }
    next = now + (isTerminal ? .milliseconds(200) : Progress.pause)
    let spent = (now - started).components.seconds
    let left = done > 0 ? spent * Int64(total - done) / Int64(done) : 0
    let text = "\(done)/\(total) seeds, \(spent) s, about \(left) s left, \(failed) failed"
    write(isTerminal ? "\r\u{1B}[K  \(text)" : "  \(text)\n")
    isShown = isTerminal
  }

  /// Takes the line away before something else is written.
  mutating func clear() {
    if isShown { write("\r\u{1B}[K") }
    isShown = false
  }

  private func write(_ text: String) {
    var text = text
    text.withUTF8 { _ = Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
