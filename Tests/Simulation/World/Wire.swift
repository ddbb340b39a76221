import GuestWatchCore
import VCenterModel

/// What the client makes of answers (vsphere-api.md section 7), from the model's words to the contract's.
enum Wire {
  static func fault(_ error: ModelError) -> Fault {
    let kind: FaultKind =
      switch error {
      case .notAuthenticated: .sessionLost
      case .loginRefused: .loginRefused
      case .noPermission: .notPermitted
      case .noSuchCall, .invalidArgument, .invalidProperty: .badRequest
      case .tooMany: .overCap
      case .objectNotFound: .vmGone
      case .powerState: .wrongState
      case .hostNotConnected, .serviceUnavailable: .transient
      case .toolsNotRunning, .guestNotReady: .toolsUnavailable
      case .disabledByGuest, .notSupportedByGuest: .unsupported
      case .busy: .busy
      case .guestLoginRefused: .guestLoginRefused
      case .guestPermissionDenied: .guestDenied
      case .processNotFound, .couldNotTerminate, .couldNotStart, .internalError: .unknown
      }
    return Fault(kind, code: error.fault.name)
  }

  static func process(_ row: ProcessInfo, ends: Bool) -> GuestWatchCore.Process {
    GuestWatchCore.Process(
      pid: row.pid, started: row.started, owner: text(row.owner), name: text(row.name), command: text(row.command),
      finished: ends ? row.finished : nil)
  }

  private static let endless = GuestText(Setup.endless)

  /// What is not UTF-8 comes as U+FFFD.
  static func text(_ value: String) -> GuestText {
    // Cutting takes long, and there is only one that has to be cut.
    if value.utf8.count == Setup.endless.utf8.count, value == Setup.endless { return endless }
    return GuestText(value, doubtful: value.utf8.count != 0 && value.unicodeScalars.contains("\u{FFFD}"))
  }

  static func listing(_ answer: World.Answer) -> Result<Listing, Fault> {
    switch answer {
    case .listing(let shown): .success(shown.listing)
    case .response(.failure(let error)): .failure(fault(error))
    case .response, .inventory: .failure(Fault(.badAnswer, code: ""))
    case .fault(let fault): .failure(fault)
    }
  }

  static func look(_ answer: World.Answer, pid: Int64) -> Result<Look, Fault> {
    switch answer {
    case .response(.process(let row)):
      .success(row.finished == nil ? .running(process(row, ends: true)) : .finished(process(row, ends: true)))
    case .response(.failure(.processNotFound)): .success(.gone)
    case .response(.failure(.objectNotFound)): .success(.vmGone)
    case .response(.failure(let error)): .failure(fault(error))
    case .response, .inventory, .listing: .failure(Fault(.badAnswer, code: ""))
    case .fault(let fault): .failure(fault)
    }
  }

  static func killAnswer(_ answer: World.Answer, hasLeft: Bool) -> KillAnswer {
    switch answer {
    case .response(.done): return .done
    case .response(.failure(let error)):
      let fault = fault(error)
      return switch error {
      case .processNotFound: .notFound
      case .notAuthenticated, .busy: .notBegun(fault)
      case .noPermission, .guestPermissionDenied, .guestLoginRefused, .disabledByGuest, .notSupportedByGuest:
        .denied(fault)
      case .loginRefused, .noSuchCall, .invalidArgument, .invalidProperty, .tooMany, .objectNotFound, .powerState,
        .hostNotConnected, .toolsNotRunning, .guestNotReady, .couldNotTerminate, .couldNotStart, .serviceUnavailable,
        .internalError:
        .ambiguous(fault)
      }
    case .response, .inventory, .listing: return .ambiguous(Fault(.badAnswer, code: ""))
    case .fault(let fault):
      if !hasLeft { return .notSent(fault) }
      return fault.kind == .unanswered ? .unanswered : .ambiguous(fault)
    }
  }

  static func facts(_ facts: VirtualMachine.Facts) -> VMFacts {
    let isOn = facts.power == .on
    return VMFacts(
      moid: facts.moid, name: facts.name, instanceUUID: facts.instanceUUID, biosUUID: facts.biosUUID,
      power: power(facts.power), connected: facts.connection == .connected,
      tools: isOn ? tools(facts.tools) : .notRunning, ready: isOn && facts.ready == true,
      family: family(facts.family), template: facts.template, managed: facts.managedBy != nil,
      bootTime: isOn ? facts.bootTime.map { $0 / Span.second } : nil,
      suspendTime: facts.suspendTime.map { $0 / Span.second })
  }

  private static func power(_ power: VirtualMachine.Power) -> PowerState {
    switch power {
    case .on: .on
    case .off: .off
    case .suspended: .suspended
    }
  }

  private static func tools(_ tools: VirtualMachine.Tools) -> ToolsState {
    switch tools {
    case .running: .running
    case .notRunning: .notRunning
    case .executingScripts: .executingScripts
    }
  }

  private static func family(_ family: VirtualMachine.Family?) -> GuestFamily {
    switch family {
    case .linux: .linux
    case .windows: .windows
    case .solaris, .darwin, .netware, .other: .other
    case nil: .unknown
    }
  }
}
