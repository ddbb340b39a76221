import GuestWatchCore

/// How often the metrics were written, or should have been.
struct MetricsWrites: Hashable, Sendable {
  var ok = 0
  var failed = 0
  /// The one before had not ended.
  var skipped = 0
}

/// All that is written down of one moment: a value, which is made into text where nothing waits for it.
public struct MetricsPicture: Sendable {
  var at: Now
  var started: Now
  /// When the configuration in force was loaded; nil: there is none.
  var loaded: Now?
  /// A load after that one was refused.
  var isRefused: Bool
  /// The guest logins of the configuration, in its order.
  var logins: [LoginID]
  var figures: Figures
  var tally: Tally
  var ledgerFailing: Bool
  /// How many are in force.
  var pauses: Int
  var writes: MetricsWrites
}
