import GuestWatchCore
import Systemd

/// Something to be told to receivers: what the journal was told, made harmless there already. No value has more than one
/// line, a control character or more than 256 bytes (the sentence 3 KiB).
struct Notice: Sendable, Hashable {
  let kind: Report.Kind
  let level: Report.Level
  /// When it was said: unix nanoseconds.
  let at: Int64
  /// Different for each of this life, for a receiver that is told twice because its answer was lost.
  let number: UInt64
  /// The sentence of the journal.
  let message: String
  private let fields: [JournalEntry.Field]
  let pid: Int64?
  /// Which closed gate keeps a process alive.
  let gate: Gate?
  /// The command line of the process; "" unless `log_commands = "full"`.
  let command: String

  /// - Parameter entry: what the journal was told of `report`.
  init(_ report: Report, _ entry: JournalEntry, at: Int64, number: UInt64) {
    kind = report.kind
    level = report.level
    self.at = at
    self.number = number
    message = entry.message
    fields = entry.fields
    pid = report.process?.pid
    gate = report.gate
    command = shown(report.process?.command.value ?? "")
  }

  subscript(name: JournalEntry.Name) -> String? { fields.first { $0.name == name }?.value }

  /// Its fields but for what happened, for an entry about the notice itself.
  var place: [JournalEntry.Field] { fields.filter { $0.name != .event } }
}
