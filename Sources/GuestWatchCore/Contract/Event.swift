/// Everything that happens to a `Watch`.
public enum Event: Sendable {
  /// First of all: what the ledger knew. `seed` starts the generator that spreads polls and jitters back-off.
  case began(seed: UInt64, restored: Restored)
  /// A configuration was loaded, at start or by a reload. It was checked before.
  case configured(Configuration)
  /// The time that `Effect.wake` asked for has come (or any other time; it does no harm).
  case timeCame
  /// Answers `Effect.refresh`.
  case inventory(OpID, Timing, Result<Inventory, Fault>)
  /// Answers `Effect.survey`.
  case surveyed(OpID, Timing, Result<Listing, Fault>)
  /// Answers `Effect.look`.
  case looked(OpID, Timing, Result<Look, Fault>)
  /// Answers `Effect.terminate`. One that comes after `.unanswered` for the same operation is a late answer.
  case terminated(OpID, Timing, KillAnswer)
  /// Answers `Effect.record`: the step is on disk, or why not.
  case recorded(KillID, LedgerStep.Kind, Result<Void, LedgerFailure>)
  /// An operator asks for something.
  case asked(OperatorRequest)
  /// SIGTERM: start nothing new, let what was sent be answered, then stop.
  case shutdownAsked
}
