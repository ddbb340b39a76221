import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

@Suite("doctor: one guest of each family and login, once") struct GuestTourTests {
  private static func vm(
    _ number: Int, _ family: String, _ login: String = "linux", vcenter: String = "lab"
  ) -> String {
    #"{"is":"vm","vcenter":"\#(vcenter)","vm":"vm-\#(number)","vm_name":"n\#(number)","vcenter_uuid":"u","#
      + #""vm_uuid":"i\#(number)","guest_login":"\#(login)","every_seconds":60,"rules":["r"],"family":"\#(family)"}"#
  }

  private func heard(_ lines: [String], status: [String] = []) -> Heard {
    var heard = Heard()
    heard.takeVMs(lines)
    heard.takeStatus(status)
    return heard
  }

  /// A daemon that lists guests; what it was asked.
  private final class Guests: Sendable {
    let asked = Mutex<[String]>([])
    let refuses: Set<String>
    init(refuses: Set<String> = []) { self.refuses = refuses }

    func tour(_ users: [(login: LoginID, user: String?)]) -> GuestTour {
      GuestTour(
        ask: { question, onLine in
          guard case .view(.explain(let vm, let login, let choice)) = question else { return .success(Self.no("?")) }
          #expect(choice == RowChoice(rule: RuleID("r"), all: true))
          self.asked.withLock { $0.append("\(vm.instance) \(login.name)") }
          if self.refuses.contains(vm.instance) {
            return .success(Self.no(GuestWatchDaemon.words(Fault(.guestLoginRefused, code: "InvalidGuestLogin"))))
          }
          onLine(
            #"{"is":"vm","listed":"2026-11-22T10:00:00.250Z","took_milliseconds":250,"start_times_doubted":null}"#)
          onLine(#"{"is":"rule","rule":"r"}"#)
          onLine(#"{"is":"process","pid":7,"owner":"eve","started":"2026-11-22T09:00:00Z"}"#)
          onLine(#"{"is":"process","pid":8,"owner":"","started":null}"#)
          return .success(ControlClient.Reply(lines: [], isDone: true, status: .done, message: "", notes: []))
        }, users: users)
    }

    static func no(_ message: String) -> ControlClient.Reply {
      ControlClient.Reply(lines: [], isDone: false, status: .unavailable, message: message, notes: [])
    }
  }

  @Test("The first of each family and login that can be watched, and never a second")
  func first() async {
    let guests = Guests()
    let heard = heard(
      [
        Self.vm(1, "linux"), Self.vm(2, "linux"), Self.vm(3, "windows"), Self.vm(4, "linux", "root"),
        Self.vm(5, "unknown"), Self.vm(6, "other"), Self.vm(7, "windows", "root"),
      ],
      status: [
        #"{"is":"unwatched","vcenter":"lab","vm":"vm-1","vm_name":"n1","reason":"it is not powered on"}"#,
        #"{"is":"unwatched","vcenter":"lab","vm":"vm-7","vm_name":"n7","reason":"it is a template"}"#,
      ])
    let findings = await guests.tour([(LoginID("linux"), "watch"), (LoginID("root"), "root")]).run(heard)
    #expect(guests.asked.withLock { $0 } == ["i2 linux", "i3 linux", "i5 linux", "i4 root"])
    #expect(findings.map(\.place.family) == [.linux, .windows, .other, .linux, .windows])
    guard case .listed(let listing) = findings[0].outcome, case .noneWatchable(1, let why) = findings[4].outcome else {
      Issue.record("\(findings)")
      return
    }
    #expect(why == "it is a template")
    #expect(listing.took == .milliseconds(250) && listing.listed == 1_795_341_600 && listing.startsDoubted == nil)
    #expect(
      listing.rows == [
        GuestListing.Row(pid: 7, started: 1_795_338_000, owner: "eve"),
        GuestListing.Row(pid: 8, started: nil, owner: ""),
      ])
  }

  @Test(
    "An account that one guest refused is not sent to another, under whatever login; one that is stopped not at all")
  func refused() async {
    let guests = Guests(refuses: ["i1"])
    let heard = heard(
      [Self.vm(1, "linux"), Self.vm(2, "windows"), Self.vm(3, "linux", "same"), Self.vm(4, "linux", "stopped")],
      status: [#"{"is":"login","guest_login":"stopped","stopped":true,"vms_refusing":2,"next_try":null}"#])
    let findings = await guests.tour(
      [(LoginID("linux"), "watch"), (LoginID("same"), "WATCH"), (LoginID("stopped"), "other")]
    ).run(heard)
    #expect(guests.asked.withLock { $0 } == ["i1 linux"])
    let kinds = findings.map { finding -> String in
      switch finding.outcome {
      case .refused: "refused"
      case .skipped: "skipped"
      case .listed, .failed, .noneWatchable: "other"
      }
    }
    #expect(kinds == ["refused", "skipped", "skipped", "skipped"])
  }

  @Test("Both of the daemon's words for a refusal are one, and nothing else is")
  func words() {
    #expect(GuestTour.isRefusal(GuestWatchDaemon.words(Fault(.guestLoginRefused, code: "X", detail: "said"))))
    #expect(GuestTour.isRefusal(GuestWatchDaemon.words(ViewAnswer.NoView.login)))
    for kind in FaultKind.allCases where kind != .guestLoginRefused {
      #expect(!GuestTour.isRefusal(GuestWatchDaemon.words(Fault(kind, code: ""))), "\(kind)")
    }
  }

  @Test("What a daemon says of its vCenters, and the VMs in scope at one of them, each once")
  func status() {
    var heard = heard(
      [
        Self.vm(1, "linux"), Self.vm(1, "linux", "root"), Self.vm(2, "linux"), Self.vm(3, "linux", vcenter: "west"),
        #"{"is":"unwatched","vcenter":"lab","vm":"vm-9","vm_name":"n9","reason":"it has no instance uuid"}"#,
      ],
      status: [
        #"{"is":"daemon","config_hash":"00ff","refused":"2026-11-22T10:00:00Z","ledger_failing":true,"clock_trusted":false}"#,
        #"{"is":"vcenter","vcenter":"lab","up":true,"error":null,"login_refused":false}"#,
        #"{"is":"vcenter","vcenter":"west","up":false,"error":"vCenter refused our login","login_refused":true}"#,
        #"{"is":"vcenter","vcenter":"north","up":null,"error":null,"login_refused":false}"#,
        #"{"is":"unwatched","vcenter":"lab","vm":"vm-2","vm_name":"n2","reason":"it is not powered on"}"#,
      ])
    #expect(heard.up == [VCenterID("lab")])
    #expect(heard.refused == [VCenterID("west"): "vCenter refused our login"])
    let coverage = heard.coverage(of: VCenterID("lab"))
    #expect(coverage.vms.map(\.moid) == ["vm-1", "vm-2", "vm-9"])
    #expect(coverage.unwatched == ["vm-2": "it is not powered on", "vm-9": "it has no instance uuid"])
    #expect(heard.coverage(of: VCenterID("east")).unknown?.contains("nobody asked") == true)
    #expect(heard.coverage(of: VCenterID("north")) == Coverage())
    #expect(heard.coverage(of: VCenterID("west")).unknown?.contains("refused our login") == true)

    // One that said nothing at all is no vCenter without VMs.
    var silent = Heard()
    silent.known = [VCenterID("lab")]
    silent.silence = "it hung up"
    #expect(silent.coverage(of: VCenterID("lab")) == Coverage(unknown: "it hung up"))

    heard.isRunning = true
    let results = JudgedDaemon(heard: heard, filesHash: 1).lines.map(\.result)
    #expect(results == [.notOK, .notOK, .warning])
    var well = Heard()
    well.isRunning = true
    well.configHash = "0000000000000001"
    #expect(JudgedDaemon(heard: well, filesHash: 1).lines.map(\.result) == [.ok])
    #expect(JudgedDaemon(heard: well, filesHash: 2).lines.map(\.result) == [.warning])
    #expect(JudgedDaemon(heard: Heard(), filesHash: 2).lines.map(\.result) == [.ok])
  }
}
