import Synchronization

/// What a client remembers from one inventory to the next. It only spares requests: nothing is taken from it without
/// asking vCenter which VMs there are.
final class InventoryMemory: Sendable {
  /// After so many lists of all VMs that were made without asking whether they still are too many, it is asked again: VMs
  /// may have been deleted, and one list is cheaper than pages of properties.
  static let listsOverCap = 15

  private struct State {
    var listsLeft = 0
    var tags = TagBook()
  }

  private let state = Mutex(State())

  /// True where the list of all VMs had too many not long ago: it need not be asked in vain.
  func isOverCap() -> Bool {
    state.withLock { state in
      guard state.listsLeft > 0 else { return false }
      state.listsLeft -= 1
      return true
    }
  }

  /// The list of all VMs was asked.
  func wasListed(overCap: Bool) { state.withLock { $0.listsLeft = overCap ? InventoryMemory.listsOverCap : 0 } }

  /// The categories and tags that were read; noted one by one, so that a read that is cut off by its deadline gets further
  /// the next time.
  func tags<Value: Sendable>(_ body: (inout TagBook) -> Value) -> Value { state.withLock { body(&$0.tags) } }
}
