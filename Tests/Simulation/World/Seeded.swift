/// The one source of chance in a simulation: xoshiro256**, seeded through SplitMix64.
public struct Seeded: Sendable {
  private var s: (UInt64, UInt64, UInt64, UInt64)

  public init(_ seed: UInt64) {
    var state = seed
    func split() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    s = (split(), split(), split(), split())
  }

  public mutating func next() -> UInt64 {
    func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
    let result = rotated(s.1 &* 5, 7) &* 9
    let t = s.1 << 17
    s.2 ^= s.0
    s.3 ^= s.1
    s.1 ^= s.2
    s.0 ^= s.3
    s.2 ^= t
    s.3 = rotated(s.3, 45)
    return result
  }

  /// A number of 0..<count; 0 where count is 0 or less.
  mutating func below(_ count: Int) -> Int {
    count <= 0 ? 0 : Int((next() >> 33) % UInt64(count))
  }

  mutating func between(_ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound + Int64(next() >> 1) % (range.upperBound - range.lowerBound + 1)
  }

  /// A fraction of 0..<1.
  mutating func fraction() -> Double { Double(next() >> 11) / Double(UInt64(1) << 53) }

  mutating func chance(_ p: Double) -> Bool { p > 0 && fraction() < p }

  /// nil only where there is nothing to pick from.
  mutating func pick<T>(_ from: [T]) -> T? { from.isEmpty ? nil : from[below(from.count)] }

  mutating func pick<T>(_ first: T, _ second: T, _ others: T...) -> T {
    switch below(others.count + 2) {
    case 0: first
    case 1: second
    case let i: others[i - 2]
    }
  }

  /// A waiting time with the given mean, in nanoseconds: short ones are common, up to eight times the mean happens.
  mutating func wait(mean: Int64) -> Int64 {
    // The mean of the product of two fractions is a quarter; squares of it make a long tail without logarithms, whose
    // last bit could differ between machines.
    let a = fraction()
    let b = fraction()
    return Int64(Double(mean) * (a * b * 8 + fraction()) * 0.4) + 1
  }
}

/// Nanoseconds of the units that this module counts in.
enum Span {
  static let millisecond: Int64 = 1_000_000
  static let second: Int64 = 1_000_000_000
  static let minute: Int64 = 60 * second
  static let hour: Int64 = 60 * minute
}
