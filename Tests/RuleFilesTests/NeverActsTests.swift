import GuestWatchCore
import RuleFiles
import Testing

/// What can never have an effect.
@Suite struct NeverActsTests {
  func warnings(main: String = accounts, _ changes: String...) throws -> [String] {
    let folder = try ConfigurationFolder()
    try folder.write("main.toml", main)
    try folder.write("secret", "hunter2\n", mode: 0o400)
    var lines = rule()
    for change in changes { lines = merged(lines, change) }
    try folder.write("rules.d/a.toml", lines)
    let result = folder.load()
    #expect(result.loaded != nil)
    #expect(result.diagnostics.allSatisfy { $0.code == .neverActs || $0.code == .scopeByNameAlone })
    return folder.lines(result).filter { !$0.contains("by name alone") }
  }

  /// One more line, or another value for one that is there.
  func merged(_ text: String, _ change: String) -> String {
    var lines = text.split(separator: "\n").map(String.init)
    let key = change.prefix { $0 != " " }
    if let index = lines.firstIndex(where: { $0.prefix { $0 != " " } == key }) {
      lines[index] = change
    } else {
      lines.append(change)
    }
    return lines.filter { !$0.hasSuffix(" -") }.joined(separator: "\n") + "\n"
  }

  @Test func anExceptionForAll() throws {
    let why =
      "warning: 'unless' fits whatever 'match' fits, so that this rule never acts; take out what both have"
    for unless in [
      #"{ name = "x" }"#, #"[{ owner = "a" }, { name = "x" }]"#, #"{ name = ["y", "x*"] }"#, #"{ name = "[xyz]" }"#,
      #"{ name = "x", owner = "*" }"#,
    ] {
      #expect(try warnings("unless = \(unless)") == ["rules.d/a.toml:7:10: \(why)"], "\(unless)")
    }
    for fine in [#"{ name = "y" }"#, #"{ name = "x", owner = "a" }"#, #"{ command = "x" }"#] {
      #expect(try warnings("unless = \(fine)") == [])
    }
    #expect(try warnings(#"match = { name = ["x", "z"] }"#, #"unless = { name = "x" }"#) == [])
    // One pattern within another is not looked into.
    #expect(try warnings(#"match = { name = "xy*" }"#, #"unless = { name = "x*" }"#) == [])
    #expect(
      try warnings(#"match = { name = "xy*" }"#, #"unless = { name = "xy*" }"#) == ["rules.d/a.toml:7:10: \(why)"])
    let exactly = "{ pid = 77, started = 2026-03-01T08:30:00Z }"
    #expect(try warnings("match = \(exactly)", "unless = \(exactly)") == ["rules.d/a.toml:7:10: \(why)"])
    #expect(try warnings("match = \(exactly)", "unless = { pid = 78, started = 2026-03-01T08:30:00Z }") == [])
  }

  @Test func oneProcessIsNeverTooMany() throws {
    #expect(
      try warnings("match = { pid = 77, started = 2026-03-01T08:30:00Z }", "forbidden -", "max_instances = 1") == [
        "rules.d/a.toml:6:17: warning: 'max_instances' is never exceeded: 'match' with a pid fits one process; write "
          + "max_age or forbidden = true"
      ])
  }

  @Test func aScopeThatTakesAllAwayAgain() throws {
    let why =
      "rules.d/a.toml:4:9: warning: 'except' takes away all that this scope chooses, so that this rule never acts; "
      + "correct one of them"
    for scope in [
      #"{ names = ["db-1"], except = ["db-*"] }"#, #"{ names = "db-*", except = ["x", "db-*"] }"#,
      #"{ ids = ["vm-1"], except = ["vm-?"] }"#, #"{ names = "*", except = "*" }"#,
    ] {
      #expect(try warnings("scope = \(scope)") == [why], "\(scope)")
    }
    for fine in [
      #"{ folders = ["db-1"], except = ["db-*"] }"#, #"{ names = ["db-1", "a"], except = ["db-*"] }"#,
      #"{ ids = ["vm-1", "vm-22"], except = ["vm-?"] }"#,
    ] {
      #expect(try warnings("scope = \(fine)") == [])
    }
  }

  @Test func aLoginThatIsNeverSentThere() throws {
    let main = accounts + "scope = { ids = [\"vm-7\", \"vm-8\"] }\n"
    #expect(
      try warnings(main: main) == [
        "rules.d/a.toml:4:9: warning: guest login 'linux' is never sent to these VMs, so that this rule never acts; add "
          + "their ids to the 'scope' of the [[guest_login]]"
      ])
    #expect(try warnings(main: main, #"scope = { ids = ["vm-1", "vm-8"] }"#) == [])
    #expect(try warnings(main: main, #"scope = { names = "*" }"#) == [])
    // Nobody knows here what is in a folder.
    #expect(try warnings(main: main, #"scope = { folders = "db" }"#) == [])
    #expect(try warnings(main: accounts + "scope = { folders = [\"db\"] }\n") == [])
    #expect(try warnings(main: main.replacing("] }", with: "], tags = \"a:b\" }")).count == 1)
  }

  @Test func whatIsProtectedAnyhow() throws {
    let why =
      "rules.d/a.toml:5:9: warning: [protect] holds whatever this 'match' fits, so that this rule never kills; take it "
      + "out of one of them"
    for protect in ["names = \"x\"", "names = [\"a\", \"?\"]"] {
      let main = accounts + "[protect]\n\(protect)\n"
      #expect(try warnings(main: main, #"action = "terminate""#) == [why])
      #expect(try warnings(main: main, #"action = "report""#) == [])
      #expect(try warnings(main: main, #"action = "terminate""#, #"match = { name = ["x", "other"] }"#) == [])
    }
    let main = accounts + "[protect]\nowners = \"root\"\n"
    #expect(try warnings(main: main, #"action = "terminate""#) == [])
    #expect(try warnings(main: main, #"action = "terminate""#, #"match = { name = "x", owner = "root" }"#) == [why])
  }

  @Test func aBudgetOfNothing() throws {
    for key in ["kills", "per_vm"] {
      let main = accounts + "[budget]\n\(key) = 0\n"
      #expect(
        try warnings(main: main, #"action = "terminate""#) == [
          "main.toml:12:\(key.count + 4): warning: '\(key)' of [budget] is 0, so that nothing is ever killed although a "
            + "rule terminates; write 1 or more, or dry_run = true if that is meant"
        ])
      #expect(try warnings(main: main) == [])
      #expect(try warnings(main: main + "[daemon]\ndry_run = true\n", #"action = "terminate""#) == [])
    }
  }
}
