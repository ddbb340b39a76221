import Glibc
import GuestWatchCore
import Systemd
import Testing

@testable import GuestWatchDaemon

@Suite("The operator's line")
struct SystemLineTests {
  @Test("A service manager that does not listen is said once, until it has listened again")
  func deafManager() throws {
    let folder = try Folder()
    let path = "\(folder.path)/notify"
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    let journal = try JournalWriter(to: .lines(prefixed: false), descriptor: ends[1])
    let manager = ServiceManager(environment: ["NOTIFY_SOCKET": path], processID: getpid())
    let line = SystemLine(manager: manager, journal: journal)

    line.ready()
    line.alive()
    line.status(Snapshot())
    let socket = try NotifySocket(path)
    line.alive()
    #expect(try socket.next("WATCHDOG=1") == "WATCHDOG=1")
    line.report(Report(.stopping, .info, detail: "now"), at: TestClock().now())
    #expect(journal.flush(within: .seconds(10)))

    var said = [UInt8](repeating: 0, count: 65_536)
    let count = read(ends[0], &said, said.count)
    let lines = String(decoding: said.prefix(max(count, 0)), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 2, "\(lines)")
    #expect(lines.first?.contains("NOTIFY_SOCKET=") == true && lines.first?.contains(path) == true)
    #expect(lines.last?.hasPrefix("stopping") == true)
  }
}
