/// One mistake, or one thing worth a second look, with its place in a file.
public struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
  public enum Severity: String, Sendable, Hashable {
    /// The configuration cannot be used.
    case error
    /// The configuration can be used; exit statuses do not change.
    case warning
  }

  /// The file or folder, as it was opened.
  public var file: String
  /// Counted from 1.
  public var line: Int
  /// Counted from 1, in Unicode scalars.
  public var column: Int
  public var severity: Severity
  /// What kind of mistake it is; it stays when the message is worded anew.
  public var code: Code
  /// What is wrong; what would be right. Never holds a secret.
  public var message: String

  public init(file: String, line: Int, column: Int, severity: Severity, code: Code, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.severity = severity
    self.code = code
    self.message = message
  }

  /// `FILE:LINE:COLUMN: error: MESSAGE`, always one line: control characters are written as escapes.
  public var description: String {
    escaped("\(file):\(line):\(column): \(severity.rawValue): \(message)")
  }
}

/// True for what is never shown as it is: it could move a terminal's cursor, forge or end a line, or hide and turn the
/// text around it; or nobody can say what a terminal makes of it (private and unassigned ones).
func isSteering(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: true
  default: false
  }
}

/// The text with everything that is steering written as `\u{..}`.
func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    if isSteering(scalar) {
      result += "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// A key for a message, in quotes, escaped and cut to 64 scalars.
func shown(_ key: String) -> String {
  let scalars = key.unicodeScalars
  if scalars.count <= 64 { return "'\(escaped(key))'" }
  return "'\(escaped(String(String.UnicodeScalarView(scalars.prefix(64)))))...'"
}
