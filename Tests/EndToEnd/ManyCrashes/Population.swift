import Foundation
import Glibc

/// Who lives in the guests of one world and who has died: what really happened, as this machine knows it. The daemon and
/// the simulator are not asked.
actor Population {
  /// A process that was started in a guest.
  struct Member: Sendable {
    var name: String
    var vm: String
    /// As the guest shows it.
    var pid: Int64
    var process: LocalProcess
    /// A runaway may be killed; nothing else may ever die.
    var isRunaway: Bool
    /// It was, or will be, ended by the test itself: at a terminate that then comes too late, or between two lives.
    var isEndedByTest = false
    /// It gave up its pid to another process.
    var isSwapped = false
    /// A moment at which, or after which, it was seen to live.
    var lived: Date
    /// A moment before which it was dead; nil: it lives as far as is known.
    var dead: Date?
  }

  private(set) var members: [Member] = []

  func add(_ member: Member) { members.append(member) }

  /// Looks at everybody who was not seen dead.
  func look() {
    for index in members.indices where members[index].dead == nil {
      let before = Date()
      if members[index].process.lives { members[index].lived = before } else { members[index].dead = Date() }
    }
  }

  /// Looks again and again until it is cancelled.
  func watch() async {
    while !Task.isCancelled {
      look()
      // Cancelled: the last look follows by itself.
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  /// The runaways on a VM that live.
  func runaways(on vm: String) -> [Member] {
    look()
    return members.filter { $0.vm == vm && $0.isRunaway && $0.dead == nil }
  }

  func willBeEnded(_ name: String) { mark(name) { $0.isEndedByTest = true } }

  func wasSwapped(_ name: String) {
    mark(name) {
      $0.isEndedByTest = true
      $0.isSwapped = true
    }
  }

  private func mark(_ name: String, _ change: (inout Member) -> Void) {
    if let index = members.firstIndex(where: { $0.name == name }) { change(&members[index]) }
  }
}
