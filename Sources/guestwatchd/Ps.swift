import ArgumentParser
import Glibc
import GuestWatchCore
import GuestWatchDaemon
import RuleFiles

/// `guestwatchd ps`: the processes of one guest.
struct Ps: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the processes of a guest: pid, owner, start, age, command.",
    discussion: """
      The VM is looked into through a guest login of a rule that reaches it, by the running daemon or, without one, by \
      this command, which holds the state directory meanwhile. Command lines are shown with log_commands = "full"; else \
      the names of the processes are.

      With --url no configuration, daemon or state is needed: --username and --guest-username say who, and both passwords \
      are asked for on the terminal, without an echo. Each is sent once: one that is refused is not tried again. Command \
      lines are shown then.

      Times are UTC, and by the guest's clock. Exit status: 0 listed; 64 no such VM or login, or several; 69 nobody to \
      ask, or the VM could not be looked into; 73, 75, 78 as for `run`, without a daemon.
      """)

  @Option(
    help: ArgumentHelp("The VM: its name, its moid, or VCENTER:MOID where those are not enough.", valueName: "name"))
  var vm: String

  @Option(
    help: ArgumentHelp(
      "The guest login; may be left out where rules look at this VM with one login only.", valueName: "name"))
  var login: String?

  @Flag(help: "One JSON object a line.")
  var json = false

  @Option(help: ArgumentHelp("Ask this vCenter, without a configuration.", valueName: "https://host"))
  var url: String?

  @Option(help: ArgumentHelp("The account at --url.", valueName: "user"))
  var username: String?

  @Option(help: ArgumentHelp("The account in the guest.", valueName: "user"))
  var guestUsername: String?

  @OptionGroup var certificate: CertificateOptions

  @OptionGroup var place: Place

  func validate() throws {
    guard !vm.isEmpty, (try? Glob(vm)) != nil else { throw ValidationError("--vm must be a VM's name or moid") }
    guard login?.isEmpty != true else { throw ValidationError("--login must be the name of a [[guest_login]]") }
    let names = [("--username", username), ("--guest-username", guestUsername)]
    guard url != nil else {
      for (name, value) in names + [("--ca-file", certificate.caFile), ("--fingerprint", certificate.fingerprint)]
      where value != nil {
        throw ValidationError("\(name) is about a vCenter that is named with --url")
      }
      return
    }
    guard login == nil else { throw ValidationError("--login is of a configuration; with --url say --guest-username") }
    for (name, value) in names where value?.isEmpty != false {
      throw ValidationError("--url needs \(name)")
    }
  }

  func run() async throws {
    let show = Shower(json ? .asTheyAre : .listing)
    if let url { return try await direct(url, show) }
    guard let name = try? Glob(vm) else { return }
    let wanted = login.map { LoginID($0) }
    let end = try await View(place: place).run(
      daemon: { ask in await ListTalk(ask: ask, emit: { show.line($0) }).run(vm: name, login: wanted) },
      show: show)
    try show.finish(end)
  }

  private func direct(_ url: String, _ show: Shower) async throws {
    keepMemoryToItself()
    signal(SIGPIPE, SIG_IGN)
    let order = DirectListing.Order(
      url: url, userName: username ?? "", guestUserName: guestUsername ?? "", vm: vm,
      caFile: certificate.caFile, fingerprint: certificate.fingerprint)
    let listing: DirectListing
    do throws(DirectListing.Mistake) { listing = try DirectListing(order) } catch {
      try fail(.usage, error.message)
    }
    let end = await listing.run(
      password: { account in await offThePool { askPassword("Password of \(account): ") } },
      emit: { show.line($0) })
    try show.finish(end)
  }
}
