/// What goes wrong around the daemon from time to time.
enum Trouble: Int, CaseIterable {
  // in guests
  case agentRestart, guestClockStep, guestClockDrift, hiding, fork, scripts
  // of VMs
  case reboot, suspend, revert, snapshot, tools, rename, family, hostCutOff
  // of the inventory
  case delete, clone, reregister, newUUID, twinUUID, noUUID, move, relocate, retag, renamePlace, denyPlace
  // of accounts
  case login, rotation, vcenterLogin, privilege, disabled
  // of vCenters
  case down, sick, sessionsEnd, guestSessionsEnd, date
  // of the daemon's host
  case hostClockStep, hostSlew, hostSuspend, hostReboot, diskFull, gracefulRestart, kill
  // of the operator
  case reload, request

  /// In how many seeds it happens at all.
  var share: Double {
    switch self {
    case .agentRestart, .reboot, .suspend, .reload: 0.3
    case .revert, .snapshot, .tools, .guestClockStep, .hostClockStep, .fork, .rotation, .request: 0.25
    case .login, .rename, .relocate, .retag, .gracefulRestart, .kill, .delete, .clone, .reregister, .down, .diskFull:
      0.15
    case .guestClockDrift, .hiding, .scripts, .family, .hostCutOff, .newUUID, .twinUUID, .noUUID, .move, .vcenterLogin,
      .renamePlace, .denyPlace, .privilege, .disabled, .sick, .sessionsEnd, .guestSessionsEnd, .date, .hostSlew,
      .hostSuspend,
      .hostReboot:
      0.12
    }
  }
}

extension Trouble {
  /// It reaches the daemon itself, which is told of nothing while its host is asleep.
  var isOfTheHost: Bool {
    switch self {
    case .hostReboot, .gracefulRestart, .kill, .reload, .request: true
    case .agentRestart, .guestClockStep, .guestClockDrift, .hiding, .fork, .scripts, .reboot, .suspend, .revert,
      .snapshot, .tools, .rename, .family, .hostCutOff, .login, .privilege, .disabled, .delete, .clone, .reregister,
      .newUUID, .twinUUID, .noUUID, .move, .relocate, .retag, .renamePlace, .denyPlace, .rotation, .vcenterLogin, .down,
      .sick, .sessionsEnd, .guestSessionsEnd, .date, .hostClockStep, .hostSlew, .hostSuspend, .diskFull:
      false
    }
  }
}

/// What ends a trouble. VMs are named by the number of their guest: it stays when everything else changes.
enum Mending {
  case switchOn(Int), resume(Int), tools(Int), scripts(Int), login(Int), name(Int, String), family(Int), hiding(Int)
  case connection(Int), uuid(Int, String?), enabled(Int)
  case placeName(server: Int, String, String), places(server: Int)
  case back(limbo: Int)
  case up(server: Int), well(server: Int), vcenterLogin(server: Int), privilege(server: Int), date(server: Int)
  case slew, disk, pauses, dryRun
  /// The operator enters what is right now.
  case secrets

  /// It tells the daemon something.
  var isOfTheHost: Bool {
    switch self {
    case .pauses, .dryRun, .secrets: true
    case .switchOn, .resume, .tools, .scripts, .login, .name, .family, .hiding, .connection, .uuid, .enabled,
      .placeName, .places, .back, .up, .well, .vcenterLogin, .privilege, .date, .slew, .disk:
      false
    }
  }
}

/// What a hostile guest does to a process that is about to be killed.
enum Meddling: CaseIterable {
  case exit, swap, retitle, setuid, restartAgent, revert, suspend
}
