/// A fast hash of 64 bits that is the same on every machine and in every build: for the log of a run, and for secrets.
struct Digest {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
    value ^= value >> 29
  }

  mutating func add(_ number: Int64) { add(UInt64(bitPattern: number)) }
  mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }
  mutating func add(_ flag: Bool) { add(UInt64(flag ? 1 : 0)) }

  /// nil is told from every number but one.
  mutating func add(_ number: Int64?) { add(number ?? 0x5A5A_1234_5A5A_1234) }

  /// Eight bytes at a time.
  mutating func add(_ text: String) {
    var word: UInt64 = 0
    var bytes: UInt64 = 0
    for byte in text.utf8 {
      word = word << 8 | UInt64(byte)
      bytes += 1
      if bytes & 7 == 0 {
        add(word)
        word = 0
      }
    }
    add(word)
    add(bytes)
  }
}
