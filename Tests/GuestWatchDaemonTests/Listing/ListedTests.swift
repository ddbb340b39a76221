import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

@Suite("ps") struct ListedTests {
  @Test("Every row once, in portions, without a command line unless it may be written")
  func lines() throws {
    let rows = (0..<2_000).map { Saved.process(Int64($0) + 10, "bkagent", "backup") }
    var pieces = ListedLines(try Saved.explanation(rows: rows))
    var (pids, largest) = (0, 0)
    while let piece = pieces.next() {
      pids += piece.count
      largest = max(largest, piece.count)
      #expect(!piece.joined().contains("--secret"))
    }
    #expect(pids == 2_000 && largest <= 512)
    let full = ListedLines(try Saved.explanation { $0.logCommands = .full }).joined()
    #expect(full.contains { $0.contains(#""command":"bkagent --secret""#) })
  }

  @Test("A table that fits, with nothing of a guest's as it came", arguments: [60, 80, 140])
  func text(width: Int) throws {
    var text = ListedText(width: width)
    let wide = Saved.process(600, String(repeating: "\u{4e00}", count: 400), Saved.hostile, age: 90_061)
    let said = ListedLines(try Saved.explanation(rows: Saved.rows + [wide])).joined().flatMap { text.lines($0) }
    #expect(said.count == Saved.rows.count + 2)
    #expect(said[0].hasPrefix("    PID OWNER"))
    for line in said {
      let columns = line.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x4e00 && $1.value < 0xa000 ? 2 : 1) }
      #expect(columns <= width, "\(line)")
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202e })
    }
    #expect(said[1].contains("2025-12-31 11:00    1d1h systemd"), "\(said[1])")
    #expect(said.last?.contains("   1d1h ") == true, "\(said)")
  }

  /// What is answered to each question; the first of it to the first.
  private func talk(_ vms: [String], list: ControlClient.Reply? = nil) -> (ListTalk, Held) {
    let shown = Held()
    let done = ControlClient.Reply(lines: [], isDone: true, status: .done, message: "", notes: [])
    let talk = ListTalk(
      ask: { question, onLine in
        switch question {
        case .vms:
          vms.forEach(onLine)
          return .success(done)
        case .list:
          onLine(#"{"is":"process","pid":7}"#)
          return .success(list ?? done)
        case .explain: return .failure(ControlClient.NoAnswer(description: "not asked for"))
        }
      }, emit: { shown.append($0) })
    return (talk, shown)
  }

  private func vm(_ uuid: String, _ login: String = "linux") -> String {
    #"{"is":"vm","vcenter":"lab","vm":"vm-\#(uuid)","vm_name":"db","vcenter_uuid":"u","vm_uuid":"\#(uuid)","guest_login":"\#(login)","every_seconds":60}"#
  }

  @Test("One VM and one login are listed")
  func one() async throws {
    let (talk, shown) = talk([vm("1")])
    #expect(await talk.run(vm: Saved.glob("db"), login: nil) == ExplainTalk.End())
    #expect(shown.all == [#"{"is":"process","pid":7}"#])
  }

  @Test("Several VMs, or several logins, are listed for whoever asks; one that cannot be looked at says why")
  func several() async {
    let vms = await talk([vm("1"), vm("2")]).0.run(vm: Saved.glob("db"), login: nil)
    #expect(vms.status == .usage && vms.notes.count == 2 && vms.message.contains("--vm \"lab:vm-1\""), "\(vms)")
    let logins = await talk([vm("1"), vm("1", "root")]).0.run(vm: Saved.glob("db"), login: nil)
    #expect(logins.status == .usage && logins.message.hasSuffix("--login: linux, root"), "\(logins)")
    let nameless = #"{"is":"unwatched","reason":"it has no instance uuid"}"#
    let unwatched = await talk([nameless]).0.run(vm: Saved.glob("db"), login: nil)
    #expect(unwatched.status == .unavailable && unwatched.message.contains("no instance uuid"))
    let off = ControlClient.Reply(lines: [], isDone: false, status: .unavailable, message: "it is off", notes: [])
    let refused = await talk([vm("1")], list: off).0.run(vm: Saved.glob("db"), login: nil)
    #expect(refused.status == .unavailable && refused.message == "it cannot be listed: it is off")
  }

  @Test(
    "Without a configuration: what is wrong with the command line is said before anything is asked or sent",
    arguments: [
      ("http://vcenter.example.com", nil, "--url would send passwords in the clear"),
      ("vcenter.example.com", nil, "--url is not a URL"), ("https://a:b@vcenter", nil, "--url holds"),
      ("https://vcenter/sdk", nil, "--url goes on"), ("https://vcenter", "12:34", "--fingerprint must be"),
    ])
  func mistakes(url: String, fingerprint: String?, says: String) {
    let order = DirectListing.Order(
      url: url, userName: "a", guestUserName: "b", vm: "c", caFile: nil, fingerprint: fingerprint)
    #expect { try DirectListing(order) } throws: { error in
      (error as? DirectListing.Mistake)?.message.hasPrefix(says) == true
    }
  }
}
