import GuestWatchCore
import Synchronization
import Testing

@testable import VSphere

/// What goes wrong at each step of an inventory.
@Suite struct InventoryTroubleTests {
  typealias S = VCenterScript
  typealias F = FakeInventory

  /// An inventory with every kind of request in it.
  static let fake: F = {
    var fake = F(
      vms: F.vms(25), places: F.folders([("db", F.vms(12))]), categories: [("c1", "tier")],
      tags: [F.Tag(id: "t1", category: "c1", name: "gold", objects: ["vm-2", "vm-20", "vm-77"])])
    fake.places.append(F.Place(type: "ClusterComputeResource", moid: "c7", name: "gold", parent: "h", vms: ["vm-15"]))
    fake.pageSize = 2
    return fake
  }()

  static func ask(_ bench: Bench) async -> Result<Inventory, Fault> {
    await bench.inventory(
      Scope(folders: ["db"]), Scope(clusters: ["gold"]), Scope(tags: ["tier:gold"]), ids: ["vm-24"])
  }

  /// With names, over the cap.
  static func askAll(_ bench: Bench) async -> Result<Inventory, Fault> {
    await bench.inventory(Scope(names: [try? Glob("vm-1")].compactMap(\.self)))
  }

  static let overCap: F = {
    var fake = F(vms: F.vms(5))
    fake.listCap = 4
    fake.pageSize = 2
    return fake
  }()

  /// `fake`, except for the n-th request after the login.
  static func script(
    _ fake: F, at place: Int, _ change: @escaping @Sendable (Received) -> Reply?
  ) -> ScriptedServer.Script {
    let count = Mutex(0)
    let login = S.loginLines
    return { request in
      let isLogin = login.contains(request.line) || request.line == S.logout || request.line == S.restLogin
      let number =
        isLogin
        ? -1
        : count.withLock { count in
          defer { count += 1 }
          return count
        }
      if number == place, let reply = change(request) { return reply }
      return fake.reply(request)
    }
  }

  /// How a dead session is answered by that API.
  static func dead(_ request: Received) -> Reply {
    request.target.hasPrefix("/api/") ? .rest("UNAUTHENTICATED", status: 401) : .fault("NotAuthenticated")
  }

  static func requests(_ fake: F, _ ask: (Bench) async -> Result<Inventory, Fault>) async throws -> Int {
    var count = 0
    try await withVCenter(fake.script) { bench in
      _ = await ask(bench)
      count = bench.server.lines.count - S.loginLines.count
    }
    return count
  }

  @Test func aSessionThatDiesAtAnyStepIsMadeAnewOnce() async throws {
    for (fake, ask) in [
      (InventoryTroubleTests.fake, InventoryTroubleTests.ask),
      (InventoryTroubleTests.overCap, InventoryTroubleTests.askAll),
    ] as [(F, (Bench) async -> Result<Inventory, Fault>)] {
      let count = try await InventoryTroubleTests.requests(fake, ask)
      #expect(count > 6)
      var healthy: Inventory?
      try await withVCenter(fake.script) { healthy = await ask($0).value }
      let expected = try #require(healthy)
      for place in 0..<count {
        let script = InventoryTroubleTests.script(fake, at: place, InventoryTroubleTests.dead)
        try await withVCenter(script) { bench in
          let result = await ask(bench)
          #expect(result.value == expected, "request \(place): \(bench.server.lines)")
          let logins = bench.server.lines.filter { $0 == S.login }.count
          // A view that cannot be destroyed is dead with its session, and the next call finds that out.
          let asked = bench.server.lines.count { $0.contains("DestroyView") }
          #expect(logins == 2 || asked > 0 && logins == 1, "request \(place)")
        }
      }
    }
  }

  @Test func aDeadSessionThatHidesInAPageStartsTheReadAnew() async throws {
    let hidden = F.unnamed("NotAuthenticated")
    // The second page of the places.
    let script = InventoryTroubleTests.script(InventoryTroubleTests.fake, at: 2) { request in
      request.line == S.moreProperties ? hidden : nil
    }
    try await withVCenter(script) { bench in
      let inventory = try #require(await InventoryTroubleTests.ask(bench).value)
      #expect(inventory.vms.count == 15 && inventory.complete)
      let lines = bench.server.lines
      #expect(lines.filter { $0 == S.login }.count == 2)
      #expect(lines.dropFirst(S.loginLines.count).prefix(3) == [F.create, S.properties, S.moreProperties])
      #expect(lines.dropFirst(S.loginLines.count + 3 + S.reloginLines.count).prefix(2) == [F.create, S.properties])
    }
  }

  @Test func aSessionThatKeepsDyingIsLost() async throws {
    try await withVCenter { request in
      S.loginLines.contains(request.line) || request.line == S.logout
        ? InventoryTroubleTests.fake.reply(request) : InventoryTroubleTests.dead(request)
    } _: { bench in
      #expect(await InventoryTroubleTests.ask(bench).fault?.kind == .sessionLost)
      #expect(bench.server.lines.filter { $0 == S.login }.count == 2)
    }
  }

  /// What no request of an inventory is answered with when all is well.
  static let garbage: [(name: String, reply: Reply)] = [
    ("HTML", .html(200)), ("cut JSON", .json("[{")), ("a number", .json("5")), ("an empty body", .json("")),
    ("another object", .json(#"{"value":[]}"#)), ("a list of numbers", .json("[5]")),
    ("a list of lists", .json("[[]]")),
    ("objects without anything", .json(#"{"objects":[{}]}"#)), ("objects that are none", .json(#"{"objects":5}"#)),
    ("a gateway", .html(502)), ("no connection", .hangUp),
    ("a cut body", .cutBody(status: 200, promised: 100, body: "[")), ("204", .empty(204)),
    ("REST ERROR", .rest("ERROR", status: 500)), ("SystemError", .fault("SystemError")),
    ("404 of a proxy", .html(404)), ("403 of a proxy", .html(403)), ("403 without a type", .json("{}", status: 403)),
  ]

  @Test func garbageNeverLooksAsIfVMsWereGone() async throws {
    for (fake, ask) in [
      (InventoryTroubleTests.fake, InventoryTroubleTests.ask),
      (InventoryTroubleTests.overCap, InventoryTroubleTests.askAll),
    ] as [(F, (Bench) async -> Result<Inventory, Fault>)] {
      let count = try await InventoryTroubleTests.requests(fake, ask)
      var healthy: Inventory?
      try await withVCenter(fake.script) { healthy = await ask($0).value }
      let expected = try #require(healthy)
      for place in 0..<count {
        for (name, reply) in InventoryTroubleTests.garbage {
          let hit = Mutex("")
          let script = InventoryTroubleTests.script(fake, at: place) { request in
            hit.withLock { $0 = request.line }
            return reply
          }
          // No body is no object, in VI JSON: a view that shows nothing, and no folder anywhere. That is no garbage.
          let mayBeNothing = ["an empty body", "204"].contains(name)
          try await withVCenter(script) { bench in
            switch await ask(bench) {
            case .failure(let fault):
              #expect(fault.kind != .sessionLost, "\(name) for \(hit.withLock { $0 }): \(fault)")
            case .success(let found):
              // Nothing is missing, or it is said that something may be.
              #expect(
                found == expected || !found.complete && found.unresolved == expected.unresolved
                  || mayBeNothing && hit.withLock { $0.hasSuffix("/view") || $0 == S.properties },
                "\(name) for \(hit.withLock { $0 })")
            }
          }
        }
      }
    }
  }

  @Test func aViewIsDestroyedAfterAReadThatFailed() async throws {
    try await withVCenter { request in
      request.target.hasSuffix("/view") ? .fault("SystemError") : InventoryTroubleTests.fake.reply(request)
    } _: { bench in
      #expect(await bench.inventory(Scope(folders: ["db"])).fault?.kind == .unknown)
      #expect(bench.server.lines.last == F.contents("f0").last)
    }
  }

  @Test func aViewIsDestroyedAfterADeadline() async throws {
    let gate = Gate()
    try await withVCenter { request in
      request.target.hasSuffix("/view") ? .held(gate, .json("[]")) : InventoryTroubleTests.fake.reply(request)
    } _: { bench in
      let deadline = bench.clock.after(.seconds(90))
      async let asked = bench.client.inventory(ScopeQuery(scopes: [Scope(folders: ["db"])]), by: deadline)
      while !bench.server.lines.contains(where: { $0.hasSuffix("/view") }) { await Task.yield() }
      bench.clock.add(.seconds(91))
      #expect(await asked.1.fault?.kind == .unanswered)
      while bench.server.lines.last != F.contents("f0").last { await Task.yield() }
      gate.open()
    }
  }

  @Test func pagesThatDoNotEndAreGivenUp() async throws {
    let page = #"{"token":"root.VirtualMachine/0","objects":[{"obj":{"type":"VirtualMachine","value":"vm-1"}}]}"#
    let empty = #"{"token":"root.VirtualMachine/0","objects":[]}"#
    try await withVCenter { request in
      request.line == S.moreProperties ? .json(empty) : InventoryTroubleTests.overCap.reply(request)
    } _: { bench in
      #expect(await InventoryTroubleTests.askAll(bench).fault?.kind == .badAnswer)
      #expect(bench.server.lines.filter { $0 == S.moreProperties }.count == 1)
    }
    // A page of names that cannot be read says so.
    try await withVCenter { request in
      request.line == S.moreProperties
        ? .json(page.replacing(#""token":"root.VirtualMachine/0","#, with: ""))
        : InventoryTroubleTests.overCap.reply(request)
    } _: { bench in
      let inventory = try #require(await InventoryTroubleTests.askAll(bench).value)
      #expect(inventory.vms.map(\.moid) == ["vm-1"] && !inventory.complete)
    }
  }
}
