import Testing

@testable import GuestWatchCore

@Suite("Scopes by folders, clusters and tags")
struct SelectorScopeTests {
  private static let db = Scope(folders: ["db"])

  @Test("A vCenter is asked for every selector that decides about its VMs, each once and in order")
  func query() {
    var (stage, map) = Stage.placed()
    let other = VCenterID("other")
    let rules = [
      Stage.rule("a") { $0.scope = Scope(folders: ["db", "web"], tags: ["env:prod"]) },
      Stage.rule("b") { $0.scope = Scope(clusters: ["c1"], tags: ["env:prod"]) },
      Stage.rule("c") {
        $0.scope = Scope(folders: ["elsewhere"])
        $0.vcenters = [other]
        $0.login = Stage.b
      },
    ]
    stage.begin(rules) {
      Stage.twoLogins(&$0)
      $0.vcenters.append(VCenterEntry(id: other))
      $0.protect.vms = Scope(folders: ["web"], tags: ["ops:hands-off"])
      $0.logins[0].scope = Scope(clusters: ["c1", "c2"])
      $0.logins[1].scope = Scope(tags: ["login:b"])
    }
    stage.run(.seconds(1))
    #expect(map.queries().map(\.scopes) == [[rules[0].scope, rules[1].scope]])
    #expect(
      map.queries().first?.selectors == [
        .folder("db"), .folder("web"), .tag("env:prod"), .cluster("c1"), .tag("ops:hands-off"), .cluster("c2"),
      ])
    #expect(
      map.queries(of: other).first?.selectors == [
        .folder("db"), .folder("web"), .tag("env:prod"), .cluster("c1"), .folder("elsewhere"), .tag("ops:hands-off"),
        .cluster("c2"), .tag("login:b"),
      ])
  }

  @Test("A runaway on a VM that stands in the folder is killed; a VM elsewhere is not even looked into")
  func reached() {
    for (held, kills) in [(Selector.folder("db"), [500]), (.folder("web"), []), (.tag("db"), [])] as [(_, [Int64])] {
      var (stage, _) = Stage.placed([held])
      stage.spawn(500)
      stage.begin([Stage.rule(in: Self.db)])
      stage.run(.seconds(60))
      #expect(stage.killed == kills)
      #expect((stage.surveys > 0) == !kills.isEmpty)
    }
  }

  @Test(
    "All keys of a scope must hold a VM, and what is unresolved holds none",
    arguments: [SelectorTrouble.unknown, .ambiguous, .denied, .unsupported])
  func unresolved(trouble: SelectorTrouble) {
    var (stage, map) = Stage.placed([.folder("db"), .tag("env:prod")])
    map.trouble[Stage.vcenter] = [.tag("env:prod"): trouble]
    stage.begin([Stage.rule(in: Scope(folders: ["db"], tags: ["env:prod"]))])
    stage.run(.seconds(130))
    #expect(stage.surveys == 0)
    map.trouble = [:]
    stage.run(.seconds(130))
    #expect(stage.surveys > 0)
  }

  @Test("A VM that was moved out of its folder leaves the scope at the next inventory")
  func moved() {
    var (stage, map) = Stage.placed([.folder("db")])
    stage.begin([Stage.rule(in: Self.db)])
    stage.run(.seconds(100))
    map.held["vm-1"] = [.folder("web")]
    stage.run(.seconds(30))
    let before = stage.surveys
    #expect(before > 5)
    stage.spawn(500)
    stage.run(.seconds(600))
    #expect(stage.surveys == before)
    #expect(stage.killed.isEmpty)
  }

  @Test("The same where another rule still reaches it")
  func movedWithinReach() {
    var (stage, map) = Stage.placed([.folder("db")])
    stage.begin([Stage.rule(in: Self.db), Stage.rule("watcher", match: "none", action: .report)])
    stage.run(.seconds(100))
    map.held["vm-1"] = []
    stage.run(.seconds(30))
    stage.spawn(500)
    stage.run(.seconds(100))
    #expect(stage.surveys(from: 200) > 0)
    #expect(stage.killed.isEmpty)
  }

  @Test("What an incomplete inventory does not show of a VM's places is as it was")
  func incomplete() {
    var (stage, map) = Stage.placed([.folder("db")])
    stage.begin([Stage.rule(in: Self.db), Stage.rule("watcher", match: "none", action: .report)])
    stage.run(.seconds(100))
    map.complete = false
    map.hidden = [.folder("db")]
    map.trouble[Stage.vcenter] = [.folder("db"): .unknown]
    stage.run(.seconds(30))
    stage.spawn(500)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
    #expect(stage.reports(.selectorUnresolved).isEmpty)
    // But what it says for certain counts.
    map.trouble[Stage.vcenter] = [.folder("db"): .denied]
    stage.run(.seconds(130))
    stage.spawn(501)
    stage.run(.seconds(60))
    #expect(stage.killed == [500])
  }

  @Test("A kill whose VM was moved out of the folder after the confirm was decided is not sent (S1)")
  func movedBeforeTheIntent() {
    var (stage, map) = Stage.placed([.folder("db")])
    var held: OpID?
    stage.intercept = { effect, stage in
      switch effect {
      case .refresh(let op, _, _, _) where stage.time > 1_100_000_000_000 && held == nil:
        held = op
        return []
      case .record(let id, .intent):
        guard let op = held else { return nil }
        return [
          (.milliseconds(1), stage.inventoryEvent(op, [], uuid: "uuid of lab")),
          (.milliseconds(2), .recorded(id, .intent, .success(()))),
        ]
      default: return map.answer(effect, stage)
      }
    }
    stage.begin([Stage.rule(in: Self.db)])
    stage.run(.seconds(125))
    map.held["vm-1"] = []
    stage.spawn(500)
    stage.run(.seconds(15))
    #expect(held != nil)
    #expect(!stage.looks(.confirm).isEmpty)
    #expect(stage.killed.isEmpty)
    #expect(stage.outcomes == [.abandoned])
    stage.run(.seconds(300))
    #expect(stage.killed.isEmpty)
  }

  @Test("A kill that was sent is followed to its end though its VM left the folder")
  func movedAfterTheTerminate() {
    var (stage, map) = Stage.placed([.folder("db")])
    var terminates = 0
    stage.intercept = { effect, stage in
      guard case .terminate(let op, _, _, _, _, _, _, _) = effect else { return map.answer(effect, stage) }
      terminates += 1
      map.held["vm-1"] = []
      return [(.seconds(20), .terminated(op, stage.timing(), .done))]
    }
    stage.begin([Stage.rule(in: Self.db)])
    stage.run(.seconds(100))
    stage.spawn(500)
    stage.run(.seconds(600))
    #expect(terminates == 1)
    #expect(stage.outcomes == [.survived])
  }

  @Test("A reload with the same scope keeps its VM in view; one with a new folder asks at once")
  func reloads() {
    var (stage, map) = Stage.placed([.folder("db"), .folder("web")])
    let rule = Stage.rule(lasting: .seconds(60), every: .seconds(10)) { $0.scope = Self.db }
    stage.spawn(500)
    stage.begin([rule])
    stage.run(.seconds(50))
    let other = Stage.rule("other", match: "none") { $0.scope = Scope(folders: ["web"]) }
    let asked = map.queries.count
    stage.send(.configured(Stage.configuration([other, rule])))
    #expect(stage.watch.vms.first?.views.first?.rules == [1])
    #expect(map.queries.count == asked + 1)
    stage.run(.seconds(20))
    #expect(stage.watch.vms.first?.views.first?.rules == [0, 1])
    // `lasting` went on.
    #expect(stage.killed == [500])
  }

  @Test("An inventory that was on its way at a reload is followed at once by one that asks for what is new")
  func reloadWhileAsked() {
    var (stage, map) = Stage.placed([.folder("web")])
    map.latency = .seconds(20)
    stage.begin([Stage.rule(in: Self.db)])
    stage.run(.seconds(1))
    stage.send(.configured(Stage.configuration([Stage.rule(in: Scope(folders: ["web"]))])))
    stage.run(.seconds(60))
    #expect(map.queries.map(\.at) == [0, 20])
    #expect(stage.surveys > 0)
    // What the old one did not say is not taken for an empty scope.
    #expect(stage.reports(.scopeEmpty).isEmpty)
  }

  @Test("A login is not sent outside its scope, nor where its scope cannot be known")
  func loginScope() {
    for (held, trouble) in [
      ([], [:]), ([.tag("login:ok")], [.tag("login:ok"): .denied]), ([.tag("login:ok")], [:]),
    ] as [(Set<Selector>, [Selector: SelectorTrouble])] {
      var (stage, map) = Stage.placed(held)
      map.trouble[Stage.vcenter] = trouble
      stage.spawn(500)
      stage.begin([Stage.rule()]) { $0.logins[0].scope = Scope(tags: ["login:ok"]) }
      stage.run(.seconds(60))
      #expect((stage.surveys > 0) == (!held.isEmpty && trouble.isEmpty))
    }
  }

  @Test("What a vCenter said before nothing was asked of it is not believed afterwards")
  func unasked() {
    var (stage, map) = Stage.placed([.folder("db")])
    stage.begin([Stage.rule(in: Self.db)])
    stage.run(.seconds(60))
    stage.send(.configured(Stage.configuration([])))
    stage.run(.seconds(3600))
    map.latency = .seconds(30)
    map.held["vm-1"] = []
    let before = stage.surveys
    stage.send(.configured(Stage.configuration([Stage.rule(in: Self.db)])))
    stage.run(.seconds(100))
    #expect(stage.surveys == before)
  }

  @Test("A saved listing stands in all that rules and their logins name, and in nothing that only protection names")
  func saved() {
    let listing = Listing(
      rows: [Process(pid: 500, started: 1, owner: "bob", name: "spin", command: "s")], showsEnds: false)
    let saved = SavedListing(listing: listing, vm: "db-07", family: .linux, wall: Stage.epoch * 1_000_000_000)
    let scope = Scope(folders: ["db"], clusters: ["c"], tags: ["env:prod"])
    let reached = Stage.configuration([Stage.rule(in: scope)]) {
      $0.logins[0].scope = Scope(tags: ["login:ok"])
      $0.protect.vms = Scope(tags: ["ops:hands-off"])
    }
    #expect(saved.explained(by: reached).count == 1)
    let protected = Stage.configuration([Stage.rule(in: scope)]) { $0.protect.vms = Scope(names: [glob("db-*")]) }
    let answers = saved.explained(by: protected)
    #expect(answers.count == 1)
    #expect(
      answers.allSatisfy {
        if case .refused(.unwatched(Unwatchable.protected.rawValue, nil)) = $0 { true } else { false }
      })
  }
}
