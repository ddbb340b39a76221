import GuestWatchCore
import Testing

@testable import GuestWatchDaemon

@Suite("What a reload changed")
struct ConfigurationChangeTests {
  private static func rule(_ name: String, _ change: (inout Rule) -> Void = { _ in }) throws -> Rule {
    var rule = Rule(
      id: RuleID(name), login: LoginID("linux"), scope: Scope(names: [try Glob("*")]),
      match: Match(names: [try Glob("spin")]), limits: .forbidden, every: .seconds(60), action: .report)
    change(&rule)
    return rule
  }

  private static func configuration() throws -> Configuration {
    Configuration(
      vcenters: [VCenterEntry(id: VCenterID("lab"), digest: 1)],
      logins: [LoginEntry(id: LoginID("linux"), account: "svc", digest: 1)],
      rules: [try rule("a"), try rule("b"), try rule("c")])
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var words: String?
    var change: @Sendable (inout Configuration) throws -> Void
    var testDescription: String { words ?? "nothing" }

    init(_ words: String?, _ change: @escaping @Sendable (inout Configuration) throws -> Void) {
      self.words = words
      self.change = change
    }
  }

  @Test(arguments: [
    Case(nil) { _ in },
    Case("new: rule d") { $0.rules.append(try rule("d")) },
    Case("changed: rule b") { $0.rules[1].action = .terminate },
    Case("gone: rule a") { $0.rules.removeFirst() },
    Case("changed: the order of the rules") { $0.rules.swapAt(0, 2) },
    Case("changed: guest login linux") { $0.logins[0].digest = 2 },
    Case("changed: vCenter lab") { $0.vcenters[0].maxInFlight = 3 },
    Case("changed: dry_run, now true") { $0.dryRun = true },
    Case("changed: [budget]") { $0.budget.perVM = 1 },
    Case("changed: [protect]") { $0.protect.names = [try Glob("oracle")] },
    Case("changed: log_commands, now \"full\"") { $0.logCommands = .full },
    Case("new: vCenter two; changed: rule c, [budget]; gone: rule a, guest login linux") {
      $0.vcenters.append(VCenterEntry(id: VCenterID("two")))
      $0.rules[2].every = .seconds(30)
      $0.rules.removeFirst()
      $0.budget.kills = 1
      $0.logins = []
    },
  ])
  func words(_ example: Case) throws {
    let old = try Self.configuration()
    var now = old
    try example.change(&now)
    #expect(ConfigurationChange(from: old, to: now).words == example.words)
  }

  @Test func `a long list is cut and counted`() throws {
    let old = try Self.configuration()
    var now = old
    now.rules += try (1...25).map { try Self.rule("r\($0)") }
    let words = try #require(ConfigurationChange(from: old, to: now).words)
    #expect(words.hasPrefix("new: rule r1, rule r2,") && words.hasSuffix(", rule r20 and 5 more"))
  }
}
