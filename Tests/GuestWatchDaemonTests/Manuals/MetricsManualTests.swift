import GuestWatchCore
import Testing

@testable import GuestWatchDaemon

/// The metrics that `packaging/man/guestwatchd.8` describes are those of the code, with their labels.
@Suite("METRICS in guestwatchd(8)")
struct MetricsManualTests {
  private let page: Manual

  init() throws { page = try Manual("guestwatchd.8") }

  @Test("Each stands there, in the order of the file")
  func names() {
    #expect(page.items("METRICS", mark: "Cm") == MetricFamily.allCases.map(\.rawValue))
  }

  @Test("... with its labels and, where they are ours, with their values", arguments: MetricFamily.allCases)
  func labels(family: MetricFamily) {
    let text = page.text(of: family.rawValue, in: "METRICS")
    #expect(!text.isEmpty)
    let words = Set(text.split(separator: " ").map(String.init))
    for label in family.labels { #expect(words.contains(label), "\(family): \(label)") }
    let values: [String] =
      switch family {
      case .unwatched: UnwatchedCause.allCases.map(\.label)
      case .writes: ["ok", "failed", "skipped"]
      case .calls: Operations.Kind.allCases.map(\.rawValue) + CallResult.allCases.map(\.label)
      default: []
      }
    for value in values { #expect(words.contains(value), "\(family): \(value)") }
  }
}
