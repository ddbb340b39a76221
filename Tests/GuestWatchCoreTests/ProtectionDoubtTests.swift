import Testing

@testable import GuestWatchCore

@Suite("[protect] vms by folders, clusters and tags (S2)")
struct ProtectionDoubtTests {
  private static let handsOff = Selector.tag("ops:hands-off")
  private static let protect = Scope(tags: ["ops:hands-off"])

  /// What is said of a VM with a runaway, and whether that was killed.
  private static func fate(
    _ scope: Scope, held: Set<Selector> = [], trouble: [Selector: SelectorTrouble] = [:], complete: Bool = true
  ) -> (why: [String], killed: [Int64]) {
    var (stage, map) = Stage.placed(held)
    map.trouble[Stage.vcenter] = trouble
    map.complete = complete
    stage.spawn(500)
    stage.begin([Stage.rule()]) { $0.protect.vms = scope }
    stage.run(.seconds(60))
    return (stage.unwatched, stage.killed)
  }

  @Test("A VM that carries the tag is not touched, one without it is watched")
  func carried() {
    #expect(Self.fate(Self.protect, held: [Self.handsOff]) == (["[protect] vms covers it"], []))
    #expect(Self.fate(Self.protect) == ([], [500]))
  }

  struct Doubt: Sendable {
    var scope: Scope
    var trouble: [Selector: SelectorTrouble]
    var watched: Bool
  }

  static let doubts: [Doubt] = [
    Doubt(scope: protect, trouble: [handsOff: .unknown], watched: false),
    Doubt(scope: protect, trouble: [handsOff: .ambiguous], watched: false),
    Doubt(scope: protect, trouble: [handsOff: .denied], watched: false),
    Doubt(scope: protect, trouble: [handsOff: .unsupported], watched: false),
    Doubt(scope: Scope(folders: ["f"]), trouble: [.folder("f"): .unknown], watched: false),
    Doubt(scope: Scope(folders: ["f"]), trouble: [.folder("f"): .ambiguous], watched: false),
    Doubt(scope: Scope(clusters: ["c"]), trouble: [.cluster("c"): .denied], watched: false),
    Doubt(scope: Scope(folders: ["f", "g"]), trouble: [.folder("g"): .unknown], watched: false),
    // Whatever the folder holds: this VM is not meant, by its name, its id or another selector that is known.
    Doubt(scope: Scope(names: [glob("web-*")], folders: ["f"]), trouble: [.folder("f"): .unknown], watched: true),
    Doubt(scope: Scope(ids: ["vm-9"], folders: ["f"]), trouble: [.folder("f"): .denied], watched: true),
    Doubt(scope: Scope(folders: ["f"], tags: ["a:b"]), trouble: [.folder("f"): .unknown], watched: true),
    Doubt(
      scope: Scope(folders: ["f"], except: [glob("db-*")]), trouble: [.folder("f"): .unknown], watched: true),
  ]

  @Test("Where it cannot be known whether a VM is protected, it is not in scope", arguments: doubts)
  func doubted(doubt: Doubt) {
    let fate = Self.fate(doubt.scope, trouble: doubt.trouble)
    #expect(fate.killed == (doubt.watched ? [500] : []))
    #expect(fate.why == (doubt.watched ? [] : ["it cannot be known whether [protect] vms covers it"]))
  }

  @Test("An incomplete inventory does not prove that a VM does not carry the tag")
  func incomplete() {
    #expect(Self.fate(Self.protect, complete: false).killed == [])
    var (stage, map) = Stage.placed()
    stage.begin([Stage.rule()]) { $0.protect.vms = Self.protect }
    stage.run(.seconds(100))
    // It was known; what an incomplete one leaves out is as it was, for this VM, but not for one that is new.
    map.complete = false
    map.vms[Stage.vcenter]?.append(VMFacts(moid: "vm-2", name: "db-2", instanceUUID: "u2", family: .linux))
    stage.run(.seconds(130))
    #expect(stage.unwatched == ["it cannot be known whether [protect] vms covers it"])
    #expect(stage.surveys(from: 150) > 3)
    #expect(stage.surveys(moid: "vm-2") == 0)
    // That it carries the tag is believed of any inventory.
    map.held["vm-1"] = [Self.handsOff]
    stage.run(.seconds(130))
    #expect(stage.unwatched.first == "[protect] vms covers it")
  }

  @Test("A folder that another vCenter knows is simply not in this one; a tag has to be everywhere")
  func severalVCenters() {
    let far = VCenterID("far")
    for (selector, scope) in [
      (Selector.folder("f"), Scope(folders: ["f"])), (.cluster("f"), Scope(clusters: ["f"])),
      (.tag("f:f"), Scope(tags: ["f:f"])),
    ] {
      var (stage, map) = Stage.placed()
      map.trouble[Stage.vcenter] = [selector: .unknown]
      map.silent = [far]
      let change: (inout Configuration) -> Void = {
        $0.protect.vms = scope
        $0.vcenters.append(VCenterEntry(id: far))
      }
      stage.begin([Stage.rule()], change)
      stage.run(.seconds(60))
      // Nobody has said so yet.
      #expect(stage.surveys == 0)
      map.silent = []
      stage.send(
        .configured(
          Stage.configuration([Stage.rule()]) {
            $0.vcenters[0].digest = 0; change(&$0); $0.vcenters[1].digest = 7
          }))
      stage.run(.seconds(60))
      if case .tag = selector { #expect(stage.surveys == 0) } else { #expect(stage.surveys > 0) }
      // It is not known there either any more.
      map.trouble[far] = [selector: .unknown]
      stage.run(.seconds(130))
      let before = stage.surveys
      stage.run(.seconds(60))
      #expect(stage.surveys == before)
    }
  }

  @Test("A reload that adds a tag: nothing is touched until an inventory has answered for it, which is asked at once")
  func reload() {
    var (stage, map) = Stage.placed()
    stage.begin([Stage.rule()]) { $0.protect.vms = Scope(tags: ["a:b"]) }
    stage.run(.seconds(100))
    map.latency = .seconds(20)
    let asked = map.queries.count
    stage.spawn(500)
    stage.send(
      .configured(Stage.configuration([Stage.rule()]) { $0.protect.vms = Scope(tags: ["a:b", "ops:hands-off"]) }))
    #expect(map.queries.count == asked + 1)
    let before = stage.surveys
    stage.run(.seconds(19))
    #expect(stage.surveys == before)
    #expect(stage.unwatched == ["it cannot be known whether [protect] vms covers it"])
    stage.run(.seconds(40))
    #expect(stage.killed == [500])
    // One that takes nothing away changes nothing.
    stage.send(
      .configured(Stage.configuration([Stage.rule()]) { $0.protect.vms = Scope(tags: ["a:b", "ops:hands-off"]) }))
    #expect(stage.unwatched.isEmpty)
  }

  /// Of a kill by a rule: at which effect the doubt comes, and what becomes of it.
  enum Step: CaseIterable { case confirm, intent }

  @Test(
    "No open intent is sent to a VM of which it is not known any more whether it is protected", arguments: Step.allCases
  )
  func midKill(step: Step) {
    for reason in ["reload", "inventory"] {
      var (stage, map) = Stage.placed()
      var pending: OpID?
      var isDone = false
      let doubt: (Stage) -> Event? = { stage in
        if reason == "reload" {
          return .configured(Stage.configuration([Stage.rule()]) { $0.protect.vms = Scope(tags: ["a:b", "c:d"]) })
        }
        return pending.map { op in
          .inventory(
            op, stage.timing(),
            .success(
              Inventory(
                vcenterUUID: "uuid of lab", canTerminate: true, vms: [stage.facts], complete: true,
                unresolved: [.tag("a:b"): .denied])))
        }
      }
      map.trouble[Stage.vcenter] = [.tag("c:d"): .denied]
      stage.intercept = { effect, stage in
        switch effect {
        case .refresh(let op, _, _, _) where stage.time > 1_100_000_000_000 && pending == nil:
          pending = op
          return []
        case .look(let op, _, _, let pid, .confirm, _):
          guard step == .confirm, !isDone, let event = doubt(stage) else { return nil }
          isDone = true
          return [
            (.milliseconds(1), event), (.milliseconds(2), .looked(op, stage.timing(), .success(stage.look(pid)))),
          ]
        case .record(let id, .intent):
          guard step == .intent, !isDone, let event = doubt(stage) else { return nil }
          isDone = true
          return [(.milliseconds(1), event), (.milliseconds(2), .recorded(id, .intent, .success(())))]
        default: return map.answer(effect, stage)
        }
      }
      stage.begin([Stage.rule()]) { $0.protect.vms = Scope(tags: ["a:b"]) }
      stage.run(.seconds(125))
      stage.spawn(500)
      stage.run(.seconds(60))
      #expect(isDone)
      #expect(stage.killed.isEmpty)
      #expect(stage.outcomes == (step == .intent ? [.abandoned] : []))
      #expect(stage.unwatched == ["it cannot be known whether [protect] vms covers it"])
    }
  }

  @Test("A kill that was sent is followed to its end, whatever is known of its VM by then")
  func afterTheTerminate() {
    var (stage, map) = Stage.placed()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      guard case .terminate(let op, _, _, _, _, _, _, _) = effect else { return map.answer(effect, stage) }
      stage.exit(500)
      let doubted = Stage.configuration([Stage.rule()]) { $0.protect.vms = Self.protect }
      return [(.milliseconds(10), .configured(doubted)), (.seconds(2), .terminated(op, stage.timing(), .done))]
    }
    map.trouble[Stage.vcenter] = [Self.handsOff: .denied]
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.outcomes == [.exited])
    #expect(stage.unwatched == ["it cannot be known whether [protect] vms covers it"])
  }

  @Test("No kill by hand begins where it cannot be known whether the VM is protected")
  func byHand() {
    var (stage, map) = Stage.placed()
    let hog = stage.spawn(500, "hog")
    map.trouble[Stage.vcenter] = [Self.handsOff: .denied]
    stage.begin([Stage.rule(match: "nothing")]) { $0.protect.vms = Self.protect }
    stage.run(.seconds(10))
    stage.find(1, 500)
    stage.kill(2, hog.identity, vm: VMKey(vcenter: "uuid of lab", instance: "vm-uuid"))
    stage.run(.seconds(60))
    #expect(stage.ends(1).count == 1)
    #expect(stage.ends(2).count == 1)
    #expect(stage.looks(.find).isEmpty)
    #expect(stage.killed.isEmpty)
  }
}
