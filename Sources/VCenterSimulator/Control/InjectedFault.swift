/// Something that goes wrong on purpose with calls that fit.
public struct InjectedFault: Hashable, Sendable {
  /// What goes wrong.
  public enum Trouble: Hashable, Sendable {
    /// Refused without effect: REST `error_type` with a status (nil: the one of vsphere-api.md, 2); `pid` becomes `data.pid`.
    case restError(type: String, status: Int?, pid: Int64?)
    /// Refused without effect: a VI JSON fault by name, with further members.
    case viFault(name: String, fields: JSON)
    /// Refused without effect, by a proxy: an HTML page with this status.
    case gateway(status: Int)
    /// The connection is closed; the call has no effect.
    case dropBefore
    /// The call has its effect; the connection is closed without an answer.
    case dropAfter
    /// The call has its effect; the answer ends after this many bytes of its body.
    case cut(afterBytes: Int)
    /// The call waits before it has its effect.
    case delayBefore(Duration)
    /// The call has its effect; the answer waits.
    case delayAfter(Duration)
    /// The call waits before it has its effect, until `release`.
    case holdBefore
    /// The call has its effect; the answer waits until `release`.
    case holdAfter
  }

  public var calls: CallPattern
  /// Only calls about this VM; nil: any.
  public var vm: String?
  /// Only calls about this pid; nil: any.
  public var pid: Int64?
  /// So many calls that fit are left alone first.
  public var skip: Int
  /// So many calls are hit; nil: all, until it is removed.
  public var times: Int?
  public var trouble: Trouble

  public init(
    _ trouble: Trouble, calls: CallPattern, vm: String? = nil, pid: Int64? = nil, skip: Int = 0, times: Int? = 1
  ) {
    self.trouble = trouble
    self.calls = calls
    self.vm = vm
    self.pid = pid
    self.skip = skip
    self.times = times
  }
}

/// Something that happens in a guest at the moment of a call that fits: once.
public struct Hook: Hashable, Sendable {
  public enum Moment: String, Hashable, Sendable {
    /// Before the call has its effect: it sees what the action made.
    case before
    /// After the call's answer is made, before it is sent: the next call sees what the action made.
    case after
  }

  /// What happens in the guest of the call's VM.
  public enum Action: Hashable, Sendable {
    /// The pid of the call (or `pid` of the hook) is given to another process.
    case swap(GuestProgram)
    /// The process with that pid ends by itself.
    case kill
    /// Another program starts.
    case start(GuestProgram)
  }

  public var calls: CallPattern
  public var vm: String
  /// Only calls that name or show this pid: get and terminate of it, lists in which it is (`before`: any list of the VM).
  public var pid: Int64
  public var skip: Int
  public var moment: Moment
  public var action: Action

  public init(
    _ action: Action, _ moment: Moment, calls: CallPattern, vm: String, pid: Int64, skip: Int = 0
  ) {
    self.action = action
    self.moment = moment
    self.calls = calls
    self.vm = vm
    self.pid = pid
    self.skip = skip
  }
}

/// What is armed, in order, with numbers to remove or release it by.
struct Troubles: Sendable {
  private var nextID = 1
  private(set) var faults: [(id: Int, fault: InjectedFault)] = []
  private(set) var hooks: [(id: Int, hook: Hook)] = []
  /// Faults that held a call and were released.
  private var released: Set<Int> = []

  mutating func arm(_ fault: InjectedFault) -> Int {
    defer { nextID += 1 }
    faults.append((nextID, fault))
    return nextID
  }

  mutating func arm(_ hook: Hook) -> Int {
    defer { nextID += 1 }
    hooks.append((nextID, hook))
    return nextID
  }

  /// False where nothing is armed under that number.
  mutating func disarm(_ id: Int) -> Bool {
    let before = faults.count + hooks.count
    faults.removeAll { $0.id == id }
    hooks.removeAll { $0.id == id }
    return faults.count + hooks.count < before
  }

  mutating func release(_ id: Int) { released.insert(id) }
  func isReleased(_ id: Int) -> Bool { released.contains(id) }

  /// The first fault that fits; it is used up by this call.
  mutating func takeFault(_ kind: CallKind, vm: String?, pid: Int64?) -> (id: Int, trouble: InjectedFault.Trouble)? {
    for index in faults.indices {
      let (id, fault) = faults[index]
      guard fault.calls.fits(kind), fault.vm == nil || fault.vm == vm, fault.pid == nil || fault.pid == pid else {
        continue
      }
      if fault.skip > 0 {
        faults[index].fault.skip -= 1
        continue
      }
      if let times = fault.times {
        if times <= 1 { faults.remove(at: index) } else { faults[index].fault.times = times - 1 }
      }
      return (id, fault.trouble)
    }
    return nil
  }

  /// The hooks that fit, used up by this call.
  /// - Parameter touches: whether the call shows or names a pid.
  mutating func takeHooks(
    _ kind: CallKind, _ moment: Hook.Moment, vm: String?, touches: (Int64) -> Bool
  ) -> [Hook] {
    var taken: [Hook] = []
    var kept: [(id: Int, hook: Hook)] = []
    for (id, hook) in hooks {
      guard hook.moment == moment, hook.calls.fits(kind), hook.vm == vm, touches(hook.pid) else {
        kept.append((id, hook))
        continue
      }
      if hook.skip > 0 {
        var later = hook
        later.skip -= 1
        kept.append((id, later))
      } else {
        taken.append(hook)
      }
    }
    hooks = kept
    return taken
  }
}
