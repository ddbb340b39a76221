/// Names one question of an operator about a kill by hand: any number of steps come back, then one end, and then nothing.
public struct AskID: Hashable, Sendable, CustomStringConvertible {
  public var number: UInt64
  public init(_ number: UInt64) { self.number = number }
  public var description: String { "asked \(number)" }
}

/// Which process an operator means.
public struct Wanted: Hashable, Sendable {
  /// A VM's name, its managed object id, or `VCENTER:MOID` where those are not enough.
  public var vm: String
  public var pid: Int64
  /// nil: the one with which rules look at that VM, where there is only one.
  public var login: LoginID?

  public init(vm: String, pid: Int64, login: LoginID? = nil) {
    self.vm = vm
    self.pid = pid
    self.login = login
  }
}

/// A kill that an operator asks for: of this process and no other, whatever the pid belongs to by then.
public struct KillOrder: Hashable, Sendable {
  public var vm: VMKey
  public var login: LoginID
  /// As it was shown to the operator.
  public var identity: Identity
  public var demand: Demand

  public init(vm: VMKey, login: LoginID, identity: Identity, demand: Demand) {
    self.vm = vm
    self.login = login
    self.identity = identity
    self.demand = demand
  }
}

/// What an operator is told.
public enum HandAnswer: Hashable, Sendable {
  /// It goes on; more follows.
  case step(Step)
  /// The end of a `find`: this process has the pid.
  case found(Found)
  /// The end of a kill: its outcome, which is on disk.
  case closed(KillID, Outcome, Fault?)
  /// A terminate was sent, or may have been; its outcome is not known yet and will be in the ledger.
  case open(KillID)
  /// Nothing was sent.
  case refused(Refusal)

  public enum Step: Hashable, Sendable {
    /// All gates are open; it is looked at once more, so long from now at the earliest.
    case confirming(Duration)
    /// The intent is on its way to the disk.
    case recording(KillID)
    /// The intent is on disk, and the terminate is sent.
    case terminating(KillID)
    /// The terminate was answered, or given up: now it is looked at.
    case verifying(KillID)
  }

  /// What is shown to an operator before the question.
  public struct Found: Hashable, Sendable {
    public var vm: VMKey
    public var address: VMAddress
    public var vmName: String
    public var login: LoginID
    /// The command is empty unless `log_commands = "full"`.
    public var process: Process
    /// What would keep it alive now; nil: nothing.
    public var gate: Gate?
    /// It survived three terminates, and rules leave it alone.
    public var isStuck: Bool

    public init(
      vm: VMKey, address: VMAddress, vmName: String, login: LoginID, process: Process, gate: Gate?, isStuck: Bool
    ) {
      self.vm = vm
      self.address = address
      self.vmName = vmName
      self.login = login
      self.process = process
      self.gate = gate
      self.isStuck = isStuck
    }
  }

  /// Why nothing was sent.
  public enum Refusal: Hashable, Sendable {
    /// No VM that a rule reaches is called so. vCenters that have shown no inventory yet may have one.
    case unknownVM(unheard: [VCenterID])
    /// Several VMs are called so, or may be: these are, and these vCenters have shown no inventory yet.
    case ambiguousVM([VMName], unheard: [VCenterID])
    /// The VM cannot be looked at now: why, in words of ours, and what was answered, where that is the reason.
    case unwatched(String, Fault?)
    /// Rules look at the VM with several logins; one must be named.
    case loginNeeded([LoginID])
    /// No rule looks at the VM with this login, but with these.
    case loginElsewhere(LoginID, [LoginID])
    /// No process has the pid, or the one that the guest still lists has ended.
    case gone
    /// Another process has the pid than the one that was asked for.
    case another(Process)
    case gate(Gate)
    /// A look failed.
    case failed(Fault)
    /// What the order stood on has changed: why, in words of ours.
    case changed(String)
    /// Another operator asks about the same VM at this moment.
    case busy
    /// The intent could not be written.
    case notRecorded(String)
    /// Nothing was sent in the time that an operator is kept waiting.
    case tooLate
  }
}

/// A VM as an operator can name it.
public struct VMName: Hashable, Sendable {
  public var address: VMAddress
  public var name: String

  public init(address: VMAddress, name: String) {
    self.address = address
    self.name = name
  }
}
