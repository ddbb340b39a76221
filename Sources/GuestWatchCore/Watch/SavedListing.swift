/// A listing that was saved, and what a decision of its own makes of it: the same as the daemon would, but for its age.
///
/// One listing proves no age. So that something can be said of `max_age` all the same, start times are believed: as if the
/// daemon had looked on since each process began. Nor does a listing say where its VM stands: it stands in every folder,
/// cluster and tag that rules and their logins name, but in none that `[protect] vms` names.
public struct SavedListing: Sendable {
  public var listing: Listing
  /// Of the VM, as scopes name it; it stands for the moid, too.
  public var vm: String
  public var family: GuestFamily
  /// When the guest was listed, or is taken to have been: nanoseconds since 1970.
  public var wall: Int64

  public init(listing: Listing, vm: String, family: GuestFamily, wall: Int64) {
    self.listing = listing
    self.vm = vm
    self.family = family
    self.wall = wall
  }

  /// What there is to see: one for each login that rules would look with; empty where no rule's scope reaches the VM.
  public func explained(by configuration: Configuration) -> [ViewAnswer] {
    var configuration = configuration
    configuration.onlyByHand = true
    configuration.ownMachine = nil
    // Nobody knows which vCenter it came from: the first one will do that has rules for such a VM.
    guard
      let entry = configuration.vcenters.first(where: { entry in
        configuration.rules.contains { $0.reaches(facts(in: configuration), of: entry.id) }
      })
    else { return [] }
    configuration.vcenters = [entry]
    var table = Table(saved: self, configuration: configuration)
    return table.play()
  }

  fileprivate func facts(in configuration: Configuration) -> VMFacts {
    let named =
      configuration.rules.flatMap(\.scope.selectors) + configuration.logins.flatMap { $0.scope?.selectors ?? [] }
    return VMFacts(
      moid: vm, name: vm, instanceUUID: "saved", family: family,
      selectors: Set(named).subtracting(configuration.protect.vms?.selectors ?? []))
  }

  /// A decision, and a world in which nothing happens but this listing. Whatever else it asks for is not done.
  private struct Table {
    let saved: SavedListing
    let configuration: Configuration
    var watch = Watch()
    var answers: [ViewAnswer] = []
    var reached: [ReachedVM] = []

    private static let vcenter = "saved"
    private var now: Now { Now(continuous: Instant(nanoseconds: 0), wall: saved.wall) }
    private var timing: Timing { Timing(firstByte: now, ended: now, date: wholeSecond(saved.wall)) }

    init(saved: SavedListing, configuration: Configuration) {
      self.saved = saved
      self.configuration = configuration
    }

    mutating func play() -> [ViewAnswer] {
      send(.began(seed: 0, restored: Restored(life: 1, memories: [memory])))
      send(.configured(configuration))
      send(.asked(.vms(AskID(0), VMFilter())))
      for (i, vm) in reached.enumerated() { send(.asked(.explain(AskID(UInt64(i) + 1), vm.vm, vm.login))) }
      return answers
    }

    private mutating func send(_ event: Event) {
      for effect in watch.handle(event, at: now) {
        switch effect {
        case .refresh(let op, _, _, _):
          let inventory = Inventory(
            vcenterUUID: Table.vcenter, canTerminate: true, vms: [saved.facts(in: configuration)], complete: true)
          send(.inventory(op, timing, .success(inventory)))
        case .survey(let op, _, _, _, _): send(.surveyed(op, timing, .success(saved.listing)))
        case .show(_, .reached(let reach)): reached = reach.vms
        case .show(_, let answer): answers.append(answer)
        case .look, .record, .note, .remember, .keepPauses, .terminate, .answer, .report, .status, .wake, .ready,
          .stopped:
          break
        }
      }
    }

    /// That all were seen since they say that they began.
    private var memory: VMMemory {
      let rows = saved.listing.rows.filter { row in
        configuration.rules.contains { Verdicts.matches(row, $0, saved.family) }
      }
      let seen = configuration.logins.flatMap { login in
        rows.map { row in
          VMMemory.Seen(
            login: login.id, identity: row.identity,
            firstSeen: now.continuous - max(ProvenAge.claimed(started: row.started, at: now), .zero))
        }
      }
      return VMMemory(
        vm: VMKey(vcenter: Table.vcenter, instance: "saved"), moid: saved.vm, bootTime: nil, suspendTime: nil,
        seen: seen)
    }
  }
}
