import GuestWatchCore
import OrderedCollections

/// What came of a call to a vCenter.
enum CallResult: Hashable, Sendable, CaseIterable {
  /// It was answered, whatever the answer says.
  case ok
  /// It was answered in part: a listing or an inventory that proves no absence.
  case incomplete
  case fault(FaultKind)

  static let allCases: [CallResult] = [.ok, .incomplete] + FaultKind.allCases.map { .fault($0) }

  var label: String {
    switch self {
    case .ok: "ok"
    case .incomplete: "incomplete"
    case .fault(let kind): kind.rawValue
    }
  }
}

/// The calls to one vCenter.
struct CallTally: Hashable, Sendable {
  struct Call: Hashable, Sendable {
    var kind: Operations.Kind
    var result: CallResult
  }

  /// One that has not come about is not in it.
  private(set) var calls: [Call: Int] = [:]
  private(set) var latencies: [Operations.Kind: Latencies] = [:]
  /// When a call was answered last, in unix nanoseconds.
  private(set) var lastAnswer: Int64?

  mutating func add(_ kind: Operations.Kind, _ timing: Timing, _ result: CallResult) {
    calls[Call(kind: kind, result: result), default: 0] += 1
    switch result {
    case .ok, .incomplete: lastAnswer = timing.ended.wall
    case .fault: break
    }
    // One of which nothing was sent took no time of vCenter's.
    guard let sent = timing.firstByte else { return }
    latencies[kind, default: Latencies()].add(timing.ended.continuous - sent.continuous)
  }
}

/// What happened since the start, counted: it sees every event, every effect and every report as they pass.
///
/// Each costs a look-up or two. What it holds grows with the configuration, with our own enums and with what is under way,
/// never with what guests do.
struct Tally: Sendable {
  struct OfRule: Hashable, Sendable {
    /// An outcome that has not come about is not in it.
    var outcomes: [Outcome: Int] = [:]
    var wouldKill = 0
  }

  private var calls: OrderedDictionary<VCenterID, CallTally> = [:]
  private var kills: OrderedDictionary<RuleID, OfRule> = [:]
  /// Of kills that an operator asked for.
  private(set) var byHand: [Outcome: Int] = [:]
  private(set) var reports: [Report.Kind: Int] = [:]

  private var operations: [OpID: (vcenter: VCenterID, kind: Operations.Kind)] = [:]
  /// Kills that were recorded and are not closed, with their rule; nil: an operator asked.
  private var openKills: [KillID: RuleID?] = [:]

  /// Those of the configuration, in its order.
  var vcenters: [VCenterID] { Array(calls.keys) }
  subscript(_ vcenter: VCenterID) -> CallTally { calls[vcenter] ?? CallTally() }
  /// Those of the configuration, in its order; behind them those whose kill was closed after they were taken out of it.
  var rules: [RuleID] { Array(kills.keys) }
  subscript(_ rule: RuleID) -> OfRule { kills[rule] ?? OfRule() }

  // MARK: What passes

  mutating func heard(_ event: Event) {
    switch event {
    case .began(_, let restored):
      for kill in restored.open { openKills.updateValue(kill.record.cause.rule, forKey: kill.record.id) }
    case .configured(let configuration): configured(configuration)
    case .inventory(let op, let timing, let result):
      answered(op, timing, result.called { $0.complete ? .ok : .incomplete })
    case .surveyed(let op, let timing, let result):
      answered(op, timing, result.called { $0.complete ? .ok : .incomplete })
    case .looked(let op, let timing, let result): answered(op, timing, result.called { $0.called })
    case .terminated(let op, let timing, let answer): answered(op, timing, answer.called)
    case .timeCame, .recorded, .asked, .shutdownAsked: break
    }
  }

  mutating func asked(_ effect: Effect) {
    switch effect {
    case .refresh(let op, let vcenter, _, _): operations[op] = (vcenter, .refresh)
    case .survey(let op, let address, _, _, _): operations[op] = (address.vcenter, .survey)
    case .look(let op, let address, _, _, _, _): operations[op] = (address.vcenter, .look)
    case .terminate(let op, _, let address, _, _, _, _, _): operations[op] = (address.vcenter, .terminate)
    case .record(let kill, .intent(let record)): openKills.updateValue(record.cause.rule, forKey: kill)
    case .record(let kill, .closed(let outcome, _, _, _)): closed(kill, outcome)
    case .record(_, .answered), .record(_, .reported): break
    case .note, .remember, .keepPauses, .report, .answer, .show, .status, .wake, .ready, .stopped: break
    }
  }

  /// An operator was told.
  mutating func told(_ report: Report) {
    reports[report.kind, default: 0] += 1
    if report.kind == .wouldKill, let rule = report.rule { kills[rule, default: OfRule()].wouldKill += 1 }
  }

  // MARK: What is made of it

  /// What is in the configuration begins at 0 or goes on, what is not is forgotten.
  private mutating func configured(_ configuration: Configuration) {
    calls = OrderedDictionary(
      configuration.vcenters.map { ($0.id, calls[$0.id] ?? CallTally()) }, uniquingKeysWith: { first, _ in first })
    kills = OrderedDictionary(
      configuration.rules.map { ($0.id, kills[$0.id] ?? OfRule()) }, uniquingKeysWith: { first, _ in first })
  }

  /// A late answer was counted as none before, and one of a vCenter that was taken out of the configuration counts nowhere.
  private mutating func answered(_ op: OpID, _ timing: Timing, _ result: CallResult) {
    guard let (vcenter, kind) = operations.removeValue(forKey: op) else { return }
    calls[vcenter]?.add(kind, timing, result)
  }

  /// An outcome that could not be written comes again until it is: it counts once.
  private mutating func closed(_ kill: KillID, _ outcome: Outcome) {
    guard let rule = openKills.removeValue(forKey: kill) else { return }
    if let rule {
      kills[rule, default: OfRule()].outcomes[outcome, default: 0] += 1
    } else {
      byHand[outcome, default: 0] += 1
    }
  }
}

extension Result where Failure == Fault {
  fileprivate func called(_ answer: (Success) -> CallResult) -> CallResult {
    switch self {
    case .success(let value): answer(value)
    case .failure(let fault): .fault(fault.kind)
    }
  }
}

extension Look {
  fileprivate var called: CallResult {
    switch self {
    case .running, .finished, .gone: .ok
    // As a survey has it.
    case .vmGone: .fault(.vmGone)
    }
  }
}

extension KillAnswer {
  fileprivate var called: CallResult {
    switch self {
    case .done, .notFound: .ok
    case .notBegun(let fault), .denied(let fault), .ambiguous(let fault), .notSent(let fault): .fault(fault.kind)
    case .unanswered: .fault(.unanswered)
    }
  }
}
