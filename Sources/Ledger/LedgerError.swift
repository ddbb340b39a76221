/// Why the ledger cannot be used at all.
public enum LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Another daemon (or `guestwatchd kill`) holds the state directory; `by` names its process where that is known.
  case held(directory: String, by: String?)
  /// The state directory or the ledger in it cannot be used: one sentence that says what, where, why and what to do.
  case unusable(String)

  public var description: String {
    switch self {
    case .held(let directory, let by):
      "the state directory \(directory) is held by \(by ?? "another guestwatchd"); "
        + "stop that one first, or give this one another directory with --state"
    case .unusable(let sentence): sentence
    }
  }

  /// The exit status of a command that ends on this error (design.md, section 6).
  public var exitStatus: Int32 {
    switch self {
    case .held: 75
    case .unusable: 73
    }
  }
}
