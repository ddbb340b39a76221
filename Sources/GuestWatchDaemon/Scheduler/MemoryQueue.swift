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
  /// The epoch that was last given of each VM that began one in this life.
  private var epochs: [VMKey: Instant] = [:]
  /// Given to the ledger and not confirmed.
  private var underWay: [VMMemory] = []

  /// Nothing waits to be given to the ledger.
  var isEmpty: Bool { waiting.isEmpty }

  /// Takes the place of what waits for the same VM, and its turn. True where it is to be written at once: a new epoch
  /// began, and until that is on disk the next life would believe what was seen in the one before. It goes first.
  mutating func put(_ memory: VMMemory) -> Bool {
    guard memory.epochBegan != nil, memory.epochBegan != epochs[memory.vm] else {
      if memory.epochBegan == nil { epochs[memory.vm] = nil }
      waiting[memory.vm] = memory
      return false
    }
    epochs[memory.vm] = memory.epochBegan
    waiting[memory.vm] = nil
    waiting.updateValue(memory, forKey: memory.vm, insertingAt: 0)
    return true
  }

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
