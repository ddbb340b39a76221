import Glibc
import GuestWatchCore
import Testing

@testable import RuleFiles

/// `[[notify]]`: what is read, what is only warned of, and what is shown of it. Mistakes are in `badNotify`.
@Suite struct NotifyTests {
  private func folder(_ notify: String, secret: String = "hunter2") throws -> ConfigurationFolder {
    let folder = try ConfigurationFolder()
    try folder.write("secret", secret + "\n", mode: 0o400)
    try folder.write("rules.d/a.toml", rule())
    try folder.write("main.toml", accounts + notify)
    return folder
  }

  private func loaded(_ notify: String, secret: String = "hunter2") throws -> LoadedConfiguration {
    let folder = try folder(notify, secret: secret)
    let result = folder.load()
    #expect(folder.lines(result) == [])
    return try #require(result.loaded)
  }

  @Test func aProgram() throws {
    let notify = try loaded(
      "[[notify]]\nname = \"pager\"\non = [\"killed\", \"would-kill\", \"killed\"]\n"
        + "exec = [\"/bin/true\", \"$(no) shell\"]\ntimeout = \"5s\"\n[[notify]]\non = \"vcenter-down\"\nexec = [\"/bin/true\"]\n"
    ).notify
    #expect(
      notify == [
        NotifySettings(
          name: "pager", events: [.killed, .wouldKill], way: .program(["/bin/true", "$(no) shell"]),
          timeout: .seconds(5)),
        NotifySettings(name: "notify-2", events: [.vcenterDown], way: .program(["/bin/true"]), timeout: .seconds(30)),
      ])
  }

  @Test func byDefaultEveryKillAndWhatKeepsItFromItsWork() throws {
    let notify = try loaded("[[notify]]\nexec = [\"/bin/true\"]\n").notify
    #expect(
      notify.first?.events.map(\.rawValue) == [
        "killed", "login-stopped", "login-unreadable", "vcenter-down", "vcenter-login-refused", "ledger-failing",
        "configuration-refused", "limit-reached",
      ])
    #expect(notify.first?.name == "notify-1")
  }

  @Test func noneAtAll() throws {
    #expect(try loaded("").notify == [])
    let folder = try folder("")
    try folder.write("main.toml", "notify = []\n" + accounts)
    #expect(folder.load().loaded?.notify == [])
  }

  @Test func aURLFromAFileAsPasswordsAre() throws {
    let notify = try loaded(
      "[[notify]]\nwebhook = { file = \"secret\" }\n",
      secret: "HTTPS://Hooks.Example.com:443/services/A@b/hunter2?x=%20")
    guard case .webhook(let webhook)? = notify.notify.first?.way else {
      Issue.record("\(notify.notify)")
      return
    }
    #expect(webhook.url.reveal() == "https://hooks.example.com/services/A@b/hunter2?x=%20")
    #expect(webhook.origin == "https://hooks.example.com")
    #expect(notify.shown().contains("[[notify]]\nname = \"notify-1\"  # default\n"))
    #expect(!notify.shown().contains("services") && !"\(notify.notify)".contains("services"))
    var dumped = ""
    dump(notify.notify, to: &dumped)
    #expect(!dumped.contains("services"))
  }

  @Test func aTokenOfItsOwn() throws {
    let notify = try loaded(
      "[[notify]]\nwebhook = \"https://a.example\"\ntoken = { file = \"secret\" }\n", secret: "abc.DEF-~+/=")
    guard case .webhook(let webhook)? = notify.notify.first?.way else {
      Issue.record("\(notify.notify)")
      return
    }
    #expect(webhook.token?.reveal() == "abc.DEF-~+/=")
    #expect(webhook.url.reveal() == "https://a.example/")
  }

  @Test(arguments: ["two words", "é"]) func aTokenThatNoHeaderCarries(_ token: String) throws {
    let folder = try folder(
      "[[notify]]\nwebhook = \"https://a.example\"\ntoken = { file = \"secret\" }\n", secret: token)
    #expect(
      folder.lines(folder.load()).contains(
        "main.toml:13:9: error: 'token' holds blanks or letters beyond ASCII; keep nothing but the token in it"))
  }

  @Test func withoutOpeningSecretsAURLIsNotKnown() throws {
    let folder = try folder("[[notify]]\nwebhook = { credential = \"hook\" }\ntoken = { credential = \"t\" }\n")
    var surroundings = Surroundings.ofTests
    surroundings.opensSecrets = false
    let loaded = try #require(folder.load(surroundings: surroundings).loaded)
    #expect(
      loaded.notify.map(\.way) == [.webhook(WebhookSettings(url: Secret(""), origin: "", token: Secret("")))])
    #expect(loaded.shown().contains("webhook = { credential = \"hook\" }  # "))
    #expect(loaded.shown().contains("token = { credential = \"t\" }  # "))
  }

  @Test func whatFollowsTheHostIsNeverShown() throws {
    let folder = try folder("[[notify]]\nwebhook = \"https://a.example:8443/services/hunter2?key=hunter2\"\n")
    let shown = try #require(folder.load().loaded).shown()
    #expect(
      folder.shortened(shown).contains(
        "webhook = \"https://a.example:8443\"  # main.toml:12, without what follows the host\n"))
    #expect(!shown.contains("hunter2"))
    // Nor in the line that a mistake is shown with.
    try folder.write(
      "main.toml", accounts + "[[notify]]\nwebhook = \"https://a.example/services/hunter2#\" # hunter2\n")
    let result = folder.load()
    let lines = result.linesWithSource(width: 100)
    #expect(lines.contains { $0.contains("webhook = ...") })
    #expect(!lines.contains { $0.contains("hunter2") || $0.contains("services") })
  }

  // MARK: - The file of a program

  private func said(of mode: mode_t, folder other: mode_t = 0o755) throws -> [String] {
    let folder = try folder("")
    try folder.write("bin/page", "#!/bin/sh\n", mode: mode)
    chmod(folder.path + "/bin", other)
    try folder.write("main.toml", accounts + "[[notify]]\nexec = [\"\(folder.path)/bin/page\"]\n")
    let result = folder.load()
    let lines = folder.lines(result)
    #expect((result.loaded == nil) == lines.contains { $0.contains("error:") })
    return lines
  }

  @Test func aProgramThatIsAsItShouldBe() throws { #expect(try said(of: 0o755) == []) }

  @Test func aProgramThatMayNotBeExecuted() throws {
    #expect(
      try said(of: 0o644) == [
        "main.toml:12:9: warning: the program of 'exec' may not be executed by this user (mode 0644); run chmod a+rx on "
          + "it, or correct the path; until then nobody is told by it"
      ])
  }

  @Test func aProgramThatSomebodyElseCouldExchange() throws {
    let why = ", and it runs with all that guestwatchd may; run chmod go-w on it"
    #expect(
      try said(of: 0o775) == [
        "main.toml:12:9: error: the program of 'exec' may be written by group or others (mode 0775)\(why)"
      ])
    #expect(
      try said(of: 0o755, folder: 0o777) == [
        "main.toml:12:9: error: the program of 'exec' lies in a folder that group or others may write (mode 0777)\(why)"
      ])
  }

  @Test(arguments: [
    ("/no/such/program", "does not exist; create it or correct the path"),
    ("/bin", "is not a regular file; name a program"),
  ])
  func aProgramThatIsNotThere(_ path: String, _ why: String) throws {
    let folder = try folder("[[notify]]\nexec = [\"\(path)\"]\n")
    let result = folder.load()
    #expect(
      folder.lines(result) == [
        "main.toml:12:9: warning: the program of 'exec' \(why); until then nobody is told by it"
      ])
    #expect(result.diagnostics.map(\.code) == [.unusableProgram])
    #expect(result.loaded?.notify.count == 1)
  }

  @Test func aCAFileThatOthersMayWrite() throws {
    let folder = try folder("[[notify]]\nwebhook = \"https://a.example\"\nca_file = \"ca.pem\"\n")
    try folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\n", mode: 0o664)
    #expect(
      folder.lines(folder.load()) == [
        "main.toml:13:11: warning: group or others may write the 'ca_file' (mode 0664) and so pose as this receiver; run "
          + "chmod go-w on it"
      ])
  }
}
