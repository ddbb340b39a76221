import Testing
import VCenterModel

@Suite struct PlacesTests {
  /// What a change made; the macro cannot hold a call that changes something.
  func made<Value>(_ value: Value?) throws -> Value { try #require(value) }

  @Test func `a VM that was put nowhere is in the first datacenter`() throws {
    let lab = Lab()
    #expect(lab.model.vms(below: Places.rootFolder) == ["vm-1"])
    #expect(lab.model.vms(below: Places.firstVMFolder) == ["vm-1"])
    #expect(lab.model.vms(below: Places.firstHostFolder) == [])
    #expect(lab.model.vms(inCluster: Places.firstCluster) == ["vm-1"])
    #expect(lab.model.vms(below: "group-v9") == [] && lab.model.vms(inCluster: "domain-c9") == [])
    #expect(lab.model.places.folders(called: "vm") == [Places.firstVMFolder])
    #expect(lab.model.places.path(of: Places.firstVMFolder) == "/Datacenter/vm")
    #expect(lab.model.places.path(of: Places.rootFolder) == "")
  }

  @Test func `folders hold all below them, wherever they are moved`() throws {
    let lab = Lab()
    let outer = try made(lab.model.places.addFolder("outer"))
    let inner = try made(lab.model.places.addFolder("inner", below: outer))
    let late = try made(lab.model.places.addFolder("late"))
    #expect(lab.model.move("vm-1", toFolder: inner) == true)
    #expect(lab.model.vms(below: outer) == ["vm-1"] && lab.model.vms(below: late) == [])
    // The one that was added last is now above the ones before it.
    #expect(lab.model.places.moveFolder(outer, below: late) == true)
    #expect(lab.model.vms(below: late) == ["vm-1"])
    #expect(lab.model.places.path(of: inner) == "/Datacenter/vm/late/outer/inner")
    #expect(lab.model.places.moveFolder(late, below: inner) == false)
    #expect(lab.model.places.moveFolder(late, below: Places.firstHostFolder) == false)
    #expect(lab.model.places.moveFolder(Places.firstVMFolder, below: late) == false)
    #expect(
      lab.model.move("vm-1", toFolder: Places.firstHostFolder) == false
        && lab.model.move("vm-2", toFolder: late) == false)
    #expect(lab.model.removeFolder(inner) == false && lab.model.removeFolder(late) == false)
    #expect(lab.model.move("vm-1", toFolder: Places.firstVMFolder) && lab.model.removeFolder(inner))
  }

  @Test func `names and paths find VM folders, a slash in a name is escaped`() throws {
    var places = Places()
    let folder = try made(places.addFolder("Europe", below: Places.rootFolder))
    let other = try made(places.addDatacenter("East", below: folder))
    let first = try made(places.addFolder("db"))
    let second = try made(places.datacenter(other).flatMap { places.addFolder("db", below: $0.vmFolder) })
    #expect(places.folders(called: "db") == [first, second])
    #expect(places.folders(called: "/Europe/East/vm/db") == [second])
    #expect(places.folders(called: "/Datacenter/vm/db") == [first])
    #expect(places.folders(called: "Europe") == [] && places.folders(called: "host") == [])
    #expect(places.folders(called: "/Datacenter/vm/db/") == [])
    let odd = try made(places.addFolder("50% a/b\\c", below: first))
    #expect(places.path(of: odd) == "/Datacenter/vm/db/50%25 a%2fb%5cc")
    #expect(places.folders(called: "50% a/b\\c") == [odd])
    #expect(places.folders(called: "/Datacenter/vm/db/50%25 a%2fb%5cc") == [odd])
    #expect(places.addFolder("db") == nil && places.addFolder("x", below: "group-v9") == nil)
    #expect(places.rename(first, to: "data") && places.folders(called: "db") == [second])
    #expect(places.folders(called: "/Datacenter/vm/data") == [first])
    _ = places.addFolder("db")
    #expect(places.rename(first, to: "db") == false)
    #expect(places.folders(below: folder).contains(second) && !places.folders(below: folder).contains(first))
    #expect(places.datacenter(of: second) == other && places.datacenter(of: folder) == nil)
  }

  @Test func `a VM follows its host into another cluster`() throws {
    let lab = Lab()
    let cluster = try made(lab.model.places.addCluster("gold"))
    let host = try made(lab.model.places.addHost("esx-1", to: cluster))
    #expect(lab.model.move("vm-1", toHost: host) == true)
    #expect(lab.model.vms(inCluster: cluster) == ["vm-1"] && lab.model.vms(inCluster: Places.firstCluster) == [])
    #expect(lab.model.places.clusters(called: "gold") == [cluster])
    #expect(lab.model.move("vm-1", toHost: "host-1") == false && lab.model.places.addCluster("gold") == nil)
    #expect(lab.model.places.addHost("esx-2", to: "domain-c1") == nil)
    #expect(lab.model.places.rename(cluster, to: "Gold") && lab.model.places.clusters(called: "Gold") == [cluster])
  }

  @Test func `tags are attached, one of a single category at a time, and lost with the VM`() throws {
    let lab = Lab()
    let single = try made(lab.model.tags.addCategory("tier", isMultiple: false))
    let gold = try made(lab.model.tags.addTag("gold", to: single))
    let tin = try made(lab.model.tags.addTag("tin", to: single))
    let many = try made(lab.model.tags.addCategory("a:b"))
    let odd = try made(lab.model.tags.addTag("c:d", to: many))
    #expect(lab.model.tags.tags(called: "tier:gold") == [gold] && lab.model.tags.tags(called: "a:b:c:d") == [odd])
    #expect(lab.model.tags.addTag("gold", to: single) == nil && lab.model.tags.addCategory("tier") == nil)
    #expect(lab.model.attach(gold, to: "vm-1") && lab.model.attach(odd, to: "vm-1"))
    #expect(lab.model.vms(taggedWith: gold) == ["vm-1"])
    #expect(lab.model.attach(tin, to: "vm-1") == true)
    #expect(lab.model.vms(taggedWith: gold) == [] && lab.model.vms(taggedWith: tin) == ["vm-1"])
    #expect(lab.model.tags.tags(of: ObjectID(id: "vm-1")) == [tin, odd])
    #expect(lab.model.attach(gold, to: "vm-2") == false && lab.model.attach("tag", to: "vm-1") == false)
    let taken = try made(lab.model.take("vm-1"))
    lab.model.add(taken)
    #expect(lab.model.vms(taggedWith: tin) == [] && lab.model.vms(taggedWith: odd) == [])
    lab.model.attach(odd, to: "vm-1")
    lab.model.detach(odd, from: "vm-1")
    #expect(lab.model.vms(taggedWith: odd) == [])
    #expect(lab.model.tags.rename(tin, to: "gold") == false && lab.model.tags.rename(tin, to: "iron"))
    lab.model.tags.remove(single)
    #expect(lab.model.tags.tags(called: "tier:iron") == [] && lab.model.attach(tin, to: "vm-1") == false)
  }

  @Test func `a VM from another vCenter is put where there is a place`() throws {
    let lab = Lab()
    let folder = try made(lab.model.places.addFolder("db"))
    lab.model.move("vm-1", toFolder: folder)
    let taken = try made(lab.model.take("vm-1"))
    let other = Lab()
    other.model.add(taken)
    #expect(other.model.vms(below: Places.firstVMFolder) == ["vm-1"])
  }
}
