import ArgumentParser
import Glibc
import GuestWatchDaemon
import RuleFiles

/// `guestwatchd init`: a first configuration.
struct Init: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask for a vCenter and an account in a guest, try both once, and write a first configuration.",
    discussion: """
      What is not named here is asked for; passwords are asked for on the terminal, without an echo, and each is sent once. \
      Without --ca-file and --fingerprint the certificate that the vCenter shows is to be confirmed, and it alone is \
      trusted from then on.

      Written are guestwatchd.toml with dry_run = true, a rule in rules.d that only reports, and two files with the \
      passwords that root and the group of the service may read. Nothing that is there is written over. Then what the rule \
      sees is explained, as by `guestwatchd explain`.

      Exit status: 0 written; 64 nobody to ask, or something that cannot be; 69 vCenter or the guest could not be asked, \
      or its certificate was not confirmed; 78 the files could not be written.
      """)

  @Option(help: ArgumentHelp("Where it is written.", valueName: "folder"), completion: .directory)
  var directory = "/etc/guestwatchd"

  @Option(help: ArgumentHelp("The vCenter.", valueName: "https://host"))
  var url: String?

  @OptionGroup var certificate: CertificateOptions

  @Option(help: ArgumentHelp("The account at vCenter.", valueName: "user"))
  var username: String?

  @Option(help: ArgumentHelp("A VM to try it on, and for the first rule: its name or moid.", valueName: "name"))
  var vm: String?

  @Option(help: ArgumentHelp("The account in the guest.", valueName: "user"))
  var guestUsername: String?

  @Option(help: ArgumentHelp("The processes that the first rule reports, by name.", valueName: "glob"))
  var processes: String?

  @Option(
    help: "The state directory of the explanation (default: $STATE_DIRECTORY, else /var/lib/guestwatchd).",
    completion: .directory)
  var state: String?

  func validate() throws {
    guard !directory.isEmpty else { throw ValidationError("--directory must be a folder") }
  }

  func run() async throws {
    keepMemoryToItself()
    signal(SIGPIPE, SIG_IGN)
    umask(0o022)
    let order = Starter.Order(
      directory: joined(workingFolder(), directory), url: url, userName: username,
      caFile: certificate.caFile.map { joined(workingFolder(), $0) }, fingerprint: certificate.fingerprint, vm: vm,
      guestUserName: guestUsername, processes: processes)
    let starter = Starter(
      order,
      asking: Starter.Operator(
        answer: { question in await offThePool { askLine(question) } },
        agrees: { question in await askWhetherYes(question) == .yes },
        password: { account in await offThePool { askPassword("Password of \(account): ") } },
        hear: { complain($0) }))
    let outcome = await starter.run()
    for note in outcome.end.notes { complain("guestwatchd: \(note)") }
    guard let config = outcome.config else { try fail(outcome.end.status, outcome.end.message) }
    complain("what the rule sees now:")
    var explain = ["--config", config]
    if let state { explain += ["--state", state] }
    try await Explain.parse(explain).run()
  }
}
