import Foundation
import Glibc
import Testing

extension EndToEnd {
  @Suite("Under a journald of its own") struct Journald {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Systemd/with-journald.sh").path

    private static var possible: Bool {
      geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/lib/systemd/systemd-journald")
        && FileManager.default.isExecutableFile(atPath: script)
    }

    @Test(
      "A kill's entry has its MESSAGE_ID and every field, and guest text forges none",
      .enabled(if: possible, "needs root and systemd-journald"), .timeLimit(.minutes(2)))
    func killEntry() async throws {
      let name = "xmrig\nGUESTWATCH_OUTCOME=forged"
      let settings = Settings(RuleText("no-miners", match: #"name = "xmrig*""#, "forbidden = true"))
      let scenario = Scenario(Machine("vm-101", "web-01", [.sleeper(name, owner: "mallory", label: "miner")]))
      try await World.with(scenario, settings) { world in
        let journal = "\(world.folder.path)/journal.json"
        try world.folder.write("journal.json", "")
        // In a pid namespace of its own, so that journald and daemon end with it.
        let wrapper = [
          "/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", Self.script, journal,
        ]
        let all = try await world.startDaemon(wrapper: wrapper, log: [])
        try await world.until("READY=1") { world.notify.all.contains("READY=1") }
        let pid = try world.pid("miner")
        let row = try await world.rows(pid, "exited")
        #expect(world.dead == ["miner"])
        let running = try daemons(of: world)
        let daemon = try #require(running.first)
        kill(daemon.pid, SIGTERM)
        #expect(try await all.end(within: .seconds(40)) == .exited(0))
        try await world.expectLoggedOut()

        let entries = try text(of: journal).split(separator: "\n").map { line in
          let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
          return try #require(object as? [String: Any])
        }
        let ours = entries.filter { $0["GUESTWATCH_EVENT"] != nil }
        let entry = try #require(ours.first { $0["GUESTWATCH_EVENT"] as? String == "killed" })
        #expect(ours.count { $0["GUESTWATCH_EVENT"] as? String == "killed" } == 1)
        let expected: [String: String] = [
          "MESSAGE_ID": "044b1b46b4a7454287c3cd8a8202ab5f", "GUESTWATCH_EVENT": "killed",
          "GUESTWATCH_RULE": "no-miners", "GUESTWATCH_VCENTER": "sim", "GUESTWATCH_VM": "vm-101",
          "GUESTWATCH_VM_NAME": "web-01", "GUESTWATCH_PID": "\(pid)", "GUESTWATCH_OWNER": "mallory",
          "GUESTWATCH_STARTED": try #require(row.started), "GUESTWATCH_REASON": "forbidden",
          "GUESTWATCH_OUTCOME": "exited", "GUESTWATCH_KILL_ID": row.killId, "PRIORITY": "5",
          "SYSLOG_IDENTIFIER": "guestwatchd",
        ]
        for (field, value) in expected { #expect(entry[field] as? String == value, "\(field): \(entry)") }
        // One line, in which the name is to be read.
        let process = try #require(entry["GUESTWATCH_PROCESS"] as? String)
        #expect(process.contains("GUESTWATCH_OUTCOME=forged") && !process.contains("\n"))
        let message = try #require(entry["MESSAGE"] as? String)
        for part in ["no-miners", "web-01", "xmrig", "(pid \(pid),", "exited"] { #expect(message.contains(part)) }
        #expect(!message.contains("\n"))
        #expect(ours.allSatisfy { $0["MESSAGE_ID"] != nil && $0["_TRANSPORT"] as? String == "journal" })
        #expect(all.complained.split(separator: "\n").isEmpty, "what went past the journal: \(all.complained)")
      }
    }

    /// The daemons of a world by what they were started with, wherever they run.
    private func daemons(of world: World) throws -> [LocalProcess] {
      try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
        guard let pid = Int32(name) else { return nil }
        let words = text(of: "/proc/\(name)/cmdline").split(separator: "\0").map(String.init)
        return words.first == Binaries.guestwatchd && words.contains(world.config) ? LocalProcess(pid) : nil
      }
    }
  }
}
