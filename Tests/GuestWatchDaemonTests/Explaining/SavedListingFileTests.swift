import Glibc
import GuestWatchCore
import Testing

@testable import GuestWatchDaemon

@Suite("A saved listing as a file") struct SavedListingFileTests {
  private let files: ConfigurationFolder

  init() throws { files = try ConfigurationFolder() }

  private static let restListing = """
    [{"name":"bkagent","pid":500,"owner":"backup","command":"bkagent --full","started":"2026-01-01T09:00:00.000Z"},
     {"name":"init","pid":1,"owner":"root","command":"init","started":"2025-12-01T09:00:00.000Z"}]
    """
  private static let twice = restListing.replacing("500", with: "1")
  private static let viListing = """
    [{"name":"bkagent.exe","pid":500,"owner":"backup","cmdLine":"bkagent --full","startTime":"2026-01-01T09:00:00Z",
      "endTime":"2026-01-01T10:00:00Z","exitCode":0},
     {"name":"svchost.exe","pid":80,"owner":"","cmdLine":"","startTime":"2025-12-01T09:00:00Z"}]
    """

  private func saved(
    _ text: String, name: String = "db-07.listing.json", vm: String? = nil, family: GuestFamily? = nil,
    at: String? = "2026-01-01T12:00:00Z"
  ) throws -> SavedListingFile {
    try files.folder.write(name, text)
    return try SavedListingFile(path: "\(files.folder.path)/\(name)", vm: vm, family: family, at: at)
  }

  private func explain(
    _ saved: SavedListingFile, _ choice: RowChoice = RowChoice(all: true)
  ) -> (end: ExplainTalk.End, lines: [String]) {
    var lines: [String] = []
    let end = saved.explain(Saved.configuration([Saved.backup]), choice) { lines.append($0) }
    return (end, lines)
  }

  @Test("REST: the file's name is the VM's, the guest is Linux unless it looks like Windows, and both can be said")
  func rest() throws {
    let saved = try saved(Self.restListing)
    #expect(saved.notes.contains("the VM is taken to be called db-07; --vm says otherwise"))
    #expect(saved.notes.contains("the guest is taken to be linux; --family says otherwise"))
    let (end, lines) = explain(saved)
    #expect(
      end.status == .done && lines.contains { $0.contains(#""pid":500"#) && $0.contains(#""verdict":"exceeded""#) })
    let named = try self.saved(Self.restListing, vm: "db-99", family: .other)
    #expect(named.notes.count == 1)
    #expect(explain(named).lines[0].contains(#""vm_name":"db-99""#))
    #expect(explain(named).lines[0].contains(#""family":"other""#))
  }

  @Test("VI JSON: it shows who has ended; Windows is known by what it runs")
  func vi() throws {
    let saved = try saved(Self.viListing)
    #expect(saved.notes.contains("the guest is taken to be windows; --family says otherwise"))
    let lines = explain(saved).lines
    #expect(lines.contains { $0.contains(#""pid":500"#) && $0.contains(#""verdict":"ended""#) }, "\(lines)")
  }

  @Test("Without --at it is the time at which the file was written")
  func written() throws {
    try files.folder.write("db-07.json", Self.restListing)
    let path = "\(files.folder.path)/db-07.json"
    var times = [timespec(tv_sec: 1_767_261_600, tv_nsec: 0), timespec(tv_sec: 1_767_261_600, tv_nsec: 0)]
    #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
    let saved = try SavedListingFile(path: path, vm: nil, family: nil, at: nil)
    #expect(saved.notes.contains { $0.contains("as of 2026-01-01T10:00:00Z") })
    #expect(explain(saved).lines[0].contains(#""listed":"2026-01-01T10:00:00.000Z""#))
  }

  @Test(
    "What is no listing is said to be none",
    arguments: ["", "{}", "nonsense", #"[{"pid":5}]"#, "[]", "null", twice])
  func bad(text: String) {
    #expect(throws: SavedListingFile.Unusable.self) { try saved(text) }
  }

  @Test("A time that is none, or not to be counted with", arguments: ["", "yesterday", "9999-12-31T23:59:59Z"])
  func badTime(at: String) {
    #expect { try saved(Self.restListing, at: at) } throws: { error in
      (error as? SavedListingFile.Unusable)?.message.contains("--at must be a time") == true
    }
  }

  @Test("A VM that no rule reaches, and a rule that is not there")
  func unreached() throws {
    let end = explain(try saved(Self.restListing, vm: "web-1")).end
    #expect(end.status == .usage && end.message.contains("no rule's scope reaches a VM called web-1"))
    let rule = explain(try saved(Self.restListing), RowChoice(rule: RuleID("stuck-bakup"))).end
    #expect(rule.status == .usage && rule.message.contains("did you mean 'stuck-backup'?"))
  }
}
