import GuestWatchCore
import Testing

@testable import VSphere

/// How many requests an inventory takes, and in which order.
@Suite struct ManyVMsTests {
  typealias S = VCenterScript
  typealias F = FakeInventory

  @Test func tenThousandVMsByOneTag() async throws {
    var fake = F(
      vms: F.vms(20_000), categories: [("c1", "tier"), ("c2", "owner")],
      tags: [
        F.Tag(id: "t1", category: "c1", name: "tin"),
        F.Tag(id: "t2", category: "c1", name: "gold", objects: F.vms(10_000)),
      ])
    fake.isBrief = true
    try await withVCenter(fake.script) { bench in
      let scope = Scope(tags: ["tier:gold"])
      let first = try #require(await bench.inventory(scope).value)
      #expect(first.vms.count == 10_000 && first.complete)
      #expect(Set(first.vms.map(\.moid)) == Set(F.vms(10_000)))
      #expect(
        bench.sent() == S.loginLines + [F.categoryList, F.category("c1"), F.category("c2"), F.tagsOf, F.tag("t1")]
          + [F.tag("t2"), F.attached] + F.states(10_000))
      // From then on one request and one for each hundred VMs; now and then one for the tag and one for its category.
      for number in 2...TagBook.usesCap + 3 {
        #expect(await bench.inventory(scope).value?.vms.count == 10_000)
        let check = number % (TagBook.usesCap + 1) == 0 ? [F.tag("t2"), F.category("c1")] : []
        #expect(bench.sent() == check + [F.attached] + F.states(10_000), "inventory \(number)")
      }
    }
  }

  @Test func moreThanOneListHolds() async throws {
    let names = Dictionary(uniqueKeysWithValues: (1...25).map { ("vm-\($0 * 4)", "db%2f\($0)") })
    var fake = F(vms: F.vms(100), names: names)
    fake.listCap = 40
    fake.pageSize = 10
    try await withVCenter(fake.script) { bench in
      let scope = try Scope(names: [Glob("db/*")])
      let first = try #require(await bench.inventory(scope).value)
      #expect(first.vms.count == 25 && first.complete && first.vms[0].name == "db/1")
      let throughView = F.pages(10, of: "VirtualMachine") + F.states(25)
      #expect(bench.sent() == S.loginLines + [F.all] + throughView)
      for _ in 0..<InventoryMemory.listsOverCap {
        #expect(await bench.inventory(scope).value?.vms.count == 25)
        #expect(bench.sent() == throughView)
      }
      // Then it asks whether they still are too many.
      _ = await bench.inventory(scope)
      #expect(bench.sent() == [F.all] + throughView)
      var fewer = fake
      fewer.vms = F.vms(40)
      fewer.names = ["vm-7": "db/7"]
      bench.server.follow(fewer.script)
      for _ in 0..<InventoryMemory.listsOverCap { _ = await bench.inventory(scope) }
      _ = bench.sent()
      for _ in 0..<2 {
        #expect(await bench.inventory(scope).value?.vms.map(\.moid) == ["vm-7"])
        #expect(bench.sent() == [F.all] + F.states(1))
      }
    }
  }

  @Test func fortyThousandVMs() async throws {
    let fake = F(vms: F.vms(40_000))
    try await withVCenter(fake.script) { bench in
      let inventory = try #require(await bench.inventory(Scope(names: [Glob("vm-3999?")])).value)
      #expect(inventory.vms.count == 10 && inventory.complete)
      #expect(bench.sent() == S.loginLines + [F.all] + F.pages(40, of: "VirtualMachine") + F.states(10))
    }
  }

  @Test func twentyFolders() async throws {
    let vms = F.vms(1000)
    let folders = (0..<20).map { number in
      (name: "team-\(number)", vms: Array(vms[number * 50..<number * 50 + 50]))
    }
    var fake = F(vms: vms, places: F.folders(folders))
    fake.pageSize = 10
    try await withVCenter(fake.script) { bench in
      let scopes = folders.map { Scope(folders: [$0.name]) }
      let inventory = try #require(await bench.inventory(scopes).value)
      #expect(inventory.vms.map(\.moid) == vms && inventory.complete)
      // 23 folders and datacenters, ten a page; then making, reading and destroying a view for each folder.
      let views = (0..<20).flatMap { F.contents("f\($0)") }
      let each = F.pages(3, of: F.placeTypes) + views + F.states(1000)
      #expect(bench.sent() == S.loginLines + each)
      _ = await bench.inventory(scopes)
      #expect(bench.sent() == each)
    }
  }

  @Test func clustersNeedNoFolders() async throws {
    var fake = F(vms: F.vms(300), places: F.folders([("db", F.vms(3))]))
    fake.places.append(F.Place(type: "ClusterComputeResource", moid: "c7", name: "gold", parent: "h", vms: F.vms(200)))
    try await withVCenter(fake.script) { bench in
      let inventory = try #require(await bench.inventory(Scope(clusters: ["gold"])).value)
      #expect(inventory.vms.count == 200)
      #expect(
        bench.sent() == S.loginLines + F.pages(1, of: "ClusterComputeResource") + F.contents("c7") + F.states(200))
    }
  }

  // MARK: before 8.0 U1

  /// A vCenter without VI JSON that shows the state of no VM but by the four calls of each.
  static func old(_ fake: F) -> ScriptedServer.Script {
    { request in
      switch request.line {
      case S.hello: .html(404)
      case _ where request.target.hasPrefix("/sdk/"): .html(404)
      case S.restLogin: S.healthy(request)
      case _ where request.target.hasPrefix("/api/vcenter/vm/vm-"):
        .json(#"{"name":"x","run_state":"RUNNING","guest_operations_ready":true,"family":"LINUX"}"#)
      default: fake.reply(request)
      }
    }
  }

  @Test func withoutVIJSONTheHostsSplitTheList() async throws {
    var fake = F(vms: F.vms(100))
    fake.listCap = 30
    fake.hosts = (0..<8).map { number in ("host-\(number)", Array(F.vms(100)[number * 12..<number * 12 + 12])) }
    fake.hosts[7].vms += F.vms(100).suffix(4)
    try await withVCenter(ManyVMsTests.old(fake)) { bench in
      let scope = try Scope(names: [Glob("vm-1")])
      _ = await bench.inventory(scope)
      _ = bench.sent()
      let inventory = try #require(await bench.inventory(scope).value)
      // Host by host a VM may move past us: what is absent proves nothing.
      #expect(inventory.vms.map(\.moid) == ["vm-1"] && !inventory.complete)
      func list(_ hosts: Range<Int>) -> String { F.all + "?" + hosts.map { "hosts=host-\($0)" }.joined(separator: "&") }
      let state = ["", "/tools", "/guest/operations", "/guest/identity"].map { F.all + "/vm-1" + $0 }
      #expect(
        bench.sent() == ["GET /api/vcenter/host", list(0..<8), list(0..<4), list(0..<2), list(2..<4), list(4..<8)]
          + [list(4..<6), list(6..<8)] + state)
      fake.hosts = []
      bench.server.follow(ManyVMsTests.old(fake))
      #expect(await bench.inventory(scope).fault?.kind == .overCap)
      fake.hosts = [("host-1", F.vms(100))]
      bench.server.follow(ManyVMsTests.old(fake))
      #expect(await bench.inventory(scope).fault?.kind == .overCap)
    }
  }

  @Test func withoutVIJSONClustersAreFilteredAndFoldersUnsupported() async throws {
    var fake = SelectorTests.ten
    fake.places.append(
      F.Place(type: "ClusterComputeResource", moid: "c7", name: "gold", parent: "h", vms: ["vm-4", "vm-5"]))
    try await withVCenter(ManyVMsTests.old(fake)) { bench in
      let inventory = try #require(
        await bench.inventory(
          Scope(folders: ["db"]), Scope(clusters: ["gold", "tin"]), Scope(tags: ["tier:gold"])
        ).value)
      #expect(inventory.unresolved == [.folder("db"): .unsupported, .cluster("tin"): .unknown])
      #expect(inventory.vms.map(\.moid) == ["vm-2", "vm-3", "vm-4", "vm-5", "vm-9"] && !inventory.canTerminate)
      #expect(inventory.vms[2].selectors == [.cluster("gold")] && inventory.complete)
      let lines = bench.server.lines
      #expect(lines.contains("GET /api/vcenter/cluster?names=gold&names=tin"))
      #expect(lines.contains(F.all + "?clusters=c7") && !lines.contains(F.all))
    }
  }
}
