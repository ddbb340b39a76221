import GuestWatchCore

extension Timing {
  /// Of a call that was never made.
  static func unsent(_ now: Now) -> Timing { Timing(firstByte: nil, ended: now) }
}

extension Fault {
  /// A reload took the vCenter or the login away before the call could be made.
  static func notConfigured(_ what: String) -> Fault {
    Fault(.badRequest, code: "NotConfigured", detail: "\(what) is not in the loaded configuration any more")
  }
}
