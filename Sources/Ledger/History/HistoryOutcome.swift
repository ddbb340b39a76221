public import GuestWatchCore

/// What `history` says of a row.
public enum HistoryOutcome: Hashable, Sendable {
  /// Its outcome is not known yet.
  case open
  /// A runaway that was only reported (`action = "report"`, dry run).
  case reported
  case closed(Outcome)

  /// As written in the ledger, the journal and JSON; an open row has no word in the ledger.
  public var word: String {
    switch self {
    case .open: "open"
    case .reported: "reported"
    case .closed(let outcome): outcome.rawValue
    }
  }

  public static let all: [HistoryOutcome] = [.open, .reported] + Outcome.allCases.map { .closed($0) }

  /// Reads what `word` writes; nil for anything else.
  public init?(_ word: String) {
    guard let found = HistoryOutcome.all.first(where: { $0.word == word }) else { return nil }
    self = found
  }
}
