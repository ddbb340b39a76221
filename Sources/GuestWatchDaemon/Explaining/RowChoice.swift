public import GuestWatchCore

/// What an operator asks who only looks: there is no way from it to a kill.
public enum ViewQuestion: Hashable, Sendable {
  /// Which VMs do rules reach, and with which logins?
  case vms(VMFilter)
  /// What do the rules that look at this VM with this login say of its processes? It is listed for that.
  case explain(VMKey, LoginID, RowChoice)
}

/// What of an explanation an operator wants to see.
public struct RowChoice: Hashable, Sendable {
  /// nil: of every rule that looks there.
  public var rule: RuleID?
  /// Only of this process; nil: of all.
  public var pid: Int64?
  /// Each process that does not match, with the first condition that failed; else they are counted.
  public var all: Bool

  public init(rule: RuleID? = nil, pid: Int64? = nil, all: Bool = false) {
    self.rule = rule
    self.pid = pid
    self.all = all
  }
}
