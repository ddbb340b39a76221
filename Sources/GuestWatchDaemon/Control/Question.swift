public import GuestWatchCore
import Ledger
import VSphere

/// What is asked over the control socket: one JSON object on one line.
public enum Question: Hashable, Sendable {
  case status
  /// No kill begins where it applies; nil: every rule, every VM, until it is resumed.
  case pause(rule: RuleID?, vms: Glob?, lasting: Duration?)
  /// Ends the pauses with exactly this rule and these VMs; with neither, all of them.
  case resume(rule: RuleID?, vms: Glob?)
  case retryLogin(LoginID)
  case reload

  /// A line that is no question.
  public struct Mistake: Error, Hashable, Sendable {
    /// What is wrong; what would be right.
    public var message: String
  }

  private enum Word: String, CaseIterable {
    case status, pause, resume, reload
    case retryLogin = "retry-login"
  }

  /// The longest pause with an end: as long as the longest DURATION of a rule file.
  private static let longest: Int64 = 3650 * 86_400

  /// Reads a line, without its end. A member that it does not know is a mistake: it may have been meant to narrow what is
  /// asked for.
  public static func read(_ line: [UInt8]) throws(Mistake) -> Question {
    guard let object = try? JSONReader.read(line), case .object(let members) = object else {
      throw Mistake(message: "a question is one JSON object on one line, such as {\"ask\":\"status\"}")
    }
    guard let word = object["ask"].string.flatMap({ Word(rawValue: $0) }) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw Mistake(message: "\"ask\" must be one of: \(known)")
    }
    let allowed: [String] =
      switch word {
      case .status, .reload: []
      case .pause: ["rule", "vms", "for_seconds"]
      case .resume: ["rule", "vms"]
      case .retryLogin: ["guest_login"]
      }
    for member in members where member.key != "ask" && !allowed.contains(member.key) {
      throw Mistake(message: "\(word.rawValue) takes no member \(jsonString(String(member.key.prefix(64))))")
    }
    switch word {
    case .status: return .status
    case .reload: return .reload
    case .pause:
      return .pause(rule: try rule(object), vms: try vms(object), lasting: try duration(object["for_seconds"]))
    case .resume: return .resume(rule: try rule(object), vms: try vms(object))
    case .retryLogin:
      guard let name = try text(object, "guest_login") else {
        throw Mistake(message: "retry-login needs \"guest_login\", the name of a [[guest_login]]")
      }
      return .retryLogin(LoginID(name))
    }
  }

  private static func rule(_ object: JSON) throws(Mistake) -> RuleID? { try text(object, "rule").map { RuleID($0) } }

  private static func vms(_ object: JSON) throws(Mistake) -> Glob? {
    guard let pattern = try text(object, "vms") else { return nil }
    do { return try Glob(pattern) } catch {
      throw Mistake(
        message:
          "\"vms\" is no glob; write a VM's name or moid, with * for any run, ? for one character, [a-z] for one of")
    }
  }

  private static func text(_ object: JSON, _ key: String) throws(Mistake) -> String? {
    let value = object[key]
    if value.isNull { return nil }
    guard let text = value.string, !text.isEmpty else {
      throw Mistake(message: "\"\(key)\" must be a text that is not empty")
    }
    return text
  }

  private static func duration(_ value: JSON) throws(Mistake) -> Duration? {
    if value.isNull { return nil }
    guard let seconds = value.int, (1...longest).contains(seconds) else {
      throw Mistake(message: "\"for_seconds\" must be a whole number from 1 to \(longest)")
    }
    return .seconds(seconds)
  }

  /// The question as a line, without its end.
  public var line: String {
    var fields: [(String, String)] = []
    switch self {
    case .status: fields = [("ask", jsonString(Word.status.rawValue))]
    case .reload: fields = [("ask", jsonString(Word.reload.rawValue))]
    case .pause(let rule, let vms, let lasting):
      fields = [("ask", jsonString(Word.pause.rawValue))] + Question.fields(rule, vms)
      if let lasting { fields.append(("for_seconds", String(lasting.wholeSeconds))) }
    case .resume(let rule, let vms):
      fields = [("ask", jsonString(Word.resume.rawValue))] + Question.fields(rule, vms)
    case .retryLogin(let login):
      fields = [("ask", jsonString(Word.retryLogin.rawValue)), ("guest_login", jsonString(login.name))]
    }
    return jsonObject(fields)
  }

  private static func fields(_ rule: RuleID?, _ vms: Glob?) -> [(String, String)] {
    [("rule", rule?.name), ("vms", vms?.pattern)].compactMap { name, text in text.map { (name, jsonString($0)) } }
  }
}
