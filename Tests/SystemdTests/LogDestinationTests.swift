import Glibc
import Testing

@testable import Systemd

@Suite struct LogDestinationTests {
  /// A pipe's writing end stands for stderr.
  private struct Pipe: ~Copyable {
    let ends: [Int32]
    let name: String
    init() {
      var ends: [Int32] = [-1, -1]
      #expect(pipe(&ends) == 0)
      var status = stat()
      #expect(fstat(ends[1], &status) == 0)
      self.ends = ends
      name = "\(status.st_dev):\(status.st_ino)"
    }
    deinit { for end in ends { close(end) } }
  }

  @Test func decides() throws {
    let stderr = Pipe()
    let listening = "/tmp/guestwatchd-test-\(getpid())-journal"
    let listener = try DatagramSocket(listening)
    let nobody = "/tmp/guestwatchd-test-\(getpid())-no-journal"
    let streams = ["JOURNAL_STREAM": stderr.name]
    typealias Case = (LogDestination.Asked?, [String: String], String, LogDestination)
    let cases: [Case] = [
      (nil, streams, listening, .journal(prefixed: true)),
      (nil, streams, nobody, .lines(prefixed: true)),
      (nil, [:], listening, .lines(prefixed: false)),
      (nil, ["JOURNAL_STREAM": "1:2"], listening, .lines(prefixed: false)),
      (nil, ["JOURNAL_STREAM": stderr.name + "0"], listening, .lines(prefixed: false)),
      (nil, ["JOURNAL_STREAM": "x:y"], listening, .lines(prefixed: false)),
      (nil, ["JOURNAL_STREAM": stderr.name + ":"], listening, .lines(prefixed: false)),
      (.journal, [:], listening, .journal(prefixed: false)),
      (.journal, streams, listening, .journal(prefixed: true)),
      (.stderr, streams, listening, .lines(prefixed: true)),
      (.stderr, [:], listening, .lines(prefixed: false)),
    ]
    for (asked, environment, socket, expected) in cases {
      let decided = try LogDestination.decide(
        asked: asked, environment: environment, descriptor: stderr.ends[1], socket: socket)
      #expect(decided == expected, "\(String(describing: asked)) \(environment) \(socket)")
    }
    withExtendedLifetime(listener) {}
  }

  @Test(arguments: ["/tmp/guestwatchd-test-nothing-here", "/dev/null"])
  func aJournalThatIsNotThereCannotBeForced(socket: String) {
    #expect(throws: LogDestination.NoJournal(socket: socket)) {
      try LogDestination.decide(asked: .journal, environment: [:], socket: socket)
    }
  }

  @Test func aClosedDescriptorIsNoStream() {
    #expect(!LogDestination.isJournalStream(-1, environment: ["JOURNAL_STREAM": "0:0"]))
  }
}
