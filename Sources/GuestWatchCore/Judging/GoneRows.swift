/// Rows that a complete listing did not show any more: where some of them are back, the VM was reverted.
///
/// The latest are kept, and of those before them the ones that were there for longest: a guest may begin and end any number
/// of processes, and what it does so quickly must not push out what a revert is known by.
struct GoneRows: Sendable {
  private struct Row: Sendable {
    var name: UInt64
    var lived: Duration
  }

  /// How many of each.
  static let cap = 64

  /// In the order in which they went.
  private var latest: [Row] = []
  private var longest: [Row] = []

  var isEmpty: Bool { latest.isEmpty && longest.isEmpty }

  func contains(_ name: UInt64) -> Bool {
    latest.contains { $0.name == name } || longest.contains { $0.name == name }
  }

  /// - Parameter at: when the listing that lacks it was answered.
  mutating func add(_ row: RowMemory, at: Instant) {
    latest.append(Row(name: row.name, lived: at - row.firstSeen))
    guard latest.count > GoneRows.cap else { return }
    let old = latest.removeFirst()
    guard longest.count >= GoneRows.cap else { return longest.append(old) }
    guard let shortest = longest.indices.min(by: { longest[$0].lived < longest[$1].lived }),
      longest[shortest].lived < old.lived
    else { return }
    longest[shortest] = old
  }
}
