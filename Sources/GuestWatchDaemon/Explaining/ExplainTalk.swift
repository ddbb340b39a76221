public import GuestWatchCore
import Ledger
import VSphere

/// `guestwatchd explain`, from the first question to the last line, whoever answers: a daemon over its socket, or one that
/// the command is itself. What is asked, shown and waited for comes in as closures; nothing here can ask for a kill.
public struct ExplainTalk: Sendable {
  /// What the command line says.
  public struct Order: Sendable {
    public var filter: VMFilter
    public var choice: RowChoice
    /// Goes on until it is interrupted.
    public var follow: Bool

    public init(filter: VMFilter, choice: RowChoice, follow: Bool) {
      self.filter = filter
      self.choice = choice
      self.follow = follow
    }
  }

  /// What it came to.
  public struct End: Hashable, Sendable {
    public var status: ExitStatus
    /// One sentence; empty where there is nothing to complain of.
    public var message: String
    public var notes: [String]

    public init(status: ExitStatus = .done, message: String = "", notes: [String] = []) {
      self.status = status
      self.message = message
      self.notes = notes
    }
  }

  public typealias Ask =
    @Sendable (ViewQuestion, _ onLine: @escaping @Sendable (String) -> Void) async
    -> Result<ControlClient.Reply, ControlClient.NoAnswer>

  /// So many VMs are asked about at once; a daemon has places for others, too.
  static let atOnce = 4
  /// New VMs are found at least so often.
  static let longestWait = Duration.seconds(300)

  let ask: Ask
  /// Takes each line, a JSON object.
  let emit: @Sendable (String) -> Void
  /// Lets so long pass; false: it was interrupted.
  let wait: @Sendable (Duration) async -> Bool
  let now: @Sendable () -> Instant

  public init(
    ask: @escaping Ask, emit: @escaping @Sendable (String) -> Void,
    wait: @escaping @Sendable (Duration) async -> Bool, now: @escaping @Sendable () -> Instant
  ) {
    self.ask = ask
    self.emit = emit
    self.wait = wait
    self.now = now
  }

  public func run(_ order: Order) async -> End {
    var due: [ReachedLine: Instant] = [:]
    var said: [String] = []
    while true {
      let lines = Held()
      let listed: ControlClient.Reply
      switch await ask(.vms(order.filter), { lines.append($0) }) {
      case .failure(let nobody): return End(status: .unavailable, message: "\(nobody)")
      case .success(let reply): listed = reply
      }
      guard listed.isDone else { return End(status: listed.status, message: listed.message, notes: listed.notes) }
      let objects = lines.all.compactMap { try? JSONReader.read(Array($0.utf8)) }
      let targets = objects.compactMap(ReachedLine.init)
      let began = now()
      let turn = targets.filter { due[$0].map { $0 <= began } ?? true }
      var summary = ExplainSummary()
      if due.isEmpty {
        for line in lines.all where line.starts(with: #"{"is":"unwatched""#) {
          summary.take(line)
          emit(line)
        }
      }
      if let nobody = await explain(turn, order.choice, &summary) {
        return End(status: .unavailable, message: "\(nobody)")
      }
      if !turn.isEmpty { emit(summary.end()) }
      guard order.follow else { return end(summary, listed.notes) }
      if listed.notes != said {
        for note in listed.notes { emit(jsonObject([("is", jsonString("note")), ("message", jsonString(note))])) }
      }
      said = listed.notes
      let ended = now()
      for target in turn { due[target] = ended + target.every }
      due = due.filter { targets.contains($0.key) }
      let next = min(due.values.min() ?? .never, ended + Self.longestWait)
      guard await wait(max(next - ended, .seconds(1))) else { return End() }
    }
  }

  private func end(_ summary: ExplainSummary, _ notes: [String]) -> End {
    guard summary.vms == 0, summary.unwatched > 0 else { return End(status: .done, notes: notes) }
    return End(status: .unavailable, message: "no VM could be looked at; the reasons stand above", notes: notes)
  }

  /// In their order; of some that come after them the answers are held meanwhile, and no more than that.
  ///
  /// - Returns: why nobody could be asked any more; nil: all were.
  private func explain(
    _ targets: [ReachedLine], _ choice: RowChoice, _ summary: inout ExplainSummary
  ) async -> ControlClient.NoAnswer? {
    // Where every row is asked for, one answer is much to hold.
    let atOnce = choice.all ? 1 : Self.atOnce
    var waiting: [Task<Result<[String], ControlClient.NoAnswer>, Never>] = []
    var next = 0
    while next < targets.count || !waiting.isEmpty {
      while next < targets.count, waiting.count < atOnce {
        let target = targets[next]
        waiting.append(Task { await explain(target, choice) })
        next += 1
      }
      switch await waiting.removeFirst().value {
      case .failure(let nobody):
        for task in waiting { task.cancel() }
        return nobody
      case .success(let lines):
        for line in lines {
          summary.take(line)
          emit(line)
        }
      }
    }
    return nil
  }

  private func explain(_ target: ReachedLine, _ choice: RowChoice) async -> Result<[String], ControlClient.NoAnswer> {
    let lines = Held()
    switch await ask(.explain(target.vm, target.login, choice), { lines.append($0) }) {
    case .failure(let nobody): return .failure(nobody)
    case .success(let reply):
      return .success(reply.isDone ? lines.all : [target.line(reply.message)])
    }
  }
}
