import GuestWatchCore

/// Words that stand for what must never be written anywhere (S9).
public enum Canary {
  /// The beginning of every password of a simulated world.
  public static let password = "canary-"
  /// Part of an argument of some command lines.
  public static let argument = "tell-no-one"
}

/// S9: no secret and, unless asked for, no command line is in anything that the daemon gives away.
extension Checker {
  mutating func guardSecrets(_ effect: Effect) throws(Violation) {
    effects += 1
    switch effect {
    case .report(let report):
      if let process = report.process { try guardSecret(process) }
      try guardText(report.detail, report.fault?.code, report.fault?.detail, report.vmName, report.process?.name.value)
    case .record(_, .intent(let record)), .record(_, .reported(let record, _)):
      try guardSecret(record.process)
      try guardText(record.vmName, record.ruleDescription, record.process.name.value, record.process.owner.value)
    case .record(_, .closed(_, let fault, _, _)): try guardText(fault?.code, fault?.detail)
    case .record(_, .answered(_, let answer)): try guardText(answer.fault?.code, answer.fault?.detail)
    case .answer(_, let answer): try guardSecrets(answer)
    case .show(_, let answer): try guardSecrets(answer)
    case .survey, .look, .terminate, .refresh, .note, .remember, .keepPauses, .status, .wake, .ready, .stopped: break
    }
    // All of it, whatever is added to it later; rendering takes long, so only now and then.
    if effects % 61 == 0 { try guardText("\(effect)") }
  }

  func guardSecret(_ process: GuestWatchCore.Process) throws(Violation) {
    if configuration?.logCommands == .name, !process.command.value.isEmpty {
      throw Violation("S9", "a command line is to be written: \(Line.of(process))")
    }
  }

  func guardText(_ texts: String?...) throws(Violation) {
    for case let text? in texts {
      if Checker.holds(text, Canary.password) { throw Violation("S9", "a password is to be written: \(text)") }
      if configuration?.logCommands == .name, Checker.holds(text, Canary.argument) {
        throw Violation("S9", "part of a command line is to be written: \(text)")
      }
    }
  }

  /// True where `word` is somewhere in the text, by bytes.
  static func holds(_ text: String, _ word: String) -> Bool {
    let word = Array(word.utf8)
    var matched = 0
    for byte in text.utf8 {
      // The first byte of a canary does not come again in it, so a match can only begin anew where it stands.
      matched = byte == word[matched] ? matched + 1 : (byte == word[0] ? 1 : 0)
      if matched == word.count { return true }
    }
    return false
  }
}
