import Dispatch
import Glibc
import GuestWatchCore
import Synchronization
import Testing

@testable import GuestWatchDaemon

@Suite("The textfile of the metrics")
struct TextfileTests {
  private let folder: Folder
  private let file = Textfile()
  private var path: String { "\(folder.path)/g.prom" }

  init() throws { folder = try Folder() }

  private typealias Outcome = Result<Void, MetricsFailure>

  private func put(_ picture: MetricsPicture = MetricsTextTests.picture(), at path: String) async -> Outcome {
    await withCheckedContinuation { whoever in file.put(picture, at: path) { whoever.resume(returning: $0) } }
  }

  private func remove(_ path: String) async -> Outcome {
    await withCheckedContinuation { whoever in file.remove(path) { whoever.resume(returning: $0) } }
  }

  private func message(_ outcome: Outcome) -> String? {
    if case .failure(let failure) = outcome { failure.message } else { nil }
  }

  private func text(of path: String) -> String? { bytes(of: path).map { String(decoding: $0, as: UTF8.self) } }

  private func names() throws -> [String] {
    let listing = try #require(opendir(folder.path))
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  @Test("It holds the picture, for everybody to read, and nothing else stays in the folder")
  func written() async throws {
    let before = umask(0o077)
    defer { umask(before) }
    #expect(message(await put(at: path)) == nil)
    #expect(text(of: path) == metricsText(MetricsTextTests.picture(), daemon: "g"))
    var status = stat()
    try #require(stat(path, &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o644)
    #expect(try names() == ["g.prom"])
  }

  @Test("Whoever reads it while it is written sees all of it, of one time or another")
  func atomic() async throws {
    #expect(message(await put(at: path)) == nil)
    let path = path
    let isOver = Atomic(false)
    let seen = await withCheckedContinuation { (whoever: CheckedContinuation<Result<Int, any Error>, Never>) in
      let waiting = Atomic(200)
      DispatchQueue(label: "reader").async {
        var reads = 0
        let result = Result { () throws -> Int in
          while !isOver.load(ordering: .relaxed) {
            guard let bytes = bytes(of: path) else { throw ExpositionReader.Mistake("no file", path) }
            _ = try ExpositionReader(String(decoding: bytes, as: UTF8.self))
            reads += 1
          }
          return reads
        }
        whoever.resume(returning: result)
      }
      for number in 0..<200 {
        var picture = MetricsTextTests.picture()
        picture.pauses = number
        file.put(picture, at: path) { _ in
          if waiting.subtract(1, ordering: .relaxed).newValue == 0 { isOver.store(true, ordering: .relaxed) }
        }
      }
    }
    #expect(try seen.get() > 0)
    let last = try ExpositionReader(try #require(text(of: path)))
    #expect(last["guestwatchd_pauses", ["daemon": "g"]] == 199, "in the order in which they were given")
  }

  @Test("What a crash left is replaced, and a link in its place is not followed")
  func leftover() async throws {
    try folder.write("g.prom.new", "half a fi")
    #expect(message(await put(at: path)) == nil)
    #expect(try names() == ["g.prom"])

    try folder.write("precious", "kept")
    try #require(symlink("\(folder.path)/precious", "\(path).new") == 0)
    #expect(message(await put(at: path)) == nil)
    #expect(text(of: "\(folder.path)/precious") == "kept")
    try #require(link("\(folder.path)/precious", "\(path).new") == 0)
    #expect(message(await put(at: path)) == nil)
    #expect(text(of: "\(folder.path)/precious") == "kept")
    #expect(try names() == ["g.prom", "precious"])
  }

  @Test("A folder that is not there, and a folder in its place: it says where, why and what to do")
  func failures() async throws {
    let nowhere = "\(folder.path)/none/g.prom"
    #expect(
      message(await put(at: nowhere))
        == "\(nowhere).new cannot be made: No such file or directory; make its folder and restart the service")
    try #require(mkdir(path, 0o755) == 0)
    #expect(message(await put(at: path)) == "\(path) cannot be replaced: Is a directory")
    #expect(try names() == ["g.prom"], "the draft is taken away")
    #expect(rmdir(path) == 0)
    try #require(mkdir("\(path).new", 0o755) == 0)
    #expect(message(await put(at: path)) == "\(path).new cannot be made: File exists; remove it by hand")
    #expect(rmdir("\(path).new") == 0)
    #expect(message(await put(at: path)) == nil, "and then it works")
  }

  @Test("A folder that may not be written to", .enabled(if: getuid() != 0))
  func notPermitted() async throws {
    try #require(chmod(folder.path, 0o555) == 0)
    defer { chmod(folder.path, 0o755) }
    #expect(
      message(await put(at: path))
        == "\(path).new cannot be made: Permission denied; let the account of the service write to its folder")
  }

  @Test("A file system that is read-only", .enabled(if: access("/sys/kernel", F_OK) == 0))
  func readOnly() async throws {
    let words = try #require(message(await put(at: "/sys/kernel/g.prom")))
    #expect(words.hasPrefix("/sys/kernel/g.prom.new cannot be made: "))
  }

  @Test("A disk that is full: it says so, the file of before stays, and no draft")
  func full() async throws {
    #expect(message(await put(at: path)) == nil)
    let before = text(of: path)
    let isFull = Textfile { bytes, descriptor in
      // Half of it still had room.
      _ = writeAll(Array(bytes.prefix(bytes.count / 2)), to: descriptor)
      errno = ENOSPC
      return false
    }
    let outcome = await withCheckedContinuation { whoever in
      isFull.put(MetricsTextTests.picture(), at: path) { whoever.resume(returning: $0) }
    }
    #expect(message(outcome) == "\(path).new cannot be written: No space left on device; make room")
    #expect(text(of: path) == before)
    #expect(try names() == ["g.prom"])
  }

  @Test("It is removed, and that there is none is no failure")
  func removed() async throws {
    #expect(message(await put(at: path)) == nil)
    #expect(message(await remove(path)) == nil)
    #expect(try names() == [])
    #expect(message(await remove(path)) == nil)
    try #require(mkdir(path, 0o755) == 0)
    #expect(message(await remove(path)) == "\(path) cannot be removed: Is a directory")
  }

  @Test("The end waits for what was asked for, in its order")
  func finish() {
    for _ in 0..<20 { file.put(MetricsTextTests.picture(), at: path) { _ in } }
    file.remove(path) { _ in }
    file.finish(within: .seconds(60))
    #expect(access(path, F_OK) != 0)
  }

  @Test("A write that hangs holds up no other path, nor the end beyond its limit; then it is done in its turn")
  func hangs() async throws {
    let gate = DispatchSemaphore(value: 0)
    let isFirst = Atomic(true)
    let slow = Textfile { bytes, descriptor in
      if isFirst.exchange(false, ordering: .relaxed) { gate.wait() }
      return writeAll(bytes, to: descriptor)
    }
    let hung = "\(folder.path)/hung.prom"
    slow.put(MetricsTextTests.picture(), at: hung) { _ in }
    // The one that hangs is the first: it is waited for until it is there.
    while isFirst.load(ordering: .relaxed) { sched_yield() }
    slow.remove(hung) { _ in }
    let other = await withCheckedContinuation { whoever in
      slow.put(MetricsTextTests.picture(), at: path) { whoever.resume(returning: $0) }
    }
    #expect(message(other) == nil)
    slow.finish(within: .milliseconds(10))
    #expect(try names() == ["g.prom", "hung.prom.new"])
    gate.signal()
    slow.finish(within: .seconds(60))
    #expect(try names() == ["g.prom"])
  }
}
