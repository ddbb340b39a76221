import VCenterModel

/// Processes that some rule may or may not want.
extension Setup {
  static let names = ["worker", "backup", "miner", "java", "sleeper"]
  static let owners = ["alice", "bob", "svc"]
  private static let windowsNames = ["worker.exe", "Worker.EXE", "backup.exe", "MINER.exe", "java.exe", "svchost.exe"]
  private static let windowsOwners = [
    #"LAB\alice"#, #"lab\Alice"#, #"LAB\bob"#, #"WEB\svc"#, #"NT AUTHORITY\SYSTEM"#, #"NT-AUTORITÄT\Lokaler Dienst"#,
  ]
  /// Longer than what is kept of a text.
  static let endless = String(repeating: "worker ", count: 700)
  /// What an attacker writes over a name or a command line.
  private static let hostile = [
    "wor\u{FFFD}ker", "worker\n", "\u{1B}[2Jminer", "java\u{202E}gnp", #"worker","pid":1,"x":""#, "work[e]r",
    #"back\up"#,
    "", "*", "worker ", "WORKER", "wörker", "w\u{0}rker", endless,
  ]

  static func spawn(_ mix: Mix, windows: Bool = false, _ random: inout Seeded) -> Spawn {
    var name = (windows ? random.pick(windowsNames) : random.pick(names)) ?? "worker"
    var owner = (windows ? random.pick(windowsOwners) : random.pick(owners)) ?? "alice"
    if !windows, random.chance(0.04) { owner = "root" }
    if mix.focus == .strangers {
      if random.chance(0.3) { name = random.chance(0.5) ? name.uppercased() : name.lowercased() }
      if random.chance(0.3) { owner = random.chance(0.5) ? owner.uppercased() : owner.lowercased() }
    }
    var command = windows ? #"C:\Tools\\#(name)"# : "/opt/\(name)"
    if random.chance(0.6) { command += " --run \(random.below(100))" }
    if random.chance(0.15) { command += " --keep" }
    if random.chance(0.1) { command += " --important" }
    if random.chance(0.1) { command += " --token " + Canary.argument }
    // Some without any argument: their zombies cannot be told from them.
    if random.chance(0.05) { command = name }
    if random.chance(mix.oddText) {
      let odd = random.pick(hostile) ?? ""
      switch random.below(5) {
      case 0: owner = odd
      case 1: name = odd
      case 2, 3: command = odd
      default: (name, command) = (odd, odd)
      }
    }
    var temper: Temper =
      switch random.below(20) {
      case 0: .unkillable
      case 1, 2, 3: .ignores(killedAfter: random.between(0...300) * Span.millisecond)
      default: .yields(after: random.between(0...3_000) * Span.millisecond)
      }
    if mix.focus == .stubbornness, random.chance(0.5) {
      temper = random.chance(0.7) ? .unkillable : .ignores(killedAfter: random.between(0...14_000) * Span.millisecond)
    }
    return Spawn(
      name: name, owner: owner, command: command, temper: temper,
      zombieFor: !windows && random.chance(0.06) ? random.between(5...300) * Span.second : nil,
      livesFor: random.chance(0.5) ? random.wait(mean: random.pick(90, 600, 3_000) * Span.second) : nil,
      respawnsAfter: random.chance(0.05) ? random.between(100...20_000) * Span.millisecond : nil)
  }
}
