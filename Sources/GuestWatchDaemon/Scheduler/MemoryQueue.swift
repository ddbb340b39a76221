import GuestWatchCore
import OrderedCollections

/// What is to be remembered of VMs and not on disk yet: per VM the last memory, oldest first.
///
/// A memory that is late costs a later life some age, nothing more; an intent that is late costs a kill. So memories
/// never go to the ledger alone and one by one, but in portions, one with each mark.
struct MemoryQueue {
  /// One transaction takes no more: an intent that comes right behind it must not miss the 5 s between the confirm and
  /// the first byte of the terminate. 20,000 rows take a small part of a second.
  static let mostVMs = 2_000
  static let mostRows = 20_000

  private var waiting: OrderedDictionary<VMKey, VMMemory> = [:]
  /// Given to the ledger and not confirmed.
  private var underWay: [VMMemory] = []

  /// Nothing waits to be given to the ledger.
  var isEmpty: Bool { waiting.isEmpty }

  /// Takes the place of what waits for the same VM, and its turn.
  mutating func put(_ memory: VMMemory) { waiting[memory.vm] = memory }

  /// The next portion. To be confirmed or given back before the next one is taken.
  mutating func next() -> [VMMemory] {
    var rows = 0
    var portion: [VMMemory] = []
    for memory in waiting.values {
      rows += 1 + min(memory.seen.count, VMMemory.cap)
      if portion.count == Self.mostVMs || (rows > Self.mostRows && !portion.isEmpty) { break }
      portion.append(memory)
    }
    waiting.removeFirst(portion.count)
    underWay = portion
    return portion
  }

  /// The last portion is on disk.
  mutating func confirm() { underWay = [] }

  /// The last portion could not be written, or nobody knows: it waits again, where nothing newer does.
  mutating func giveBack() {
    for memory in underWay where waiting[memory.vm] == nil { waiting[memory.vm] = memory }
    underWay = []
  }
}
