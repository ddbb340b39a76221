import GuestWatchCore
import RuleFiles
import Systemd

/// What is said of receivers themselves. These are no reports: nobody is notified of them, or two receivers that fail would
/// tell each other for ever.
extension JournalEntry {
  /// - Parameter count: how many could not be told since this was last said, this one counted.
  static func notifyFailed(_ target: NotifyTarget, _ notice: Notice, _ why: String, count: Int) -> JournalEntry {
    let kill = notice[.killID].map { " [kill \($0)]" } ?? ""
    let more = count > 1 ? "; \(counted(count - 1, "notice")) before it failed, too" : ""
    return JournalEntry(
      .notifyFailed, .warning,
      "notify \(quoted(target.settings.name)) was not told of \(notice.kind.rawValue)\(kill): \(target.words): "
        + "\(why)\(more)",
      fields: [Field(.event, "notify-failed")] + notice.place)
  }

  /// Failures that were only counted, at the end.
  static func notifyFailed(_ target: NotifyTarget, more count: Int) -> JournalEntry {
    JournalEntry(
      .notifyFailed, .warning,
      "notify \(quoted(target.settings.name)) was not told of \(counted(count, "notice")) more: see the entries before this "
        + "one",
      fields: [Field(.event, "notify-failed")])
  }

  /// More came than a receiver takes.
  static func notifyDropped(_ target: NotifyTarget, count: Int) -> JournalEntry {
    lost(
      target, count,
      "because \(NoticeQueue.cap) others waited already: the receiver is too slow or does not answer")
  }

  /// The end of the daemon, or of this `[[notify]]`.
  static func notifyEnded(_ target: NotifyTarget, count: Int) -> JournalEntry {
    lost(target, count, "because guestwatchd, or this [[notify]], came to its end first")
  }

  private static func lost(_ target: NotifyTarget, _ count: Int, _ why: String) -> JournalEntry {
    JournalEntry(
      .notifyDropped, .warning,
      "notify \(quoted(target.settings.name)) lost \(counted(count, "notice")) \(why); no kill is missing in the ledger: "
        + "see guestwatchd history",
      fields: [Field(.event, "notify-dropped")])
  }
}
