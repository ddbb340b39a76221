import GuestWatchCore
import Ledger

/// What there is to say of the daemon that was asked. Pure.
struct JudgedDaemon {
  let heard: Heard
  /// Of the files as they are now.
  let filesHash: UInt64?

  var lines: [CheckLine] {
    guard heard.isRunning else {
      return [.ok(.daemon, .daemon, "none runs; what a daemon sees was looked at without one")]
    }
    var lines: [CheckLine] = []
    if heard.ledgerFails {
      lines.append(
        .notOK(
          .daemon, .daemon, "it cannot write its ledger, so nothing is killed",
          mend: "see its journal for the reason; it tries again by itself"))
    }
    if heard.hasRefusedFiles {
      lines.append(
        .notOK(
          .daemon, .daemon, "it refused the files as they are now; the ones before are in force",
          mend: "run `guestwatchd check`, mend them, then `guestwatchd reload`"))
    } else if let filesHash, heard.configHash.map({ jsonString($0) != jsonDigest(filesHash) }) ?? false {
      lines.append(
        .warning(
          .daemon, .daemon, "it has not loaded the files as they are now",
          mend: "`guestwatchd reload`, or name its own with --config"))
    }
    if !heard.clockTrusted {
      lines.append(
        .warning(
          .daemon, .daemon, "it does not trust this machine's clock",
          mend: "set it by NTP; five minutes of agreement with vCenter are needed"))
    }
    return lines.isEmpty ? [.ok(.daemon, .daemon, "it runs, with these files, and was asked")] : lines
  }
}
