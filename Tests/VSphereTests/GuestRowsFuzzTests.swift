import Glibc
import GuestWatchCore
import Testing

@testable import VSphere

/// Listings that were drawn, cut and broken at random: what must hold of every one.
///
/// `GUESTWATCH_FUZZ_SECONDS=600` goes on for so long, each round with the next seed; `GUESTWATCH_FUZZ_SEED=n` begins at one,
/// so that a failure, which names its seed, can be seen again.
@Suite struct GuestRowsFuzzTests {
  @Test func nothingBreaksIt() throws {
    let seconds = number("GUESTWATCH_FUZZ_SECONDS")
    let first = number("GUESTWATCH_FUZZ_SEED") ?? 1
    let start = ContinuousClock.now
    var seed = first
    var tally = Tally()
    while seconds.map({ ContinuousClock.now - start < .seconds($0) }) ?? (seed < first + 150) {
      let problems = round(UInt64(seed), &tally)
      #expect(problems.isEmpty, "GUESTWATCH_FUZZ_SEED=\(seed)")
      if !problems.isEmpty { break }
      seed += 1
    }
    let rounds = seed - first
    if seconds != nil { print("fuzz: \(rounds) rounds from seed \(first), \(tally)") }
    // A fuzzer whose answers are all refused, or all good, tests little. Of a few rounds nothing can be said.
    guard rounds >= 100 else { return }
    #expect(tally.complete > rounds / 4)
    #expect(tally.incomplete > rounds / 8)
    #expect(tally.broken > rounds && tally.keptBesideABrokenRow > rounds / 2)
    #expect(tally.agreed > rounds / 2 && tally.agreedRows > rounds / 3)
  }

  private func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

  struct Tally {
    var complete = 0
    var incomplete = 0
    /// Answers that were broken and refused.
    var broken = 0
    /// Answers with a broken row and others that were reported.
    var keptBesideABrokenRow = 0
    /// Answers that Foundation accepts.
    var agreed = 0
    var agreedRows = 0
  }

  /// Gives back what does not hold.
  private func round(_ seed: UInt64, _ tally: inout Tally) -> [String] {
    var draws = Draws(seed: seed)
    let drawn = DrawnListing(&draws)
    var problems = itself(drawn, &tally)
    problems += independent(drawn.bytes, isVI: drawn.isVI, &tally)
    for _ in 0..<4 {
      let cut = Array(drawn.bytes.prefix(draws.below(drawn.bytes.count)))
      if (try? GuestRows.listing(cut, drawn.dialect)) != nil { problems.append("a cut answer was read: \(shown(cut))") }
    }
    for _ in 0..<4 where !drawn.rows.isEmpty { problems += withABrokenRow(drawn, &draws, &tally) }
    for _ in 0..<4 {
      var bytes = drawn.bytes
      spoil(&bytes, within: bytes.indices, &draws)
      problems += independent(bytes, isVI: drawn.isVI, &tally)
      problems += sound(bytes, drawn.dialect)
    }
    return problems
  }

  /// What was drawn is what is read.
  private func itself(_ drawn: DrawnListing, _ tally: inout Tally) -> [String] {
    guard let listing = try? GuestRows.listing(drawn.bytes, drawn.dialect) else {
      return drawn.processes.isEmpty && !drawn.rows.isEmpty ? [] : ["a good answer was refused: \(shown(drawn.bytes))"]
    }
    if listing.complete { tally.complete += 1 } else { tally.incomplete += 1 }
    var problems: [String] = []
    if listing.rows != drawn.processes { problems.append("other rows were read than drawn: \(shown(drawn.bytes))") }
    if listing.complete != drawn.isComplete { problems.append("complete: \(listing.complete)") }
    return problems
  }

  /// One row is broken: the answer is refused, or every other row is there, as it was.
  private func withABrokenRow(_ drawn: DrawnListing, _ draws: inout Draws, _ tally: inout Tally) -> [String] {
    let place = draws.below(drawn.rows.count)
    var bytes = drawn.bytes
    spoil(&bytes, within: drawn.rows[place].range, &draws)
    guard let listing = try? GuestRows.listing(bytes, drawn.dialect) else {
      tally.broken += 1
      return []
    }
    let before = drawn.rows[..<place].compactMap(\.process)
    let after = drawn.rows[(place + 1)...].compactMap(\.process)
    if before.count + after.count > 0 { tally.keptBesideABrokenRow += 1 }
    guard listing.rows.count >= before.count + after.count, listing.rows.starts(with: before),
      Array(listing.rows.suffix(after.count)) == after
    else { return ["rows that were not touched are not there: \(shown(bytes))"] }
    let others = drawn.rows.indices.filter { $0 != place }
    if listing.complete, others.contains(where: { drawn.rows[$0].process == nil }) {
      return ["a row that cannot be known was forgotten: \(shown(bytes))"]
    }
    return sound(bytes, drawn.dialect)
  }

  /// Whatever was read is no more than was sent, and complete only where design.md, section 1, says so.
  private func sound(_ bytes: [UInt8], _ dialect: GuestRows.Dialect) -> [String] {
    guard let listing = try? GuestRows.listing(bytes, dialect) else { return [] }
    var problems: [String] = []
    // One byte that is not UTF-8 shows as three.
    let texts = listing.rows.flatMap { [$0.name, $0.owner, $0.command] }
    if texts.reduce(0, { $0 + $1.value.utf8.count }) > 3 * bytes.count { problems.append("more text than was sent") }
    if texts.contains(where: { $0.value.utf8.count > GuestText.cap }) { problems.append("a text is too long") }
    if listing.complete {
      if listing.rows.isEmpty || Set(listing.rows.map(\.pid)).count < listing.rows.count {
        problems.append("complete without rows, or with a pid twice")
      }
      // Brackets and rows are counted by nothing that reads JSON: the end of the answer is the end of its array.
      if bytes.last(where: { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }) != UInt8(ascii: "]") {
        problems.append("complete without its end")
      }
    }
    return problems.map { "\($0): \(shown(bytes))" }
  }

  /// Where Foundation accepts the bytes we do, and see the same.
  private func independent(_ bytes: [UInt8], isVI: Bool, _ tally: inout Tally) -> [String] {
    guard let other = IndependentReader(bytes) else { return [] }
    tally.agreed += 1
    let json: JSON
    do { json = try JSONReader.read(bytes) } catch {
      // RFC 8259 allows no comma before a closing bracket; Foundation does.
      let before = bytes[..<error.offset].last { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }
      return before == UInt8(ascii: ",") ? [] : ["Foundation accepts it: \(shown(bytes))"]
    }
    if let difference = other.difference(to: json) { return ["\(difference): \(shown(bytes))"] }
    guard let rows = other.rows(isVI: isVI, json: json) else { return [] }
    let listing = try? GuestRows.listing(bytes, isVI ? .vi : .rest)
    if rows.contains(where: { $0 != nil }) || rows.isEmpty {
      tally.agreedRows += 1
      guard let listing, listing.rows == rows.compactMap({ $0 }) else {
        return ["Foundation reads other rows: \(shown(bytes))"]
      }
      let unique = Set(listing.rows.map(\.pid)).count == rows.count
      return listing.complete == (unique && !rows.isEmpty) ? [] : ["complete is wrong: \(shown(bytes))"]
    }
    return listing == nil ? [] : ["no row can be read, and it is a listing: \(shown(bytes))"]
  }

  /// Changes some bytes within a range: any byte, or one that means something.
  private func spoil(_ bytes: inout [UInt8], within range: Range<Int>, _ draws: inout Draws) {
    let meant = Array(#"{}[]",:\u0123456789abdef-+.eEtfn "#.utf8) + [0x00, 0x0A, 0x1F, 0x80, 0xC3, 0xED, 0xFF]
    var range = range
    for _ in 0...draws.below(4) where !range.isEmpty {
      let place = range.lowerBound + draws.below(range.count)
      switch draws.below(9) {
      case 0: bytes[place] = draws.byte()
      case 1: bytes[place] = draws.one(of: meant)
      case 2:
        bytes.insert(draws.one(of: meant), at: place)
        range = range.lowerBound..<range.upperBound + 1
      case 3:
        bytes.remove(at: place)
        range = range.lowerBound..<range.upperBound - 1
      case 4:
        // A part of it once more: keys and values that are there twice, brackets that do not match.
        let part = Array(bytes[place..<min(place + 1 + draws.below(40), range.upperBound)])
        bytes.insert(contentsOf: part, at: range.lowerBound + draws.below(range.count))
        range = range.lowerBound..<range.upperBound + part.count
      case 5:
        let end = min(place + 1 + draws.below(20), range.upperBound)
        bytes.removeSubrange(place..<end)
        range = range.lowerBound..<range.upperBound - (end - place)
      default:
        // What often stays JSON: another letter or digit.
        if (0x61...0x7A).contains(bytes[place]) { bytes[place] = 0x61 + UInt8(draws.below(26)) }
        if (0x30...0x39).contains(bytes[place]) { bytes[place] = 0x30 + UInt8(draws.below(10)) }
      }
    }
  }

  private func shown(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}
