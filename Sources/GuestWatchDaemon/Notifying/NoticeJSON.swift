import GuestWatchCore
import Ledger
import Systemd

extension Notice {
  /// What a webhook is posted: one JSON object, the names and words of `history --json` and of the journal; null where the
  /// event has no such thing. Names are only ever added.
  var json: String {
    jsonObject([
      ("id", jsonString("\(at)-\(number)")),
      ("event", jsonString(kind.rawValue)),
      ("level", jsonString(level.rawValue)),
      ("at", jsonTime(at)),
      ("message", jsonString(message)),
      ("rule", json(self[.rule])),
      ("vcenter", json(self[.vcenter])),
      ("vm", json(self[.vm])),
      ("vm_name", json(self[.vmName])),
      ("pid", pid.map { String($0) } ?? "null"),
      ("name", json(self[.process])),
      ("owner", json(self[.owner])),
      ("started", json(self[.started])),
      ("command", command.isEmpty ? "null" : jsonString(command)),
      ("reason", json(self[.reason])),
      ("gate", json(gate?.rawValue)),
      ("outcome", json(self[.outcome])),
      ("kill_id", json(self[.killID])),
    ])
  }

  private func json(_ text: String?) -> String { text.map(jsonString) ?? "null" }
}
