import GuestWatchCore
import Testing

@testable import VSphere

@Suite struct PlaceTreeTests {
  typealias Place = PlaceTree.Place

  static let tree = PlaceTree(
    root: "root",
    places: [
      Place(moid: "d1", kind: .datacenter, name: "West", parent: "root"),
      Place(moid: "above", kind: .folder(holdsVMs: false), name: "Europe", parent: "root"),
      Place(moid: "d2", kind: .datacenter, name: "East", parent: "above"),
      Place(moid: "v1", kind: .folder(holdsVMs: true), name: "vm", parent: "d1"),
      Place(moid: "v2", kind: .folder(holdsVMs: true), name: "vm", parent: "d2"),
      Place(moid: "h1", kind: .folder(holdsVMs: false), name: "only", parent: "d1"),
      Place(moid: "db1", kind: .folder(holdsVMs: true), name: "db", parent: "v1"),
      Place(moid: "db2", kind: .folder(holdsVMs: true), name: "db", parent: "v2"),
      Place(moid: "deep", kind: .folder(holdsVMs: true), name: "old", parent: "db2"),
      Place(moid: "odd", kind: .folder(holdsVMs: true), name: "50%25 a%2fb%5Cc", parent: "v1"),
      Place(moid: "lost", kind: .folder(holdsVMs: true), name: "lost", parent: nil),
      Place(moid: "far", kind: .folder(holdsVMs: true), name: "far", parent: "unseen"),
      Place(moid: "o1", kind: .folder(holdsVMs: true), name: "ring", parent: "o2"),
      Place(moid: "o2", kind: .folder(holdsVMs: true), name: "ring", parent: "o1"),
      Place(moid: "c1", kind: .cluster, name: "gold", parent: nil),
      Place(moid: "c2", kind: .cluster, name: "a%2Fb", parent: nil),
      Place(moid: "c3", kind: .cluster, name: "twin", parent: nil),
      Place(moid: "c4", kind: .cluster, name: "twin", parent: nil),
    ])

  @Test(arguments: [
    ("old", "deep"), ("/West/vm", "v1"), ("/West/vm/db", "db1"), ("/Europe/East/vm/db", "db2"),
    ("/Europe/East/vm/db/old", "deep"), ("50% a/b\\c", "odd"), ("50%25 a%2fb%5Cc", "odd"),
    ("/West/vm/50%25 a%2fb%5cc", "odd"), ("/West/vm/50% a%2Fb\\c", "odd"), ("lost", "lost"), ("far", "far"),
  ])
  func oneFolder(text: String, moid: String) { #expect(PlaceTreeTests.tree.folder(text) == .found(moid)) }

  @Test(arguments: [
    "DB", "West", "only", "Europe", "/West/only", "/East/vm/db", "/vm/db", "/Europe/East/vm/db/", "//West/vm", "/", "",
    "/db", "/West", "/lost", "/far", "/unseen/far", "/ring/ring/ring", "gold", "West/vm/db", "/West/vm/50%25 a/b%5cc",
  ])
  func noFolder(text: String) { #expect(PlaceTreeTests.tree.folder(text) == .trouble(.unknown)) }

  @Test(arguments: ["db", "vm", "ring"])
  func severalFolders(text: String) { #expect(PlaceTreeTests.tree.folder(text) == .trouble(.ambiguous)) }

  @Test func clusters() {
    let tree = PlaceTreeTests.tree
    #expect(tree.cluster("gold") == .found("c1"))
    #expect(tree.cluster("a/b") == .found("c2") && tree.cluster("a%2fb") == .found("c2"))
    #expect(tree.cluster("twin") == .trouble(.ambiguous))
    #expect(tree.cluster("db") == .trouble(.unknown) && tree.cluster("/gold") == .trouble(.unknown))
  }

  @Test func onlyWhatVCenterEscapesIsUnescaped() {
    #expect(unescaped("a%2fb%2Fc%5cd%5Ce%25f") == "a/b/c\\d\\e%f")
    #expect(unescaped("%252f") == "%2f" && unescaped("100%") == "100%" && unescaped("%2") == "%2")
    #expect(unescaped("a%20b%é") == "a%20b%é")
  }
}
