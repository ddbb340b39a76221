import Glibc
public import GuestWatchCore
import Ledger
import VSphere

/// A file with the answer of the REST process list, or of VI JSON's ListProcessesInGuest, to be explained.
public struct SavedListingFile {
  /// Why it cannot be explained.
  public struct Unusable: Error, Sendable {
    public var message: String
  }

  /// What was taken for granted, for stderr.
  public private(set) var notes: [String] = []
  private let saved: SavedListing

  /// As of a listing of a guest (design.md, section 5).
  private static let longest = 16 << 20

  /// - Parameters:
  ///   - path: of the file; `-` for stdin.
  ///   - vm: the name of its VM; nil: the name of the file, without what stands behind its first dot.
  ///   - family: of its guest; nil: by what is listed.
  ///   - at: when it is looked at, RFC 3339; nil: when the file was written.
  public init(path: String, vm: String?, family: GuestFamily?, at: String?) throws(Unusable) {
    var wall: Int64?
    if let at {
      // Nanoseconds end in 2262.
      guard let seconds = secondsSince1970(rfc3339: at), abs(seconds) < 9_000_000_000 else {
        throw Unusable(message: "--at must be a time such as 2026-11-22T10:30:00Z")
      }
      wall = seconds * 1_000_000_000
    }
    let (bytes, written) = try Self.read(path)
    let listing: Listing
    do throws(Fault) { listing = try savedListing(bytes) } catch {
      throw Unusable(
        message:
          "\(path) is neither the JSON answer of the REST process list nor that of VI JSON's ListProcessesInGuest: "
          + error.detail)
    }
    guard listing.complete else {
      throw Unusable(
        message: "\(path) is no complete listing (it is empty, has a pid twice, or more than \(Listing.rowCap) rows); "
          + "guestwatchd would decide nothing by it")
    }
    let name = vm ?? Self.name(path)
    let guessed = family ?? Self.guess(listing.rows)
    if vm == nil { notes.append("the VM is taken to be called \(bare(name)); --vm says otherwise") }
    if family == nil { notes.append("the guest is taken to be \(guessed.rawValue); --family says otherwise") }
    let moment = wall ?? written
    if at == nil { notes.append("it is looked at as of \(timestamp(moment / 1_000_000_000)); --at says otherwise") }
    notes.append("one listing proves no age, so start times are believed here; the daemon believes what it saw")
    saved = SavedListing(listing: listing, vm: name, family: guessed, wall: moment)
  }

  /// Says what the rules say of it, line by line.
  public func explain(
    _ configuration: Configuration, _ choice: RowChoice, emit: (String) -> Void
  ) -> ExplainTalk.End {
    if let rule = choice.rule, !configuration.rules.contains(where: { $0.id == rule }) {
      return ExplainTalk.End(status: .usage, message: unknown("rule", rule.name, configuration.rules.map(\.id.name)))
    }
    var summary = ExplainSummary()
    var isReached = false
    for answer in saved.explained(by: configuration) {
      switch answer {
      case .reached: break
      case .refused(let why):
        return ExplainTalk.End(status: .unavailable, message: "\(bare(saved.vm)) is not looked at: \(words(why))")
      case .explained(let explanation):
        if let rule = choice.rule, !explanation.rules.contains(where: { $0.id == rule }) { continue }
        isReached = true
        for line in ExplainedLines(explanation, choice).joined() {
          summary.take(line)
          emit(line)
        }
      }
    }
    guard isReached else {
      let scope = choice.rule.map { "the scope of rule \(bare($0.name)) does not reach" } ?? "no rule's scope reaches"
      return ExplainTalk.End(
        status: .usage, message: "\(scope) a VM called \(bare(saved.vm)); name it with --vm as the rules do")
    }
    emit(summary.end())
    return ExplainTalk.End(status: .done)
  }

  // MARK: What is taken for granted

  private static func name(_ path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file == "-" ? "stdin" : file.split(separator: ".").first.map(String.init) ?? file
  }

  /// Windows where something runs that every Windows has, else Linux.
  private static func guess(_ rows: [Process]) -> GuestFamily {
    let names: Set<String> = ["csrss.exe", "smss.exe", "wininit.exe", "svchost.exe", "lsass.exe"]
    return rows.contains { names.contains($0.name.value.lowercased()) } ? .windows : .linux
  }

  /// The bytes, and when they were written: nanoseconds since 1970.
  private static func read(_ path: String) throws(Unusable) -> ([UInt8], Int64) {
    let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Unusable(message: "cannot open \(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var facts = stat()
    let isFile = fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    let written = Int64(facts.st_mtim.tv_sec) * 1_000_000_000 + Int64(facts.st_mtim.tv_nsec)
    do throws(ReadFailure) {
      return (try readAll(descriptor, most: longest), isFile ? written : SystemClock().now().wall)
    } catch {
      switch error {
      case .system(let number): throw Unusable(message: "cannot read \(path): \(String(cString: strerror(number)))")
      case .tooLong:
        throw Unusable(
          message: "\(path) has more than \(longest >> 20) MiB; guestwatchd would not read such an answer")
      }
    }
  }
}
