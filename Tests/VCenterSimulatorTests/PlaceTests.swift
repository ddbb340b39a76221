import NIOHTTP1
import Testing
import VCenterModel

@testable import VCenterSimulator

/// Folders, clusters, hosts and tags over HTTP, and how a test moves what is in them.
@Suite struct PlaceTests {
  static func scenario() throws -> Scenario {
    func vm(_ number: Int, _ more: String) -> String {
      #"{"id":"vm-\#(number)","name":"db \#(number)","guest":"synthetic"\#(more)}"#
    }
    let vms = [
      vm(1, #","folder":"/Datacenter/vm/db","cluster":"gold","host":"esx-1","tags":["tier:gold","a:b:c"]"#),
      vm(2, #","folder":"/Datacenter/vm/db/a%2fb","tags":["tier:gold"]"#), vm(3, #","folder":"/Europe/East/vm/db""#),
      vm(4, ""),
    ]
    let text =
      #"{"accounts":[{"user":"\#(Client.user)","password":"\#(Client.password)"}],"page_size":3,"#
      + #""folders":["/Datacenter/vm/empty"],"tags":["tier:tin"],"vms":[\#(vms.joined(separator: ","))]}"#
    return try Scenario(json: Array(text.utf8))
  }

  private func texts(_ json: JSON?, _ name: String) -> [String] {
    guard case .array(let rows)? = json else { return [] }
    return rows.compactMap { if case .string(let text)? = $0[name] { text } else { nil } }
  }

  private func list(_ client: Client, _ query: String, _ name: String) async throws -> [String] {
    texts(try await client.rest(.GET, "/vcenter/\(query)").json, name)
  }

  @Test func placesAreListedAndFiltered() async throws {
    try await Client.with(try PlaceTests.scenario()) { client async throws in
      #expect(try await list(client, "datacenter", "name") == ["Datacenter", "East"])
      #expect(try await list(client, "datacenter?names=East", "name") == ["East"])
      let folders = try await client.rest(.GET, "/vcenter/folder?type=VIRTUAL_MACHINE&names=db").json
      #expect(texts(folders, "type") == ["VIRTUAL_MACHINE", "VIRTUAL_MACHINE"])
      let db = texts(folders, "folder")
      #expect(try await list(client, "folder?parent_folders=\(db[0])", "name") == ["a/b"])
      #expect(try await list(client, "folder?type=DATACENTER", "name") == ["Datacenters", "Europe"])
      #expect(try await list(client, "cluster", "name") == ["Cluster", "gold", "Cluster"])
      let gold = try await list(client, "cluster?names=gold", "cluster")
      #expect(try await list(client, "host?clusters=\(gold[0])", "name") == ["esx-1"])
      #expect(try await list(client, "resource-pool?clusters=\(gold[0])", "name") == ["Resources"])
      #expect(try await list(client, "vm?clusters=\(gold[0])", "vm") == ["vm-1"])
      #expect(try await list(client, "vm?folders=\(db[0])", "vm") == ["vm-1"])
      let east = try await list(client, "datacenter?names=East", "datacenter")
      #expect(try await list(client, "vm?datacenters=\(east[0])", "vm") == ["vm-3"])
      #expect(try await list(client, "vm?hosts=host-9", "vm") == ["vm-2", "vm-4"])
      #expect(try await list(client, "vm?hosts=host-77", "vm") == [])
      #expect(try await list(client, "cluster?names=nothing", "name") == [])
    }
  }

  @Test func moreThanAListHoldsIsRefused() async throws {
    try await Client.with(.synthetic()) { client async throws in
      await client.running.vcenter.change { model, _ in
        for number in 0..<1000 { model.places.addFolder("f\(number)") }
      }
      #expect(try await client.rest(.GET, "/vcenter/folder").refusal == "UNABLE_TO_ALLOCATE_RESOURCE")
      #expect(try await list(client, "folder?names=f999", "name") == ["f999"])
    }
  }

  @Test func tagsAreReadByIdAndSayWhatHasThem() async throws {
    try await Client.with(try PlaceTests.scenario()) { client async throws in
      func tagging(_ path: String, _ body: JSON? = nil) async throws -> Client.Answer {
        try await client.rest(body == nil ? .GET : .POST, "/cis/tagging/" + path, body)
      }
      guard case .array(let categories)? = try await tagging("category").json,
        case .string(let tier)? = categories.first
      else {
        Issue.record("no categories")
        return
      }
      #expect(categories.count == 2 && tier.hasPrefix("urn:vmomi:InventoryServiceCategory:"))
      let escaped = tier.replacing(":", with: "%3A")
      #expect(try await tagging("category/\(escaped)").json?["name"] == "tier")
      let tags = try await tagging("tag?action=list-tags-for-category", ["category_id": .string(tier)]).json
      guard case .array(let ids)? = tags, case .string(let tin)? = ids.first, case .string(let gold)? = ids.last else {
        Issue.record("no tags")
        return
      }
      #expect(try await tagging("tag/\(gold)").json?["name"] == "gold")
      let objects = try await tagging(
        "tag-association?action=list-attached-objects-on-tags",
        ["tag_ids": [.string(tin), .string(gold), "urn:vmomi:InventoryServiceTag:no:GLOBAL"]]
      ).json
      let vms: JSON = [["type": "VirtualMachine", "id": "vm-1"], ["type": "VirtualMachine", "id": "vm-2"]]
      #expect(
        objects == [
          ["tag_id": .string(tin), "object_ids": []], ["tag_id": .string(gold), "object_ids": vms],
        ])
      let one = try await client.rest(.POST, "/cis/tagging/tag-association/\(gold)?action=list-attached-objects")
      #expect(one.json == vms)
      let back = try await tagging(
        "tag-association?action=list-attached-tags-on-objects",
        ["object_ids": [["type": "VirtualMachine", "id": "vm-2"]]]
      ).json
      #expect(
        back == [["object_id": ["type": "VirtualMachine", "id": "vm-2"], "tag_ids": [.string(gold)]]])
      #expect(try await tagging("tag/no").refusal == "NOT_FOUND")
      _ = try await client.control(.POST, "/tags", ["tag": "tier:gold", "access": "denied"])
      #expect(try await tagging("tag/\(gold)").refusal == "UNAUTHORIZED")
      let rest = try await tagging(
        "tag-association?action=list-attached-objects-on-tags", ["tag_ids": [.string(gold)]])
      #expect(rest.json == [])
      _ = try await client.control(.POST, "/tags", ["tag": "tier:gold", "access": "hidden"])
      #expect(try await tagging("tag/\(gold)").refusal == "NOT_FOUND")
      _ = try await client.control(.POST, "/tags", ["tag": "tier:gold", "access": "readable", "name": "silver"])
      #expect(try await tagging("tag/\(gold)").json?["name"] == "silver")
    }
  }

  // MARK: VI JSON

  private func view(_ client: Client, _ type: String, _ moid: String, of types: [JSON]) async throws -> String? {
    let made = try await client.vi(
      "ViewManager/ViewManager/CreateContainerView",
      [
        "container": ["type": .string(type), "value": .string(moid)], "type": .array(types), "recursive": true,
      ])
    guard case .string(let id)? = made.json?["value"] else { return nil }
    return id.replacing("[", with: "%5B").replacing("]", with: "%5D")
  }

  private func contents(_ client: Client, _ view: String?) async throws -> [String] {
    let path = "/sdk/vim25/8.0.3.0/ContainerView/\(view ?? "none")/view"
    return texts(try await client.send(.GET, path).json, "value")
  }

  @Test func aViewShowsWhatIsBelowItsContainerNow() async throws {
    try await Client.with(try PlaceTests.scenario()) { client async throws in
      let places = await client.running.vcenter.change { model, _ in model.places }
      let db = try #require(places.folders(called: "/Datacenter/vm/db").first)
      let gold = try #require(places.clusters(called: "gold").first)
      let inFolder = try await view(client, "Folder", db, of: ["VirtualMachine"])
      let inCluster = try await view(client, "ClusterComputeResource", gold, of: ["VirtualMachine"])
      #expect(try await contents(client, inFolder) == ["vm-1", "vm-2"])
      #expect(try await contents(client, inCluster) == ["vm-1"])
      let inEast = try await view(
        client, "Datacenter", try #require(places.datacenters.last?.moid), of: ["Folder", "VirtualMachine"])
      #expect(try await contents(client, inEast).count == 4)
      let moved: JSON = ["folder": "/Datacenter/vm/db", "cluster": "gold", "attach": ["tier:tin"], "detach": ["a:b:c"]]
      #expect(try await client.control(.POST, "/vms/vm-4", moved).status == 200)
      #expect(try await contents(client, inFolder) == ["vm-1", "vm-2", "vm-4"])
      #expect(try await contents(client, inCluster) == ["vm-1", "vm-4"])
      let gone: JSON = ["folder": "/Datacenter/vm/else", "host": "esx-7", "detach": ["tier:gold"]]
      #expect(try await client.control(.POST, "/vms/vm-1", gone).status == 200)
      #expect(try await contents(client, inFolder) == ["vm-2", "vm-4"])
      let tagged = await client.running.vcenter.change { model, _ in
        (
          model.vms(taggedWith: model.tags.tags(called: "tier:gold")[0]),
          model.tags.tags(of: ObjectID(id: "vm-4")).count
        )
      }
      #expect(tagged.0 == ["vm-2"] && tagged.1 == 1)
      let renamed: JSON = ["path": "/Datacenter/vm/db", "name": "data"]
      #expect(try await client.control(.POST, "/folders", renamed).status == 200)
      #expect(try await client.control(.POST, "/folders", ["path": "/Datacenter/vm/new"]).status == 200)
      let after = await client.running.vcenter.change { model, _ in model.places }
      #expect(after.folders(called: "/Datacenter/vm/data") == [db] && after.folders(called: "new").count == 1)
      #expect(try await client.control(.POST, "/folders", ["path": "/Datacenter/db"]).status == 400)
      #expect(try await client.control(.POST, "/tags", ["tag": "gold"]).status == 400)
    }
  }

  @Test func placesAreReadPageByPageWithTheirTypes() async throws {
    try await Client.with(try PlaceTests.scenario()) { client async throws in
      let view = try await view(client, "Folder", "group-d1", of: ["Folder", "Datacenter", "ClusterComputeResource"])
      let id = try #require(view).replacing("%5B", with: "[").replacing("%5D", with: "]")
      func properties(_ type: String, _ paths: [JSON]) -> JSON {
        ["_typeName": "PropertySpec", "type": .string(type), "all": false, "pathSet": .array(paths)]
      }
      let body: JSON = [
        "specSet": [
          [
            "_typeName": "PropertyFilterSpec",
            "objectSet": [
              [
                "_typeName": "ObjectSpec", "obj": ["type": "ContainerView", "value": .string(id)], "skip": true,
                "selectSet": [
                  ["_typeName": "TraversalSpec", "name": "v", "type": "ContainerView", "path": "view", "skip": false]
                ],
              ]
            ],
            "propSet": [
              properties("Folder", ["name", "parent", "childType"]), properties("Datacenter", ["name", "parent"]),
              properties("ClusterComputeResource", ["name"]),
            ],
          ]
        ], "options": [:],
      ]
      let collector = "PropertyCollector/propertyCollector/"
      var page = try await client.vi(collector + "RetrievePropertiesEx", body).json
      var found: [JSON] = []
      var pages = 1
      while case .array(let objects)? = page?["objects"] {
        #expect(objects.count <= 3)
        found += objects
        guard let token = page?["token"] else { break }
        page = try await client.vi(collector + "ContinueRetrievePropertiesEx", ["token": token]).json
        pages += 1
      }
      // Two datacenters with two folders each, "Europe", four VM folders below, three clusters.
      #expect(found.count == 14 && pages == 5)
      let odd = found.compactMap { object -> JSON? in
        guard case .array(let values)? = object["propSet"] else { return nil }
        return values.first { $0["val"]?["_value"] == "a%2fb" } == nil ? nil : .array(values)
      }
      guard case .array(let values)? = odd.first else {
        Issue.record("no escaped name")
        return
      }
      #expect(values[1]["val"]?["type"] == "Folder")
      #expect(
        values[2]["val"] == ["_typeName": "ArrayOfString", "_value": ["Folder", "VirtualMachine", "VirtualApp"]])
    }
  }
}
