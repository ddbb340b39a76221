import GuestWatchCore

/// The way to the ledger and back.
extension Scheduler {
  /// A mark, with the next portion of what is to be remembered. One that is not written yet stands for this one.
  func giveMark() {
    if let pauses = unkeptPauses, pausesUnderWay == 0 { give(pauses, clock.now()) }
    if marking != nil { return }
    let now = clock.now()
    marking = now.continuous
    ledgerBox.yield(.mark(memories.next(), now, reach: reach))
  }

  func give(_ pauses: [Pause], _ now: Now) {
    pausesUnderWay += 1
    pausesGiven += 1
    writing.append(now.continuous)
    ledgerBox.yield(.pauses(pauses, now))
  }

  /// At the end nothing can be held up any more: all that waits is written at once, and one last mark.
  func giveTheRest() {
    // Nobody hears any more whether the last portion was written.
    memories.giveBack()
    let now = clock.now()
    // Also where they are under way: nobody hears any more whether that worked.
    if let pauses = unkeptPauses { give(pauses, now) }
    ledgerBox.yield(.rest(memories, now, until: now.continuous + Self.leaveLimit))
  }

  /// What is left when the books are closed.
  struct Closed: Sendable {
    /// Whether the last thing could be written.
    var result: Result<Void, LedgerFailure>
    /// Answers to logins that the next life will not know of.
    var lostNotes: Int
  }

  /// One step after the other, so that an `answered` or `closed` never overtakes its `intent`, nor an answer to a login
  /// the one before. What is left of those goes before the next thing, whatever that is.
  static func keepBooks(
    _ ledger: any KillLedger, _ jobs: AsyncStream<LedgerJob>, _ mailbox: AsyncStream<Message<Source.Link>>.Continuation,
    _ gate: NoteGate, _ clock: any DaemonClock
  ) async -> Closed {
    defer { gate.open() }
    var notes = NoteQueue()
    for await job in jobs {
      switch job {
      case .step(let kill, let step, let now):
        // Whoever waits for the step is told of the step; what became of the notes is told with the next mark.
        _ = await notes.write(to: ledger)
        mailbox.yield(.recorded(kill, step.kind, await ledger.write(kill, step, now: now)))
      case .note(let note, let now):
        let overflow = notes.put(note, now)
        let noted = await notes.write(to: ledger)
        gate.tried()
        mailbox.yield(.noted(noted, overflow: overflow))
      case .pauses(let pauses, let now):
        _ = await notes.write(to: ledger)
        mailbox.yield(.kept(await ledger.keep(pauses, now: now)))
      case .mark(let memories, let now, let reach):
        let noted = await notes.write(to: ledger)
        let marked = await ledger.mark(memories, now: now)
        mailbox.yield(.marked(marked, notes: noted))
        // On a disk that is full this fails too, and nothing is the worse for it: it is tried again in a minute.
        if (try? marked.get()) != nil { _ = await ledger.forget(beyond: reach, now: now) }
      case .rest(let memories, let now, let until):
        return await writeRest(notes, memories, to: ledger, now, until: until, clock)
      }
    }
    return Closed(result: .success(()), lostNotes: notes.count)
  }

  /// In portions, until one fails or the time is over. Notes go first: one that is lost costs a try with a login that was
  /// refused; a memory that is lost costs only age, which the next life proves anew.
  static func writeRest(
    _ notes: NoteQueue, _ memories: MemoryQueue, to ledger: any KillLedger, _ now: Now, until: Instant,
    _ clock: any DaemonClock
  ) async -> Closed {
    var (notes, memories) = (notes, memories)
    while !notes.isEmpty && clock.now().continuous < until {
      guard (try? await notes.write(to: ledger).get()) != nil else { break }
    }
    while true {
      let result = await ledger.mark(memories.next(), now: now)
      if (try? result.get()) == nil || memories.isEmpty || until <= clock.now().continuous {
        return Closed(result: result, lostNotes: notes.count)
      }
    }
  }

  /// The last words about the ledger.
  func closed(_ books: Closed) {
    marked(books.result)
    guard books.lostNotes > 0 else { return }
    say(
      Report(
        .ledgerFailing, .error,
        detail: "answers to logins that could not be written: \(books.lostNotes); after the next start a login that "
          + "was refused may be tried once more"))
  }

  func noted(_ result: Result<Void, LedgerFailure>, overflow: Bool) {
    // What it is about holds in this life all the same.
    marked(result)
    guard overflow else { return }
    say(
      Report(
        .limitReached, .error,
        detail: "\(NoteQueue.cap) answers to logins wait for the ledger, the oldest are dropped; after the next start "
          + "a login that was refused may be tried once more"))
  }

  /// Says at once that the ledger fails, not only when a kill waits for it.
  func marked(_ result: Result<Void, LedgerFailure>) {
    switch result {
    case .success:
      guard markFails else { return }
      markFails = false
      ledgerChanged(Report(.ledgerWorks, .info))
    case .failure(let failure):
      guard !markFails else { return }
      markFails = true
      ledgerChanged(Report(.ledgerFailing, .error, detail: failure.message))
    }
    // What the decision says of the ledger is about its own steps.
    if let snapshot { show(snapshot) }
  }

  /// The decision says how its steps fare.
  func decisionSays(_ report: Report, at now: Now) {
    switch report.kind {
    case .ledgerFailing: stepsFail = true
    case .ledgerWorks: stepsFail = false
    default: return tell(report, at: now)
    }
    ledgerChanged(report)
  }

  /// A ledger that fails for steps and for marks fails once, and works again when both do.
  private func ledgerChanged(_ report: Report) {
    let fails = stepsFail || markFails
    guard fails != saidLedgerFails else { return }
    saidLedgerFails = fails
    say(report)
  }

  /// For steps, or for marks.
  var ledgerFails: Bool { stepsFail || markFails || snapshot?.ledgerFailing == true }

  /// `STATUS=`, with what the decision cannot know.
  func show(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    var shown = snapshot
    shown.ledgerFailing = snapshot.ledgerFailing || markFails
    line.status(shown)
  }
}
