import Testing
import WatchSimulation

/// Swarm testing: no kind of trouble may be in every seed, else it hides the others, and none may be missing.
@Suite struct MixTests {
  private static let mixes: [Mix] = (1...400).compactMap { try? World(seed: $0).mix }

  @Test func `every kind of trouble is there in some seeds and missing in most`() throws {
    let mixes = MixTests.mixes
    try #require(mixes.count == 400)
    for trouble in mixes[0].troubles.indices {
      let with = mixes.count { $0.troubles[trouble] > 0 }
      #expect((12...200).contains(with), "trouble \(trouble) is in \(with) of 400 seeds")
    }
  }

  @Test func `every chance is zero in a good part of the seeds`() {
    let chances: [(String, (Mix) -> Double)] = [
      ("transient", { $0.transient }), ("unanswered", { $0.unanswered }), ("unreachable", { $0.unreachable }),
      ("badAnswer", { $0.badAnswer }), ("oddError", { $0.oddError }), ("slow", { $0.slow }),
      ("doubled", { $0.doubled }), ("sessionLoss", { $0.sessionLoss }), ("unsetFact", { $0.unsetFact }),
      ("ledgerFailure", { $0.ledgerFailure }), ("crash", { $0.crash }), ("hostility", { $0.hostility }),
      ("oddText", { $0.oddText }), ("storm", { $0.storm }),
    ]
    for (name, chance) in chances {
      let with = MixTests.mixes.count { chance($0) > 0 }
      #expect((60...300).contains(with), "\(name) is in \(with) of 400 seeds")
    }
  }

  @Test func `some seeds are free of faults`() {
    let quiet = MixTests.mixes.filter(\.isQuiet)
    #expect((5...60).contains(quiet.count))
    for mix in quiet { #expect(mix.troubles.allSatisfy { $0 == 0 } && mix.crash == 0 && mix.transient == 0) }
  }
}
