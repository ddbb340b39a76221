import Testing

@testable import GuestWatchCore

@Suite("What is said of folders, clusters and tags")
struct SelectorReportTests {
  private static let far = VCenterID("far")

  private static func said(_ stage: Stage) -> [String] {
    stage.reports(.selectorUnresolved).map { report in
      "\(report.vcenter?.name ?? "-") \(report.selector.map { "\($0)" } ?? "-") \(report.trouble.map { "\($0)" } ?? "-") \(report.level)"
    }
  }

  @Test("Each trouble of a selector is said once, and again when it is another")
  func once() {
    var (stage, map) = Stage.placed()
    map.trouble[Stage.vcenter] = [.folder("db"): .unknown, .tag("a:b"): .ambiguous]
    stage.begin([
      Stage.rule("a") { $0.scope = Scope(folders: ["db"]) }, Stage.rule("b") { $0.scope = Scope(tags: ["a:b"]) },
    ])
    stage.run(.seconds(1000))
    #expect(Self.said(stage) == [#"lab folder("db") unknown warning"#, #"lab tag("a:b") ambiguous warning"#])
    map.trouble[Stage.vcenter] = [.folder("db"): .denied, .tag("a:b"): .unsupported]
    stage.run(.seconds(1000))
    #expect(
      Self.said(stage).suffix(2) == [#"lab folder("db") denied warning"#, #"lab tag("a:b") unsupported warning"#])
    // It comes and goes: not each time.
    for _ in 0..<4 {
      map.trouble = [:]
      stage.run(.seconds(130))
      map.trouble[Stage.vcenter] = [.folder("db"): .denied]
      stage.run(.seconds(130))
    }
    #expect(Self.said(stage).count == 4)
    // Whoever reloads wants to hear it.
    stage.send(.configured(Stage.configuration([Stage.rule { $0.scope = Scope(folders: ["db"]) }])))
    stage.run(.seconds(10))
    #expect(Self.said(stage).count == 5)
  }

  @Test("Of several vCenters each has folders of its own: only what none of them knows is said")
  func severalVCenters() {
    func said(_ rules: [Rule], _ trouble: [VCenterID: [Selector: SelectorTrouble]]) -> [String] {
      var (stage, map) = Stage.placed()
      map.trouble = trouble
      stage.begin(rules) { $0.vcenters.append(VCenterEntry(id: Self.far)) }
      stage.run(.seconds(300))
      return Self.said(stage)
    }
    let folder = Selector.folder("db")
    let rule = Stage.rule { $0.scope = Scope(folders: ["db"]) }
    let there = Stage.rule {
      $0.scope = Scope(folders: ["db"])
      $0.vcenters = [Self.far]
    }
    #expect(said([rule], [Stage.vcenter: [folder: .unknown]]).isEmpty)
    #expect(
      said([rule], [Stage.vcenter: [folder: .unknown], Self.far: [folder: .unknown]])
        == [#"lab folder("db") unknown warning"#, #"far folder("db") unknown warning"#])
    #expect(said([rule], [Stage.vcenter: [folder: .denied]]) == [#"lab folder("db") denied warning"#])
    // A rule that does not concern a vCenter is not served by what that knows.
    #expect(said([there], [Self.far: [folder: .unknown]]) == [#"far folder("db") unknown warning"#])
    #expect(said([there, rule], [Self.far: [folder: .unknown]]) == [#"far folder("db") unknown warning"#])
  }

  @Test("Where no VM is touched because of it, it is an error")
  func protection() {
    var (stage, map) = Stage.placed()
    map.trouble[Stage.vcenter] = [.tag("a:b"): .unknown]
    stage.begin([Stage.rule()]) { $0.protect.vms = Scope(tags: ["a:b"]) }
    stage.run(.seconds(300))
    #expect(Self.said(stage) == [#"lab tag("a:b") unknown error"#])
    #expect(stage.reports(.selectorUnresolved).first?.detail.isEmpty == false)
  }

  @Test("What protects nothing, and a login that may go nowhere, is said once")
  func empty() {
    var (stage, map) = Stage.placed([.tag("a:full")])
    stage.begin([Stage.rule()]) {
      $0.protect.vms = Scope(tags: ["a:none"], except: [glob("x")])
      $0.logins[0].scope = Scope(tags: ["a:full", "a:void"])
    }
    stage.run(.seconds(500))
    let said = stage.reports(.scopeEmpty)
    #expect(said.map(\.selector) == [.tag("a:none"), .tag("a:void")])
    #expect(said.map(\.login) == [nil, Stage.login])
    #expect(said.allSatisfy { $0.rule == nil })
    _ = map
  }

  @Test("A scope that reaches nothing is said although another vCenter is never asked")
  func unaskedVCenter() {
    var (stage, _) = Stage.placed()
    stage.begin([
      Stage.rule {
        $0.scope = Scope(folders: ["db"])
        $0.vcenters = [Stage.vcenter]
      }
    ]) { $0.vcenters.append(VCenterEntry(id: Self.far)) }
    stage.run(.seconds(300))
    #expect(stage.reports(.scopeEmpty).map(\.rule) == [RuleID("r")])
  }
}
