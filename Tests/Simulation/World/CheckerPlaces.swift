import GuestWatchCore

/// Where VMs stand, as far as the daemon was told: in which folders and clusters, and with which tags.
extension Checker {
  /// What one vCenter said of a selector.
  enum Resolution: Hashable, Sendable {
    case found
    case trouble(SelectorTrouble)
  }

  /// An inventory, and what it was asked for.
  struct Answered: Sendable {
    var asked: [Selector]
    var unresolved: [Selector: SelectorTrouble]
    var complete: Bool

    init(_ inventory: Inventory, asked: [Selector]) {
      self.asked = asked
      unresolved = inventory.unresolved
      complete = inventory.complete
    }
  }

  mutating func hear(_ answer: Answered, of vcenter: VCenterID) {
    let before = resolutions[vcenter] ?? [:]
    var after: [Selector: Resolution] = [:]
    for selector in answer.asked {
      switch (answer.unresolved[selector], answer.complete) {
      case (nil, true): after[selector] = .found
      // It is there; of which VMs is not known, unless that was known before.
      case (nil, false): if before[selector] == .found { after[selector] = .found }
      case (.unknown?, false): after[selector] = before[selector]
      case (let trouble?, _): after[selector] = .trouble(trouble)
      }
    }
    resolutions[vcenter] = after
  }

  /// What an entry leads to may be another vCenter now, or a new life knows nothing yet.
  mutating func forgetPlaces(of vcenter: VCenterID?) {
    if let vcenter { resolutions[vcenter] = nil } else { resolutions = [:] }
    for vm in machines.keys where vcenter.map({ $0 == vm.vcenter }) ?? true { machines[vm]?.placed = [:] }
    if vcenter == nil { for key in away.keys { away[key]?.placed = [:] } }
  }

  /// Whether a selector holds a VM; nil: the daemon cannot know it.
  func holds(_ selector: Selector, _ vm: VMAddress) -> Bool? { machines[vm]?.placed[selector] }

  /// True where a VM is never touched, or may be such a one for all that the daemon knows (S2).
  func isUntouchable(_ vm: VMAddress, _ facts: VMFacts, _ protect: Protect) -> Bool {
    OwnRules.isUntouchable(facts, protect) { selector in
      if let known = holds(selector, vm) { return known }
      guard resolutions[vm.vcenter]?[selector] == .trouble(.unknown) else { return nil }
      if case .tag = selector { return nil }
      // Another vCenter has it: it is simply not in this one.
      let isElsewhere =
        configuration?.vcenters.contains { entry in
          let said = resolutions[entry.id]?[selector]
          return said == .found || said == .trouble(.ambiguous)
        } ?? false
      return isElsewhere ? false : nil
    }
  }

  func reaches(_ rule: Rule, _ vm: VMAddress, _ facts: VMFacts) -> Bool {
    OwnRules.reaches(rule, facts, of: vm.vcenter) { holds($0, vm) }
  }

  /// A login is never sent outside its scope, but for looks at what became of a kill that was sent with it.
  func guardScope(of login: LoginID, _ vm: VMAddress) throws(Violation) {
    guard let facts = machines[vm]?.facts,
      let scope = configuration?.logins.first(where: { $0.id == login })?.scope
    else { return }
    if OwnRules.stands(in: scope, facts, holds: { holds($0, vm) }) != true {
      try raise("S10", "login \(login) is sent to \(vm), outside its scope", "S10-scope")
    }
  }
}

extension Checker.Machine {
  /// What an inventory says of where it stands. Only a complete one says where it does not.
  mutating func place(_ facts: VMFacts, _ answer: Checker.Answered) {
    let before = placed
    placed = [:]
    for selector in answer.asked {
      switch answer.unresolved[selector] {
      case nil:
        if facts.selectors.contains(selector) {
          placed[selector] = true
        } else {
          placed[selector] = answer.complete ? false : before[selector]
        }
      case .unknown?: if !answer.complete { placed[selector] = before[selector] }
      case .ambiguous?, .denied?, .unsupported?: break
      }
    }
  }
}
