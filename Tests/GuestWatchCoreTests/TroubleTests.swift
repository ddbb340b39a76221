import Testing

@testable import GuestWatchCore

@Suite("Every failure, for ever")
struct TroubleTests {
  @Test("It stays within its bounds and holds nobody else up", arguments: Trouble.Operation.allCases)
  func forEver(operation: Trouble.Operation) {
    for trouble in Trouble.all where trouble.operation == operation {
      var fleet = TroubledFleet(trouble)
      fleet.begin()
      // Long enough for what is tried again or forgotten after an hour, where that may be.
      switch operation {
      case .refresh, .survey, .recordReport: fleet.run(minutes: 130)
      case .check, .confirm, .confirmListing, .verify, .verifyListing, .resolve, .terminate, .recordIntent,
        .recordAnswer, .recordOutcome:
        fleet.run(minutes: 30)
      }
      let others = trouble.makesOthersOfIt ? 3 : 1
      #expect(fleet.met > 0, "\(trouble)")
      #expect(fleet.violations == [], "\(trouble)")
      // Nothing spins.
      #expect(fleet.atOneInstant <= 8, "\(trouble)")
      #expect(TroubledFleet.mostAnHour(fleet.wakes) <= 600 * others, "\(trouble)")
      // Back-off, parking, and a journal that can be read.
      #expect(TroubledFleet.mostAnHour(fleet.operations) <= most(trouble), "\(trouble)")
      #expect(TroubledFleet.mostAnHour(fleet.refreshes[VCenterID("a")] ?? []) <= 130, "\(trouble)")
      #expect(TroubledFleet.mostAnHour(fleet.records) <= 400 * others, "\(trouble)")
      #expect(TroubledFleet.mostAnHour(fleet.reports) <= 300 * others, "\(trouble)")
      #expect(TroubledFleet.mostAnHour(fleet.others) <= 400 * others, "\(trouble)")
      // One refusal stops the login on that VM (S10).
      #expect(fleet.refused <= 1, "\(trouble)")
      // What is held does not grow for ever.
      #expect(weight(of: fleet.watch) <= 5_000 * others, "\(trouble)")
      // L2, L3.
      let patience = TroubledFleet.othersEvery * 2 + .seconds(50)
      #expect(fleet.longestGap("b-1") <= patience, "\(trouble)")
      if !trouble.hitsAllOfItsVCenter { #expect(fleet.longestGap("a-2") <= patience, "\(trouble)") }
    }
  }

  /// How many operations an hour there may be on the VM.
  private func most(_ trouble: Trouble) -> Int {
    switch trouble.answer {
    case .fault(let kind) where trouble.operation == .survey:
      switch kind {
      case .guestLoginRefused: return 1
      // Parked for an hour.
      case .unsupported, .notPermitted, .badRequest, .overCap, .guestDenied: return 2
      // 30 s without an answer, then 30 s of rest.
      case .unanswered: return 61
      // 1, 2, 4, 8, 16, then 60 s more or less.
      case .guestLoginTrouble, .noCredential, .vmGone, .wrongState, .toolsUnavailable, .busy, .sessionLost,
        .loginRefused, .noSession, .unreachable, .untrusted, .transient, .badAnswer, .unknown:
        return 80
      }
    case .listing(.incomplete) where trouble.operation == .survey: return 80
    case .listing(.empty) where trouble.operation == .survey: return 80
    case .inventory where trouble.makesOthersOfIt:
      // It has a budget of its own each time.
      return 1_000
    // No two listings agree on who is there.
    case .listing(.otherStart): return 400
    case .fault, .look, .listing, .inventory, .kill, .ledger:
      // A survey and three tries of a confirm every 2 minutes, three runaways that are checked, six kills and their looks.
      return 240
    }
  }

  /// How many values it holds, all in all.
  private func weight(of value: Any) -> Int {
    Mirror(reflecting: value).children.reduce(1) { $0 + weight(of: $1.value) }
  }
}
