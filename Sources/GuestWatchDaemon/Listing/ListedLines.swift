import GuestWatchCore
import Ledger

/// The processes of a VM as JSON objects, one a line, in portions.
struct ListedLines: Sequence, IteratorProtocol {
  private static let portion = 512

  private let explanation: Explanation
  private var row = 0

  init(_ explanation: Explanation) { self.explanation = explanation }

  /// The next lines; nil: there are no more.
  mutating func next() -> [String]? {
    guard row < explanation.count else { return nil }
    let rows = row..<Swift.min(row + Self.portion, explanation.count)
    row = rows.upperBound
    return rows.map { i in
      let explained = explanation.process(i)
      return processLine(
        explained.process, vcenter: explanation.address.vcenter.name, moid: explanation.address.moid,
        vmName: explanation.vmName, login: explanation.login.name, claimed: explained.claimedAge,
        proven: explained.provenAge)
    }
  }
}

/// One process of a listing.
///
/// - Parameter proven: nil where nothing proves an age.
func processLine(
  _ process: Process, vcenter: String, moid: String, vmName: String, login: String, claimed: Duration,
  proven: Duration?
) -> String {
  jsonObject([
    ("is", jsonString("process")), ("vcenter", jsonString(vcenter)), ("vm", jsonString(moid)),
    ("vm_name", jsonString(vmName)), ("guest_login", jsonString(login)), ("pid", String(process.pid)),
    ("name", jsonString(process.name.value)), ("owner", jsonString(process.owner.value)),
    ("started", rfc3339(unixSeconds: process.started).map(jsonString) ?? "null"),
    ("finished", process.finished.flatMap { rfc3339(unixSeconds: $0) }.map(jsonString) ?? "null"),
    ("command", process.command.value.isEmpty ? "null" : jsonString(process.command.value)),
    ("claimed_seconds", String(claimed.wholeSeconds)),
    ("proven_seconds", proven.map { String($0.wholeSeconds) } ?? "null"),
  ])
}
