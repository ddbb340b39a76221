import GuestWatchCore
import Testing
import WatchSimulation

/// Folders, clusters and tags as the checker holds them: a look at a VM that is protected, or may be, is caught, and so is a
/// login outside its scope.
@Suite struct CheckerPlacesTests {
  static let folder = Selector.folder("f")
  static let tag = Selector.tag("a:b")
  static let far = VCenterID("far")

  /// One inventory of the VM vm-1.
  struct Said: Sendable {
    var vcenter = Story.vcenter
    var held: Set<Selector> = []
    var asked: [Selector] = [CheckerPlacesTests.folder, CheckerPlacesTests.tag]
    var unresolved: [Selector: SelectorTrouble] = [:]
    var complete = true
    /// It shows the VM.
    var shows = true
  }

  /// What a look at the VM breaks after these inventories; nil: nothing.
  private func broken(
    _ said: [Said], protect: Scope? = nil, login: Scope? = nil, restarts: Bool = false
  ) throws -> String? {
    var configuration = try Story().configuration
    configuration.vcenters.append(VCenterEntry(id: CheckerPlacesTests.far))
    configuration.logins = [LoginEntry(id: Story.login, account: "guestwatch", scope: login, digest: 1)]
    configuration.protect.vms = protect
    var checker = Checker(reusesPIDs: true)
    var number: UInt64 = 100
    func next() -> OpID {
      number += 1
      return Story.op(number)
    }
    let now = Story.now(0)
    let timing = Timing(firstByte: now, ended: now)
    try checker.observe(.daemonBegan(open: []), at: now)
    try checker.observe(.event(.configured(configuration)), at: now)
    for answer in said {
      let op = next()
      let query = ScopeQuery(scopes: [], selectors: answer.asked)
      let facts = VMFacts(
        moid: "vm-1", name: "web-1", instanceUUID: "\(answer.vcenter) i-1", family: .linux, selectors: answer.held)
      let inventory = Inventory(
        vcenterUUID: answer.vcenter.name, canTerminate: true, vms: answer.shows ? [facts] : [],
        complete: answer.complete, unresolved: answer.unresolved)
      try checker.observe(.effect(.refresh(op, answer.vcenter, query, by: Story.now(30).continuous)), at: now)
      try checker.observe(.event(.inventory(op, timing, .success(inventory))), at: now)
    }
    if restarts {
      try checker.observe(.daemonEnded, at: now)
      try checker.observe(.daemonBegan(open: []), at: now)
      try checker.observe(.event(.configured(configuration)), at: now)
    }
    let address = VMAddress(vcenter: Story.vcenter, moid: "vm-1")
    do throws(Violation) {
      try checker.observe(
        .effect(.survey(next(), address, Story.login, showingEnds: false, by: Story.now(30).continuous)), at: now)
      return nil
    } catch {
      return error.invariant
    }
  }

  struct Row: Sendable {
    var why: String
    var said: [Said]
    var protect = Scope(folders: ["f"])
    var broken: String?
  }

  static let rows: [Row] = [
    Row(why: "it is in the folder", said: [Said(held: [folder])], broken: "S2"),
    Row(why: "it is not", said: [Said()]),
    Row(why: "it has one of two tags", said: [Said(held: [tag])], protect: Scope(tags: ["x:y", "a:b"]), broken: "S2"),
    Row(why: "nobody asked", said: [Said(asked: [])], broken: "S2"),
    Row(why: "nobody asked this time", said: [Said(), Said(asked: [])], broken: "S2"),
    Row(why: "it cannot be read", said: [Said(unresolved: [folder: .denied])], broken: "S2"),
    Row(why: "two have the name", said: [Said(unresolved: [folder: .ambiguous])], broken: "S2"),
    Row(why: "the vCenter is too old", said: [Said(unresolved: [folder: .unsupported])], broken: "S2"),
    Row(why: "nobody knows it", said: [Said(unresolved: [folder: .unknown])], broken: "S2"),
    Row(
      why: "another vCenter knows it",
      said: [Said(unresolved: [folder: .unknown]), Said(vcenter: far)]),
    Row(
      why: "another vCenter has two of the name",
      said: [Said(unresolved: [folder: .unknown]), Said(vcenter: far, unresolved: [folder: .ambiguous])]),
    Row(
      why: "another vCenter may have it, too",
      said: [Said(unresolved: [folder: .unknown]), Said(vcenter: far, complete: false)], broken: "S2"),
    Row(
      why: "a tag is unknown here", said: [Said(unresolved: [tag: .unknown]), Said(vcenter: far)],
      protect: Scope(tags: ["a:b"]), broken: "S2"),
    Row(why: "only an incomplete one lacks it", said: [Said(complete: false)], broken: "S2"),
    Row(why: "it was not in it before", said: [Said(), Said(complete: false)]),
    Row(why: "it was in it before", said: [Said(held: [folder]), Said(complete: false)], broken: "S2"),
    Row(why: "it is in it by an incomplete one", said: [Said(), Said(held: [folder], complete: false)], broken: "S2"),
    Row(why: "it was in it", said: [Said(held: [folder]), Said()]),
    Row(
      why: "the folder was not found in an incomplete one",
      said: [Said(), Said(unresolved: [folder: .unknown], complete: false)]),
    Row(why: "it was away", said: [Said(), Said(shows: false), Said(complete: false)], broken: "S2"),
    Row(why: "its name says that it is not meant", said: [], protect: Scope(names: [], folders: ["f"]), broken: nil),
    Row(
      why: "the other key says that it is not meant", said: [Said(unresolved: [folder: .denied])],
      protect: Scope(folders: ["f"], tags: ["a:b"])),
    Row(
      why: "the other key holds it", said: [Said(held: [tag], unresolved: [folder: .denied])],
      protect: Scope(folders: ["f"], tags: ["a:b"]), broken: "S2"),
  ]

  @Test(arguments: rows)
  func `a VM that is protected or may be is not looked at`(row: Row) throws {
    // A VM that no inventory showed is looked at by no sound daemon: it is there at least.
    let said = row.said.isEmpty ? [Said(asked: [])] : row.said
    #expect(try broken(said, protect: row.protect) == row.broken, "\(row.why)")
  }

  @Test func `a login is not sent outside its scope, nor where nobody knows it`() throws {
    let scope = Scope(folders: ["f"])
    #expect(try broken([Said(held: [CheckerPlacesTests.folder])], login: scope) == nil)
    #expect(try broken([Said()], login: scope) == "S10")
    #expect(try broken([Said(unresolved: [CheckerPlacesTests.folder: .unknown])], login: scope) == "S10")
    #expect(try broken([Said(held: [CheckerPlacesTests.folder]), Said()], login: scope) == "S10")
  }

  @Test func `a new life knows nothing of where VMs stand`() throws {
    #expect(try broken([Said()], protect: Scope(folders: ["f"]), restarts: true) == "S2")
  }
}
