public import GuestWatchCore
import Ledger

/// What the daemon answers over the control socket: JSON objects, one a line, the last of them `{"is":"end",...}`.
public enum Answer: Sendable {
  /// It is done and, where it has to last, on disk.
  case done(String, notes: [String] = [])
  /// It is not done, or not for certain; the status is what the command exits with.
  case refused(ExitStatus, String, notes: [String] = [])
  case status(StatusReport)
  /// Not the end: how far it is.
  case step(String)
  /// The process that an operator asked about.
  case found(HandAnswer.Found)
  /// What became of a kill by hand, and the same in words; done only where the process exited.
  case killed(KillID, outcome: String, isDone: Bool, String)
  /// The VMs that an operator asked about.
  case vms(Reach, notes: [String])
  /// What the rules say of the processes of one VM.
  case explained(Explanation, RowChoice)
  /// The processes of one VM.
  case listed(Explanation)

  /// What is sent, piece by piece, each made when it is asked for.
  ///
  /// - Parameter configuration: the path of the daemon's configuration.
  func pieces(configuration: String) -> AnyIterator<[String]> {
    switch self {
    case .explained(let explanation, let choice):
      var lines = ExplainedLines(explanation, choice)
      var end: [String]? = Answer.done("").lines(configuration: configuration)
      return AnyIterator { lines.next() ?? end.take() }
    case .listed(let explanation):
      var rows = ListedLines(explanation)
      var end: [String]? = Answer.done("").lines(configuration: configuration)
      return AnyIterator { rows.next() ?? end.take() }
    case .done, .refused, .status, .step, .found, .killed, .vms:
      var whole: [String]? = lines(configuration: configuration)
      return AnyIterator { whole.take() }
    }
  }

  /// What is sent.
  ///
  /// - Parameter configuration: the path of the daemon's configuration.
  func lines(configuration: String) -> [String] {
    switch self {
    case .explained, .listed: Array(pieces(configuration: configuration).joined())
    case .vms(let reach, let notes):
      reach.vms.sorted { ($0.name, $0.address.description) < ($1.name, $1.address.description) }.map(line)
        + reach.nameless.map(line) + Answer.done("", notes: notes).lines(configuration: configuration)
    case .step(let message): [jsonObject([("is", jsonString("step")), ("message", jsonString(message))])]
    case .found(let found): [line(found)] + Answer.done("").lines(configuration: configuration)
    case .killed(let id, let outcome, let isDone, let message):
      [
        jsonObject([
          ("is", jsonString("kill")), ("kill_id", jsonString(id.description)), ("outcome", jsonString(outcome)),
        ])
      ] + (isDone ? Answer.done(message) : .refused(.unavailable, message)).lines(configuration: configuration)
    case .done(let message, let notes):
      [
        jsonObject([
          ("is", jsonString("end")), ("ok", "true"), ("message", jsonString(message)), ("notes", list(notes)),
        ])
      ]
    case .refused(let status, let message, let notes):
      [
        jsonObject([
          ("is", jsonString("end")), ("ok", "false"), ("exit", String(status.rawValue)), ("error", jsonString(message)),
          ("notes", list(notes)),
        ])
      ]
    case .status(let report):
      report.lines(configuration: configuration) + [jsonObject([("is", jsonString("end")), ("ok", "true")])]
    }
  }

  private func line(_ found: HandAnswer.Found) -> String {
    let process = found.process
    return jsonObject([
      ("is", jsonString("process")), ("vcenter", jsonString(found.address.vcenter.name)),
      ("vm", jsonString(found.address.moid)), ("vm_name", jsonString(found.vmName)),
      ("vcenter_uuid", jsonString(found.vm.vcenter)), ("vm_uuid", jsonString(found.vm.instance)),
      ("guest_login", jsonString(found.login.name)), ("pid", String(process.pid)),
      ("name", jsonString(process.name.value)), ("owner", jsonString(process.owner.value)),
      ("owner_doubtful", process.owner.doubtful ? "true" : "false"),
      ("started", rfc3339(unixSeconds: process.started).map(jsonString) ?? "null"),
      ("started_unix", String(process.started)),
      ("command", process.command.value.isEmpty ? "null" : jsonString(process.command.value)),
      ("gate", found.gate.map { jsonString($0.rawValue) } ?? "null"),
      ("gate_says", found.gate.map { jsonString(words($0)) } ?? "null"), ("stuck", found.isStuck ? "true" : "false"),
    ])
  }

  private func line(_ vm: ReachedVM) -> String {
    jsonObject([
      ("is", jsonString("vm")), ("vcenter", jsonString(vm.address.vcenter.name)), ("vm", jsonString(vm.address.moid)),
      ("vm_name", jsonString(vm.name)), ("vcenter_uuid", jsonString(vm.vm.vcenter)),
      ("vm_uuid", jsonString(vm.vm.instance)), ("guest_login", jsonString(vm.login.name)),
      ("every_seconds", String(vm.every.wholeSeconds)), ("rules", list(vm.rules.map(\.name))),
      ("family", jsonString(vm.family.rawValue)),
    ])
  }

  private func line(_ vm: Unwatched) -> String {
    jsonObject([
      ("is", jsonString("unwatched")), ("vcenter", jsonString(vm.vcenter.name)), ("vm", jsonString(vm.moid)),
      ("vm_name", jsonString(vm.name)), ("reason", jsonString(vm.reason)),
    ])
  }

  private func list(_ texts: [String]) -> String { "[" + texts.map(jsonString).joined(separator: ",") + "]" }
}
