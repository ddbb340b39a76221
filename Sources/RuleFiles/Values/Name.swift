/// True for a NAME of design.md, section 5: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
func isName(_ text: String) -> Bool {
  let bytes = text.utf8
  guard let first = bytes.first, isAlphanumeric(first), bytes.count <= 64 else { return false }
  return bytes.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
}

/// True for what can be the id of a managed object: `vm-42`, or with the vCenter's uuid behind a colon.
func isObjectID(_ text: String) -> Bool {
  let bytes = text.utf8
  guard let first = bytes.first, isAlphanumeric(first), bytes.count <= 128 else { return false }
  return bytes.allSatisfy { isAlphanumeric($0) || "._-:".utf8.contains($0) }
}

func isAlphanumeric(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "a")...UInt8(ascii: "z"):
    true
  default: false
  }
}

/// True where the text holds control characters (line ends and NUL among them).
func holdsControls(_ text: String) -> Bool {
  text.unicodeScalars.contains { $0.properties.generalCategory == .control }
}

/// True for `DOMAIN\user` and `user@domain`: accounts that a directory holds.
func namesDirectoryAccount(_ userName: String) -> Bool {
  for separator in [UInt8(ascii: "\\"), UInt8(ascii: "@")] {
    let parts = userName.utf8.split(separator: separator, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { continue }
    // `.\user` is Windows' way to name an account of the machine itself.
    return !(separator == UInt8(ascii: "\\") && parts[0].elementsEqual(".".utf8))
  }
  return false
}
