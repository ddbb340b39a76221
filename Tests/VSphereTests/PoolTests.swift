import GuestWatchCore
import Testing

@testable import VSphere

@Suite struct PoolTests {
  /// So many requests are in flight as the configuration allows, and an inventory and a login beside them; the library's
  /// own default of 8 would make the others wait, and fail as if vCenter could not be reached.
  @Test func thePoolIsAsLargeAsMaxInFlight() async throws {
    let most = 40
    let gate = Gate()
    let server = try await ScriptedServer.start { request in
      let held = request.target.contains("/guest/processes") || request.line == FakeInventory.all
      return held ? .held(gate, .json("[]")) : VCenterScript.healthy(request)
    }
    let clock = TestClock()
    let client = try VCenterClient(
      connection: VCenterConnection(
        id: VCenterID("lab"), scheme: .http, host: "127.0.0.1", port: server.port, userName: "svc@vsphere.local",
        password: Secret("vc-pass"), maxInFlight: most), clock: clock.forCalls)
    let deadline = clock.after(.seconds(90))
    let query = ScopeQuery(scopes: [Scope(names: [try Glob("*")])])
    await withTaskGroup(of: Bool.self) { group in
      for number in 1...most {
        group.addTask {
          await client.survey(moid: "vm-\(number)", login: guest, showingEnds: false, by: deadline).1.value != nil
        }
      }
      group.addTask { await client.inventory(query, by: deadline).1.value != nil }
      func held() -> Int {
        server.lines.count { $0.contains("/guest/processes") || $0 == FakeInventory.all }
      }
      while held() < most + 1 { await Task.yield() }
      // All of them wait for an answer at the same time, each on a connection of its own.
      #expect(server.connections == most + 1)
      gate.open()
      for await answered in group { #expect(answered) }
    }
    // And they are used again: no more are made.
    await withTaskGroup(of: Void.self) { group in
      for number in 1...most {
        group.addTask {
          _ = await client.survey(moid: "vm-\(number)", login: guest, showingEnds: false, by: deadline)
        }
      }
    }
    #expect(server.connections <= most + 1)
    await client.shutDown()
    await server.stop()
  }
}
