/// One thing that is said: a line on stderr, or a journal entry with fields.
///
/// What goes in is made harmless here, whoever made it: the message is one printable line, and so is each value. So no
/// text from a guest can start a line, a `<3>` priority or a field of its own.
public struct JournalEntry: Hashable, Sendable {
  /// How loud an entry is, as syslog counts.
  public enum Priority: Int, Hashable, Sendable {
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
  }

  /// The name of a field (design.md, section 6); nothing else can be one.
  public enum Name: String, Hashable, Sendable, CaseIterable {
    case event = "GUESTWATCH_EVENT"
    case rule = "GUESTWATCH_RULE"
    case vcenter = "GUESTWATCH_VCENTER"
    /// The managed object id.
    case vm = "GUESTWATCH_VM"
    case vmName = "GUESTWATCH_VM_NAME"
    case pid = "GUESTWATCH_PID"
    case process = "GUESTWATCH_PROCESS"
    case owner = "GUESTWATCH_OWNER"
    case started = "GUESTWATCH_STARTED"
    case reason = "GUESTWATCH_REASON"
    case outcome = "GUESTWATCH_OUTCOME"
    case killID = "GUESTWATCH_KILL_ID"
  }

  /// A field with its value as it may be shown.
  public struct Field: Hashable, Sendable {
    public let name: Name
    /// At most 256 bytes, one line, printable.
    public let value: String

    public init(_ name: Name, _ value: String) {
      self.name = name
      self.value = shown(value)
    }
  }

  /// The most bytes of a message. With prefix and newline it stays under PIPE_BUF (4096), so that one write(2) of a line
  /// to a pipe is never mixed with another's.
  public static let messageCap = 3072

  public let messageID: MessageID
  public let priority: Priority
  /// A sentence, one line, printable.
  public let message: String
  /// In the order in which they are sent.
  public let fields: [Field]

  public init(_ messageID: MessageID, _ priority: Priority, _ message: String, fields: [Field]) {
    self.messageID = messageID
    self.priority = priority
    self.message = shown(message, cap: JournalEntry.messageCap)
    self.fields = fields
  }

  /// The value of a field, if it is there.
  public subscript(name: Name) -> String? { fields.first { $0.name == name }?.value }
}
