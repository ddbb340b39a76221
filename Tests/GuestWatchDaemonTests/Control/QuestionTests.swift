import GuestWatchCore
import Testing

@testable import GuestWatchDaemon

@Suite("Questions over the control socket are one JSON object a line") struct QuestionTests {
  static let all: [Question] = [
    .status, .reload, .retryLogin(LoginID("linux")), .pause(rule: nil, vms: nil, lasting: nil),
    .pause(rule: RuleID("miners"), vms: try? Glob("db-*[0-9]\u{202e}\n\""), lasting: .seconds(7200)),
    .find(Wanted(vm: "db-07", pid: 4242)), .find(Wanted(vm: "lab:vm-1\n\"", pid: 0, login: LoginID("linux"))),
    .kill(
      VMKey(vcenter: "u-1", instance: "u-2"), LoginID("linux"),
      Identity(pid: 4242, started: -1, owner: GuestText("DOM\\b\u{202e}ob\u{fffd}", doubtful: true)),
      why: "it eats\nthe disk"),
    .kill(
      VMKey(vcenter: "u-1", instance: "u-2"), LoginID("linux"), Identity(pid: 5, started: .max, owner: ""), why: "x"),
    .resume(rule: nil, vms: nil), .resume(rule: RuleID("miners"), vms: try? Glob("*")), .view(.vms(VMFilter())),
    .view(.vms(VMFilter(vms: try? Glob("db-*\n\""), rule: RuleID("miners"), login: LoginID("linux")))),
    .view(.explain(VMKey(vcenter: "u-1", instance: "u-2"), LoginID("linux"), RowChoice())),
    .view(.list(VMKey(vcenter: "u-1", instance: "u-2"), LoginID("linux"))),
    .view(
      .explain(
        VMKey(vcenter: "u-1", instance: "u-2"), LoginID("linux"),
        RowChoice(rule: RuleID("miners"), pid: 0, all: true))),
  ]

  @Test("What is written is read back, and fits one line", arguments: all)
  func roundTrip(question: Question) throws {
    let line = question.line
    #expect(!line.contains("\n"))
    #expect(try Question.read(Array(line.utf8)) == question)
  }

  @Test(
    "Anything else is a mistake that says what would be right",
    arguments: [
      ("", "one JSON object"), ("status", "one JSON object"), ("[]", "one JSON object"),
      ("{\"ask\":1}", "must be one of"),
      ("{}", "must be one of: status, pause, resume, reload, find, kill, vms, explain, list, retry-login"),
      ("{\"ask\":\"slay\"}", "must be one of"), ("{\"ask\":\"kill\"}", "kill needs"),
      ("{\"ask\":\"find\",\"vm\":\"a\"}", "\"pid\" must be"), ("{\"ask\":\"find\",\"pid\":5}", "find needs \"vm\""),
      ("{\"ask\":\"find\",\"vm\":\"a\",\"pid\":-1}", "\"pid\" must be"),
      // Nobody kills by pid alone.
      (
        "{\"ask\":\"kill\",\"vcenter_uuid\":\"a\",\"vm_uuid\":\"b\",\"guest_login\":\"c\",\"pid\":5,\"reason\":\"d\"}",
        "started_unix"
      ),
      (
        "{\"ask\":\"kill\",\"vcenter_uuid\":\"a\",\"vm_uuid\":\"b\",\"guest_login\":\"c\",\"pid\":5,\"started_unix\":1,\"owner\":\"\"}",
        "kill needs \"reason\""
      ),
      ("{\"ask\":\"vms\",\"vm\":\"a\"}", "vms takes no member \"vm\""),
      ("{\"ask\":\"explain\",\"vm\":\"a\"}", "explain takes no member \"vm\""),
      ("{\"ask\":\"explain\",\"vcenter_uuid\":\"a\",\"vm_uuid\":\"b\"}", "explain needs \"guest_login\""),
      (
        "{\"ask\":\"explain\",\"vcenter_uuid\":\"a\",\"vm_uuid\":\"b\",\"guest_login\":\"c\",\"all\":1}",
        "\"all\" must be"
      ),
      (
        "{\"ask\":\"kill\",\"vcenter_uuid\":\"a\",\"vm_uuid\":\"b\",\"guest_login\":\"c\",\"pid\":5,\"started_unix\":1,\"owner\":\"\",\"reason\":\" \\n\"}",
        "must say why"
      ),
      (
        "{\"ask\":\"kill\",\"vcenter_uuid\":\"a\",\"vm_uuid\":\"b\",\"guest_login\":\"c\",\"pid\":5,\"started_unix\":1,\"owner\":\"\",\"reason\":\""
          + String(repeating: "x", count: 4097) + "\"}",
        "no longer than 4096 bytes"
      ),
      ("{\"ask\":\"kill\",\"force\":true}", "kill takes no member \"force\""),
      ("{\"ask\":\"status\",\"vms\":\"*\"}", "status takes no member \"vms\""),
      // A misspelt narrowing must not pause everything, nor open everything.
      ("{\"ask\":\"pause\",\"rules\":\"a\"}", "pause takes no member \"rules\""),
      ("{\"ask\":\"resume\",\"vm\":\"a\"}", "resume takes no member \"vm\""),
      ("{\"ask\":\"pause\",\"rule\":7}", "\"rule\" must be a text"),
      ("{\"ask\":\"pause\",\"vms\":\"\"}", "\"vms\" must be"),
      ("{\"ask\":\"pause\",\"vms\":\"[a\"}", "no glob"), ("{\"ask\":\"pause\",\"for_seconds\":0}", "for_seconds"),
      ("{\"ask\":\"pause\",\"for_seconds\":\"2h\"}", "for_seconds"),
      ("{\"ask\":\"pause\",\"for_seconds\":315360001}", "for_seconds"), ("{\"ask\":\"retry-login\"}", "guest_login"),
    ])
  func mistakes(line: String, says: String) {
    #expect { try Question.read(Array(line.utf8)) } throws: { error in
      (error as? Question.Mistake)?.message.contains(says) == true
    }
  }

  @Test("An answer without its last line is none: what was asked may not have been done")
  func cutAnswer() throws {
    let whole = Answer.refused(.usage, "no \"such\" rule", notes: ["a"]).lines(configuration: "/c")
    let bytes = Array((whole.joined(separator: "\n") + "\n").utf8)
    let reply = try #require(ControlClient.reply(bytes))
    #expect(!reply.isDone && reply.status == .usage && reply.message == "no \"such\" rule" && reply.notes == ["a"])
    for count in 0..<bytes.count { #expect(ControlClient.reply(Array(bytes[..<count])) == nil) }
    let done = Answer.done("paused").lines(configuration: "/c").joined() + "\n"
    #expect(ControlClient.reply(Array(done.utf8))?.status == .done)
  }
}
