import ArgumentParser
import Glibc
import GuestWatchCore
import GuestWatchDaemon
import RuleFiles

/// `guestwatchd doctor`: what is right and what is wrong between here and the guests.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at each vCenter and into one guest of each family, and say what is not as it should be.",
    discussion: """
      Checks are: the certificate of each vCenter, its release, the login, its clock, the privileges of the account on the VMs \
      in scope, and how many of these can be watched; of one guest for each family and login whether it is ready, whether it \
      accepts the login, how large and slow its listing is, and whether start times and owners make sense. Last come the \
      points that VMware's documentation leaves open.

      Everything is read-only. Guests are looked into by the running daemon or, without one, by this command, which holds the \
      state directory meanwhile. Each login is tried once; one that was refused before is not tried again.

      Exit status: 0 nothing is "not ok"; 64 no such vCenter, or a daemon of another configuration; 69 something is "not ok"; \
      73, 75, 78 as for `run`.
      """)

  @Option(help: ArgumentHelp("Only this [[vcenter]].", valueName: "name"))
  var vcenter: String?

  @Flag(help: "One JSON object.")
  var json = false

  @Flag(
    help: "Print the commands that make a role with the least privileges, with govc and PowerCLI, and do nothing else.")
  var roleCommands = false

  @OptionGroup var place: Place

  func run() async throws {
    let output = StandardOutput()
    if roleCommands {
      for line in GuestWatchDaemon.roleCommands { output.line(line) }
      guard output.flush() else { throw ExitCode.failure }
      return
    }
    keepMemoryToItself()
    signal(SIGPIPE, SIG_IGN)
    let result = loadRuleFiles(main: place.config, surroundings: .ofThisProcess(.check))
    guard let loaded = result.loaded else {
      writeDiagnostics(result)
      throw ExitCode(EX_CONFIG)
    }
    let examiner: Examiner
    do throws(Examiner.NoSuchVCenter) { examiner = try Examiner(loaded, only: vcenter) } catch {
      try fail(.usage, error.message)
    }
    let isRunning = try daemonRuns(examiner)
    let greeted = await examiner.greet()
    let heard = try await hear(examiner, isRunning, greeted)
    let interruption = Interruption()
    let report = await interruption.during { await examiner.examine(greeted, heard, interruption) }
    for line in json ? [report.json] : report.text(width: terminalWidth()) { output.line(line) }
    guard output.flush() else { throw ExitCode.failure }
    guard report.isOK else { throw ExitCode(EX_UNAVAILABLE) }
  }

  /// Throws where one runs that has other files: what it says is of other vCenters.
  private func daemonRuns(_ examiner: Examiner) throws -> Bool {
    let reply: ControlClient.Reply
    do throws(ControlClient.NoAnswer) { reply = try place.ask(.status) } catch {
      if error.isListening { try fail(.unavailable, "\(error)") }
      return false
    }
    if let other = examiner.otherConfiguration(reply.lines, than: place.config) {
      try fail(
        .usage, "the daemon of this state directory has read \(other); name that with --config, or another --state")
    }
    return true
  }

  private func hear(
    _ examiner: Examiner, _ isRunning: Bool, _ greeted: [VCenterID: Examiner.Greeted]
  ) async throws -> Heard {
    if isRunning {
      return await examiner.hear(isRunning: true) { [place] question, onLine in
        await offThePool {
          do throws(ControlClient.NoAnswer) {
            return .success(try place.ask(question.question, onLine: onLine))
          } catch {
            return .failure(error)
          }
        }
      }
    }
    // Of one that does not answer, or is not the one that is meant, nothing more can be learned.
    let there = examiner.names.filter { greeted[$0]?.isTrusted == true }
    guard !there.isEmpty else { return Heard() }
    switch await Daemon(place.aloneOptions).examining(
      only: there, { ask in await examiner.hear(isRunning: false, ask) })
    {
    case .success(let heard): return heard
    case .failure(let failure):
      for line in failure.isInterrupted ? ["guestwatchd: interrupted"] : failure.lines { complain(line) }
      throw ExitCode(failure.status.rawValue)
    }
  }
}
