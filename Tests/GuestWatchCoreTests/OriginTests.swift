import Testing

@testable import GuestWatchCore

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

  @Test("An intent and a report say by what rule and files, and on which command line, which stays unreadable")
  func ofARow() throws {
    for action in [Action.terminate, .report] {
      var stage = Stage()
      stage.spawn(500)
      stage.begin([Stage.rule(action: action)], restored: Restored(life: 1, commandKey: key)) {
        $0.digests = ConfigurationDigests(files: 7, rules: [RuleID("r"): 9])
      }
      stage.run(.seconds(120))
      let records = stage.log.compactMap { entry in
        switch entry.effect {
        case .record(_, .intent(let record)), .record(_, .reported(let record, _)): record
        default: nil
        }
      }
      let record = try #require(records.first)
      let command = key.digest(of: "/usr/bin/spin --work")
      #expect(record.origin == Origin(rule: 9, configuration: 7, command: command))
      #expect(record.process.command.value.isEmpty)
    }
  }

  @Test("Without a key, a command or files there is nothing to say")
  func ofNothing() throws {
    var stage = Stage()
    stage.spawn(500)
    stage.begin([Stage.rule()])
    stage.run(.seconds(120))
    let origins = stage.log.compactMap { entry in
      if case .record(_, .intent(let record)) = entry.effect { record.origin } else { nil }
    }
    #expect(origins.first == Origin())
  }
}
