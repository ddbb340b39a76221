import OrderedCollections

/// A guest call that is not answered yet.
struct OpenCall: Hashable, Sendable {
  enum Stage: Hashable, Sendable {
    /// The guest is busy with another call.
    case waiting(GuestCall.Operation, GuestAccount)
    case terminating(SyntheticGuest.Termination)
    /// An external guest carries it out.
    case external
  }

  var moid: String
  var stage: Stage
}

/// Guest calls: admission, carrying out, and what happens to the VM meanwhile.
extension VCenterModel {
  /// Goes on with a call of which `Reply.later` was said. A call that is not known (answered already) is nil.
  public mutating func resume(_ id: CallID, at: ModelTime) -> Reply? {
    guard let call = open[id] else { return nil }
    switch call.stage {
    case .external: return nil
    case .waiting(let operation, let account):
      if isServing(call.moid, before: id) { return .later(at: at.advanced(by: SyntheticGuest.pollInterval), id) }
      open.removeValue(forKey: id)
      do throws(ModelError) {
        try requireRunning(call.moid)
        return try carryOut(operation, call.moid, account, id, at: at)
      } catch {
        return .now(.failure(error))
      }
    case .terminating(var termination):
      let power = machines[call.moid]?.facts.power
      if let power, power != .on {
        open.removeValue(forKey: id)
        return .now(.failure(.powerState(moid: call.moid, power)))
      }
      // No guest: the VM was deleted meanwhile.
      guard let result = withGuest(call.moid, { $0.poll(&termination, at: at) }) else {
        open.removeValue(forKey: id)
        return .now(.failure(.objectNotFound(type: "VirtualMachine", value: call.moid)))
      }
      switch result {
      case nil:
        open[id]?.stage = .terminating(termination)
        return .later(at: at.advanced(by: SyntheticGuest.pollInterval), id)
      case .success:
        open.removeValue(forKey: id)
        return .now(.done)
      case .failure(let error):
        open.removeValue(forKey: id)
        return .now(.failure(error))
      }
    }
  }

  /// Answers a call that an external guest carried out (`Reply.guest`). A call that is not open is nil.
  public mutating func finish(_ id: CallID, _ result: GuestResult) -> Response? {
    guard let call = open[id], case .external = call.stage else { return nil }
    open.removeValue(forKey: id)
    switch result {
    case .processes(let rows): return .processes(rows)
    case .process(let row): return .process(row)
    case .done: return .done
    case .started(let pid): return .started(pid: pid)
    case .noSuchProcess(let pid): return .failure(.processNotFound(pid: pid))
    case .notPermitted: return .failure(.guestPermissionDenied)
    case .timedOut: return .failure(.couldNotTerminate(pid: 0))
    case .notStarted: return .failure(.couldNotStart)
    }
  }

  /// Guest calls that are not answered yet.
  public var openCalls: [CallID] { Array(open.keys) }

  /// Lets every guest come to that moment: deaths that have become due are carried out.
  public mutating func advance(to at: ModelTime) {
    guard at.continuous >= nextDue else { return }
    nextDue = .max
    for i in 0..<machines.count {
      guard let due = machines.values[i].synthetic?.nextDue else { continue }
      if due <= at.continuous {
        machines.values[i].synthetic?.advance(to: at)
        drain(at: i)
        nextDue = min(nextDue, machines.values[i].synthetic?.nextDue ?? .max)
      } else {
        nextDue = min(nextDue, due)
      }
    }
  }

  /// Acts on a synthetic guest from the inside. nil: there is no such VM, or its guest is external.
  @discardableResult
  public mutating func withGuest<R>(_ moid: String, _ body: (inout SyntheticGuest) -> R) -> R? {
    guard let i = machines.index(forKey: moid) else { return nil }
    // What it does may bring something on sooner; the next `advance` finds out what.
    nextDue = .min
    guard let result = machines.values[i].synthetic?.apply(body) else { return nil }
    drain(at: i)
    return result
  }

  /// The synthetic guest of a VM, to look at.
  public func guest(_ moid: String) -> SyntheticGuest? { look(at: moid) { $0 } }

  /// Looks at the synthetic guest of a VM where it stands, without a copy of it. nil: there is no such VM, or its guest is
  /// external.
  public func look<R>(at moid: String, _ body: (SyntheticGuest) -> R) -> R? {
    guard let i = machines.index(forKey: moid) else { return nil }
    return machines.values[i].synthetic.map(body)
  }

  func has(_ moid: String) -> Bool { machines.index(forKey: moid) != nil }

  // MARK: power

  /// Suspends a VM that runs: its guest's uptime stands still.
  public mutating func suspend(_ moid: String, at: ModelTime) {
    guard machines[moid]?.facts.power == .on else { return }
    withGuest(moid) { $0.suspend(at: at) }
    machines[moid]?.facts.power = .suspended
    machines[moid]?.facts.suspendTime = at.wall
  }

  /// Resumes a suspended VM: its guest's clock is right again at once, its uptime goes on where it stood.
  public mutating func resumeVM(_ moid: String, at: ModelTime) {
    guard machines[moid]?.facts.power == .suspended else { return }
    withGuest(moid) { $0.resume(at: at) }
    machines[moid]?.facts.power = .on
  }

  public mutating func switchOff(_ moid: String, at: ModelTime) {
    guard let power = machines[moid]?.facts.power, power != .off else { return }
    withGuest(moid) { $0.switchOff(at: at) }
    machines[moid]?.facts.power = .off
  }

  public mutating func switchOn(_ moid: String, at: ModelTime) {
    guard machines[moid]?.facts.power == .off else { return }
    withGuest(moid) { $0.switchOn(at: at) }
    machines[moid]?.facts.power = .on
    machines[moid]?.facts.bootTime = at.wall
    machines[moid]?.facts.suspendTime = nil
  }

  public mutating func takeSnapshot(_ moid: String, at: ModelTime) {
    guard machines[moid]?.facts.power == .on else { return }
    withGuest(moid) { $0.takeSnapshot(at: at) }
  }

  /// Goes back to the snapshot, running again. False: there is none.
  /// Whether `runtime.bootTime` moves then is UNVERIFIED: the caller says.
  @discardableResult
  public mutating func revert(_ moid: String, movesBootTime: Bool = true, at: ModelTime) -> Bool {
    guard withGuest(moid, { $0.revert(at: at) }) == true else { return false }
    machines[moid]?.facts.power = .on
    if movesBootTime { machines[moid]?.facts.bootTime = at.wall }
    return true
  }

  // MARK: calls

  mutating func begin(
    _ operation: GuestCall.Operation, _ moid: String, _ credential: GuestCredential, _ session: Session, at: ModelTime
  ) throws(ModelError) -> Reply {
    let (privilege, used): (Privilege, VirtualMachine.Switch) =
      switch operation {
      case .list, .get: (.guestQuery, .list)
      case .terminate: (.guestExecute, .terminate)
      case .start: (.guestExecute, .start)
      }
    let account = try admit(moid, credential, needs: privilege, session, at: at)
    if let i = machines.index(forKey: moid), machines.values[i].disabled.contains(used) { throw .disabledByGuest }
    let id = newCall()
    if isServing(moid, before: id) {
      counters.overlaps += 1
      switch settings.overlap {
      case .refused: throw .busy(moid: moid)
      case .waits:
        open[id] = OpenCall(moid: moid, stage: .waiting(operation, account))
        return .later(at: at.advanced(by: SyntheticGuest.pollInterval), id)
      }
    }
    return try carryOut(operation, moid, account, id, at: at)
  }

  /// True where another call is under way on the VM, or one that came earlier waits for it.
  private func isServing(_ moid: String, before id: CallID) -> Bool {
    open.contains { other, call in
      guard call.moid == moid, other != id else { return false }
      return switch call.stage {
      case .waiting: other < id
      case .terminating, .external: true
      }
    }
  }

  private func requireRunning(_ moid: String) throws(ModelError) {
    guard let i = machines.index(forKey: moid) else { throw .objectNotFound(type: "VirtualMachine", value: moid) }
    guard machines.values[i].facts.connection == .connected else { throw .hostNotConnected }
    guard machines.values[i].facts.power == .on else { throw .powerState(moid: moid, machines.values[i].facts.power) }
    guard machines.values[i].facts.tools != .notRunning else { throw .toolsNotRunning }
    guard machines.values[i].facts.ready != false else { throw .guestNotReady }
    if machines.values[i].busy { throw .busy(moid: moid) }
  }

  /// Everything that is checked before the guest acts: the VM, the rights in vCenter, its state, and the login in the
  /// guest, which counts towards the lockout of the account.
  mutating func admit(
    _ moid: String, _ credential: GuestCredential, needs privilege: Privilege, _ session: Session, at: ModelTime
  ) throws(ModelError) -> GuestAccount {
    guard has(moid) else { throw .objectNotFound(type: "VirtualMachine", value: moid) }
    try require(privilege, of: session, on: moid)
    try requireRunning(moid)
    counters.guestLogins += 1
    if let account = logInGuest(moid, credential) { return account }
    counters.guestRefusals += 1
    throw .guestLoginRefused
  }

  private mutating func logInGuest(_ moid: String, _ credential: GuestCredential) -> GuestAccount? {
    // An interactive login needs that user at the desktop: nobody ever is.
    if credential.interactive { return nil }
    guard let m = machines.index(forKey: moid) else { return nil }
    if let token = credential.token {
      // No password is tried, so that nothing counts towards a lockout; who is locked is not let in all the same.
      return machines.values[m].accounts.first { account in
        account.token == token && !account.locked && (credential.user.isEmpty || credential.user == account.user)
      }
    }
    if let i = machines.values[m].accounts.firstIndex(where: { $0.user == credential.user }) {
      let admitted = machines.values[m].accounts[i].admits(credential.password)
      return admitted ? machines.values[m].accounts[i] : nil
    }
    guard machines.values[m].usesDirectory, var account = directory[credential.user] else { return nil }
    let admitted = account.admits(credential.password)
    directory[credential.user] = account
    return admitted ? account : nil
  }

  private mutating func carryOut(
    _ operation: GuestCall.Operation, _ moid: String, _ account: GuestAccount, _ id: CallID, at: ModelTime
  ) throws(ModelError) -> Reply {
    if case .terminate = operation { counters.terminates += 1 }
    guard let i = machines.index(forKey: moid) else { throw .objectNotFound(type: "VirtualMachine", value: moid) }
    guard machines.values[i].synthetic != nil else {
      open[id] = OpenCall(moid: moid, stage: .external)
      return .guest(GuestCall(id: id, moid: moid, account: account, operation: operation))
    }
    switch operation {
    case .list(let pids):
      return .now(.processes(withGuest(moid) { $0.list(pids: pids, as: account, at: at) } ?? []))
    case .get(let pid):
      guard let row = withGuest(moid, { $0.get(pid: pid, as: account, at: at) }) ?? nil else {
        throw .processNotFound(pid: pid)
      }
      return .now(.process(row))
    case .start(let spec):
      guard let pid = withGuest(moid, { $0.startProgram(spec, as: account, at: at) }) ?? nil else {
        throw .couldNotStart
      }
      return .now(.started(pid: pid))
    case .terminate(let pid):
      switch withGuest(moid, { $0.beginTermination(id, pid: pid, as: account, at: at) }) {
      case nil: throw .internalError
      case .failure(let error): throw error
      case .success(let termination):
        open[id] = OpenCall(moid: moid, stage: .terminating(termination))
        return .later(at: at.advanced(by: SyntheticGuest.pollInterval), id)
      }
    }
  }

  /// Takes what the guest of that VM noted down.
  mutating func drain(_ moid: String) {
    if let i = machines.index(forKey: moid) { drain(at: i) }
  }

  private mutating func drain(at i: Int) {
    guard let (number, news) = machines.values[i].synthetic?.takeNews(), !news.isEmpty else { return }
    collect(machines.keys[i], number, news)
  }
}

extension SyntheticGuest {
  fileprivate mutating func takeNews() -> (number: Int, news: [(at: ModelTime, event: Truth.Event)]) {
    defer { if !news.isEmpty { news = [] } }
    return (settings.number, news)
  }

  /// Changes it where it stands: an optional's payload can only be reached in its place by a call on it.
  fileprivate mutating func apply<R>(_ body: (inout SyntheticGuest) -> R) -> R { body(&self) }
}
