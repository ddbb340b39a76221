/// SplitMix64 (public domain, Vigna): the same draws in every run of one seed.
struct Dice {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 to `count - 1`.
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  /// True so many times in a hundred.
  mutating func percent(_ share: Int) -> Bool { below(100) < share }

  /// From one to the other, in odd nanoseconds: two draws are practically never equal, so nothing depends on ties.
  mutating func duration(_ from: Duration, _ to: Duration) -> Duration {
    let span = UInt64((to - from) / .nanoseconds(1))
    return from + .nanoseconds(Int64(next() % span) | 1)
  }
}
