import ArgumentParser
import Glibc
import GuestWatchCore
import GuestWatchDaemon
import RuleFiles

/// `guestwatchd explain`: what the rules say of every process, and why.
struct Explain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look, and say of every process what each rule says of it, and why. Never kills.",
    discussion: """
      For each VM and rule: the processes that match, with their age as it is claimed and as it is proven, their limits, \
      since when they are over one, when they are due, and every gate that keeps them alive. Processes that do not match \
      are counted by the first condition that failed (pid, started, name, owner, command, unless); --all and --pid show \
      each. The last line says how many would be killed and what to change to allow more.

      The running daemon is asked, and lists each VM in its turn, as for any survey; what it does by its rules goes on. \
      Without a daemon the command looks itself: it holds the state directory meanwhile, no rule acts, and what is known \
      of ages and refused logins counts. Only VMs that some rule's scope reaches are looked at.

      --listing explains a saved answer of the REST process list or of VI JSON's ListProcessesInGuest (FILE or -), \
      without a vCenter or a daemon. One listing proves no age, so start times are believed then.

      Exit status: 0 explained; 64 no such VM or rule, or no listing that can be read; 69 nobody to ask, or no VM could be \
      looked at; 73, 75, 78 as for `run`, without a daemon.
      """)

  @Option(help: ArgumentHelp("Only VMs whose name, moid or VCENTER:MOID fits.", valueName: "glob"))
  var vm: String?

  @Option(help: "Only this process.")
  var pid: Int64?

  @Option(help: ArgumentHelp("Only this rule.", valueName: "name"))
  var rule: String?

  @Flag(help: "Show each process that does not match, too.")
  var all = false

  @Flag(help: "One JSON object a line; \"is\" says of what.")
  var json = false

  @Flag(help: "Go on: explain each VM again as often as its rules look at it, until interrupted.")
  var follow = false

  @Option(
    help: ArgumentHelp("Explain this saved listing. --vm names its VM (default: the file's name).", valueName: "file"),
    completion: .file())
  var listing: String?

  @Option(help: "The guest of --listing: windows, linux, other or unknown (default: by what is listed).")
  var family: Family?

  @Option(
    help: ArgumentHelp("When --listing is looked at, RFC 3339 (default: when the file was written).", valueName: "time")
  )
  var at: String?

  @OptionGroup var place: Place

  enum Family: String, ExpressibleByArgument, CaseIterable { case windows, linux, other, unknown }

  func validate() throws {
    // That of a saved listing is a name.
    if listing == nil { try validateVMs(vm) }
    guard pid ?? 0 >= 0 else { throw ValidationError("--pid must be a process id, 0 or more") }
    guard listing != nil || (family == nil && at == nil) else {
      throw ValidationError("--family and --at are about a saved listing; name it with --listing")
    }
    guard listing == nil || !follow else { throw ValidationError("a saved listing cannot be followed") }
  }

  func run() async throws {
    let show = Shower(json ? .asTheyAre : .explanation)
    if let listing { return try explain(listing, show) }
    let order = ExplainTalk.Order(
      filter: VMFilter(vms: vm.flatMap { try? Glob($0) }, rule: rule.map { RuleID($0) }),
      choice: RowChoice(rule: rule.map { RuleID($0) }, pid: pid, all: all), follow: follow)
    let end = try await View(place: place, follow: follow).run(
      daemon: { ask in
        await ExplainTalk(
          ask: ask, emit: { show.line($0) }, wait: { await show.pause($0) }, now: monotonic
        ).run(order)
      }, show: show)
    try show.finish(end)
  }

  // MARK: A saved listing

  private func explain(_ file: String, _ show: Shower) throws {
    var surroundings = Surroundings.ofThisProcess(.check)
    surroundings.opensSecrets = false
    let result = loadRuleFiles(main: place.config, surroundings: surroundings)
    guard let loaded = result.loaded else {
      writeDiagnostics(result)
      throw ExitCode(EX_CONFIG)
    }
    let end: ExplainTalk.End
    do throws(SavedListingFile.Unusable) {
      let saved = try SavedListingFile(
        path: file, vm: vm, family: family.flatMap { GuestFamily(rawValue: $0.rawValue) }, at: at)
      for note in saved.notes { complain("guestwatchd: \(note)") }
      end = saved.explain(
        loaded.configuration, RowChoice(rule: rule.map { RuleID($0) }, pid: pid, all: all), emit: { show.line($0) })
    } catch {
      try fail(.usage, error.message)
    }
    try show.finish(end)
  }
}
