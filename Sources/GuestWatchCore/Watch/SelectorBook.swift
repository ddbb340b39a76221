/// What one vCenter has said of the selectors that it was asked for.
///
/// Only a complete inventory proves that something is not there: that a selector does not exist, or that it does not hold
/// a VM. What an incomplete one shows is true all the same.
struct SelectorBook: Sendable {
  enum Answer: Hashable, Sendable {
    /// Of every VM of a complete inventory it was said whether it holds it.
    case found
    case trouble(SelectorTrouble)
  }

  /// Never iterated. A selector without an answer was not asked for, or only an incomplete inventory has answered.
  private var answers: [Selector: Answer] = [:]

  subscript(selector: Selector) -> Answer? { answers[selector] }

  /// Takes an inventory in that was asked for these selectors; what it was not asked for is not known any more.
  mutating func hear(_ inventory: Inventory, asked: [Selector]) {
    var fresh: [Selector: Answer] = [:]
    for selector in asked {
      switch inventory.unresolved[selector] {
      case nil: fresh[selector] = inventory.complete || answers[selector] == .found ? .found : nil
      case .unknown?: fresh[selector] = inventory.complete ? .trouble(.unknown) : answers[selector]
      case let trouble?: fresh[selector] = .trouble(trouble)
      }
    }
    answers = fresh
  }

  mutating func forget() { answers = [:] }

  /// True where the vCenter has something of that name.
  func knows(_ selector: Selector) -> Bool {
    switch answers[selector] {
    case .found?, .trouble(.ambiguous)?: true
    case .trouble(.unknown)?, .trouble(.denied)?, .trouble(.unsupported)?, nil: false
    }
  }
}

/// What one inventory says of which selectors hold a VM.
struct Holding: Sendable {
  var asked: Set<Selector>
  var unresolved: [Selector: SelectorTrouble]
  var complete: Bool

  init(_ inventory: Inventory, _ query: ScopeQuery) {
    asked = Set(query.selectors)
    unresolved = inventory.unresolved
    complete = inventory.complete
  }

  /// - Parameters:
  ///   - shown: those that the inventory shows to hold the VM.
  ///   - before: those that held it by the inventory before; empty where nothing is known of that.
  func held(_ shown: Set<Selector>, before: Set<Selector>) -> Set<Selector> {
    var held = shown
    // What is missing from an incomplete answer is as it was.
    if !complete || mutated(.keepWhoLeftTheFolder) { held.formUnion(before.intersection(asked)) }
    return held.filter { selector in
      switch unresolved[selector] {
      case nil: true
      case .unknown?: !complete
      case .ambiguous?, .denied?, .unsupported?: false
      }
    }
  }
}

extension ScopeQuery {
  /// True where an answer to this one says all that an answer to the other would, but for VMs that are asked for by id.
  func covers(_ other: ScopeQuery) -> Bool {
    Set(scopes).isSuperset(of: other.scopes) && Set(selectors).isSuperset(of: other.selectors)
  }
}
