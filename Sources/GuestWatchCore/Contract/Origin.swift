/// Where a row of the ledger comes from: with what rule and configuration it was decided, and on which command line.
public struct Origin: Hashable, Sendable {
  /// Digest of the rule as it was loaded; nil: not known (a row of an earlier version), or an operator asked.
  public var rule: UInt64?
  /// Digest of the files as they were loaded; nil: not known.
  public var configuration: UInt64?
  /// Keyed digest of the command line, so that equal ones can be told where they may not be written; nil: there is none,
  /// or no key.
  public var command: UInt64?

  public init(rule: UInt64? = nil, configuration: UInt64? = nil, command: UInt64? = nil) {
    self.rule = rule
    self.configuration = configuration
    self.command = command
  }
}

/// Digests of what the operator wrote. The decision does not look at them; they go to the ledger with each kill.
public struct ConfigurationDigests: Hashable, Sendable {
  /// Of all files.
  public var files: UInt64
  /// Of each rule.
  public var rules: [RuleID: UInt64]

  public init(files: UInt64, rules: [RuleID: UInt64]) {
    self.files = files
    self.rules = rules
  }
}

/// The key of the command lines' digests: drawn once for each state directory, kept in its ledger.
public struct CommandKey: Hashable, Sendable {
  public var first: UInt64
  public var second: UInt64

  public init(_ first: UInt64, _ second: UInt64) {
    self.first = first
    self.second = second
  }

  /// SipHash-2-4 of the text's bytes (Aumasson and Bernstein, 2012): without the key nothing can be guessed from it, as it
  /// could be from a plain hash of a short password.
  public func digest(of text: String) -> UInt64 {
    var state = SipState(self)
    var word: UInt64 = 0
    var count: UInt64 = 0
    for byte in text.utf8 {
      word |= UInt64(byte) << (count % 8 * 8)
      count += 1
      if count % 8 == 0 {
        state.absorb(word)
        word = 0
      }
    }
    state.absorb(word | count << 56)
    return state.finish()
  }
}

/// The four words of SipHash.
private struct SipState {
  private var a: UInt64
  private var b: UInt64
  private var c: UInt64
  private var d: UInt64

  init(_ key: CommandKey) {
    // "somepseudorandomlygeneratedbytes", as the authors chose.
    a = key.first ^ 0x736f_6d65_7073_6575
    b = key.second ^ 0x646f_7261_6e64_6f6d
    c = key.first ^ 0x6c79_6765_6e65_7261
    d = key.second ^ 0x7465_6462_7974_6573
  }

  mutating func absorb(_ word: UInt64) {
    d ^= word
    round()
    round()
    a ^= word
  }

  mutating func finish() -> UInt64 {
    c ^= 0xff
    for _ in 0..<4 { round() }
    return a ^ b ^ c ^ d
  }

  private mutating func round() {
    a &+= b
    c &+= d
    b = left(b, 13) ^ a
    d = left(d, 16) ^ c
    a = left(a, 32)
    c &+= b
    a &+= d
    b = left(b, 17) ^ c
    d = left(d, 21) ^ a
    c = left(c, 32)
  }

  private func left(_ word: UInt64, _ by: UInt64) -> UInt64 { word << by | word >> (64 - by) }
}
