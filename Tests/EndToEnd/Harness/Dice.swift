/// SplitMix64 (public domain, Vigna): the same throws in every run of one seed.
struct Dice: Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// 0 up to 1, without 1.
  mutating func roll() -> Double { Double(next() >> 11) / Double(UInt64(1) << 53) }

  /// One of a range, all alike.
  mutating func roll(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(roll() * Double(range.count))
  }

  /// True that often.
  mutating func chance(_ share: Double) -> Bool { roll() < share }

  /// One of these, all alike; there must be one.
  mutating func pick<Value>(_ values: [Value]) -> Value { values[roll(0...(values.count - 1))] }

  /// Dice of its own for a part that throws more or less often than it did before.
  mutating func split() -> Dice { Dice(seed: next()) }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
