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
  /// Which process has this pid? The first half of a kill by hand: nothing is killed.
  case find(Wanted)
  /// Kill exactly this process; why, in the operator's words.
  case kill(VMKey, LoginID, Identity, why: String)
  /// Something that is only looked at.
  case view(ViewQuestion)

  /// A line that is no question.
  public struct Mistake: Error, Hashable, Sendable {
    /// What is wrong; what would be right.
    public var message: String
  }

  private enum Word: String, CaseIterable {
    case status, pause, resume, reload, find, kill, vms, explain, list
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
      case .find: ["vm", "pid", "guest_login"]
      case .vms: ["vms", "rule", "guest_login"]
      case .explain: ["vcenter_uuid", "vm_uuid", "guest_login", "rule", "pid", "all"]
      case .list: ["vcenter_uuid", "vm_uuid", "guest_login"]
      case .kill:
        [
          "vcenter_uuid", "vm_uuid", "guest_login", "pid", "started_unix", "owner", "owner_doubtful", "reason",
        ]
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
    case .find:
      return .find(
        Wanted(
          vm: try needed(object, "vm", word), pid: try pid(object),
          login: try text(object, "guest_login").map { LoginID($0) }))
    case .vms:
      let login = try text(object, "guest_login").map { LoginID($0) }
      return .view(.vms(VMFilter(vms: try vms(object), rule: try rule(object), login: login)))
    case .explain:
      let (vm, login) = try place(object, word)
      guard object["all"].isNull || object["all"].bool != nil else {
        throw Mistake(message: "\"all\" must be true or false")
      }
      let choice = RowChoice(
        rule: try rule(object), pid: object["pid"].isNull ? nil : try pid(object), all: object["all"].bool ?? false)
      return .view(.explain(vm, login, choice))
    case .list:
      let (vm, login) = try place(object, word)
      return .view(.list(vm, login))
    case .kill:
      let (vm, login) = try place(object, word)
      // An owner may be empty; it must be named all the same.
      guard let started = object["started_unix"].int, let owner = object["owner"].string else {
        throw Mistake(message: "kill needs \"started_unix\", a whole number, and \"owner\", as find answered them")
      }
      let identity = Identity(
        pid: try pid(object), started: started,
        owner: GuestText(owner, doubtful: object["owner_doubtful"].bool ?? false))
      let why = try needed(object, "reason", word)
      guard why.contains(where: { !$0.isWhitespace }) else {
        throw Mistake(message: "\"reason\" must say why: it is what others will find in the ledger")
      }
      guard why.utf8.count <= GuestText.cap else {
        throw Mistake(message: "\"reason\" must be no longer than \(GuestText.cap) bytes: more of it is not kept")
      }
      return .kill(vm, login, identity, why: why)
    }
  }

  /// One VM as it was answered before, and the login to look with.
  private static func place(_ object: JSON, _ word: Word) throws(Mistake) -> (vm: VMKey, login: LoginID) {
    let vm = VMKey(vcenter: try needed(object, "vcenter_uuid", word), instance: try needed(object, "vm_uuid", word))
    return (vm, LoginID(try needed(object, "guest_login", word)))
  }

  private static func needed(_ object: JSON, _ key: String, _ word: Word) throws(Mistake) -> String {
    guard let text = try text(object, key) else {
      throw Mistake(message: "\(word.rawValue) needs \"\(key)\", a text that is not empty")
    }
    return text
  }

  private static func pid(_ object: JSON) throws(Mistake) -> Int64 {
    guard let pid = object["pid"].int, pid >= 0 else {
      throw Mistake(message: "\"pid\" must be a whole number, 0 or more")
    }
    return pid
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

  /// A guest is looked at before it is answered: a minute, or more.
  var waitsForGuest: Bool {
    switch self {
    case .status, .pause, .resume, .retryLogin, .reload: false
    case .find, .kill, .view: true
    }
  }

  /// What is shown of a guest may be as large as a listing, so that fewer are answered at once.
  var isView: Bool {
    switch self {
    case .status, .pause, .resume, .retryLogin, .reload, .find, .kill: false
    case .view: true
    }
  }

  /// How long its answer may take, and each part of it: a step that takes the ledger longer than 30 s means that its disk
  /// hangs; a reload reads some files. A kill by hand takes two looks, a terminate, and looks after it.
  var patience: Duration {
    switch self {
    case .status, .pause, .resume, .retryLogin, .reload: .seconds(60)
    case .find: .seconds(200)
    case .view: .seconds(120)
    case .kill: .seconds(260)
    }
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
    case .find(let wanted):
      fields = [
        ("ask", jsonString(Word.find.rawValue)), ("vm", jsonString(wanted.vm)), ("pid", String(wanted.pid)),
        ("guest_login", wanted.login.map { jsonString($0.name) } ?? "null"),
      ]
    case .kill(let vm, let login, let identity, let why):
      fields = [("ask", jsonString(Word.kill.rawValue))] + Question.fields(vm, login)
      fields += [
        ("pid", String(identity.pid)), ("started_unix", String(identity.started)),
        ("owner", jsonString(identity.owner.value)),
        ("owner_doubtful", identity.owner.doubtful ? "true" : "false"), ("reason", jsonString(why)),
      ]
    case .view(.vms(let filter)):
      fields = [("ask", jsonString(Word.vms.rawValue))] + Question.fields(filter.rule, filter.vms)
      if let login = filter.login { fields.append(("guest_login", jsonString(login.name))) }
    case .view(.list(let vm, let login)):
      fields = [("ask", jsonString(Word.list.rawValue))] + Question.fields(vm, login)
    case .view(.explain(let vm, let login, let choice)):
      fields =
        [("ask", jsonString(Word.explain.rawValue))] + Question.fields(vm, login) + Question.fields(choice.rule, nil)
      if let pid = choice.pid { fields.append(("pid", String(pid))) }
      if choice.all { fields.append(("all", "true")) }
    }
    return jsonObject(fields)
  }

  private static func fields(_ vm: VMKey, _ login: LoginID) -> [(String, String)] {
    [
      ("vcenter_uuid", jsonString(vm.vcenter)), ("vm_uuid", jsonString(vm.instance)),
      ("guest_login", jsonString(login.name)),
    ]
  }

  private static func fields(_ rule: RuleID?, _ vms: Glob?) -> [(String, String)] {
    [("rule", rule?.name), ("vms", vms?.pattern)].compactMap { name, text in text.map { (name, jsonString($0)) } }
  }
}
