import Foundation
import Glibc
import Testing

extension EndToEnd {
  @Suite("Metrics", .serialized, .timeLimit(.minutes(3))) struct Metrics {
    /// What the file says of a series, which is written as it stands there; nil: the file or the series is not there.
    private func value(_ series: String, in file: String) throws -> Double? {
      guard let bytes = FileManager.default.contents(atPath: file) else { return nil }
      let text = try #require(String(validating: bytes, as: UTF8.self))
      // Whenever it is read, it is whole.
      #expect(text.hasPrefix("# HELP guestwatchd_build_info "))
      #expect(text.hasSuffix("\n") && text.contains("\nguestwatchd_guest_login_refusing_vms{"))
      let line = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
      return line.flatMap { Double($0.dropFirst(series.count + 1)) }
    }

    @Test(
      "A kill is in the file, and nothing that a guest says; a reload moves it, a trouble is said, an end removes it")
    func file() async throws {
      let folder = try Folder()
      let file = "\(folder.path)/guestwatchd.prom"
      let name = "xmrig\"} 1\n# TYPE evil gauge"
      var settings = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))
      settings.textfile = file
      let scenario = Scenario(
        Machine("vm-101", "web-01", [.sleeper(name, owner: "mallory", label: "miner"), .sleeper("sh", owner: "bob")]))
      try await World.with(scenario, settings) { world in
        let daemon = try await world.startReadyDaemon()
        func holds(_ what: String, _ series: String, _ test: @escaping (Double) -> Bool) async throws {
          try await world.until("\(what): \(series)") { try value(series, in: file).map(test) ?? false }
        }
        try await holds(
          "the start", #"guestwatchd_kills_total{daemon="guestwatchd",rule="no-miners",outcome="exited"}"#
        ) {
          _ in true
        }
        try await world.rows(try world.pid("miner"), "exited")
        // By itself, at the next picture.
        try await holds("the kill", #"guestwatchd_kills_total{daemon="guestwatchd",rule="no-miners",outcome="exited"}"#)
        {
          $0 == 1
        }
        let lab = #"daemon="guestwatchd",vcenter="sim""#
        for (series, wanted) in [
          ("guestwatchd_vcenter_up{\(lab)}", 1), ("guestwatchd_vms_watched{daemon=\"guestwatchd\"}", 1),
          (#"guestwatchd_vcenter_calls_total{\#(lab),call="terminate",result="ok"}"#, 1),
          (#"guestwatchd_vcenter_call_duration_seconds_count{\#(lab),call="terminate"}"#, 1),
          (#"guestwatchd_events_total{daemon="guestwatchd",event="killed"}"#, 1),
          (#"guestwatchd_budget_kills_left{daemon="guestwatchd"}"#, 49),
        ] as [(String, Double)] {
          #expect(try value(series, in: file) == wanted, "\(series)")
        }
        let surveys = try value(#"guestwatchd_vcenter_calls_total{\#(lab),call="survey",result="ok"}"#, in: file)
        #expect(try #require(surveys) >= 2)
        let text = String(decoding: try #require(FileManager.default.contents(atPath: file)), as: UTF8.self)
        for foreign in ["xmrig", "evil", "mallory", "web-01", "vm-101"] {
          #expect(!text.contains(foreign), "\(foreign)")
        }
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o644)

        // A reload without the key, and with one of a folder that is not there.
        func reload(_ textfile: String?) throws {
          try world.configure { $0.textfile = textfile }
          daemon.signal(SIGHUP)
        }
        try reload(nil)
        try await world.until("the file is gone") { !FileManager.default.fileExists(atPath: file) }
        let moved = "\(folder.path)/later/moved.prom"
        try reload(moved)
        try await world.line("the metrics cannot be written", "\(moved).new cannot be made: No such file or directory")
        try folder.make("later")
        try reload(moved)
        try await world.line("the metrics can be written again", moved)
        #expect(world.log.count { $0.contains("the metrics cannot be written") } == 1)
        let kills = #"guestwatchd_kills_total{daemon="moved",rule="no-miners",outcome="exited"}"#
        #expect(try value(kills, in: moved) == 1, "a reload forgets nothing that stays")

        try await world.stopDaemon(daemon)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/later") == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["later"])
        try await world.audit()
        try await world.expectLoggedOut()
        #expect(world.dead == ["miner"])
      }
    }
  }
}
