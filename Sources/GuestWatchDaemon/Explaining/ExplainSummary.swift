import GuestWatchCore
import Ledger
import VSphere

/// What all explanations come to: how many would be killed, and what keeps the others alive. It reads the lines that are
/// shown, whoever made them.
struct ExplainSummary {
  /// What is to be changed, of how many processes it keeps the kill, and in which rules.
  private struct Obstacle {
    var gate: Gate
    var count = 0
    /// Those that say so themselves; empty: it is the same for all.
    var rules: [String] = []
  }

  private enum State: Int {
    /// Its age is over a limit by its start time only.
    case claimed, protected, blocked, open, killing
  }

  private(set) var vms = 0
  private(set) var unwatched = 0
  private var vm = ""
  /// By pid, for the VM at hand: the most that any rule says of it.
  private var states: [Int64: State] = [:]
  /// And every gate that keeps it alive, with the rule that wants it dead.
  private var closed: [Int64: [(gate: Gate, rule: String)]] = [:]
  private var counts: [State: Int] = [:]
  private var obstacles: [Obstacle] = []
  private var limits: [String: Int64] = [:]

  mutating func take(_ line: String) {
    guard !line.starts(with: #"{"is":"others""#), let object = try? JSONReader.read(Array(line.utf8)) else { return }
    switch object["is"].string {
    case "vm": began(object)
    case "unwatched": unwatched += 1
    case "rule": limits[object["rule"].string ?? ""] = object["max_age_seconds"].int
    case "process": if object["matched"].bool == true { take(object) }
    default: break
    }
  }

  private mutating func began(_ object: JSON) {
    let name = "\(object["vcenter_uuid"].string ?? "") \(object["vm_uuid"].string ?? "")"
    guard name != vm else { return }
    close()
    vm = name
    vms += 1
  }

  private mutating func take(_ object: JSON) {
    guard let pid = object["pid"].int, let rule = object["rule"].string else { return }
    let gates = gates(of: object)
    let state: State
    switch object["verdict"].string {
    case "killing": state = .killing
    case "runaway", "exceeded":
      if gates.contains(.protected) {
        // Nothing that is changed besides would allow it.
        state = .protected
      } else {
        state = gates.isEmpty ? .open : .blocked
        closed[pid, default: []] += gates.map { ($0, rule) }
      }
    case "within":
      guard let limit = limits[rule], let claimed = object["claimed_seconds"].int, claimed > limit else { return }
      state = .claimed
    default: return
    }
    if states[pid].map({ $0.rawValue < state.rawValue }) ?? true { states[pid] = state }
  }

  /// All is known of a VM.
  private mutating func close() {
    for (pid, state) in states {
      counts[state, default: 0] += 1
      if state == .blocked { note(closed[pid] ?? []) }
    }
    states = [:]
    closed = [:]
  }

  /// What one process is kept alive by.
  private mutating func note(_ closed: [(gate: Gate, rule: String)]) {
    var counted: Set<Gate> = []
    for (gate, rule) in closed {
      let known = obstacles.firstIndex { $0.gate == gate }
      if known == nil { obstacles.append(Obstacle(gate: gate)) }
      let i = known ?? obstacles.count - 1
      if counted.insert(gate).inserted { obstacles[i].count += 1 }
      if gate.isOfRule, !obstacles[i].rules.contains(rule) { obstacles[i].rules.append(rule) }
    }
  }

  private func count(_ state: State) -> Int { counts[state] ?? 0 }

  /// What would have to be changed, most often needed first.
  private var changes: [String] {
    // In the order of the gates where as many wait for it, whatever was met first.
    let places = Dictionary(uniqueKeysWithValues: Gate.allCases.enumerated().map { ($1, $0) })
    return obstacles.sorted { (-$0.count, places[$0.gate] ?? 0) < (-$1.count, places[$1.gate] ?? 0) }.map {
      "\($0.gate.change(rules: $0.rules.sorted())) (\($0.count))"
    }
  }

  /// In a sentence.
  private var sentence: String {
    let (open, blocked, protected) = (count(.open), count(.blocked), count(.protected))
    let (killing, claimed) = (count(.killing), count(.claimed))
    var parts: [String] = []
    if vms == 0 { return "no VM was looked at" }
    switch (open, blocked + protected) {
    case (0, 0): parts = ["nothing would be killed: no process is over a limit"]
    case (_, 0): parts = ["\(counted(open, "process", "processes")) would be killed"]
    case (_, let kept):
      parts = ["\(open) of \(counted(open + kept, "process", "processes")) over a limit would be killed"]
    }
    if protected > 0 { parts.append("\(counted(protected, "is", "are")) protected") }
    if blocked > 0 { parts.append("to allow more: \(changes.joined(separator: ", "))") }
    if killing > 0 { parts.append("\(counted(killing, "kill is", "kills are")) under way") }
    if claimed > 0 {
      parts.append(
        "\(counted(claimed, "process claims", "processes claim")) an age over a limit that is not proven yet")
    }
    return parts.joined(separator: "; ")
  }

  /// The last line of all.
  mutating func end() -> String {
    close()
    return jsonObject([
      ("is", jsonString("summary")), ("vms", String(vms)), ("vms_unwatched", String(unwatched)),
      ("over_limit", String(count(.open) + count(.blocked) + count(.protected) + count(.killing))),
      ("would_be_killed", String(count(.open))), ("kept_alive", String(count(.blocked))),
      ("protected", String(count(.protected))),
      ("being_killed", String(count(.killing))), ("age_not_proven", String(count(.claimed))),
      ("changes", "[" + changes.map(jsonString).joined(separator: ",") + "]"), ("message", jsonString(sentence)),
    ])
  }
}

/// The gates that a line says are closed.
func gates(of object: JSON) -> [Gate] {
  (object["gates"].array ?? []).compactMap(\.string).compactMap { Gate(rawValue: $0) }
}

extension Gate {
  /// It has to do with what the rule says, and not with its VM, its login or all rules.
  fileprivate var isOfRule: Bool {
    switch self {
    case .report, .notDuring, .cooldown, .ruleBudget: true
    case .dryRun, .paused, .protected, .vmBudget, .fleetBudget, .toolsBusy, .noTerminate, .ledger, .killOpen,
      .retryWait, .stuck, .denied, .login, .stopping:
      false
    }
  }

  /// What would open it.
  fileprivate func change(rules: [String]) -> String {
    let rule = (rules.count == 1 ? "rule " : "rules ") + listed(rules.map(bare))
    return switch self {
    case .report: "action = \"terminate\" in \(rule)"
    case .dryRun: "dry_run = false in [daemon]"
    case .paused: "`guestwatchd resume`"
    case .protected: "no protection"
    case .ruleBudget: "a larger budget in \(rule), or time"
    case .vmBudget: "a larger per_vm in [budget], or time"
    case .fleetBudget: "more kills in [budget], or time"
    case .cooldown: "time: the cooldown of \(rule)"
    case .notDuring: "time: the not_during of \(rule)"
    case .toolsBusy: "time: VMware Tools execute scripts"
    case .noTerminate: "a vCenter with VI JSON (8.0 U1)"
    case .ledger: "a ledger that can be written"
    case .killOpen: "time: another kill is open on the VM"
    case .retryWait: "time: it was tried before"
    case .stuck: "`guestwatchd kill`, by hand: it survived three terminates"
    case .denied: "rights: the guest or vCenter denied it"
    case .login: "`guestwatchd retry-login`"
    case .stopping: "a daemon that is not stopping"
    }
  }
}
