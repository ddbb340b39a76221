public import GuestWatchCore

/// What the checker counts on the way.
extension Checker {
  public struct Tally: Hashable, Sendable {
    public var outcomes: [Outcome: Int] = [:]
    public var gates: [Gate: Int] = [:]
    public var reports: [Report.Kind: Int] = [:]
    /// Of intents, and of what would have been killed.
    public var reasons: [ReasonKind: Int] = [:]
    /// Of terminates.
    public var answers: [AnswerKind: Int] = [:]
    /// Failures that the daemon was told of.
    public var faults: [FaultKind: Int] = [:]
    public var terminates = 0
    /// Deaths of a process that was born after the confirm was sent.
    public var excused = 0
  }

  /// Which limit was exceeded, without the figures.
  public enum ReasonKind: String, CaseIterable, Sendable {
    case tooOld = "too-old"
    case tooMany = "too-many"
    case forbidden
    case asked

    init(_ cause: Cause) {
      switch cause {
      case .rule(_, .tooOld): self = .tooOld
      case .rule(_, .tooMany): self = .tooMany
      case .rule(_, .forbidden): self = .forbidden
      case .demand: self = .asked
      }
    }
  }

  /// How a terminate was answered, without the fault.
  public enum AnswerKind: String, CaseIterable, Sendable {
    case done
    case notFound = "not-found"
    case notBegun = "not-begun"
    case denied, ambiguous
    case notSent = "not-sent"
    case unanswered

    init(_ answer: KillAnswer) {
      switch answer {
      case .done: self = .done
      case .notFound: self = .notFound
      case .notBegun: self = .notBegun
      case .denied: self = .denied
      case .ambiguous: self = .ambiguous
      case .notSent: self = .notSent
      case .unanswered: self = .unanswered
      }
    }
  }
}

extension KillAnswer {
  /// What went wrong, where the answer says it.
  var fault: Fault? {
    switch self {
    case .notBegun(let fault), .denied(let fault), .ambiguous(let fault), .notSent(let fault): fault
    case .done, .notFound, .unanswered: nil
    }
  }
}
