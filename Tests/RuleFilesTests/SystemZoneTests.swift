import Glibc
import GuestWatchCore
import Testing

@testable import RuleFiles

/// Our reading of this machine's time zones against that of others.
@Suite(.enabled(if: access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0, "there is no tzdata"))
struct SystemZoneTests {
  /// What is asked of each zone: both sides of its changes up to 2040 and of some later ones, and instants between.
  private func instants(_ zone: TimeZoneRules) -> [Int64] {
    var instants: [Int64] = []
    for (place, transition) in zone.transitions.enumerated() where transition.at >= 86_400 {
      if transition.at < utc(2040, 1, 1) || place % 16 < 2 { instants += [transition.at - 1, transition.at] }
    }
    var random = SplitMix(state: UInt64(zone.transitions.count))
    for _ in 0..<20 { instants.append(Int64.random(in: 0..<utc(2250, 1, 1), using: &random)) }
    return instants
  }

  private struct Failed: Error, CustomStringConvertible { var description: String }

  /// The lines that a command prints.
  private func lines(of command: String) throws -> [Substring] {
    guard let pipe = popen(command, "r") else { throw Failed(description: "popen: errno \(errno)") }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, pipe)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    guard pclose(pipe) == 0 else { throw Failed(description: "failed: \(command)") }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }

  /// Python's `time.localtime` is the C library's `localtime_r`.
  private static let asks = """
    import os, sys, time
    for line in open(sys.argv[1]):
        name, *instants = line.split()
        os.environ["TZ"] = ":" + sys.argv[2] + "/" + name
        time.tzset()
        print(name, *(time.localtime(int(t)).tm_gmtoff for t in instants))
    """

  @Test func agreesWithTheCLibrary() throws {
    let sources = ZoneSources()
    let names = sources.allNames()
    #expect(names.count > 300)
    let folder = try ConfigurationFolder()
    var questions = ""
    var ours: [String: [Int64]] = [:]
    for name in names {
      let zone = try sources.zone(name)
      let instants = instants(zone)
      questions += name + " " + instants.map(String.init).joined(separator: " ") + "\n"
      ours[name] = instants.map { zone.offset(at: $0) }
    }
    try folder.write("questions", questions)
    try folder.write("ask.py", SystemZoneTests.asks)
    var count = 0
    for line in try lines(of: "python3 \(folder.path)/ask.py \(folder.path)/questions \(sources.folder)") {
      let words = line.split(separator: " ")
      let theirs = words.dropFirst().compactMap { Int64($0) }
      #expect(ours[String(words[0])] == theirs, "\(words[0])")
      count += theirs.count
    }
    #expect(count > 50_000)
  }

  /// A file that ends with its rule early says the same as one that spells all changes out up to 2037. (Of what is more
  /// than 50 years ahead zic leaves the odd years out of the slim one: Asia/Gaza.)
  @Test(.enabled(if: access("/usr/sbin/zic", X_OK) == 0 && access("/usr/share/zoneinfo/tzdata.zi", R_OK) == 0))
  func slimFilesSayTheSame() throws {
    let folder = try ConfigurationFolder()
    for form in ["slim", "fat"] {
      _ = try lines(of: "/usr/sbin/zic -b \(form) -d \(folder.path)/\(form) /usr/share/zoneinfo/tzdata.zi")
    }
    let slim = ZoneSources(folder: folder.path + "/slim")
    let fat = ZoneSources(folder: folder.path + "/fat")
    #expect(fat.allNames().count > 300)
    #expect(slim.allNames() == fat.allNames())
    for name in fat.allNames() {
      guard let a = try? slim.zone(name), let b = try? fat.zone(name) else {
        Issue.record("\(name) cannot be read")
        continue
      }
      let instants = (instants(a) + instants(b)).filter { $0 < utc(2070, 1, 1) }
      #expect(instants.map { a.offset(at: $0) } == instants.map { b.offset(at: $0) }, "\(name)")
    }
  }
}
