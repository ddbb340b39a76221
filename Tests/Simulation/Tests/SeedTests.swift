import Testing
import WatchSimulation

@Suite struct SeedTests {
  /// Short ones with kills in them; many more are played by the command, in a release build (`run.sh`).
  @Test(arguments: [5] as [UInt64])
  func `a seed keeps every promise and replays bit for bit`(seed: UInt64) throws {
    var first = try World(seed: seed, hours: 1)
    var second = try World(seed: seed, hours: 1)
    let report = first.run()
    let again = second.run()
    #expect(report.violation == nil, "\(report.last.joined(separator: "\n"))")
    #expect(report.hash == again.hash)
    #expect(report.steps == again.steps)
    // A world in which nothing happens proves nothing.
    #expect(report.tally.events > 100)
    #expect(report.checked.terminates > 0)
  }

  @Test func `seeds differ`() throws {
    var one = try World(seed: 2, hours: 0)
    var two = try World(seed: 8, hours: 0)
    #expect(one.run().hash != two.run().hash)
  }
}
