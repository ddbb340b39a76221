import CSystemd
import Glibc

/// journald's native protocol, through libsystemd.
enum Journal {
  /// What entries are found by: `journalctl -t guestwatchd`.
  static let identifier = "guestwatchd"

  /// Sends one entry with all its fields. Blocks while journald is stuck. False where journald refused it; true where no
  /// journald exists at all (so says libsystemd): `LogDestination.decide` looked before.
  static func send(_ entry: JournalEntry) -> Bool {
    let packed = pack(entry)
    var bytes = packed.bytes
    return bytes.withUnsafeMutableBytes { buffer in
      withUnsafeTemporaryAllocation(of: iovec.self, capacity: packed.fields.count) { vectors in
        for (index, field) in packed.fields.enumerated() {
          let part = UnsafeMutableRawBufferPointer(rebasing: buffer[field])
          vectors.initializeElement(at: index, to: iovec(iov_base: part.baseAddress, iov_len: part.count))
        }
        return sd_journal_sendv(vectors.baseAddress, Int32(packed.fields.count)) == 0
      }
    }
  }

  /// All `NAME=value` of an entry behind each other in one buffer, which is pinned for the whole call, and where each is.
  static func pack(_ entry: JournalEntry) -> (bytes: [UInt8], fields: [Range<Int>]) {
    var bytes: [UInt8] = []
    var fields: [Range<Int>] = []
    func add(_ name: String, _ value: String) {
      let start = bytes.count
      bytes += name.utf8
      bytes.append(UInt8(ascii: "="))
      bytes += value.utf8
      fields.append(start..<bytes.count)
    }
    add("MESSAGE", entry.message)
    add("MESSAGE_ID", entry.messageID.description)
    add("PRIORITY", String(entry.priority.rawValue))
    add("SYSLOG_IDENTIFIER", identifier)
    for field in entry.fields { add(field.name.rawValue, field.value) }
    return (bytes, fields)
  }
}
