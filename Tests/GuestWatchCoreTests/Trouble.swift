@testable import GuestWatchCore

/// One kind of operation that is answered in one way for ever.
struct Trouble: CustomStringConvertible {
  enum Operation: String, CaseIterable {
    case refresh, survey, check, confirm, confirmListing, verify, verifyListing, resolve, terminate
    case recordIntent, recordAnswer, recordOutcome, recordReport
  }

  enum Answer {
    case fault(FaultKind)
    /// What a `get` may show.
    case look(Shown)
    case listing(Lists)
    case inventory(Finds)
    case kill(KillAnswer, after: Duration)
    case ledger
  }

  enum Shown: String, CaseIterable { case gone, finished, vmGone, otherStart, otherOwner, same }
  enum Lists: String, CaseIterable { case incomplete, empty, one, finished, otherStart, flapping, comesBack }
  enum Finds: String, CaseIterable {
    case nothing, incomplete, nameless, twice, otherVCenter, otherID, otherUUID, noTerminate, off, notReady, reboots
    case scripts, renamed
  }

  var operation: Operation
  var answer: Answer

  /// Nothing can be known of the other VMs either.
  var hitsAllOfItsVCenter: Bool {
    guard operation == .refresh else { return false }
    switch answer {
    case .fault, .inventory(.nothing), .inventory(.otherVCenter): return true
    case .inventory, .look, .listing, .kill, .ledger: return false
    }
  }

  /// The VM is another one every two minutes.
  var makesOthersOfIt: Bool {
    switch answer {
    case .inventory(.otherUUID), .inventory(.otherVCenter): true
    case .inventory, .fault, .look, .listing, .kill, .ledger: false
    }
  }

  var description: String { "\(operation): \(answer)" }

  /// Everything that an operation may be answered, but what it should be.
  static var all: [Trouble] {
    Operation.allCases.flatMap { operation in answers(of: operation).map { Trouble(operation: operation, answer: $0) } }
  }

  private static func answers(of operation: Operation) -> [Answer] {
    let faults = FaultKind.allCases.map { Answer.fault($0) }
    switch operation {
    case .refresh: return faults + Finds.allCases.map { .inventory($0) }
    case .survey, .confirmListing, .verifyListing: return faults + Lists.allCases.map { .listing($0) }
    case .check, .confirm, .verify, .resolve: return faults + Shown.allCases.map { .look($0) }
    case .recordIntent, .recordAnswer, .recordOutcome, .recordReport: return [.ledger]
    case .terminate:
      var answers: [Answer] = [
        .kill(.done, after: .seconds(1)), .kill(.notFound, after: .seconds(1)), .kill(.notFound, after: .seconds(7)),
        .kill(.unanswered, after: .seconds(60)),
      ]
      for kind in FaultKind.allCases {
        let fault = Fault(kind, code: "trouble")
        for answer: KillAnswer in [.notBegun(fault), .denied(fault), .ambiguous(fault), .notSent(fault)] {
          answers.append(.kill(answer, after: .seconds(1)))
        }
      }
      for case .kill(let answer, _) in answers {
        // One more case of KillAnswer does not compile before it is in the list above.
        switch answer {
        case .done, .notFound, .notBegun, .denied, .ambiguous, .notSent, .unanswered: break
        }
      }
      return answers
    }
  }
}
