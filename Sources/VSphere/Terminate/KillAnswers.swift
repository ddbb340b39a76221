import GuestWatchCore

/// What an answer to TerminateProcessInGuest says. Only what is surely one thing is taken for it; everything else may
/// have had an effect and is ambiguous (design.md, section 4, step 7).
func killAnswer(_ answer: HTTPAnswer, about pid: Int64) -> KillAnswer {
  if answer.status == 204 { return .done }
  let fault = VIFault(answer)
  // A fault comes as HTTP 500 (vsphere-api.md, section 4); with another status it was not said by the API.
  guard answer.status == 500, let type = fault.type else { return .ambiguous(fault.fault) }
  switch type {
  case "GuestProcessNotFound":
    // Where it is about another process it says nothing of ours.
    return fault.pid.isNull || fault.pid.int == pid ? .notFound : .ambiguous(fault.fault)
  case "TaskInProgress", "NotAuthenticated": return .notBegun(fault.fault)
  case "NoPermission", "GuestPermissionDenied", "InvalidGuestLogin", "OperationDisabledByGuest",
    "OperationNotSupportedByGuest", "GuestComponentsOutOfDate":
    return .denied(fault.fault)
  default: return .ambiguous(fault.fault)
  }
}
