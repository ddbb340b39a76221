public import GuestWatchCore
import Ledger
import Systemd
import VSphere

/// `guestwatchd kill`, from the first question to the last word, whoever answers: a daemon over its socket, or one that the
/// command is itself. What is shown, asked and printed comes in as closures.
public struct KillTalk {
  /// What the command line says.
  public struct Order: Sendable {
    public var wanted: Wanted
    public var why: String
    /// Nobody is asked.
    public var isAgreed: Bool

    public init(wanted: Wanted, why: String, isAgreed: Bool) {
      self.wanted = wanted
      self.why = why
      self.isAgreed = isAgreed
    }
  }

  /// What the operator says to the question.
  public enum Said: Sendable {
    case yes
    case no
    /// Nobody was there to say anything.
    case nothing
  }

  /// What it came to.
  public struct End: Hashable, Sendable {
    public var status: ExitStatus
    /// One sentence.
    public var message: String
    public var notes: [String] = []
    /// One JSON object: the process, and what became of it; null where there is nothing to say.
    public var json: String
  }

  /// Asks, and says each step on the way.
  let ask: (Question) async throws(ControlClient.NoAnswer) -> ControlClient.Reply
  /// Lines for the operator, before the question.
  let show: (String) -> Void
  /// Asks the question.
  let agrees: () async -> Said

  public init(
    ask: @escaping (Question) async throws(ControlClient.NoAnswer) -> ControlClient.Reply,
    show: @escaping (String) -> Void, agrees: @escaping () async -> Said
  ) {
    self.ask = ask
    self.show = show
    self.agrees = agrees
  }

  public func run(_ order: Order) async throws(ControlClient.NoAnswer) -> End {
    let found = try await ask(.find(order.wanted))
    guard found.isDone, let process = found.object("process") else {
      return end(found.status, found.message, found.notes, nil)
    }
    for line in lines(process, order) { show(line) }
    if let gate = process["gate_says"].string {
      return end(.unavailable, "not killed: \(gate); nothing was sent", [], process)
    }
    guard let kill = question(process, order.why) else {
      return end(.unavailable, "the answer makes no sense; nothing was sent", [], process)
    }
    if !order.isAgreed {
      switch await agrees() {
      case .yes: break
      case .no: return end(.unavailable, "not killed, as you said; nothing was sent", [], process)
      case .nothing:
        return end(.unavailable, "not killed, for nobody answered the question; nothing was sent", [], process)
      }
    }
    let reply: ControlClient.Reply
    do throws(ControlClient.NoAnswer) { reply = try await ask(kill) } catch {
      guard error.isListening else {
        return end(.unavailable, "not killed: \(error) any more; nothing was sent", [], process)
      }
      // It may be on its way: only the ledger knows.
      return end(
        .unavailable, "\(error); `guestwatchd history` shows whether it was sent and what came of it", [], process)
    }
    return end(reply.status, reply.message, reply.notes, process, reply.object("kill"))
  }

  /// The order for exactly what was shown.
  private func question(_ process: JSON, _ why: String) -> Question? {
    guard let vcenter = process["vcenter_uuid"].string, let vm = process["vm_uuid"].string,
      let login = process["guest_login"].string, let pid = process["pid"].int,
      let started = process["started_unix"].int, let owner = process["owner"].string
    else { return nil }
    let identity = Identity(
      pid: pid, started: started, owner: GuestText(owner, doubtful: process["owner_doubtful"].bool ?? false))
    return .kill(VMKey(vcenter: vcenter, instance: vm), LoginID(login), identity, why: why)
  }

  private func lines(_ process: JSON, _ order: Order) -> [String] {
    let text = { (key: String) in shown(process[key].string ?? "?") }
    var lines = [
      "VM:       \(text("vm_name")) (\(text("vm")) of vCenter \(text("vcenter")))",
      "process:  \(text("name")) (pid \(process["pid"].int ?? 0))",
      "owner:    \(process["owner"].string == "" ? "not known" : text("owner"))",
      "started:  \(text("started")) by the guest's clock",
    ]
    if !process["command"].isNull { lines.append("command:  \(text("command"))") }
    if process["stuck"].bool == true {
      lines.append("before:   it survived three terminates, and rules leave it alone")
    }
    lines += [
      "login:    \(text("guest_login"))", "reason:   \(shown(order.why))",
      "It will be looked at once more and, if it is still this process and every gate is open, told to end: SIGTERM, then "
        + "SIGKILL after 5 s (Windows: at once).",
    ]
    return lines
  }

  private func end(
    _ status: ExitStatus, _ message: String, _ notes: [String], _ process: JSON?, _ kill: JSON? = nil
  ) -> End {
    let text = { (object: JSON?, key: String) in object?[key].string.map(jsonString) ?? "null" }
    let json = jsonObject([
      ("kill_id", text(kill, "kill_id")), ("outcome", text(kill, "outcome")),
      ("error", status == .done ? "null" : jsonString(message)), ("vcenter", text(process, "vcenter")),
      ("vm", text(process, "vm")), ("vm_name", text(process, "vm_name")),
      ("pid", process?["pid"].int.map { String($0) } ?? "null"), ("name", text(process, "name")),
      ("owner", text(process, "owner")), ("started", text(process, "started")),
      ("guest_login", text(process, "guest_login")), ("gate", text(process, "gate")),
    ])
    return End(status: status, message: message, notes: notes, json: json)
  }
}

extension ControlClient.Reply {
  /// The first line of this kind, read.
  func object(_ kind: String) -> JSON? {
    lines.lazy.compactMap { try? JSONReader.read(Array($0.utf8)) }.first { $0["is"].string == kind }
  }
}
