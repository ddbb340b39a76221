@testable import RuleFiles

/// Draws a main file and a rule file that were good once, changed by lines, by words and by bytes.
struct MutatedFiles {
  private var random: Repeatable
  private(set) var main: [UInt8]
  private(set) var rules: [UInt8]

  /// Stands as a password in the main file, where none should.
  static let literal = "\npassword = \"canary-Literal-7\"\n"

  init(seed: UInt64) {
    random = Repeatable(state: seed &* 0x2545_F491_4F6C_DD1D)
    main = []
    rules = []
    let recipes = [everyRuleKey, rule("unless = { name = \"y\" }"), rule() + rule("name = \"s\"")]
    var mains = [
      accounts,
      accounts.replacing("\npassword = { file = \"secret\" }\n", with: MutatedFiles.literal, maxReplacements: 1),
      everyKey + MutatedFiles.literal, everyKey + "\n" + recipes[0], "[daemon]\nevery = \"5m\"\n" + accounts,
    ]
    mains.append(mains[1] + "\n[protect]\nnames = ['a', \"b\"]\n")
    // Now and then one of the two stays good, so that the other is read to its end.
    let still = int(0...3)
    main = still == 0 ? Array(pick(mains).utf8) : mutated(pick(mains))
    rules = still == 1 ? Array(pick(recipes).utf8) : mutated(pick(recipes))
  }

  private mutating func mutated(_ text: String) -> [UInt8] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for _ in 0..<pick([0, 0, 0, 1, 1, 2, 6]) { changeLine(&lines) }
    var bytes = Array(lines.joined(separator: pick(["\n", "\n", "\n", "\r\n"])).utf8)
    for _ in 0..<pick([0, 0, 0, 0, 0, 1, 3]) { changeBytes(&bytes) }
    if int(0...60) == 0 { bytes = [0xEF, 0xBB, 0xBF] + bytes }
    return bytes
  }

  /// By the grammar: whole lines, keys, values.
  private mutating func changeLine(_ lines: inout [String]) {
    let at = int(0...lines.count - 1)
    switch int(0...11) {
    case 0: lines.remove(at: at)
    case 1: lines.insert(lines[int(0...lines.count - 1)], at: at)
    case 2: lines.swapAt(at, int(0...lines.count - 1))
    case 3: lines.insert(pick(MutatedFiles.headers), at: at)
    case 4: lines.insert("\(pick(MutatedFiles.keys)) = \(value())", at: at)
    case 5, 6, 7: replaceValue(&lines[at], with: value())
    case 8: lines[at] = lines[at].replacing(pick(MutatedFiles.keys), with: pick(MutatedFiles.keys), maxReplacements: 1)
    case 9: lines[at] += pick([" # it's \"", " x", ",", " = 1", "]", "\"\"\"", "'''", "\\"])
    case 10:
      // A slip of the fingers in a key.
      var letters = Array(lines[at].utf8)
      if letters.count > 3 { letters.swapAt(1, 2) }
      lines[at] = String(decoding: letters, as: UTF8.self)
    default:
      let many = pick([2, 30, 300])
      lines[at] = String(repeating: lines[at] + pick(["\n", " ", ","]), count: many)
    }
    if lines.isEmpty { lines = [""] }
  }

  private mutating func replaceValue(_ line: inout String, with value: String) {
    guard let equals = line.firstIndex(of: "=") else { return }
    line = line[...equals] + " " + value
  }

  private mutating func value() -> String {
    let one = pick(MutatedFiles.values)
    switch int(0...7) {
    case 0: return "[\(one)]"
    case 1: return "[\(one), \(pick(MutatedFiles.values))]"
    case 2: return "{ \(pick(MutatedFiles.keys)) = \(one) }"
    case 3: return "{ \(pick(MutatedFiles.keys)) = [\(one)], \(pick(MutatedFiles.keys)) = \(one) }"
    case 4: return String(repeating: "[", count: int(1...40)) + one
    default: return one
    }
  }

  private mutating func changeBytes(_ bytes: inout [UInt8]) {
    let at = int(0...bytes.count)
    let end = min(bytes.count, at + int(0...pick([1, 6, 60])))
    bytes.replaceSubrange(at..<end, with: int(0...5) == 0 ? [UInt8(int(0...255))] : pick(MutatedFiles.pieces))
    if int(0...20) == 0 { bytes = Array(bytes.prefix(int(0...bytes.count))) }
  }

  private mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  private mutating func pick<Value>(_ values: [Value]) -> Value { values[int(0...values.count - 1)] }

  private static let headers = [
    "[[rule]]", "[[vcenter]]", "[[guest_login]]", "[daemon]", "[protect]", "[budget]", "[ledger]", "[rule.scope]",
    "[rule]",
    "[vcenter]", "[metrics]", "[x.y]", "[[rule.unless]]", "[\"vcenter\"]", "[rule", "[[", "[]",
  ]

  private static let keys = [
    "name", "description", "guest_login", "vcenter", "scope", "match", "unless", "max_age", "max_instances",
    "forbidden",
    "keep", "per", "lasting", "every", "not_during", "action", "budget", "cooldown", "names", "ids", "except", "owner",
    "command", "pid", "started", "kills", "within", "url", "username", "password", "file", "credential", "ca_file",
    "fingerprint_sha256",
    "max_in_flight", "directory", "dry_run", "rules", "log_commands", "time_zone", "owners", "commands", "vms",
    "per_vm",
    "daemon", "rule", "protect", "saml_token", "textfile", "folders", "clusters", "tags", "max_cpu", "evry", "\"\"",
    "a.b",
    "scope.names",
    "password.file",
    "\"a\\nb\"",
  ]

  private static let values = [
    "0", "1", "-1", "5", "1.5", "nan", "true", "false", "\"\"", "''", "\"x\"", "\"*\"", "\"[\"", "\"[z-a]\"", "\"5m\"",
    "\"0s\"", "\"3650d\"", "\"9999999999999999d\"", "\"1h1h\"", "2026-03-01T08:30:00Z", "2026-03-01", "08:30:00",
    "9223372036854775807", "-9223372036854775808", "\"linux\"", "\"linx\"", "\"lab\"", "\"lav\"", "\"terminate\"",
    "\"report\"", "\"newest\"", "\"vm\"", "\"sat,sun\"", "\"mon-fri 22:00-06:00\"", "\"25:00-01:00\"", "\"UTC\"",
    "\"Europe/Berlin\"", "\"../x\"", "\"secret\"", "\"/etc/shadow\"", "\"https://h\"", "\"http://h\"",
    "\"https://u:p@h\"",
    "\"vm-1\"", "\"é\u{301}\u{1F600}\"", "\"\\u001b[2J\\u0000\"", "[]", "{}", "[{}]", "[[]]", "{ name = \"x\" }",
    "{ ids = [\"vm-1\"] }", "{ folders = [\"db\"] }", "\"/DC/vm/db\"", "\"a//b\"", "\"/\"", "\"env:prod\"", "\":\"",
    "{ file = \"secret\" }", "{ credential = \"c\" }", "\"\"\"\nx\n\"\"\"", "'''\n'''",
  ]

  private static let pieces: [[UInt8]] =
    [
      "", "[", "]", "{", "}", "\"", "'", "\"\"\"", "'''", "=", ".", ",", "#", "\\", "\n", "\r", "\0", "\u{1B}[2J", "é",
      "\u{FEDF}", "\u{202E}", "0x", "e9", "-", "_", "\"\\uD800\"",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]]
}
