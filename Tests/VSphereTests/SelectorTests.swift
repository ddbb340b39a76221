import GuestWatchCore
import Testing

@testable import VSphere

/// Which VMs selectors bring, and with which requests.
@Suite struct SelectorTests {
  typealias S = VCenterScript
  typealias F = FakeInventory

  /// Ten VMs; `db` holds 1 to 3, `web` 3 to 5 (as if one were in both), and `tier:gold` is on 2, 3 and 9.
  static let ten = F(
    vms: F.vms(10),
    places: F.folders([("db", ["vm-1", "vm-2", "vm-3"]), ("web", ["vm-3", "vm-4", "vm-5"]), ("empty", [])]),
    categories: [("c1", "tier"), ("c2", "a:b")],
    tags: [
      F.Tag(id: "t1", category: "c1", name: "gold", objects: ["vm-2", "vm-3", "vm-9"]),
      F.Tag(id: "t2", category: "c1", name: "tin"), F.Tag(id: "t3", category: "c2", name: "c:d", objects: ["vm-7"]),
    ])

  /// What the tags of `ten` cost when nothing is known.
  static let firstTags = [
    F.categoryList, F.category("c1"), F.category("c2"), F.tagsOf, F.tag("t1"), F.tag("t2"), F.attached,
  ]

  func moids(_ result: Result<Inventory, Fault>) -> [String]? { result.value?.vms.map(\.moid) }

  @Test func foldersBringWhatIsBelowThem() async throws {
    try await withVCenter(SelectorTests.ten.script) { bench in
      let inventory = try #require(await bench.inventory(Scope(folders: ["db", "/DC/vm/web"])).value)
      #expect(inventory.vms.map(\.moid) == F.vms(5) && inventory.complete && inventory.unresolved.isEmpty)
      #expect(inventory.vms[2].selectors == [.folder("db"), .folder("/DC/vm/web")])
      #expect(inventory.vms[3].selectors == [.folder("/DC/vm/web")])
      #expect(inventory.vms[0].name == "vm-1" && inventory.vms[0].instanceUUID == "50-1")
      #expect(
        bench.server.lines == S.loginLines + F.pages(1, of: F.placeTypes) + F.contents("f0") + F.contents("f1")
          + F.states(5))
    }
  }

  @Test func keysAreAndedAndOnlyWhatIsLeftIsRead() async throws {
    try await withVCenter(SelectorTests.ten.script) { bench in
      _ = bench.sent()
      let both = await bench.inventory(Scope(folders: ["db"], tags: ["tier:gold"]))
      #expect(moids(both) == ["vm-2", "vm-3"])
      #expect(both.value?.vms.first?.selectors == [.folder("db"), .tag("tier:gold")])
      let body = try #require(bench.server.requests.last?.body)
      #expect(body.contains("vm-3") && !body.contains("vm-1") && !body.contains("vm-9"))
      let named = try await bench.inventory(Scope(names: [Glob("vm-[13]")], folders: ["db"], except: [Glob("vm-1")]))
      #expect(moids(named) == ["vm-3"])
      let ids = await bench.inventory(Scope(ids: ["vm-3", "vm-4", "vm-99"], folders: ["db"]), ids: ["vm-8"])
      #expect(moids(ids) == ["vm-3", "vm-8"])
      #expect(ids.value?.vms.last?.selectors.isEmpty == true)
      #expect(bench.sent().contains("GET /api/vcenter/vm?vms=vm-3&vms=vm-8"))
    }
  }

  @Test func scopesAreJoinedAndAnotherSelectorIsOnlyTold() async throws {
    try await withVCenter(SelectorTests.ten.script) { bench in
      let result = try await bench.inventory(
        Scope(tags: ["a:b:c:d"]), Scope(names: [Glob("vm-1*")]), more: [.tag("tier:gold"), .folder("db")])
      let inventory = try #require(result.value)
      #expect(inventory.vms.map(\.moid) == ["vm-1", "vm-7", "vm-10"])
      #expect(inventory.vms.map(\.selectors) == [[.folder("db")], [.tag("a:b:c:d")], []])
      #expect(bench.server.lines.filter { $0 == F.all }.count == 1)
    }
  }

  @Test func anEmptyOrUnknownSelectorBringsNothingAndAsksForNoVM() async throws {
    let ten = SelectorTests.ten
    try await withVCenter(ten.script) { bench in
      let inventory = try #require(
        await bench.inventory(
          Scope(folders: ["empty", "no"]), Scope(clusters: ["no"]),
          Scope(tags: ["tier:tin", "tier:no", "no:tin", "tier"])
        ).value)
      #expect(inventory.vms.isEmpty && inventory.complete)
      #expect(
        inventory.unresolved == [
          .folder("no"): .unknown, .cluster("no"): .unknown, .tag("tier:no"): .unknown, .tag("no:tin"): .unknown,
          .tag("tier"): .unknown,
        ])
      let lines = bench.server.lines
      #expect(!lines.contains { $0.hasPrefix(F.all) } && lines.filter { $0 == S.properties }.count == 1)
      #expect(moids(await bench.inventory(Scope(folders: []))) == [])
      #expect(moids(await bench.inventory(Scope())) == [])
      #expect(!bench.server.lines.contains { $0.hasPrefix(F.all) })
    }
  }

  @Test func namesOfSeveralAreAmbiguous() async throws {
    var fake = SelectorTests.ten
    fake.places += F.folders([("db", ["vm-6"])]).suffix(1).map { place in
      F.Place(type: "Folder", moid: "f9", name: place.name, parent: "f1", vms: place.vms)
    }
    fake.places += ["c8", "c9"].map { F.Place(type: "ClusterComputeResource", moid: $0, name: "gold", parent: "h") }
    fake.categories.append(("c3", "tier"))
    fake.tags.append(F.Tag(id: "t4", category: "c3", name: "gold", objects: ["vm-1"]))
    try await withVCenter(fake.script) { bench in
      let inventory = try #require(
        await bench.inventory(
          Scope(folders: ["db", "/DC/vm/web/db"]), Scope(clusters: ["gold"]), Scope(tags: ["tier:gold"])
        ).value)
      #expect(inventory.vms.map(\.moid) == ["vm-6"])
      #expect(
        inventory.unresolved == [
          .folder("db"): .ambiguous, .cluster("gold"): .ambiguous, .tag("tier:gold"): .ambiguous,
        ])
    }
  }

  @Test func whatMayNotBeReadIsDenied() async throws {
    let denied = Reply.rest("UNAUTHORIZED", status: 403)
    for (line, tags) in [
      (F.categoryList, ["tier:gold", "a:b:c:d", "no:no"]), (F.category("c1"), ["tier:gold", "no:no"]),
      (F.tagsOf, ["tier:gold", "a:b:c:d"]), (F.tag("t1"), ["tier:gold"]), (F.attached, ["tier:gold", "a:b:c:d"]),
    ] {
      try await withVCenter {
        $0.line == line ? denied : SelectorTests.ten.reply($0)
      } _: { bench in
        let result = await bench.inventory(Scope(tags: ["tier:gold", "a:b:c:d", "no:no"]))
        let inventory = try #require(result.value, "\(line)")
        let refused = inventory.unresolved.filter { $0.value == .denied }.keys
        #expect(Set(refused) == Set(tags.map(Selector.tag)), "\(line)")
      }
    }
    let noRight = Reply.fault("NoPermission")
    try await withVCenter {
      $0.line == F.create ? noRight : SelectorTests.ten.reply($0)
    } _: { bench in
      let inventory = try #require(await bench.inventory(Scope(folders: ["db"]), Scope(clusters: ["x"])).value)
      #expect(inventory.unresolved == [.folder("db"): .denied, .cluster("x"): .denied] && inventory.vms.isEmpty)
    }
    let hidden = F.unnamed("NoPermission")
    try await withVCenter {
      $0.line == S.properties ? hidden : SelectorTests.ten.reply($0)
    } _: { bench in
      let inventory = try #require(await bench.inventory(Scope(folders: ["db"])).value)
      #expect(inventory.unresolved == [.folder("db"): .denied])
    }
  }

  @Test func aFolderThatIsDeletedBetweenTwoRequestsIsUnknown() async throws {
    try await withVCenter { request in
      request.line == F.create && request.body.contains("f0")
        ? .fault("ManagedObjectNotFound", more: #","obj":{"type":"Folder","value":"f0"}"#)
        : SelectorTests.ten.reply(request)
    } _: { bench in
      let inventory = try #require(await bench.inventory(Scope(folders: ["db", "web"])).value)
      #expect(inventory.unresolved == [.folder("db"): .unknown] && inventory.vms.count == 3)
    }
  }

  @Test func theTagsOfAGoneVMAreFollowedUp() async throws {
    var fake = SelectorTests.ten
    fake.tags[0].objects = ["vm-2", "vm-77"]
    try await withVCenter(fake.script) { bench in
      let inventory = try #require(await bench.inventory(Scope(tags: ["tier:gold"])).value)
      #expect(inventory.vms.map(\.moid) == ["vm-2"] && inventory.complete)
      #expect(bench.server.lines.last == "GET /api/vcenter/vm?vms=vm-77")
    }
    // vCenter still lists it: then nobody knows.
    try await withVCenter { [fake] request in
      request.line.hasSuffix("?vms=vm-77") ? .json(#"[{"vm":"vm-77","name":"x"}]"#) : fake.reply(request)
    } _: { bench in
      let inventory = try #require(await bench.inventory(Scope(tags: ["tier:gold"])).value)
      #expect(inventory.vms.map(\.moid) == ["vm-2"] && !inventory.complete)
    }
  }

  @Test func aTagThatIsRenamedOrReplacedIsFoundAnew() async throws {
    var fake = SelectorTests.ten
    try await withVCenter(fake.script) { bench in
      let scope = Scope(tags: ["tier:gold"])
      #expect(moids(await bench.inventory(scope)) == ["vm-2", "vm-3", "vm-9"])
      // Deleted, and another one made under its name: found in the same inventory.
      fake.tags[0] = F.Tag(id: "t8", category: "c1", name: "gold", objects: ["vm-8"])
      bench.server.follow(fake.script)
      _ = bench.sent()
      #expect(moids(await bench.inventory(scope)) == ["vm-8"])
      #expect(
        bench.sent() == [F.attached, F.tag("t1")] + [F.categoryList, F.category("c1"), F.category("c2"), F.tagsOf]
          + [F.tag("t8"), F.tag("t2"), F.attached] + F.states(1))
      // Renamed, and its name given to another: found when names are checked.
      fake.tags[0].name = "silver"
      fake.tags[1].name = "gold"
      fake.tags[1].objects = ["vm-1"]
      bench.server.follow(fake.script)
      var answers: [[String]?] = []
      for _ in 0...TagBook.usesCap { answers.append(moids(await bench.inventory(scope))) }
      #expect(answers.last == ["vm-1"] && answers.first == ["vm-8"])
      // An unknown one is found as soon as it is there.
      let other = Scope(tags: ["tier:new"])
      #expect(await bench.inventory(other).value?.unresolved == [.tag("tier:new"): .unknown])
      fake.tags.append(F.Tag(id: "t9", category: "c1", name: "new", objects: ["vm-4"]))
      bench.server.follow(fake.script)
      #expect(moids(await bench.inventory(other)) == ["vm-4"])
    }
  }

  @Test func aReadOfNamesThatIsCutOffGetsFurtherTheNextTime() async throws {
    let gate = Gate()
    let query = ScopeQuery(scopes: [Scope(tags: ["tier:gold"])])
    try await withVCenter { request in
      request.line == F.tag("t2") ? .held(gate, SelectorTests.ten.reply(request)) : SelectorTests.ten.reply(request)
    } _: { bench in
      async let first = bench.client.inventory(query, by: bench.clock.after(.seconds(90)))
      while bench.server.lines.last != F.tag("t2") { await Task.yield() }
      bench.clock.add(.seconds(91))
      #expect(await first.1.fault?.kind == .unanswered)
      gate.open()
      _ = bench.sent()
      let second = await bench.client.inventory(query, by: bench.clock.after(.seconds(90))).1
      #expect(moids(second) == ["vm-2", "vm-3", "vm-9"])
      // Of the names all but one were known; that one is of no use, so it is not read.
      #expect(bench.sent() == [F.attached] + F.states(3))
    }
  }

  @Test func aTagOfWhichNothingIsSaidIsLookedAt() async throws {
    try await withVCenter { request in
      request.line == F.attached ? .json("[]") : SelectorTests.ten.reply(request)
    } _: { bench in
      let inventory = try #require(await bench.inventory(Scope(tags: ["tier:gold"])).value)
      #expect(inventory.vms.isEmpty && inventory.unresolved.isEmpty)
      #expect(bench.server.lines.last == F.tag("t1"))
    }
  }
}
