/// Numbers that look random and are the same for the same seed, on every machine.
struct Draws {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  /// SplitMix64.
  private mutating func word() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0 up to `bound`, without it.
  mutating func below(_ bound: Int) -> Int { Int(word() % UInt64(bound)) }

  mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

  mutating func one<Element>(of all: [Element]) -> Element { all[below(all.count)] }

  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: word()) }

  mutating func shuffled<Element>(_ all: [Element]) -> [Element] {
    var all = all
    for place in all.indices.dropFirst() { all.swapAt(place, below(place + 1)) }
    return all
  }
}
