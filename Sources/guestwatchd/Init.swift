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

  @Option(help: ArgumentHelp("Where it is written.", valueName: "folder"))
  var directory = "/etc/guestwatchd"

  @Option(help: ArgumentHelp("The vCenter.", valueName: "https://host"))
  var url: String?

  @Option(help: ArgumentHelp("The certificates (PEM) that it is trusted by.", valueName: "file"))
  var caFile: String?

  @Option(help: ArgumentHelp("The SHA-256 of the certificate that it is trusted by.", valueName: "hex"))
  var fingerprint: String?

  @Option(help: ArgumentHelp("The account at vCenter.", valueName: "user"))
  var username: String?

  @Option(help: ArgumentHelp("A VM to try it on, and for the first rule: its name or moid.", valueName: "name"))
  var vm: String?

  @Option(help: ArgumentHelp("The account in the guest.", valueName: "user"))
  var guestUsername: String?

  @Option(help: ArgumentHelp("The processes that the first rule reports, by name.", valueName: "glob"))
  var processes: String?

  @Option(help: "The state directory of the explanation (default: $STATE_DIRECTORY, else /var/lib/guestwatchd).")
  var state: String?

  func validate() throws {
    guard caFile == nil || fingerprint == nil else {
      throw ValidationError(
        "--fingerprint replaces the check of who signed the certificate; leave it or --ca-file away")
    }
    guard !directory.isEmpty else { throw ValidationError("--directory must be a folder") }
  }

  func run() async throws {
    keepMemoryToItself()
    signal(SIGPIPE, SIG_IGN)
    umask(0o022)
    let order = Starter.Order(
      directory: absolute(directory), url: url, userName: username, caFile: caFile.map(absolute),
      fingerprint: fingerprint, vm: vm, guestUserName: guestUsername, processes: processes)
    let starter = Starter(
      order,
      asking: Starter.Operator(
        answer: { question in await offThePool { askLine(question) } },
        agrees: { question in
          let said = await offThePool { askLine(question) }?.lowercased()
          return said == "y" || said == "yes"
        },
        password: { account in await offThePool { askPassword("Password of \(account): ") } },
        hear: { complain($0) }))
    let outcome = await starter.run()
    for note in outcome.end.notes { complain("guestwatchd: \(note)") }
    guard let config = outcome.config else {
      complain("guestwatchd: \(outcome.end.message)")
      throw ExitCode(outcome.end.status.rawValue)
    }
    complain("what the rule sees now:")
    var explain = ["--config", config]
    if let state { explain += ["--state", state] }
    try await Explain.parse(explain).run()
  }

  private func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return "\(String(cString: folder))/\(path)"
  }
}

/// Asks on the terminal; nil: there is none, or nobody answered.
private func askLine(_ question: String) -> String? {
  guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return nil }
  _ = writeAll(Array(question.utf8), to: STDERR_FILENO)
  return readLine().map { line in
    String(line.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
