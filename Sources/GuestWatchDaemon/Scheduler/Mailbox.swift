import GuestWatchCore

/// What comes back to the scheduler from outside, one after the other.
///
/// It is as long as there are operations, ledger steps and timers that the decision or the scheduler asked for, plus the
/// operator's signals, the few questions that the control socket lets wait, and the one write of metrics to a path: nothing
/// else puts a message in.
enum Message<Link: VCenterLink>: Sendable {
  /// A client is done with an operation.
  case answered(OpID, Event)
  /// The ledger is done with a step.
  case recorded(KillID, LedgerStep.Kind, Result<Void, LedgerFailure>)
  /// The ledger is done with a mark, and with the notes on logins that waited for it.
  case marked(Result<Void, LedgerFailure>, notes: Result<Void, LedgerFailure>)
  /// The ledger is done with a note on a login, or the note waits for its next try; `overflow`: others had to go.
  case noted(Result<Void, LedgerFailure>, overflow: Bool)
  /// The ledger is done with pauses.
  case kept(Result<Void, LedgerFailure>)
  /// An alarm that was set has gone off.
  case alarm
  case reloadAsked
  /// An operator asks over the control socket; the closure is called with any number of steps and once with the end.
  case asked(Question, Enquirer, reply: @Sendable (Answer) -> Void)
  /// Whoever asked waits no more.
  case enquirerGone(Enquirer)
  case loaded(LoadOutcome<Link>)
  /// A write of the metrics to that path has ended.
  case measured(String, Result<Void, MetricsFailure>)
  case shutdownAsked
}

/// What is waiting to be written, in the order it was asked for.
enum LedgerJob: Sendable {
  case step(KillID, LedgerStep, Now)
  case note(LoginNote, Now)
  case pauses([Pause], Now)
  /// And forget what is older than `reach`.
  case mark([VMMemory], Now, reach: Duration)
  /// The last job of a life: what is not written yet, for no longer than until then.
  case rest(MemoryQueue, Now, until: Instant)
}
