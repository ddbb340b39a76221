/// The name of a `[[vcenter]]` entry of the configuration.
public struct VCenterID: Hashable, Sendable, CustomStringConvertible {
  public var name: String
  public init(_ name: String) { self.name = name }
  public var description: String { name }
}

/// The name of a `[[guest_login]]` entry of the configuration.
public struct LoginID: Hashable, Sendable, CustomStringConvertible {
  public var name: String
  public init(_ name: String) { self.name = name }
  public var description: String { name }
}

/// The name of a `[[rule]]`, unique over all rule files.
public struct RuleID: Hashable, Sendable, CustomStringConvertible {
  public var name: String
  public init(_ name: String) { self.name = name }
  public var description: String { name }
}

/// What a VM is known by: it survives renaming and re-registration.
public struct VMKey: Hashable, Sendable, CustomStringConvertible {
  /// `about.instanceUuid` of the vCenter.
  public var vcenter: String
  /// `config.instanceUuid` of the VM.
  public var instance: String

  public init(vcenter: String, instance: String) {
    self.vcenter = vcenter
    self.instance = instance
  }

  public var description: String { "\(vcenter)/\(instance)" }
}

/// Where calls about a VM go: the vCenter entry and the managed object id (`vm-42`). Valid until the next inventory.
public struct VMAddress: Hashable, Sendable, CustomStringConvertible {
  public var vcenter: VCenterID
  /// The managed object id that REST (`{vm}`) and VI JSON (`value` of the reference) share.
  public var moid: String

  public init(vcenter: VCenterID, moid: String) {
    self.vcenter = vcenter
    self.moid = moid
  }

  public var description: String { "\(vcenter):\(moid)" }
}

/// Names one operation that was asked of the outside; it is answered exactly once.
public struct OpID: Hashable, Sendable, CustomStringConvertible {
  /// Which life of the daemon: a counter in the ledger, one more at each start.
  public var life: UInt32
  /// Counts the operations of that life from 1.
  public var number: UInt64

  public init(life: UInt32, number: UInt64) {
    self.life = life
    self.number = number
  }

  public var description: String { "\(life).\(number)" }
}

/// Names one kill for ever: in the ledger, the journal and `history`. Written `LIFE-NUMBER`.
public struct KillID: Hashable, Sendable, CustomStringConvertible {
  /// Which life of the daemon.
  public var life: UInt32
  /// Counts the rows of that life from 1.
  public var number: UInt32

  public init(life: UInt32, number: UInt32) {
    self.life = life
    self.number = number
  }

  /// Reads what `description` writes; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let life = UInt32(parts[0]), let number = UInt32(parts[1]) else { return nil }
    self.init(life: life, number: number)
  }

  public var description: String { "\(life)-\(number)" }
}
