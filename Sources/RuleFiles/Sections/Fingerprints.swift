extension Findings {
  private static let fingerprintHint = "the SHA-256 of the certificate as 64 hex digits, with or without colons"

  /// `fingerprint_sha256`: which certificates are trusted, whoever signed them and whatever name they have. Lower case and
  /// without colons, as they are compared.
  mutating func fingerprints(in section: Section) -> [String] {
    guard let entry = section["fingerprint_sha256"] else { return [] }
    if section["ca_file"] != nil {
      error(
        entry.place, .keysConflict,
        "'fingerprint_sha256' replaces the check of who signed the certificate; remove it or 'ca_file'")
    }
    guard let texts = strings(entry, hint: Self.fingerprintHint) else { return [] }
    if texts.isEmpty { emptySelector(entry) }
    var fingerprints: [String] = []
    for (text, place) in texts {
      guard let fingerprint = Self.fingerprint(text) else {
        error(place, .badFingerprint, "not the fingerprint of a certificate; write \(Self.fingerprintHint)")
        continue
      }
      if !fingerprints.contains(fingerprint) { fingerprints.append(fingerprint) }
    }
    return fingerprints
  }

  /// As openssl, browsers and vCenter write it: pairs of digits, with a colon between all of them or none.
  private static func fingerprint(_ text: String) -> String? {
    let pairs = text.split(separator: ":", omittingEmptySubsequences: false)
    guard pairs.count == 1 || pairs.allSatisfy({ $0.utf8.count == 2 }) else { return nil }
    let digits = pairs.joined().lowercased()
    let isHex = digits.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    return digits.utf8.count == 64 && isHex ? digits : nil
  }
}
