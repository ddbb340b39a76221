import HeapModule

/// When each VM wants attention. Entries that were booked anew are skipped when they come up.
struct Agenda: Sendable {
  struct Entry: Comparable, Sendable {
    var at: Instant
    var sequence: UInt64
    var vm: VMKey

    static func < (a: Entry, b: Entry) -> Bool { (a.at, a.sequence) < (b.at, b.sequence) }
    static func == (a: Entry, b: Entry) -> Bool { a.sequence == b.sequence }
  }

  private var heap = Heap<Entry>()
  private var sequence: UInt64 = 0

  mutating func book(_ vm: VMKey, at: Instant) {
    sequence += 1
    heap.insert(Entry(at: at, sequence: sequence, vm: vm))
  }

  var first: Entry? { heap.min }

  mutating func removeFirst() { heap.removeMin() }
}
