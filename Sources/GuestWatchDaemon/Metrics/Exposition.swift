import GuestWatchCore

/// Text in the exposition format of Prometheus, version 0.0.4: families one after the other, each with its help, its type and
/// then its samples.
struct Exposition {
  private(set) var text = ""
  /// The label that every sample has.
  private let common: String
  private var family = MetricFamily.build

  /// - Parameter daemon: what tells this daemon from others that are read by the same node_exporter.
  init(daemon: String) { common = "daemon=\"\(Exposition.escaped(daemon))\"" }

  mutating func begin(_ family: MetricFamily) {
    self.family = family
    text += "# HELP \(family.rawValue) \(family.help)\n# TYPE \(family.rawValue) \(family.kind.rawValue)\n"
  }

  /// - Parameter values: of the family's labels, in their order.
  mutating func sample(_ values: [String], _ number: Int) { sample(values, String(number)) }
  mutating func sample(_ values: [String], _ holds: Bool) { sample(values, holds ? "1" : "0") }
  mutating func sample(_ values: [String], seconds: Duration) { sample(values, Exposition.words(seconds)) }

  /// The buckets, each with all that are in those before it, the sum and the count.
  mutating func sample(_ values: [String], _ latencies: Latencies) {
    var count = 0
    for (bound, number) in zip(Latencies.bounds.map(Exposition.words) + ["+Inf"], latencies.counts) {
      count += number
      line("_bucket", values, more: ",le=\"\(bound)\"", String(count))
    }
    line("_sum", values, Exposition.words(latencies.sum))
    line("_count", values, String(count))
  }

  private mutating func sample(_ values: [String], _ number: String) { line("", values, number) }

  private mutating func line(_ suffix: String, _ values: [String], more: String = "", _ number: String) {
    text += "\(family.rawValue)\(suffix){\(common)"
    for (label, value) in zip(family.labels, values) { text += ",\(label)=\"\(Exposition.escaped(value))\"" }
    text += "\(more)} \(number)\n"
  }

  /// What a label's value must not hold as it is.
  static func escaped(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// Seconds with as many digits as it takes, down to a nanosecond: `0.025`.
  static func words(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    var digits = String((attoseconds / 1_000_000_000).magnitude)
    digits = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    while digits.last == "0" { digits.removeLast() }
    let sign = seconds < 0 || attoseconds < 0 ? "-" : ""
    return "\(sign)\(seconds.magnitude)\(digits.isEmpty ? "" : "." + digits)"
  }
}
