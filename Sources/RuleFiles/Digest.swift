/// SHA-256 (FIPS 180-4), cut to 64 bits.
///
/// The ledger keeps such digests of rules and files to say what was in force, and of logins to see that a password was changed. A plain hash such as FNV could be run
/// backwards from there to a short password; this one can only be used to check a guess.
struct Digest {
  /// The digest of the fields; each counts with its length, so that moving a border changes the result.
  static func of(_ fields: [String]) -> UInt64 {
    var bytes: [UInt8] = []
    for field in fields {
      let utf8 = Array(field.utf8)
      bytes += bigEndian(UInt64(utf8.count))
      bytes += utf8
    }
    return of(bytes: bytes)
  }

  /// The first 16 digits of what `sha256sum` says.
  static func of(bytes: [UInt8]) -> UInt64 {
    let words = sha256(bytes)
    return UInt64(words[0]) << 32 | UInt64(words[1])
  }

  /// The eight words of the hash.
  static func sha256(_ message: [UInt8]) -> [UInt32] {
    var padded = message
    padded.append(0x80)
    while padded.count % 64 != 56 { padded.append(0) }
    padded += bigEndian(UInt64(message.count) &* 8)

    var hash = startWords
    var schedule = [UInt32](repeating: 0, count: 64)
    for block in stride(from: 0, to: padded.count, by: 64) {
      for i in 0..<16 {
        schedule[i] = (0..<4).reduce(0) { $0 << 8 | UInt32(padded[block + 4 * i + $1]) }
      }
      for i in 16..<64 {
        let a = schedule[i - 15]
        let b = schedule[i - 2]
        let small = right(a, 7) ^ right(a, 18) ^ a >> 3
        let large = right(b, 17) ^ right(b, 19) ^ b >> 10
        schedule[i] = schedule[i - 16] &+ small &+ schedule[i - 7] &+ large
      }
      mix(&hash, schedule)
    }
    return hash
  }

  private static func mix(_ hash: inout [UInt32], _ schedule: [UInt32]) {
    var v = hash
    for i in 0..<64 {
      let choice = (v[4] & v[5]) ^ (~v[4] & v[6])
      let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
      let first = v[7] &+ (right(v[4], 6) ^ right(v[4], 11) ^ right(v[4], 25)) &+ choice &+ roundWords[i] &+ schedule[i]
      let second = (right(v[0], 2) ^ right(v[0], 13) ^ right(v[0], 22)) &+ majority
      v = [first &+ second, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
    }
    for i in 0..<8 { hash[i] = hash[i] &+ v[i] }
  }

  private static func right(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }

  private static func bigEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
  }

  /// The fractions of the square roots of the first 8 primes.
  private static let startWords: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]

  /// The fractions of the cube roots of the first 64 primes.
  private static let roundWords: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}
