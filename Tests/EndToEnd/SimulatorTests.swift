import Foundation
import Glibc
import Testing

extension EndToEnd {
  @Suite("The simulator alone") struct SimulatorAlone {
    @Test("Its guests are real processes, and none outlives it", arguments: [SIGTERM, SIGKILL])
    func nothingIsLeft(signal: Int32) async throws {
      let machine = Machine(
        "vm-101", "web-01",
        [
          .sleeper("web-server", owner: "www-data"),
          // What a guest starts itself must not stay behind either.
          Guest(label: "parent", name: nil, owner: "bob", argv: ["/bin/bash", "-c", "sleep 100000 & wait"]),
        ])
      try await World.with(Scenario(machine), Settings()) { world in
        let rows = try await world.poll("the child of a guest") {
          let rows = try await world.control.state().guests["vm-101"] ?? []
          return rows.count == 3 ? rows : nil
        }
        #expect(rows.filter { $0.owner == "bob" }.count == 2)
        #expect(rows.first { $0.label == "web-server" }?.name == "web-server")
        let processes = rows.compactMap { row in row.osPid.flatMap { LocalProcess($0) } }
        try #require(processes.count == rows.count)
        #expect(processes.allSatisfy { $0.lives })
        world.simulator.signal(signal)
        let end = try await world.simulator.end(within: .seconds(20))
        #expect(end == (signal == SIGKILL ? .killed(by: SIGKILL) : .exited(0)))
        _ = try await eventually("all guests are gone", within: .seconds(10)) {
          processes.contains(where: \.lives) ? nil : true
        }
      }
    }

    @Test("The control endpoint swaps a pid: the old process dies, the newcomer is shown under its pid")
    func swap() async throws {
      try await World.with(Scenario(Machine("vm-101", "web-01", [.sleeper("old", owner: "bob")])), Settings()) {
        world in
        let pid = try world.pid("old")
        let newcomer = try Guest.sleeper("new", owner: "eve").json.dropFirst()
        try await world.control.post("guests/vm-101/swap", "{\"pid\": \(pid), \(newcomer)")
        let rows = try #require(try await world.control.state().guests["vm-101"])
        #expect(rows.map { $0.pid } == [pid])
        #expect(rows.map { $0.name } == ["new"])
        #expect(try !world.lives("old"))
        let local = try #require(rows.first?.osPid)
        #expect(Int64(local) != pid)
        #expect(LocalProcess(local)?.lives == true)
      }
    }

    @Test("The control endpoint answers nobody without the token")
    func token() async throws {
      try await World.with(Scenario(Machine("vm-101", "web-01", [])), Settings()) { world in
        let stranger = try Control(url: world.ready.control, token: "guess")
        await #expect(throws: Trouble.self) { try await stranger.state() }
      }
    }
  }
}
