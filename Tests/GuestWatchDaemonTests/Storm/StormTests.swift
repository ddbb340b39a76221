import GuestWatchCore
import Testing

@Suite("A storm around the scheduler") struct StormTests {
  private static let seeds: ClosedRange<UInt64> = 1...400

  @Test("Whatever comes in whatever order: all invariants hold, over hundreds of interleavings")
  func invariants() {
    var counts: [String: Int] = [:]
    var beats = (due: 0, heldBack: 0)
    for seed in Self.seeds {
      let world = StormWorld(seed: seed)
      world.run()
      let checker = StormChecker(world)
      #expect(checker.violations.isEmpty, "seed \(seed)")
      counts.merge(checker.counts, uniquingKeysWith: +)
      guard world.mix.heldUp == 0 && world.mix.refusesTo == 0 else { continue }
      let heartbeat = HeartbeatChecker(world)
      #expect(heartbeat.violations.isEmpty, "seed \(seed)")
      beats.due += heartbeat.beats
      beats.heldBack += heartbeat.heldBack
    }
    print("storm: \(counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }), beats \(beats)")
    // What no seed reaches is not checked.
    for what in [
      "calls", "answers of client", "answers of scheduler", "answers of nobody", "late answers", "logouts",
      "steps recorded", "steps refused", "notes kept", "notes refused",
    ] { #expect(counts[what, default: 0] > 20, "\(what)") }
    #expect(beats.due > 1_000 && beats.heldBack > 20)
  }

  @Test("One seed replays the same interleaving bit for bit, another seed another one")
  func replays() {
    func hash(_ seed: UInt64) -> UInt64 {
      let world = StormWorld(seed: seed)
      world.run()
      return world.log.hash
    }
    let first = (1...20).map { hash($0) }
    print("storm: hashes", first.reduce(0) { $0 &* 31 &+ $1 })
    #expect((1...20).map { hash($0) } == first)
    #expect(Set(first).count == first.count)
  }
}
