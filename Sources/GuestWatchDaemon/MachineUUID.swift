import Glibc

/// The BIOS uuid of the machine that the daemon runs on: where that is a VM, it is never in scope (S2).
///
/// Only root may read what the kernel shows of it. So the service manager copies it, before it starts the daemon, into the
/// daemon's runtime directory; a daemon that runs as root looks for itself.
struct MachineUUID: Equatable {
  /// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in lower case, its bytes in the order in which they were written; nil: not
  /// known.
  var text: String?
  /// Why it is not known, for the operator; nil where it is, or where the machine has none.
  var complaint: String?

  /// The name of the copy in the runtime directory.
  static let copy = "machine-uuid"
  /// What the kernel shows; root only.
  static let kernels = "/sys/class/dmi/id/product_uuid"

  private init(_ text: String? = nil, complaint: String? = nil) {
    self.text = text
    self.complaint = complaint
  }

  /// Reads the copy in `$RUNTIME_DIRECTORY` where there is one, else what the kernel shows. A copy that makes no sense is
  /// not passed over: somebody made it for us.
  static func read(environment: [String: String], kernels: String = Self.kernels) -> MachineUUID {
    if let folder = firstDirectory(environment["RUNTIME_DIRECTORY"]) {
      if let found = look(at: "\(folder)/\(copy)") { return found }
    }
    return look(at: kernels) ?? MachineUUID()
  }

  /// nil where there is no such file.
  private static func look(at path: String) -> MachineUUID? {
    guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
    guard access(path, R_OK) == 0, let bytes = bytes(of: path) else {
      return MachineUUID(complaint: "\(path) cannot be read\(consequence)")
    }
    guard let text = normalized(bytes) else {
      return MachineUUID(complaint: "\(path) holds no machine uuid\(consequence)")
    }
    return MachineUUID(text)
  }

  private static let consequence =
    ", so the VM that guestwatchd itself runs in is not known and not kept out of scope; name it in [protect] vms, or "
    + "have the service manager copy \(kernels) to \(copy) in the runtime directory"

  /// 32 hexadecimal digits, with dashes at their places or none. All zeros or all ones: firmware that was never given one.
  private static func normalized(_ bytes: [UInt8]) -> String? {
    let white = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == 0 }
    guard let first = bytes.firstIndex(where: { !white($0) }), let last = bytes.lastIndex(where: { !white($0) }) else {
      return nil
    }
    let written = bytes[first...last]
    let dashes = written.indices.filter { written[$0] == UInt8(ascii: "-") }.map { $0 - first }
    let digits = String(decoding: written.filter { $0 != UInt8(ascii: "-") }, as: UTF8.self).lowercased()
    guard dashes.isEmpty || dashes == [8, 13, 18, 23], digits.utf8.count == 32,
      digits.utf8.allSatisfy({ byte in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      }), Set(digits) != ["0"], Set(digits) != ["f"]
    else { return nil }
    var parts: [Substring] = []
    var rest = digits[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
  }
}
