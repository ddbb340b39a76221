import Foundation
import GuestWatchCore
import Systemd
import Testing

@Suite struct MessageIDTests {
  /// The repository's folder of units, from this file's place.
  static let systemd = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "systemd")

  @Test func eachIsOneOfItsKind() {
    let ids = MessageID.all.map(\.description)
    #expect(Set(ids).count == ids.count)
    #expect(ids.count == Report.Kind.allCases.count + 3)
    for id in ids {
      #expect(id.utf8.count == 32)
      #expect(id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }, "\(id)")
      // The number of a version 4 UUID: made at random, not by hand.
      #expect(Array(id)[12] == "4")
    }
  }

  @Test func theCatalogHasATextForEachAndForNothingElse() throws {
    let text = try String(contentsOf: MessageIDTests.systemd.appending(path: "guestwatchd.catalog"), encoding: .utf8)
    let entries = text.split(separator: "\n", omittingEmptySubsequences: false).split { $0.hasPrefix("-- ") }
    let headings = text.split(separator: "\n").filter { $0.hasPrefix("-- ") }.map { String($0.dropFirst(3)) }
    #expect(headings.sorted() == MessageID.all.map(\.description).sorted())
    // What stands before the first heading is the licence.
    for (heading, entry) in zip(headings, entries.dropFirst()) {
      #expect(entry.first?.hasPrefix("Subject: ") == true, "\(heading)")
      #expect(entry.contains("Defined-By: guestwatchd"), "\(heading)")
      let body = entry.drop { !$0.isEmpty }.joined(separator: "\n")
      #expect(body.contains("What to do: "), "\(heading)")
      // Only fields that entries really have are filled in.
      for (index, part) in body.split(separator: "@", omittingEmptySubsequences: false).enumerated()
      where index % 2 == 1 {
        #expect(JournalEntry.Name(rawValue: String(part)) != nil, "\(heading): @\(part)@")
      }
    }
  }
}
