import GuestWatchCore
import Testing

@testable import VSphere

@Suite("A listing that was saved is read as one that comes over the wire") struct SavedListingTests {
  @Test func rest() throws {
    let text = #"[{"name":"a","pid":5,"owner":"o","command":"c","started":"2026-01-01T00:00:00.000Z"}]"#
    let listing = try savedListing(Array(text.utf8))
    #expect(listing.complete && !listing.showsEnds)
    #expect(
      listing.rows == [Process(pid: 5, started: 1_767_225_600, owner: "o", name: "a", command: "c", finished: nil)])
  }

  @Test func vi() throws {
    let text =
      #"[{"name":"a","pid":5,"owner":"o","cmdLine":"c","startTime":"2026-01-01T00:00:00Z","endTime":"2026-01-01T00:00:01Z"}]"#
    let listing = try savedListing(Array(text.utf8))
    #expect(listing.complete && listing.showsEnds && listing.rows.map(\.finished) == [1_767_225_601])
  }

  @Test(arguments: ["", "{", "{}", "7", "[7]", #"[{"pid":5,"name":"a"}]"#, #"[{"startTime":"2026-01-01T00:00:00Z"}]"#])
  func bad(text: String) { #expect(throws: Fault.self) { try savedListing(Array(text.utf8)) } }
}
