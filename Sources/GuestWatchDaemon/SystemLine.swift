public import GuestWatchCore
import Synchronization
public import Systemd

/// The operator's line on a machine with systemd, or without: the journal (or stderr) and the service manager.
public final class SystemLine: OperatorLine {
  private let manager: ServiceManager
  private let journal: JournalWriter
  private let notifier: Notifier?
  private let managerFails = Mutex(false)

  /// - Parameter notifier: who is told besides the journal; nil: nobody.
  public init(manager: ServiceManager, journal: JournalWriter, notifier: Notifier? = nil) {
    self.manager = manager
    self.journal = journal
    self.notifier = notifier
  }

  public func report(_ report: Report, at now: Now) {
    let entry = entry(for: report)
    journal.write(entry)
    notifier?.tell(report, entry, at: now)
  }
  public func notify(_ targets: [NotifyTarget]) { notifier?.take(targets) }
  public func status(_ snapshot: Snapshot) { tell(.status(statusLine(snapshot))) }
  public func ready() { tell(.ready) }
  public func reloading() { tell(.reloading) }
  public func stopping() { tell(.stopping) }
  public func alive() { tell(.watchdog) }

  /// A manager that does not listen is said once: it will time out by itself, and then somebody asks why.
  private func tell(_ notice: ServiceManager.Notice) {
    do {
      try manager.notify(notice)
      managerFails.withLock { $0 = false }
    } catch {
      let saidBefore = managerFails.withLock { fails in
        defer { fails = true }
        return fails
      }
      if !saidBefore { journal.write(entry(for: Report(.limitReached, .warning, detail: error.description))) }
    }
  }
}
