import GuestWatchCore
import RuleFiles
import Testing

@testable import GuestWatchDaemon

@Suite("doctor: which passwords are sent") struct ExaminerTests {
  private func settings(_ name: String, user: String = "svc", password: String = "pw") -> VCenterSettings {
    // Port 9 (discard) of this machine: nobody answers there.
    VCenterSettings(
      id: VCenterID(name), scheme: .http, host: "127.0.0.1", port: 9, userName: user, password: Secret(password))
  }

  private func loaded(_ vcenters: [VCenterSettings]) -> LoadedConfiguration {
    LoadedConfiguration(
      configuration: Configuration(vcenters: vcenters.map { VCenterEntry(id: $0.id) }, logins: [], rules: []),
      vcenters: vcenters, logins: [], files: [])
  }

  @Test("None that was refused to a daemon, none that another vCenter has just refused, none that is not to be seen")
  func notToTry() throws {
    let (lab, west) = (settings("lab"), settings("west", user: "SVC"))
    let examiner = try Examiner(loaded([lab, west]), only: nil)
    var heard = Heard()
    #expect(examiner.notToTry(lab, heard, []) == nil)
    #expect(examiner.notToTry(settings("x", password: ""), heard, []) == .noPassword)
    #expect(examiner.notToTry(west, heard, [lab]) == .refusedElsewhere(VCenterID("lab")))
    #expect(examiner.notToTry(settings("x", user: "other"), heard, [lab]) == nil)
    #expect(examiner.notToTry(settings("x", password: "another"), heard, [lab]) == nil)
    // It has proved there that it is the right one.
    heard.up = [VCenterID("west")]
    #expect(examiner.notToTry(west, heard, [lab]) == nil)
    heard.refused = [VCenterID("lab"): "said"]
    #expect(examiner.notToTry(lab, heard, []) == .refused("said", byDaemon: false))
    heard.isRunning = true
    #expect(examiner.notToTry(lab, heard, []) == .refused("said", byDaemon: true))
  }

  @Test("One that does not answer is sent nothing more, and is not ok; the others are looked at all the same")
  func unreachable() async throws {
    let examiner = try Examiner(loaded([settings("lab"), settings("west")]), only: "west")
    #expect(examiner.names == [VCenterID("west")])
    let greeted = await examiner.greet()
    #expect(greeted.count == 1 && greeted.values.allSatisfy { !$0.isTrusted })
    let report = await examiner.examine(greeted, Heard(), Interruption())
    #expect(!report.isOK)
    let results = report.all.filter { $0.result == .notOK }.map(\.check)
    #expect(results == [.release, .login], "\(report.all)")
    #expect(throws: Examiner.NoSuchVCenter.self) { try Examiner(loaded([settings("lab")]), only: "labb") }
  }

  @Test("A daemon is another one's where neither its files nor their path are these")
  func otherConfiguration() throws {
    let examiner = try Examiner(loaded([settings("lab")]), only: nil)
    func other(_ line: String) -> String? { examiner.otherConfiguration([line], than: "/dev/null") }
    #expect(other(#"{"is":"daemon","configuration":"/dev/null","config_hash":"00"}"#) == nil)
    #expect(other(#"{"is":"daemon","configuration":"/dev/../dev/null","config_hash":"00"}"#) == nil)
    #expect(other(#"{"is":"daemon","configuration":"/dev/zero","config_hash":"00"}"#)?.contains("/dev/zero") == true)
    #expect(other(#"{"is":"vcenter"}"#) == nil)
  }
}
