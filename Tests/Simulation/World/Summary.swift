import GuestWatchCore

/// What many seeds came to.
public struct Summary: Sendable {
  public private(set) var seeds = 0
  public private(set) var last: World.Report?
  private var span: Int64 = 0
  private var tally = World.Tally()
  private var checked = Checker.Tally()

  public init() {}

  public mutating func add(_ report: World.Report) {
    seeds += 1
    last = report
    span += report.span
    tally.events += report.tally.events
    tally.effects += report.tally.effects
    tally.faults.merge(report.tally.faults, uniquingKeysWith: +)
    checked.outcomes.merge(report.checked.outcomes, uniquingKeysWith: +)
    checked.gates.merge(report.checked.gates, uniquingKeysWith: +)
    checked.reports.merge(report.checked.reports, uniquingKeysWith: +)
    checked.terminates += report.checked.terminates
    checked.excused += report.checked.excused
  }

  /// One line, to show that it goes on.
  public var line: String {
    "\(seeds) seeds, \(span / Span.hour) h, \(tally.events) events, \(checked.terminates) terminates"
  }

  public var text: String {
    func list(_ counts: [(String, Int)]) -> String {
      counts.filter { $0.1 > 0 }.sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
    return """
      \(line), \(tally.effects) effects
      outcomes: \(list(checked.outcomes.map { ($0.key.rawValue, $0.value) }))
      gates: \(list(checked.gates.map { ($0.key.rawValue, $0.value) }))
      reports: \(list(checked.reports.map { ($0.key.rawValue, $0.value) }))
      faults: \(list(tally.faults.map { ($0.key, $0.value) }))
      excused deaths (born after the confirm was sent): \(checked.excused)
      """
  }
}
