import Foundation
import Glibc
import Testing

extension EndToEnd {
  @Suite("The ledger beside a running daemon", .serialized, .timeLimit(.minutes(3))) struct Ledger {
    @Test(
      "history --follow shows a kill as it comes and as it ends, and ends on SIGINT; --would adds up what is reported")
    func followAndWould() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper("editor", owner: "carol")]))
      let settings = Settings(
        RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"),
        RuleText("no-editors", match: #"name = "editor""#, "forbidden = true", action: "report"))
      try await World.with(scenario, settings) { world in
        let daemon = try await world.startReadyDaemon()
        let follower = try await Program.start(
          [Binaries.guestwatchd, "history", "--state", world.state, "--follow", "--json", "--rule", "no-miners"],
          name: "follower", folder: world.folder.path)
        try await world.start(.sleeper("xmrig-6.21", owner: "mallory", label: "miner"), on: "vm-101")
        let pid = try world.pid("miner")
        let rows = try await eventually("the kill is followed", within: .seconds(60)) { () -> [HistoryRow]? in
          let rows = try historyRows(follower.said)
          return rows.last?.outcome == "exited" ? rows : nil
        }
        #expect(rows.allSatisfy { $0.pid == pid && $0.rule == "no-miners" })
        #expect(rows.map(\.outcome) == ["open", "exited"] || rows.map(\.outcome) == ["exited"])
        let last = try #require(rows.last)
        #expect(last.askedBy == "rule" && last.version == "0.1.0" && last.ruleHash?.count == 16)
        #expect(last.configHash?.count == 16 && last.command == nil && last.commandHash?.count == 16)
        #expect((last.sentAfter ?? -1) >= 0 && (last.answeredAfter ?? -1) >= (last.sentAfter ?? 0))
        follower.signal(SIGINT)
        #expect(try await follower.end(within: .seconds(10)) == .exited(0))
        #expect(follower.complained.isEmpty)

        let (end, out, _) = try await world.command("history", "--state", world.state, "--would")
        #expect(end == .exited(0))
        #expect(
          out.contains("no-editors") && out.contains("web-01") && out.contains("editor") && !out.contains("miners"))
        _ = daemon
      }
    }
  }
}
