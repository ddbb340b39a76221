import GuestWatchCore

/// What many seeds came to: sums, and for everything that can be reached how often, and at which seed first.
public struct Summary: Sendable {
  /// Something that a run may or may not come to.
  public struct Counter: Hashable, Sendable {
    public enum Group: String, CaseIterable, Sendable {
      case outcome, gate, reason, answer, report, fault, trouble
    }

    public var group: Group
    public var name: String
  }

  public private(set) var seeds = 0
  public private(set) var last: World.Report?
  private var span: Int64 = 0
  private var events = 0
  private var effects = 0
  private var terminates = 0
  private var excused = 0
  private var counts: [Counter: Int] = [:]
  /// The how manieth seed came to it first.
  private var first: [Counter: Int] = [:]
  /// In the order in which they were first reached, those that every run may reach before.
  private var known: [Counter] = Summary.all

  public init() {}

  /// Everything that a run can come to; what no seed comes to is a finding.
  private static let all: [Counter] = {
    func counters(_ group: Counter.Group, _ names: [String]) -> [Counter] {
      names.map { Counter(group: group, name: $0) }
    }
    return counters(.outcome, Outcome.allCases.map(\.rawValue)) + counters(.gate, Gate.allCases.map(\.rawValue))
      + counters(.reason, Checker.ReasonKind.allCases.map(\.rawValue))
      + counters(.answer, Checker.AnswerKind.allCases.map(\.rawValue))
      + counters(.report, Report.Kind.allCases.filter { !saidByTheScheduler.contains($0) }.map(\.rawValue))
      + counters(.fault, FaultKind.allCases.map(\.rawValue))
      + counters(.trouble, Trouble.allCases.map { "\($0)" })
  }()

  /// `Watch` never says these: no scheduler runs here.
  private static let saidByTheScheduler: [Report.Kind] = [
    .started, .stopping, .configured, .configurationRefused, .metricsFailing, .metricsWork,
  ]

  /// Takes one seed in; the order of the seeds decides which of them reached something first.
  public mutating func add(_ report: World.Report) {
    seeds += 1
    last = report
    span += report.span
    events += report.tally.events
    effects += report.tally.effects
    terminates += report.checked.terminates
    excused += report.checked.excused
    func take(_ group: Counter.Group, _ found: [String: Int]) {
      for (name, count) in found.sorted(by: { $0.key < $1.key }) where count > 0 {
        let counter = Counter(group: group, name: name)
        if counts[counter] == nil {
          first[counter] = seeds
          if !known.contains(counter) { known.append(counter) }
        }
        counts[counter, default: 0] += count
      }
    }
    func named<K: RawRepresentable<String>>(_ found: [K: Int]) -> [String: Int] {
      Dictionary(uniqueKeysWithValues: found.map { ($0.key.rawValue, $0.value) })
    }
    take(.outcome, named(report.checked.outcomes))
    take(.gate, named(report.checked.gates))
    take(.gate, named(report.tally.silentGates))
    take(.reason, named(report.checked.reasons))
    take(.answer, named(report.checked.answers))
    take(.report, named(report.checked.reports))
    take(.fault, named(report.checked.faults))
    take(.trouble, report.tally.faults)
  }

  /// Counters that no seed reached, in their order.
  public var missed: [Counter] {
    known.filter { counts[$0] == nil && (byHand || !Summary.ofOperators.contains($0)) }
  }
  /// An operator kills by hand in these seeds, too.
  public var byHand = false
  private static let ofOperators = [
    Counter(group: .reason, name: Checker.ReasonKind.asked.rawValue),
    Counter(group: .report, name: Report.Kind.killAsked.rawValue),
  ]

  /// One line, to show that it goes on.
  public var line: String {
    "\(seeds) seeds, \(span / Span.hour) h, \(events) events, \(terminates) terminates"
  }

  /// All of it. `took` in seconds of real time; nil: it is not said, so that two runs can be compared.
  public func text(took: Double?) -> String {
    let real = took.map { " in \(Summary.decimal($0, 1)) s" } ?? ""
    let years = Summary.decimal(Double(span) / Double(Span.hour) / 24 / 365.25, 4)
    var lines = [
      "\(seeds) seeds\(real): \(years) virtual years, \(events) events, \(effects) effects, \(terminates) terminates, "
        + "\(excused) excused deaths (of a process born after the confirm was sent)"
    ]
    for group in Counter.Group.allCases {
      let reached = known.filter { $0.group == group && counts[$0] != nil }
      guard !reached.isEmpty else { continue }
      let parts = reached.map { "\($0.name) \(counts[$0] ?? 0) @\(first[$0] ?? 0)" }
      lines.append("\(group.rawValue)s: " + parts.joined(separator: ", "))
    }
    lines.append("(@n: first reached by the n-th seed)")
    let missed = missed
    lines.append(
      missed.isEmpty
        ? "never reached: nothing, every counter was"
        : "never reached: " + missed.map { "\($0.group.rawValue) \($0.name)" }.joined(separator: ", "))
    if let newest = known.filter({ first[$0] != nil }).max(by: { (first[$0] ?? 0) < (first[$1] ?? 0) }) {
      let name = "\(newest.group.rawValue) \(newest.name)"
      lines.append("the last new counter: \(name), by the \(first[newest] ?? 0)-th seed")
    }
    return lines.joined(separator: "\n")
  }

  /// A number with so many decimals, without Foundation.
  static func decimal(_ value: Double, _ places: Int) -> String {
    var unit = 1.0
    for _ in 0..<places { unit *= 10 }
    let scaled = Int64((value * unit).rounded())
    let digits = String(scaled.magnitude)
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return (scaled < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
  }
}
