import GuestWatchCore
import GuestWatchDaemon

/// A decision that asks for anything at any time, within what `Effect` promises: each operation once, a terminate after
/// its intent was given, nothing after `.stopped`, and after SIGTERM only looks.
struct StormDecision: Deciding {
  private var dice: Dice
  private let mix: StormMix
  private let log: StormLog
  private var operations: UInt64 = 0
  private var records: UInt32 = 0
  private var notes: UInt64 = 0
  private var open: Set<UInt64> = []
  private var killsSent: [VMAddress] = []
  private var stopping = false
  private var stopped = false

  /// The operations that one storm may have, so that it stays short.
  private static let most: UInt64 = 150

  init(_ seed: UInt64, _ mix: StormMix, _ log: StormLog) {
    dice = Dice(seed)
    self.mix = mix
    self.log = log
  }

  /// No operator asks anything in a storm.
  var pausesInForce: [Pause] { [] }
  func overview(at now: Now) -> Overview { Overview(snapshot: Snapshot()) }
  func figures(at now: Now) -> Figures { Figures(snapshot: Snapshot()) }

  mutating func handle(_ event: Event, at now: Now) -> [Effect] {
    hear(event)
    if stopped { return [] }
    var effects: [Effect] = []
    if case .shutdownAsked = event { stopping = true }
    if case .configured = event, records == 0 { effects.append(.ready) }
    if dice.percent(mix.eager) { for _ in 0...dice.below(3) { effects += something(now) } }
    switch event {
    case .timeCame, .began: effects.append(.wake(at: now.continuous + dice.duration(.milliseconds(5), .seconds(20))))
    default: break
    }
    if stopping && mix.ends && open.isEmpty && dice.percent(60) {
      stopped = true
      effects.append(.stopped)
    }
    for effect in effects { tell(effect) }
    return effects
  }

  private mutating func something(_ now: Now) -> [Effect] {
    let vcenter = VCenterID(StormWorld.vcenters[dice.below(StormWorld.vcenters.count)])
    let by = now.continuous + dice.duration(.milliseconds(200), .seconds(60))
    let kind = dice.below(stopping ? 4 : 10)
    if kind < 7 && operations == Self.most { return [] }
    let address: (UInt64) -> VMAddress = { VMAddress(vcenter: vcenter, moid: "vm-\($0)") }
    switch kind {
    case 0, 1:
      operations += 1
      return [
        .look(nextOp, address(operations), linux, pid: 77, dice.percent(50) ? .check : .confirm, by: by)
      ]
    case 2 where !killsSent.isEmpty:
      // A verify look at a kill: same VM and pid, so that it goes over the kill's own client.
      operations += 1
      let kill = killsSent[dice.below(killsSent.count)]
      return [.look(nextOp, kill, linux, pid: 77, .verify, by: by)]
    case 2, 3:
      records += 1
      let kill = KillID(life: 1, number: records)
      return [.record(kill, .closed(.unknown, error: nil, verified: nil, at: now))]
    case 4:
      operations += 1
      return [.survey(nextOp, address(operations), linux, showingEnds: dice.percent(30), by: by)]
    case 5:
      operations += 1
      return [.refresh(nextOp, vcenter, ScopeQuery(scopes: [], ids: ["\(operations)"]), by: by)]
    case 6:
      operations += 1
      records += 1
      open.insert(operations)
      killsSent.append(address(operations))
      return [
        .terminate(
          nextOp, KillID(life: 1, number: records), address(operations), linux, pid: 77,
          firstByteBy: now.continuous + .seconds(5), firstByteByWall: now.wall + 5_000_000_000, by: by)
      ]
    case 7:
      notes += 1
      return [.note(.vcenterRefused(digest: notes, count: 1))]
    case 8:
      notes += 1
      return [.keepPauses([Pause(until: Instant(nanoseconds: Int64(notes)))])]
    default:
      notes += 1
      let vm = VMKey(vcenter: "u", instance: "\(dice.below(3))")
      return [.remember(VMMemory(vm: vm, bootTime: Int64(notes), suspendTime: nil, seen: []))]
    }
  }

  private var nextOp: OpID { OpID(life: 1, number: operations) }

  private func tell(_ effect: Effect) {
    switch effect {
    case .refresh(let op, let vcenter, _, let by):
      log.note(.asked(op: op.number, kind: "refresh", vcenter: vcenter.name, by: by))
    case .survey(let op, let address, _, _, let by):
      log.note(.asked(op: op.number, kind: "survey", vcenter: address.vcenter.name, by: by))
    case .look(let op, let address, _, _, let purpose, let by):
      let kind = purpose == .verify ? "verify" : "look"
      log.note(.asked(op: op.number, kind: kind, vcenter: address.vcenter.name, by: by))
    case .terminate(let op, _, let address, _, _, _, _, let by):
      log.note(.asked(op: op.number, kind: "terminate", vcenter: address.vcenter.name, by: by))
    case .record(let kill, let step): log.note(.given(job: "step \(kill) \(step.kind)"))
    case .note(let note): log.note(.given(job: StormWorld.job(note)))
    case .keepPauses(let pauses): log.note(.given(job: StormWorld.job(pauses)))
    case .remember(let memory): log.note(.given(job: StormWorld.job(memory)))
    case .stopped: log.note(.saidStopped)
    case .answer, .show, .report, .status, .wake, .ready: break
    }
  }

  private mutating func hear(_ event: Event) {
    switch event {
    case .inventory(let op, _, let result): told(op, "refresh", voice(result))
    case .surveyed(let op, _, let result): told(op, "survey", voice(result))
    case .looked(let op, _, let result): told(op, "look", voice(result))
    case .terminated(let op, _, let answer):
      open.remove(op.number)
      switch answer {
      case .unanswered: told(op, "terminate", .scheduler)
      case .notSent: told(op, "terminate", .nobody)
      case .done, .notFound, .notBegun, .denied, .ambiguous: told(op, "terminate", .client)
      }
    case .recorded(let kill, let kind, let result):
      log.note(.recorded(job: "step \(kill) \(kind)", ok: (try? result.get()) != nil))
    case .configured: log.note(.configured)
    case .began, .timeCame, .asked, .shutdownAsked: break
    }
  }

  private func told(_ op: OpID, _ kind: String, _ voice: Voice) {
    log.note(.told(op: op.number, kind: kind, voice))
  }

  private func voice<Value>(_ result: Result<Value, Fault>) -> Voice {
    guard case .failure(let fault) = result else { return .client }
    return fault.kind == .unanswered ? .scheduler : fault.kind == .badRequest ? .nobody : .client
  }
}
