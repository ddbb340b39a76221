import Glibc
import Testing

@testable import Systemd

@Suite struct ServiceManagerTests {
  static func path(_ name: String) -> String { "/tmp/guestwatchd-test-\(getpid())-\(name)" }

  private func manager(_ environment: [String: String]) -> ServiceManager {
    ServiceManager(environment: environment, processID: 4242, monotonic: { 1_234_567 })
  }

  @Test(arguments: [path("notify"), "@guestwatchd-test-\(getpid())"])
  func everyNoticeArrives(name: String) throws {
    let listener = try DatagramSocket(name)
    let manager = manager(["NOTIFY_SOCKET": name])
    try manager.notify(.ready, .status("watching 12 of 14 VMs"))
    #expect(listener.receive() == "READY=1\nSTATUS=watching 12 of 14 VMs")
    try manager.notify(.watchdog)
    #expect(listener.receive() == "WATCHDOG=1")
    try manager.notify(.reloading)
    #expect(listener.receive() == "RELOADING=1\nMONOTONIC_USEC=1234567")
    try manager.notify(.stopping)
    #expect(listener.receive() == "STOPPING=1")
    try manager.notify(.extendStart(.seconds(60)), .status("looking"))
    #expect(listener.receive() == "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=looking")
    try manager.notify()
    #expect(listener.receive() == nil)
  }

  @Test func aStatusCannotBringAnotherNotice() throws {
    let name = "@guestwatchd-test-status-\(getpid())"
    let listener = try DatagramSocket(name)
    let status = "down: x\nSTOPPING=1\u{1B}[2J" + String(repeating: "y", count: 5000)
    try manager(["NOTIFY_SOCKET": name]).notify(.status(status))
    let message = try #require(listener.receive())
    #expect(message.hasPrefix(#"STATUS=down: x\nSTOPPING=1\u{1B}[2Jyy"#))
    #expect(!message.contains("\n"))
    #expect(message.utf8.count <= 7 + ServiceManager.statusCap)
  }

  @Test(arguments: [[:], ["NOTIFY_SOCKET": ""]])
  func withoutAManagerNothingIsSentAndNothingFails(environment: [String: String]) throws {
    try manager(environment).notify(.ready)
  }

  @Test(arguments: [
    (path("nobody"), "sendto: No such file or directory"),
    ("relative", "it must be an absolute path or @NAME, at most 107 bytes"),
    ("vsock:2:1234", "it must be an absolute path or @NAME, at most 107 bytes"),
    ("@", "it must be an absolute path or @NAME, at most 107 bytes"),
    ("/" + String(repeating: "x", count: 107), "it must be an absolute path or @NAME, at most 107 bytes"),
  ])
  func aManagerThatCannotBeToldIsAnError(name: String, why: String) {
    #expect(throws: ServiceManager.Failure(socket: name, why: why)) {
      try manager(["NOTIFY_SOCKET": name]).notify(.ready)
    }
  }

  @Test(
    arguments: [
      ([:], nil),
      (["WATCHDOG_USEC": "30000000"], .seconds(30)),
      (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "4242"], .seconds(30)),
      (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "4243"], nil),
      (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "x"], nil),
      (["WATCHDOG_USEC": "500000"], .milliseconds(500)),
      (["WATCHDOG_USEC": "0"], nil),
      (["WATCHDOG_USEC": "30s"], nil),
      (["WATCHDOG_USEC": "-1"], nil),
      (["WATCHDOG_USEC": "18446744073709551615"], nil),
    ] as [([String: String], Duration?)])
  func theWatchdogInterval(environment: [String: String], expected: Duration?) {
    #expect(manager(environment).watchdogInterval == expected)
  }

  @Test func theMonotonicClockRuns() {
    let first = ServiceManager.monotonicMicroseconds()
    #expect(first > 0)
    #expect(ServiceManager.monotonicMicroseconds() >= first)
  }
}
