import ArgumentParser
import Glibc
import GuestWatchCore
import GuestWatchDaemon
import RuleFiles

/// `guestwatchd kill`: one process, by hand.
struct Kill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Terminate one process in a guest, through the same gates, confirm and ledger as a rule.",
    discussion: """
      Shows what has the pid, asks, and kills exactly that process: same pid, start time and owner in two looks 5 s apart \
      or more, the second right before the terminate. What belongs to a rule alone (limits, lasting, action, budget, \
      cooldown, not_during) does not apply; the protect list, dry run, pauses of all rules, the budgets of VM and fleet, \
      quarantined logins and the ledger do. A process that survived three terminates and is left alone by rules may be \
      tried.

      Only VMs that some rule's scope reaches are looked into. The running daemon does it; without one this command does, \
      and holds the state directory for as long as it takes.

      Exit status: 0 the process was told to end and exited; 64 no such VM or login, several of them, or nobody to ask; 69 \
      not killed (the reason is said) or not known; 73 the intent could not be recorded; 73, 75 and 78 as for `run`, \
      without a daemon.
      """)

  @Option(
    help: ArgumentHelp("The VM: its name, its moid, or VCENTER:MOID where those are not enough.", valueName: "name"))
  var vm: String

  @Option(help: "The process id in the guest.")
  var pid: Int64

  @Option(
    help: ArgumentHelp(
      "The guest login; may be left out where rules look at this VM with one login only.", valueName: "name"))
  var login: String?

  @Option(help: ArgumentHelp("Why. It stands in the ledger and the journal, with your user id.", valueName: "text"))
  var reason: String

  @Flag(help: "Do not ask.")
  var yes = false

  @Flag(help: "One JSON object on stdout instead of a sentence.")
  var json = false

  @OptionGroup var place: Place

  func validate() throws {
    guard pid >= 0 else { throw ValidationError("--pid must be a process id, 0 or more") }
    guard !vm.isEmpty else { throw ValidationError("--vm must be a VM's name or moid") }
    guard login?.isEmpty != true else { throw ValidationError("--login must be the name of a [[guest_login]]") }
    guard reason.contains(where: { !$0.isWhitespace }) else {
      throw ValidationError("--reason must say why: it is what others will find in the ledger")
    }
    guard reason.utf8.count <= GuestText.cap else {
      throw ValidationError("--reason must be no longer than \(GuestText.cap) bytes: more of it is not kept")
    }
    // Nobody agrees to what he cannot see.
    guard yes || canAsk else {
      throw ValidationError("there is no terminal to ask on; say --yes to kill without being asked")
    }
  }

  func run() async throws {
    let order = KillTalk.Order(
      wanted: Wanted(vm: vm, pid: pid, login: login.map { LoginID($0) }), why: reason, isAgreed: yes)
    let end: KillTalk.End
    do throws(ControlClient.NoAnswer) {
      end = try await talk { (question) throws(ControlClient.NoAnswer) in
        try place.ask(question, onStep: Kill.tell)
      }.run(order)
    } catch {
      if error.isListening { try fail(.unavailable, "\(error)") }
      complain("guestwatchd: \(error); so it is done without one")
      end = try await withoutDaemon(order)
    }
    let output = StandardOutput()
    if json { output.line(end.json) } else if end.status == .done { output.line(end.message) }
    let isWritten = output.flush()
    guard end.status == .done else {
      complain("guestwatchd: \(end.message)")
      for note in end.notes { complain(note) }
      throw ExitCode(end.status.rawValue)
    }
    guard isWritten else { throw ExitCode.failure }
  }

  private func withoutDaemon(_ order: KillTalk.Order) async throws -> KillTalk.End {
    let result = await Daemon(place.aloneOptions).byHand(onStep: Kill.tell) { [self] ask in
      do throws(ControlClient.NoAnswer) {
        return Result<KillTalk.End, ControlClient.NoAnswer>.success(
          try await talk { (question) throws(ControlClient.NoAnswer) in await ask(question) }.run(order))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(.success(let end)): return end
    case .success(.failure(let error)): try fail(.unavailable, "\(error)")
    case .failure(let failure):
      for line in failure.lines { complain(line) }
      throw ExitCode(failure.status.rawValue)
    }
  }

  private func talk(
    _ ask: @escaping (Question) async throws(ControlClient.NoAnswer) -> ControlClient.Reply
  ) -> KillTalk {
    let shows = !yes || isatty(STDERR_FILENO) == 1
    return KillTalk(ask: ask, show: { if shows { complain($0) } }, agrees: { await askWhetherYes("Kill it? [y/N] ") })
  }

  /// How far it is, for whoever looks on.
  private static func tell(_ step: String) {
    if isatty(STDERR_FILENO) == 1 { complain("guestwatchd: \(step)") }
  }
}
