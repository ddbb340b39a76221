/// What one world of the crash test is like, drawn from its seed: its guests, its rules, and budgets with windows of
/// seconds, so that they are used up again and again over many lives.
struct CrashPlan: Sendable {
  /// Matched by a rule that forbids them.
  static let loneRule = "no-runaways"
  /// One may run on each VM; the oldest stays. Its kills are confirmed by a listing, not by a `get`.
  static let twinRule = "one-twin"
  static let vms = ["vm-101", "vm-102", "vm-103"]
  /// What may never die, on each VM: the oldest of the twins among them.
  static let keeper = "twin-keeper"

  /// At most so many kills in any window of so many seconds.
  struct Budget: Sendable {
    var kills: Int
    var within: Int

    var text: String { "{ kills = \(kills), within = \"\(within)s\" }" }
  }

  /// Seconds, for both of these.
  let within: Int
  let perVM: Int
  let all: Int
  /// Of the rule for the lone ones.
  let lone: Budget
  /// Of the rule for the twins, in seconds.
  let cooldown: Int
  /// Guests with few processes cannot prove an agent restart, those with many can: that decides what is known after a
  /// crash of a pid that has another start.
  let manyProcesses: Bool

  var settings: Settings {
    var settings = Settings(
      RuleText(
        Self.loneRule, match: #"name = "runaway-*""#, "forbidden = true\nbudget = \(lone.text)"),
      RuleText(
        Self.twinRule, match: #"name = "twin-*""#,
        "max_instances = 1\nper = \"vm\"\ncooldown = \"\(cooldown)s\""))
    settings.kills = all
    settings.perVM = perVM
    settings.within = "\(within)s"
    return settings
  }

  var scenario: Scenario {
    var scenario = Scenario()
    for (number, vm) in Self.vms.enumerated() {
      let idle = manyProcesses ? 7 : 1
      let guests =
        [Guest.sleeper(Self.keeper, owner: "bob", label: Self.keeper)]
        + (1...idle).map { Guest.sleeper("bystander-\($0)", owner: "bob", label: "bystander-\($0)") }
      scenario.vms.append(Machine(vm, "web-\(number + 1)", guests))
    }
    return scenario
  }
}

extension CrashPlan {
  init(_ dice: inout Dice) {
    within = dice.roll(10...25)
    perVM = dice.roll(2...3)
    all = dice.roll(4...6)
    lone = Budget(kills: dice.roll(3...4), within: dice.roll(10...20))
    cooldown = dice.roll(2...6)
    manyProcesses = dice.chance(0.5)
  }
}

/// When a life is ended. Nothing waits for these times: that they are drawn, and not chosen, is the point.
enum Moment: Sendable, CustomStringConvertible {
  /// After the start of the program: it may not even have opened its ledger.
  case afterStart(Duration)
  /// After it was ready. The first kill is possible after 5 s.
  case afterReady(Duration)
  /// So many writes to the ledger's log after the first kill has become possible, and then so long. With no delay that
  /// is in the middle of a transaction; a little later is between a step on disk and what follows from it.
  case afterWrites(Int, Duration)
  /// So many writes to the ledger's log after the simulator received the next terminate: most often in the middle of writing
  /// how it was answered.
  case atWriteAfterTerminate(Int)
  /// After the simulator received the next terminate.
  case afterTerminate(Duration)
  /// After the simulator answered the next terminate.
  case afterAnswer(Duration)

  init(_ dice: inout Dice) {
    switch dice.roll() {
    case ..<0.10: self = .afterStart(.milliseconds(dice.roll(0...400)))
    case ..<0.18: self = .afterReady(.milliseconds(dice.roll(0...9000)))
    case ..<0.26: self = .afterReady(.milliseconds(dice.roll(4900...6500)))
    // The first transaction is an intent most often: some 25 writes, and its terminate leaves within some 20 ms.
    case ..<0.43: self = .afterWrites(dice.roll(5...30), .microseconds(dice.roll(0...15_000)))
    case ..<0.52: self = .atWriteAfterTerminate(dice.roll(1...20))
    case ..<0.66:
      let delay = dice.chance(0.4) ? 0 : dice.roll(0...30_000)
      self = .afterWrites(dice.roll(1...120), .microseconds(delay))
    case ..<0.87:
      self = .afterTerminate(.milliseconds(dice.chance(0.5) ? dice.roll(0...200) : dice.roll(0...6500)))
    default: self = .afterAnswer(.milliseconds(dice.chance(0.4) ? dice.roll(0...60) : dice.roll(0...1400)))
    }
  }

  var description: String {
    switch self {
    case .afterStart(let time): "\(time) after its start"
    case .afterReady(let time): "\(time) after READY=1"
    case .afterWrites(let count, let time): "\(time) after \(count) writes to the ledger"
    case .atWriteAfterTerminate(let count): "\(count) writes to the ledger after a terminate was received"
    case .afterTerminate(let time): "\(time) after a terminate was received"
    case .afterAnswer(let time): "\(time) after a terminate was answered"
    }
  }
}

/// What is wrong with the vCenter for one life.
enum Weather: String, Sendable, CaseIterable {
  case fair
  /// Terminates come to effect, and their answers come late.
  case lateAnswers
  /// Terminates come to effect late.
  case lateEffects
  /// Looks are answered late.
  case lateLooks
  /// Terminates come to effect, and the connection is closed instead of an answer.
  case lostAnswers
  /// The connection is closed, and the terminate comes to no effect.
  case lostTerminates
  /// Refused for certain: something else is under way.
  case busy
  /// Refused for certain, and for good.
  case denied
  /// Another program holds the ledger again and again, as long as a step may wait: a slow disk.
  case slowLedger
  /// A proxy's error: nobody can know whether it came to effect. It did not.
  case gateway

  init(_ dice: inout Dice) {
    switch dice.roll() {
    case ..<0.35: self = .fair
    case ..<0.50: self = .slowLedger
    case ..<0.59: self = .lateAnswers
    case ..<0.67: self = .lateEffects
    case ..<0.75: self = .lateLooks
    case ..<0.84: self = .lostAnswers
    case ..<0.89: self = .lostTerminates
    case ..<0.94: self = .busy
    case ..<0.97: self = .denied
    default: self = .gateway
    }
  }

  /// For the simulator's control endpoint, without what says for how many calls; nil: nothing is wrong.
  func fault(_ dice: inout Dice) -> String? {
    // Under 5 s: later than that, "not found" is taken for our own doing (design.md, section 4, step 7).
    let seconds = Double(dice.roll(200...4000)) / 1000
    return switch self {
    case .fair, .slowLedger: nil
    case .lateAnswers: #""calls": "terminate", "delay_answer_s": \#(seconds)"#
    case .lateEffects: #""calls": "terminate", "delay_s": \#(seconds)"#
    case .lateLooks: #""calls": "look", "delay_answer_s": \#(seconds / 4)"#
    case .lostAnswers: #""calls": "terminate", "drop": "after""#
    case .lostTerminates: #""calls": "terminate", "drop": "before""#
    case .busy: #""calls": "terminate", "fault": "TaskInProgress""#
    case .denied: #""calls": "terminate", "fault": "GuestPermissionDenied""#
    case .gateway: #""calls": "terminate", "gateway": 502"#
    }
  }

  /// For how many calls; 0: for the whole life. What is for certain is tried again at once, so it must end.
  var times: Int {
    switch self {
    case .fair, .slowLedger, .lateAnswers, .lateEffects, .lateLooks, .lostAnswers: 0
    case .lostTerminates, .busy: 2
    case .denied, .gateway: 1
    }
  }
}
