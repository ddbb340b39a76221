import GuestWatchCore
import Ledger
import VSphere

/// The lines of `ps` as a table that fits a terminal; nothing in it is from a guest as it came.
public struct ListedText {
  private let width: Int
  private var isFirst = true

  /// Fits `width` columns; a terminal narrower than 60 gets lines of 60.
  public init(width: Int) { self.width = max(width, 60) }

  /// What a line, a JSON object, is in the table: with the titles before the first.
  public mutating func lines(_ line: String) -> [String] {
    guard let object = try? JSONReader.read(Array(line.utf8)), object["is"].string == "process" else { return [] }
    defer { isFirst = false }
    let titles = isFirst ? [self.line("PID", "OWNER", "STARTED (UTC)", "AGE", "COMMAND")] : []
    let started = String((object["started"].string ?? "?").prefix(16)).replacing("T", with: " ")
    let age = object["claimed_seconds"].int.map { short(.seconds($0)) } ?? "?"
    // A name alone where no command line may be shown, or there is none.
    let command = object["command"].string ?? object["name"].string ?? "?"
    return titles + [self.line(String(object["pid"].int ?? 0), object["owner"].string ?? "?", started, age, command)]
  }

  private func line(_ pid: String, _ owner: String, _ started: String, _ age: String, _ command: String) -> String {
    let room = width - 7 - 1 - 1 - 16 - 1 - 7 - 1
    // Windows names a domain, too.
    let ownerWidth = min(max(room / 3, 8), 20)
    let cells = [
      terminalCell(pid, width: 7, alignedRight: true), terminalCell(owner, width: ownerWidth),
      terminalCell(started, width: 16), terminalCell(age, width: 7, alignedRight: true),
      terminalCell(command, width: room - ownerWidth),
    ]
    var line = cells.joined(separator: " ")
    while line.last == " " { line.removeLast() }
    return line
  }
}

/// The two largest parts of a duration: `3d1h`, `2m5s`.
private func short(_ duration: Duration) -> String {
  let (days, hours, minutes) = (Duration.seconds(86_400), Duration.seconds(3600), Duration.seconds(60))
  for (from, unit) in [(days, hours), (hours, minutes)] where duration >= from {
    return words(.seconds(duration.wholeSeconds / unit.wholeSeconds * unit.wholeSeconds))
  }
  return words(duration)
}
