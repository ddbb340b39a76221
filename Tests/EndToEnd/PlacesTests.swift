import Foundation
import Testing

/// A rule against miners in the VMs of one place.
private func miners(_ name: String, in scope: String) -> RuleText {
  RuleText(name, match: #"name = "xmrig""#, "forbidden = true", scope: scope)
}

private func miner(_ label: String) -> Guest { .sleeper("xmrig", owner: "mallory", label: label) }

/// A guest whose list is empty is not believed.
private func calm(_ number: Int) -> Guest { .sleeper("calm", owner: "alice", label: "calm-\(number)") }

extension EndToEnd {
  // What is in a place is asked for every two minutes: each of these waits for that.
  @Suite("Folders, clusters and tags", .timeLimit(.minutes(12))) struct Places {
    @Test("A rule reaches what is in its folder, its cluster or under its tag, and nothing else, as VMs come and go")
    func moves() async throws {
      let web = "/Datacenter/vm/web"
      let scenario = Scenario(
        Machine("vm-101", "web-01", [calm(101), miner("below-the-folder")], folder: "\(web)/blue"),
        Machine("vm-102", "db-02", [calm(102), miner("other-folder")], folder: "/Datacenter/vm/db"),
        Machine("vm-103", "lab-03", [calm(103), miner("cluster")], cluster: "gold"),
        Machine("vm-104", "lab-04", [calm(104), miner("tag")], tags: ["tier:gold"]),
        Machine("vm-105", "lab-05", [calm(105), miner("other-tag")], tags: ["tier:tin"]))
      let settings = Settings(
        miners("by-folder", in: #"folders = ["\#(web)"]"#), miners("by-cluster", in: #"clusters = ["gold"]"#),
        miners("by-tag", in: #"tags = ["tier:gold"]"#))
      try await World.with(scenario, settings) { world in
        let daemon = try await world.startReadyDaemon()
        for (label, rule) in [("below-the-folder", "by-folder"), ("cluster", "by-cluster"), ("tag", "by-tag")] {
          let row = try await world.rows(try world.pid(label), "exited")
          #expect(row.rule == rule)
        }
        #expect(world.dead == ["below-the-folder", "cluster", "tag"])
        var calls = try await world.control.state().guestCalls
        #expect(calls["vm-102"]?.received ?? 0 == 0 && calls["vm-105"]?.received ?? 0 == 0)

        try await world.control.post("vms/vm-101", #"{"folder": "/Datacenter/vm/db"}"#)
        try await world.control.post("vms/vm-102", #"{"folder": "\#(web)/blue"}"#)
        try await world.control.post("vms/vm-104", #"{"detach": ["tier:gold"], "attach": ["tier:tin"]}"#)
        try await world.control.post("vms/vm-105", #"{"attach": ["tier:gold"]}"#)
        for label in ["other-folder", "other-tag"] {
          try await world.rows(try world.pid(label), "exited", within: .seconds(200))
        }
        // The same inventory showed the others leave.
        calls = try await world.control.state().guestCalls
        for vm in ["vm-101", "vm-103", "vm-104"] { try await world.start(miner("late-on-\(vm)"), on: vm) }
        try await world.rows(try world.pid("late-on-vm-103"), "exited")
        try await world.looks(8, at: "vm-103")
        let after = try await world.control.state().guestCalls
        for vm in ["vm-101", "vm-104"] { #expect(after[vm]?.received == calls[vm]?.received, "\(vm) is not looked at") }
        #expect(world.dead == ["below-the-folder", "cluster", "late-on-vm-103", "other-folder", "other-tag", "tag"])
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    @Test("A folder that the rule names is renamed: said once, it chooses nothing; named so again it goes on")
    func renamed() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [calm(101), miner("first")], folder: "/Datacenter/vm/web"))
      let settings = Settings(miners("by-folder", in: #"folders = ["/Datacenter/vm/web"]"#))
      try await World.with(scenario, settings) { world in
        let daemon = try await world.startReadyDaemon()
        try await world.rows(try world.pid("first"), "exited")
        try await world.control.post("folders", #"{"path": "/Datacenter/vm/web", "name": "www"}"#)
        try await world.line("/Datacenter/vm/web", "has no folder", within: .seconds(200))
        try await world.start(miner("second"), on: "vm-101")
        let calls = try await world.control.state().guestCalls
        try await world.control.post("folders", #"{"path": "/Datacenter/vm/www", "name": "web"}"#)
        try await world.rows(try world.pid("second"), "exited", within: .seconds(200))
        #expect(world.log.count { $0.contains("has no folder") } == 1)
        // It was started while nothing chose its VM, and nobody looked until the folder was back.
        #expect(calls["vm-101"]?.inFlight == 0)
        #expect(world.dead == ["first", "second"])
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }

    @Test("Tags that cannot be read for a while: nothing is killed on what they were, and no kill is lost")
    func unreadableTags() async throws {
      let scenario = Scenario(Machine("vm-101", "web-01", [calm(101)], tags: ["tier:gold"]))
      let settings = Settings(miners("by-tag", in: #"tags = ["tier:gold"]"#))
      try await World.with(scenario, settings) { world in
        let daemon = try await world.startReadyDaemon()
        try await world.looks(2, at: "vm-101")
        let fault = try await world.control.post(
          "faults", #"{"calls": "rest.tag.*", "error_type": "SERVICE_UNAVAILABLE", "status": 503, "times": 0}"#,
          as: Armed.self)
        try await world.line(#"vCenter "sim" cannot be asked"#, "SERVICE_UNAVAILABLE", within: .seconds(200))
        try await world.start(miner("late"), on: "vm-101")
        try await world.until("another refresh that cannot read them") {
          try await world.control.calls().count { $0.kind?.hasPrefix("rest.tag.") == true && $0.faulty == true } >= 3
        }
        #expect(world.dead == [])
        try await world.control.post("disarm", "{\"id\": \(fault.id)}")
        try await world.rows(try world.pid("late"), "exited", within: .seconds(120))
        #expect(world.dead == ["late"])
        try await world.audit()
        try await world.stopDaemon(daemon)
        try await world.expectLoggedOut()
      }
    }
  }
}
