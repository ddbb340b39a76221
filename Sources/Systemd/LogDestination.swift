import Glibc

/// Where entries go. Decided once, at start.
public enum LogDestination: Hashable, Sendable {
  /// To journald, with all fields, over its native protocol; to stderr where journald refuses one.
  case journal(prefixed: Bool)
  /// To stderr.
  case lines(prefixed: Bool)

  // `prefixed`: stderr is a journal's stream, which takes the priority from a `<N>` before a line and takes that off.

  /// What `--log` may ask for.
  public enum Asked: String, Hashable, Sendable, CaseIterable {
    case journal, stderr
  }

  /// `--log journal` where there is no journald.
  public struct NoJournal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where its socket should have been.
    public var socket: String
    public var description: String {
      "--log journal: there is no journald (no socket at \(socket)); leave the option out to log to stderr"
    }
  }

  /// Where libsystemd sends entries to; it cannot be told another place.
  public static let journalSocket = "/run/systemd/journal/socket"

  /// Decides where entries go: to the journal when stderr already does (systemd.exec(5), `$JOURNAL_STREAM`), else to
  /// stderr. What was asked for goes first.
  ///
  /// - Parameters:
  ///   - asked: The value of `--log`; nil: not given.
  ///   - environment: Of this process.
  ///   - descriptor: stderr, which is 2 (the default).
  ///   - socket: Another path than journald's is for tests.
  public static func decide(
    asked: Asked?, environment: [String: String], descriptor: Int32 = 2, socket: String = journalSocket
  ) throws(NoJournal) -> LogDestination {
    let streams = isJournalStream(descriptor, environment: environment)
    // Without the check entries would vanish: sd_journal_sendv(3) reports success where no journald exists.
    let speaksNatively = isSocket(socket)
    switch asked {
    case .journal:
      guard speaksNatively else { throw NoJournal(socket: socket) }
      return .journal(prefixed: streams)
    case .stderr:
      return .lines(prefixed: streams)
    case nil:
      return streams && speaksNatively ? .journal(prefixed: true) : .lines(prefixed: streams)
    }
  }

  /// True where `$JOURNAL_STREAM` names exactly this open file. It is inherited by children whose stderr was sent
  /// elsewhere: then the numbers differ.
  static func isJournalStream(_ descriptor: Int32, environment: [String: String]) -> Bool {
    guard let named = environment["JOURNAL_STREAM"] else { return false }
    let parts = named.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let device = UInt(parts[0]), let inode = UInt(parts[1]) else { return false }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return false }
    return UInt(status.st_dev) == device && UInt(status.st_ino) == inode
  }

  private static func isSocket(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }
}
