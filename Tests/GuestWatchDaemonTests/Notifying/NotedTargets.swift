import GuestWatchCore
import RuleFiles
import Synchronization

@testable import GuestWatchDaemon

/// An operator's line that only notes who is to be told.
final class NotedTargets: OperatorLine {
  private let noted = Mutex<[[String]]>([])
  var all: [[String]] { noted.withLock { $0 } }

  func notify(_ targets: [NotifyTarget]) { noted.withLock { $0.append(targets.map(\.settings.name)) } }
  func report(_ report: Report, at now: Now) {}
  func status(_ snapshot: Snapshot) {}
  func ready() {}
  func reloading() {}
  func stopping() {}
  func alive() {}
}
