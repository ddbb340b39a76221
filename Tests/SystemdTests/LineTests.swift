import Glibc
import GuestWatchCore
import Testing

@testable import Systemd

@Suite struct LineTests {
  /// What an attacker would put into a name.
  static let forgeries = [
    "x\nMESSAGE=killed everything", "x\n<0>panic", "\r\u{1B}[1A\u{1B}[2Kall is well", "x\u{2028}MESSAGE_ID=0",
    "\u{202E}evil", "x\u{0}GUESTWATCH_RULE=none", "PRIORITY=0", "<0>x", "\u{85}x",
  ]

  private func entry(_ text: String) -> JournalEntry {
    JournalEntry(
      MessageID(.killed), .notice, "killed \(text)", fields: [.init(.event, "killed"), .init(.process, text)])
  }

  /// All that `body` makes be written to a pipe.
  private func written(_ body: (Int32) -> Bool) throws -> String {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { close(ends[0]) }
    #expect(body(ends[1]))
    close(ends[1])
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = read(ends[0], &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  @Test func aLineIsTheMessage() throws {
    let entry = entry("spin")
    #expect(try written { Line.write(entry, prefixed: false, to: $0) } == "killed spin\n")
    #expect(try written { Line.write(entry, prefixed: true, to: $0) } == "<5>killed spin\n")
  }

  @Test(arguments: forgeries)
  func aNameCannotAddALine(name: String) throws {
    let text = try written { Line.write(entry(name), prefixed: true, to: $0) }
    #expect(text.hasPrefix("<5>killed "))
    #expect(text.unicodeScalars.count { $0 == "\n" } == 1)
    #expect(text.unicodeScalars.last == "\n")
    #expect(text.unicodeScalars.dropLast().allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
  }

  @Test(arguments: forgeries)
  func aNameCannotAddAField(name: String) {
    let packed = Journal.pack(entry(name))
    let fields = packed.fields.map { String(decoding: packed.bytes[$0], as: UTF8.self) }
    #expect(
      fields == [
        "MESSAGE=killed \(shown(name))", "MESSAGE_ID=\(MessageID(.killed))", "PRIORITY=5",
        "SYSLOG_IDENTIFIER=guestwatchd", "GUESTWATCH_EVENT=killed", "GUESTWATCH_PROCESS=\(shown(name))",
      ])
    // No newline anywhere: not even an export of the journal can be read as more fields.
    #expect(!packed.bytes.contains(UInt8(ascii: "\n")))
  }

  @Test func aLongMessageStaysOneWriteToAPipe() {
    let entry = entry(String(repeating: "\n", count: 100_000))
    #expect(entry.message.utf8.count <= JournalEntry.messageCap)
    #expect(Line.text(entry, prefixed: true).utf8.count < Int(PIPE_BUF))
    #expect(entry[.process]?.utf8.count ?? 0 <= 256)
  }

  @Test func aDescriptorThatIsGoneIsSaid() {
    #expect(!Line.write(entry("spin"), prefixed: false, to: -1))
  }
}
