/// What is to happen, in the order of time and, at one instant, of being entered: a binary heap.
struct Agenda<Item> {
  private struct Entry {
    var at: Int64
    var number: UInt64
    var item: Item

    func comes(before other: Entry) -> Bool {
      at != other.at ? at < other.at : number < other.number
    }
  }

  private var heap: [Entry] = []
  private var entered: UInt64 = 0

  var isEmpty: Bool { heap.isEmpty }
  var count: Int { heap.count }
  /// When the next item is due.
  var next: Int64? { heap.first?.at }

  mutating func enter(_ item: Item, at: Int64) {
    heap.append(Entry(at: at, number: entered, item: item))
    entered += 1
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].comes(before: heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func take() -> (at: Int64, item: Item)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
          if heap[child].comes(before: heap[least]) { least = child }
        }
        if least == parent { break }
        heap.swapAt(parent, least)
        parent = least
      }
    }
    return (first.at, first.item)
  }
}
