import OrderedCollections

/// What is kept of a VM for the next life of the daemon: its epoch, and since when identities are seen.
extension Watch {
  /// An earlier life's memory. It holds for the same epoch only: the first inventory compares boot and suspend times.
  mutating func restore(_ memory: VMMemory) {
    let place = vmPlace(memory.vm, address: VMAddress(vcenter: VCenterID(""), moid: ""), name: "")
    vms[place].shownMoid = memory.moid
    vms[place].bootTime = memory.bootTime
    vms[place].suspendTime = memory.suspendTime
    vms[place].epochBegan = memory.epochBegan
    vms[place].restoredSeen = memory.seen
    vms[place].remembered = memory
  }

  /// Gives what is known of the VM to the ledger, where that changed.
  mutating func remember(_ place: Int) {
    guard vms[place].memoryIsStale else { return }
    vms[place].memoryIsStale = false
    let memory = memory(of: place)
    let before =
      vms[place].remembered ?? VMMemory(vm: vms[place].key, bootTime: nil, suspendTime: nil, seen: [])
    guard memory != before else { return }
    vms[place].remembered = memory
    effects.append(.remember(memory))
  }

  private func memory(of place: Int) -> VMMemory {
    let vm = vms[place]
    // What no listing of this life has answered yet still stands as it was.
    var seen = vm.restoredSeen
    for view in vm.views {
      for candidate in view.candidates where candidate.looks >= 2 && isJudgedByAge(candidate) {
        seen.append(
          VMMemory.Seen(login: view.login, identity: candidate.process.identity, firstSeen: candidate.firstSeen))
      }
    }
    return VMMemory(
      vm: vm.key, moid: vm.shownMoid, bootTime: vm.bootTime, suspendTime: vm.suspendTime, epochBegan: vm.epochBegan,
      seen: Array(seen.prefix(VMMemory.cap)))
  }

  private func isJudgedByAge(_ candidate: Candidate) -> Bool {
    candidate.tracks.contains { track in
      if case .bounded(_?, _)? = rule(track.rule)?.limits { true } else { false }
    }
  }
}
