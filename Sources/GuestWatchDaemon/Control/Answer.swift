import Ledger

/// What the daemon answers over the control socket: JSON objects, one a line, the last of them `{"is":"end",...}`.
public enum Answer: Sendable {
  /// It is done and, where it has to last, on disk.
  case done(String, notes: [String] = [])
  /// It is not done, or not for certain; the status is what the command exits with.
  case refused(ExitStatus, String, notes: [String] = [])
  case status(StatusReport)

  /// What is sent.
  ///
  /// - Parameter configuration: the path of the daemon's configuration.
  func lines(configuration: String) -> [String] {
    switch self {
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

  private func list(_ texts: [String]) -> String { "[" + texts.map(jsonString).joined(separator: ",") + "]" }
}
