/// What a look at one pid is for.
public enum LookPurpose: Hashable, Sendable {
  /// Follow a candidate.
  case check
  /// Right before a kill.
  case confirm
  /// Is it gone after the terminate?
  case verify
  /// After a restart: what became of an open intent?
  case resolve
  /// An operator asks what it is.
  case find
}

/// Everything that a `Watch` asks to be done. Each operation (`OpID`) is answered by exactly one event.
public enum Effect: Hashable, Sendable {
  /// Find the VMs of a vCenter and read their state; answered by `.inventory`.
  case refresh(OpID, VCenterID, ScopeQuery, by: Instant)
  /// List a guest's processes, over VI JSON where ends must show, else over REST; answered by `.surveyed`.
  case survey(OpID, VMAddress, LoginID, showingEnds: Bool, by: Instant)
  /// Get one pid over REST; answered by `.looked`.
  case look(OpID, VMAddress, LoginID, pid: Int64, LookPurpose, by: Instant)
  /// Write to the ledger; answered by `.recorded`.
  case record(KillID, LedgerStep)
  /// Keep what a login was answered, in the order of these effects; not answered.
  case note(LoginNote)
  /// Keep what is known of a VM for the next life; the last one given counts. May be written later and together with
  /// others; not answered.
  case remember(VMMemory)
  /// Keep the pauses that are in force now, in place of all before; not answered.
  case keepPauses([Pause])
  /// TerminateProcessInGuest. The first byte of its body leaves before `firstByteBy` (continuous) and `firstByteByWall`
  /// (unix nanoseconds), or nothing of it ever does; never queued, never a cause of a login, never retried. Answered by
  /// `.terminated`.
  case terminate(
    OpID, KillID, VMAddress, LoginID, pid: Int64, firstByteBy: Instant, firstByteByWall: Int64, by: Instant)
  /// Tell the operator (journal).
  case report(Report)
  /// Tell an operator who asked (`OperatorRequest.find`, `.kill`).
  case answer(AskID, HandAnswer)
  /// Show an operator what he asked to see (`OperatorRequest.vms`, `.explain`).
  case show(AskID, ViewAnswer)
  /// The state in numbers, for `STATUS=`; sent when it changed.
  case status(Snapshot)
  /// Send `.timeCame` at that moment; replaces the wake before.
  case wake(at: Instant)
  /// A configuration is in force for the first time.
  case ready
  /// No terminate is in flight and no outcome is on its way to the disk, or their time is over: drop the looks that are in
  /// flight (a look changes nothing), log out and end.
  case stopped
}
