import GuestWatchCore

@testable import VSphere

/// An answer with processes as a vCenter might write it, with what guests put into it; it knows what it says.
struct DrawnListing {
  var isVI: Bool
  var bytes: [UInt8]
  /// For each row: where it stands, and the process that it is; nil: nobody can know.
  var rows: [(range: Range<Int>, process: Process?)] = []

  var dialect: GuestRows.Dialect { isVI ? .vi : .rest }

  /// The process of every row that can be read, in order.
  var processes: [Process] { rows.compactMap(\.process) }

  var isComplete: Bool {
    !rows.isEmpty && processes.count == rows.count && Set(processes.map(\.pid)).count == rows.count
  }

  init(_ draws: inout Draws) {
    isVI = draws.oneIn(2)
    bytes = DrawnListing.blanks(&draws) + [UInt8(ascii: "[")]
    let count = draws.one(of: [0, 1, 1, 2, 2, 3, 3, 5, 12])
    var pid: Int64 = 0
    for place in 0..<count {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += DrawnListing.blanks(&draws)
      // Now and then the one of before, once more.
      if !draws.oneIn(60) { pid += Int64(1 + draws.below(1000)) }
      let (written, process) = DrawnRow(pid, isVI: isVI, &draws).written(&draws)
      rows.append((bytes.count..<bytes.count + written.count, process))
      bytes += written + DrawnListing.blanks(&draws)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  static func blanks(_ draws: inout Draws) -> [UInt8] {
    draws.oneIn(6) ? (0..<draws.below(4)).map { _ in draws.one(of: [0x20, 0x0A, 0x0D, 0x09]) } : []
  }
}

/// One row of it.
private struct DrawnRow {
  /// Names and values as they are written.
  private var members: [(name: String, value: [UInt8])] = []
  private var pid: Int64?
  private var started: Int64?
  private var finished: Int64?
  private var endIsUnreadable = false
  private var texts: [GuestText] = []

  init(_ pid: Int64, isVI: Bool, _ draws: inout Draws) {
    self.pid = pid
    members.append(("pid", Array("\(pid)".utf8)))
    if draws.oneIn(60) {
      self.pid = nil
      members[0].value = Array(
        draws.one(of: ["null", "7.5", "\"7\"", "9223372036854775808", "-1e9", "{}", "[[7]]"]).utf8)
    } else if draws.oneIn(80) {
      self.pid = nil
      members.append(("pid", Array("\(pid)".utf8)))
    }
    for name in ["name", "owner", isVI ? "cmdLine" : "command"] {
      texts.append(text(named: name, &draws))
    }
    started = time(named: isVI ? "startTime" : "started", &draws)
    if draws.oneIn(8) {
      finished = time(named: isVI ? "endTime" : "finished", &draws)
      endIsUnreadable = finished == nil
    } else if draws.oneIn(8) {
      members.append((isVI ? "endTime" : "finished", Array("null".utf8)))
    }
    while draws.oneIn(3) { members.append((draws.one(of: DrawnRow.unknown), DrawnJSON.value(depth: 0, &draws))) }
  }

  func written(_ draws: inout Draws) -> ([UInt8], Process?) {
    var bytes = [UInt8(ascii: "{")]
    // Of what is there twice the last one shows: these keep their order.
    let names = members.map(\.name)
    let ordered = Set(names).count == names.count ? draws.shuffled(members) : members
    for (place, member) in ordered.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += DrawnListing.blanks(&draws) + DrawnRow.key(member.name, &draws) + DrawnListing.blanks(&draws)
      bytes += [UInt8(ascii: ":")] + DrawnListing.blanks(&draws) + member.value + DrawnListing.blanks(&draws)
    }
    bytes.append(UInt8(ascii: "}"))
    guard let pid, let started, !endIsUnreadable else { return (bytes, nil) }
    return (
      bytes,
      Process(pid: pid, started: started, owner: texts[1], name: texts[0], command: texts[2], finished: finished)
    )
  }

  private static let unknown = ["_typeName", "exit_code", "exitCode", "", "Name", "pids", "é", "started_at"]

  /// Now and then a character of it as an escape.
  private static func key(_ name: String, _ draws: inout Draws) -> [UInt8] {
    var bytes: [UInt8] = [0x22]
    for byte in name.utf8 {
      bytes += byte < 0x80 && draws.oneIn(100) ? Array("\\u00".utf8) + hex(byte, &draws) : [byte]
    }
    return bytes + [0x22]
  }

  private static func hex(_ byte: UInt8, _ draws: inout Draws) -> [UInt8] {
    let digits = Array((draws.oneIn(2) ? "0123456789abcdef" : "0123456789ABCDEF").utf8)
    return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }

  private mutating func text(named name: String, _ draws: inout Draws) -> GuestText {
    if draws.oneIn(80) { return GuestText("", doubtful: true) }
    if draws.oneIn(80) {
      members.append((name, Array(draws.one(of: ["null", "7", "false", "[\"a\"]", "{\"name\":\"a\"}"]).utf8)))
      return GuestText("", doubtful: true)
    }
    var (value, text) = DrawnJSON.text(&draws)
    members.append((name, value))
    if draws.oneIn(80) {
      (value, text) = DrawnJSON.text(&draws)
      members.append((name, value))
      text.doubtful = true
    }
    return text
  }

  private mutating func time(named name: String, _ draws: inout Draws) -> Int64? {
    if draws.oneIn(60) {
      let wrong = ["7", "\"\"", "\"soon\"", "\"2026-13-01T00:00:00Z\"", "\"2026-01-01T00:00:00\"", "[]"]
      members.append((name, Array(draws.one(of: wrong).utf8)))
      return nil
    }
    let times: [(String, Int64)] = [
      ("2026-01-02T03:04:05Z", 1_767_323_045), ("2026-01-02T03:04:05.123Z", 1_767_323_045),
      ("2026-01-02T03:04:05.999999999+00:00", 1_767_323_045), ("2026-01-02T05:04:05+02:00", 1_767_323_045),
      ("1970-01-01T00:00:00Z", 0), ("2016-12-31T23:59:60Z", 1_483_228_799), ("2000-02-29T12:00:00.000Z", 951_825_600),
    ]
    let (text, seconds) = draws.one(of: times)
    members.append((name, Array("\"\(text)\"".utf8)))
    return seconds
  }
}

/// Parts of JSON in every spelling.
enum DrawnJSON {
  /// A piece of a string as it is written, what it says, and whether that is damaged. After what is damaged comes
  /// something that cannot mend it.
  private static let pieces: [(written: [UInt8], says: String, damaged: Bool)] = [
    (Array("sshd: root@pts/1 ".utf8), "sshd: root@pts/1 ", false), (Array("é😀\u{2028}".utf8), "é😀\u{2028}", false),
    (Array(#"\"\\\/"#.utf8), "\"\\/", false), (Array(#"\b\f\n\r\t"#.utf8), "\u{8}\u{C}\n\r\t", false),
    (Array(#"\u00E9\ud83D\uDe00"#.utf8), "é😀", false), (Array(#"{[,]}:"#.utf8), "{[,]}:", false),
    (Array(#"\u001b[2J"#.utf8), "\u{1B}[2J", false), (Array(#"\"pid\":1,"#.utf8), "\"pid\":1,", false),
    ([0xFF, 0x2E], "\u{FFFD}.", true), ([0xC3, 0x2E], "\u{FFFD}.", true), ([0xE2, 0x82, 0x2E], "\u{FFFD}.", true),
    ([0x80, 0x2E], "\u{FFFD}.", true), (Array(#"\ud800."#.utf8), "\u{FFFD}.", true),
    (Array(#"\uDFFF\u0041"#.utf8), "\u{FFFD}A", true), ([0x0A], "\n", true), ([0x00], "\0", true),
    (Array(#"\u0000"#.utf8), "\0", true), ([0x1B], "\u{1B}", true),
  ]

  static func text(_ draws: inout Draws) -> (written: [UInt8], says: GuestText) {
    var written: [UInt8] = [0x22]
    var says = ""
    var damaged = false
    let common = draws.oneIn(4) ? pieces.count : 8
    for _ in 0..<draws.below(5) {
      let piece = pieces[draws.below(common)]
      let times = draws.oneIn(800) ? 4100 / piece.written.count + draws.below(300) : 1
      for _ in 0..<times {
        written += piece.written
        says += piece.says
      }
      damaged = damaged || piece.damaged
    }
    return (written + [0x22], GuestText(says, doubtful: damaged))
  }

  /// Any value, as an answer of tomorrow may have it where we know nothing.
  static func value(depth: Int, _ draws: inout Draws) -> [UInt8] {
    switch draws.below(depth > 6 ? 5 : 7) {
    case 0: return Array(draws.one(of: ["null", "true", "false"]).utf8)
    case 1: return Array(draws.one(of: ["0", "-1", "1.5e-3", "9223372036854775807", "1e10", "123456789012"]).utf8)
    case 2...4: return text(&draws).written
    case 5:
      let values = (0..<draws.below(4)).map { _ in value(depth: depth + 1, &draws) }
      return [UInt8(ascii: "[")] + values.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    default:
      let members = (0..<draws.below(4)).map { place in
        Array("\"pid\(place)\":".utf8) + value(depth: depth + 1, &draws)
      }
      return [UInt8(ascii: "{")] + members.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
    }
  }
}
