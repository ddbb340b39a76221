import Testing
import WatchSimulation

@Suite struct SeedTests {
  @Test(arguments: UInt64(1)...10)
  func `a seed keeps every promise and replays bit for bit`(seed: UInt64) throws {
    var first = try World(seed: seed)
    var second = try World(seed: seed)
    let report = first.run()
    let again = second.run()
    #expect(report.violation == nil, "\(report.last.joined(separator: "\n"))")
    #expect(report.hash == again.hash)
    #expect(report.steps == again.steps)
    // A world in which nothing happens proves nothing.
    #expect(report.tally.events > 100)
  }

  @Test func `seeds differ`() throws {
    var one = try World(seed: 1)
    var two = try World(seed: 2)
    #expect(one.run().hash != two.run().hash)
  }
}
