import Glibc
import Synchronization

/// Chance that a seed replays: SplitMix64.
struct Dice {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// 0 ..< bound.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func coin() -> Bool { next() & 1 == 0 }
}

/// What of some files would be on the disk if the power failed now: all that was synced, and any part of what was not.
final class PowerDisk: Sendable {
  enum Change {
    case write(at: Int, [UInt8])
    case truncate(to: Int)
  }

  private struct File {
    /// What is there for certain.
    var synced: [UInt8]
    /// What came since the last sync, in order.
    var pending: [Change] = []
    /// Its name is on the disk.
    var isNamed: Bool
    /// Removed, but its folder was not synced.
    var isRemoved = false
  }

  private struct State {
    var files: [String: File] = [:]
    /// Operations until the power fails.
    var left: Int
    var isOff = false
    var done = 0
  }

  private let state: Mutex<State>

  init(failingAfter operations: Int) { state = Mutex(State(left: operations)) }

  var isOff: Bool { state.withLock { $0.isOff } }
  /// Operations that were asked for.
  var done: Int { state.withLock { $0.done } }
  func cut() { state.withLock { $0.isOff = true } }

  /// A file is opened; what it held before this disk knew it is on the disk.
  func open(_ path: String, contents: [UInt8], isNew: Bool) {
    state.withLock { state in
      guard state.files[path] == nil else { return }
      // The daemon makes a ledger under another name. A new name alone syncs nothing of it.
      if let made = state.files.removeValue(forKey: path + ".new") {
        state.files[path] = made
        return
      }
      state.files[path] = File(synced: contents, isNamed: !isNew)
    }
  }

  /// Notes a change. False: the power is off, or fails at this very moment.
  func change(_ path: String, _ change: Change) -> Bool {
    state.withLock { state in
      let on = step(&state)
      // What was under way when the power failed may have reached the disk.
      if on || state.left == -1 { state.files[path]?.pending.append(change) }
      return on
    }
  }

  /// All that came before is on the disk, and the file's name: SQLite syncs the folder with the first sync of a new log.
  func sync(_ path: String) -> Bool {
    state.withLock { state in
      guard step(&state) else { return false }
      if var file = state.files[path] {
        for change in file.pending { file.synced.apply(change) }
        (file.pending, file.isNamed) = ([], true)
        state.files[path] = file
      }
      return true
    }
  }

  func remove(_ path: String, synced: Bool) -> Bool {
    state.withLock { state in
      guard step(&state) else { return false }
      if synced { state.files[path] = nil } else { state.files[path]?.isRemoved = true }
      return true
    }
  }

  /// A file that was removed is made again.
  func make(_ path: String) {
    state.withLock { state in
      if state.files[path]?.isRemoved == true {
        state.files[path] = File(synced: [], isNamed: false)
      }
    }
  }

  private func step(_ state: inout State) -> Bool {
    state.done += 1
    state.left -= 1
    if state.isOff { return false }
    state.isOff = state.left < 0
    return !state.isOff
  }

  /// What a start after the power cut finds: by path, the contents.
  func survivors(_ dice: inout Dice) -> [String: [UInt8]] {
    let files = state.withLock { $0.files }
    var found: [String: [UInt8]] = [:]
    for path in files.keys.sorted() {
      guard let file = files[path] else { continue }
      if !file.isNamed || file.isRemoved, dice.coin() { continue }
      var contents = file.synced
      switch dice.below(5) {
      // Nothing of it, all of it, the first of it, some of it, and torn at the borders of sectors.
      case 0: break
      case 1: for change in file.pending { contents.apply(change) }
      case 2:
        for change in file.pending.prefix(dice.below(file.pending.count + 1)) { contents.apply(change) }
      case 3: for change in file.pending where dice.coin() { contents.apply(change) }
      default:
        for change in file.pending {
          switch change {
          case .truncate: if dice.coin() { contents.apply(change) }
          case .write(let at, let bytes):
            for start in stride(from: 0, to: bytes.count, by: 512) where dice.coin() {
              contents.apply(.write(at: at + start, Array(bytes[start..<min(start + 512, bytes.count)])))
            }
          }
        }
      }
      found[path] = contents
    }
    return found
  }
}

extension [UInt8] {
  fileprivate mutating func apply(_ change: PowerDisk.Change) {
    switch change {
    case .write(let at, let bytes):
      if count < at + bytes.count { self += [UInt8](repeating: 0, count: at + bytes.count - count) }
      replaceSubrange(at..<(at + bytes.count), with: bytes)
    case .truncate(let size):
      if size < count { removeLast(count - size) }
    }
  }
}
