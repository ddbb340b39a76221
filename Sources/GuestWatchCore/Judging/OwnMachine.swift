/// The machine that the daemon itself runs on: never in scope (S2).
enum OwnMachine {
  /// True where both texts are the same BIOS uuid. Firmware writes its first three fields in either byte order, and what
  /// Linux shows may have the other one than vCenter does, so both count.
  static func isSame(_ own: String, _ other: String) -> Bool {
    guard let a = digits(own), let b = digits(other) else { return false }
    return a == b || a == swapped(b)
  }

  /// 32 lower-case hex digits; nil where it is no uuid, or one that says nothing (all zeros, all ones).
  private static func digits(_ text: String) -> [UInt8]? {
    var digits: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(byte)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digits.append(byte + 32)
      case UInt8(ascii: "-"), UInt8(ascii: " "), UInt8(ascii: "\n"): continue
      default: return nil
      }
    }
    let says = digits.contains { $0 != UInt8(ascii: "0") } && digits.contains { $0 != UInt8(ascii: "f") }
    return digits.count == 32 && says ? digits : nil
  }

  private static func swapped(_ digits: [UInt8]) -> [UInt8] {
    var result = digits
    for (from, count) in [(0, 4), (4, 2), (6, 2)] {
      for i in 0..<count {
        result[(from + i) * 2] = digits[(from + count - 1 - i) * 2]
        result[(from + i) * 2 + 1] = digits[(from + count - 1 - i) * 2 + 1]
      }
    }
    return result
  }
}
