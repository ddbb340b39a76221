import GuestWatchCore
import Testing

@Suite("Where a row of the ledger comes from")
struct OriginTests {
  /// Key and message of the authors' test vectors: the bytes 0, 1, 2, ...
  private let key = CommandKey(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

  @Test(
    "SipHash-2-4, as its authors have it",
    arguments: [
      (0, 0x726f_db47_dd0e_0e31 as UInt64), (1, 0x74f8_39c5_93dc_67fd), (7, 0xab02_00f5_8b01_d137),
      (8, 0x93f5_f579_9a93_2462), (15, 0xa129_ca61_49be_45e5), (63, 0x958a_324c_eb06_4572),
    ])
  func vectors(_ count: Int, _ digest: UInt64) {
    var text = ""
    for byte in 0..<UInt8(count) { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    #expect(key.digest(of: text) == digest)
  }

  @Test("Another key, another digest")
  func keyed() {
    #expect(CommandKey(1, 2).digest(of: "mysql -psecret") != CommandKey(1, 3).digest(of: "mysql -psecret"))
  }
}
