import GuestWatchCore
import VCenterModel

/// What becomes of a call, drawn when it is asked for.
enum Fate {
  case fine
  /// Not a byte leaves.
  case unreachable(Fault)
  /// The request is lost on its way.
  case lostRequest
  /// The answer is lost on its way.
  case lostAnswer
  /// Somebody answers with that, the request never came through.
  case errorBefore(Fault)
  /// Somebody answers with that, but the request did come through.
  case errorAfter(Fault)
  /// The vCenter refuses it, and does nothing.
  case refused(ModelError)
  /// The answer is cut or garbled.
  case garbled

  var isGarbled: Bool { if case .garbled = self { true } else { false } }

  /// A short name for the summary; nil where nothing is wrong.
  var name: String? {
    switch self {
    case .fine: nil
    case .unreachable: "unreachable"
    case .lostRequest: "lostRequest"
    case .lostAnswer: "lostAnswer"
    case .errorBefore(let fault): "before " + fault.kind.rawValue
    case .errorAfter(let fault): "after " + fault.kind.rawValue
    case .refused(let error): "refused " + error.fault.name
    case .garbled: "garbled"
    }
  }
}

extension World {
  mutating func drawFate(_ call: Call, _ server: Server) -> Fate {
    if server.isDown { return .unreachable(Fault(.unreachable, code: "ECONNREFUSED")) }
    if let sick = server.sick { return .errorBefore(sick) }
    if random.chance(faults.unreachable) {
      return .unreachable(
        random.chance(0.8) ? Fault(.unreachable, code: "ECONNREFUSED") : Fault(.untrusted, code: "certificate"))
    }
    if random.chance(faults.unanswered) { return random.chance(0.5) ? .lostRequest : .lostAnswer }
    if random.chance(faults.transient) {
      return random.chance(0.5)
        ? .errorBefore(Fault(.transient, code: "503")) : .errorAfter(Fault(.transient, code: "502"))
    }
    if random.chance(faults.badAnswer) { return .garbled }
    if random.chance(faults.oddError) { return drawOddFate(call) }
    return .fine
  }

  /// Anything that a vCenter may say. Where it is said of a call that was carried out it may not claim that it was not.
  private mutating func drawOddFate(_ call: Call) -> Fate {
    switch random.below(3) {
    case 0:
      return .refused(
        random.pick(call.isTerminate ? World.refusals : World.refusals + [.busy(moid: "?")]) ?? .internalError)
    case 1:
      let kinds = FaultKind.allCases.filter { $0 != .unanswered }
      let fault = Fault(random.pick(kinds) ?? .unknown, code: "odd")
      // Nobody is asked without a credential.
      return fault.kind == .noCredential ? .unreachable(fault) : .errorBefore(fault)
    default:
      let kinds: [FaultKind] = [.transient, .unknown, .badAnswer, .sessionLost, .unreachable, .overCap]
      return .errorAfter(Fault(random.pick(kinds) ?? .unknown, code: "odd"))
    }
  }

  /// Every error of the model but the one that claims that there is no such process: no vCenter says so of one that is
  /// there.
  private static let refusals: [ModelError] = [
    .notAuthenticated, .loginRefused, .noPermission(moid: "vm-1", privilege: "VirtualMachine.GuestOperations.Query"),
    .noSuchCall, .invalidArgument(name: "vm"), .invalidProperty(path: "x"), .tooMany,
    .objectNotFound(type: "VirtualMachine", value: "vm-1"), .powerState(moid: "vm-1", .suspended), .hostNotConnected,
    .toolsNotRunning, .guestNotReady, .disabledByGuest, .notSupportedByGuest, .guestLoginRefused,
    .guestPermissionDenied, .couldNotTerminate(pid: 0), .couldNotStart, .serviceUnavailable, .internalError,
  ]

  /// From the daemon to the vCenter or back.
  mutating func latency() -> Int64 {
    if random.chance(faults.slow) {
      tally.count("slow")
      return random.between(500...40_000) * Span.millisecond
    }
    if faults.tail {
      // One of n is longer than n times the shortest.
      let long = 1 / (1 - random.fraction())
      return Int64(min(long, 20_000) * 4_000_000)
    }
    return random.between(1_000...150_000) * 1_000
  }
}
