import Glibc
import GuestWatchCore
import Testing

@testable import RuleFiles

@Suite struct SecretTests {
  /// What loading says of the vCenter's password, and the password.
  func load(
    _ password: String, _ bytes: [UInt8]? = nil, mode: mode_t = 0o400, at name: String = "s",
    surroundings: Surroundings = .ofTests, group: gid_t? = nil
  ) throws -> (lines: [String], secret: String?) {
    let folder = try ConfigurationFolder()
    let main = accounts.replacing(#"{ file = "secret" }"#, with: password, maxReplacements: 1)
    try folder.write("main.toml", main + rule())
    try folder.write("secret", "hunter2\n", mode: 0o400)
    if let bytes { try folder.write(name, bytes, mode: mode) }
    if let group { try #require(chown(folder.path + "/" + name, geteuid(), group) == 0) }
    var surroundings = surroundings
    if surroundings.credentialsDirectory != nil { surroundings.credentialsDirectory = folder.path + "/credentials" }
    let result = folder.load(surroundings: surroundings)
    return (folder.lines(result), result.loaded?.vcenters.first?.password.reveal())
  }

  let file = #"{ file = "s" }"#
  let credential = #"{ credential = "vc" }"#

  @Test(arguments: [
    ("hunter2", "hunter2"), ("hunter2\n", "hunter2"), (" hünter 2 ", " hünter 2 "), ("a\u{0301}\n", "a\u{0301}"),
  ])
  func oneTrailingNewlineGoes(_ text: String, _ secret: String) throws {
    let (lines, read) = try load(file, Array(text.utf8))
    #expect(lines == [])
    #expect(read.map { Array($0.utf8) } == Array(secret.utf8))
  }

  @Test func whatIsNoPasswordIsAnError() throws {
    let control =
      "main.toml:5:21: error: the secret file holds a line end or another control character; keep one line with the "
      + "secret in it"
    for text in ["hunter2\n\n", "hunter2\r\n", "a\nb", "a\u{0}b", "\ta"] {
      #expect(try load(file, Array(text.utf8)).lines == [control])
    }
    for text in ["", "\n"] {
      #expect(
        try load(file, Array(text.utf8)).lines == [
          "main.toml:5:21: error: the secret file is empty; put the secret in it"
        ])
    }
    #expect(
      try load(file, [0x68, 0xFF]).lines == ["main.toml:5:21: error: the secret file is not UTF-8; save it as UTF-8"])
    #expect(
      try load(file, Array(repeating: 0x61, count: 70_000)).lines == [
        "main.toml:5:21: error: the secret file is too large; split it or correct the path"
      ])
  }

  @Test func othersMayNotUseASecretFile() throws {
    for (mode, octal) in [(0o404, "0404"), (0o402, "0402"), (0o644, "0644")] as [(mode_t, String)] {
      #expect(
        try load(file, [0x61], mode: mode).lines == [
          "main.toml:5:21: error: the secret file may be used by others (mode \(octal)); give it mode 0400 or 0440"
        ])
    }
    #expect(try load(file, [0x61], mode: 0o440).lines == [])
  }

  @Test(.enabled(if: geteuid() == 0, "only root may give a file to another group"))
  func anotherGroupMayNotUseASecretFile() throws {
    #expect(
      try load(file, [0x61], mode: 0o440, group: 4242).lines == [
        "main.toml:5:21: error: the secret file may be used by group 4242, which is not the service's own (mode 0440); "
          + "give it mode 0400 or the service's group"
      ])
    #expect(try load(file, [0x61], mode: 0o400, group: 4242).lines == [])
    let service = Surroundings(purpose: .run, credentialsDirectory: nil, serviceGroups: [4242])
    let (lines, _) = try load(file, [0x61], mode: 0o440, surroundings: service, group: 4242)
    #expect(lines == [])
  }

  @Test func aCredentialIsReadFromItsFolder() throws {
    let systemd = Surroundings(purpose: .run, credentialsDirectory: "set", serviceGroups: [])
    // The rights of its group are systemd's access list, not a group's.
    let (lines, secret) = try load(
      credential, Array("vault\n".utf8), mode: 0o440, at: "credentials/vc", surroundings: systemd)
    #expect(lines == [])
    #expect(secret == "vault")
    #expect(
      try load(credential, [0x61], mode: 0o444, at: "credentials/vc", surroundings: systemd).lines == [
        "main.toml:5:27: error: this credential's file may be used by others (mode 0444); give it mode 0400"
      ])
    #expect(
      try load(credential, [0x0A], at: "credentials/vc", surroundings: systemd).lines == [
        "main.toml:5:27: error: this credential is empty; put the secret in it"
      ])
    for purpose in [Surroundings.Purpose.run, .check] {
      let there = Surroundings(purpose: purpose, credentialsDirectory: "set", serviceGroups: [])
      #expect(
        try load(credential, [0x61], at: "credentials/other", surroundings: there).lines == [
          "main.toml:5:27: error: this credential is not in $CREDENTIALS_DIRECTORY; add LoadCredential= for it to the "
            + "service"
        ])
    }
  }

  @Test func aCheckOutsideTheServiceOnlyWarns() throws {
    let check = Surroundings(purpose: .check, credentialsDirectory: nil, serviceGroups: [])
    let (lines, secret) = try load(credential, surroundings: check)
    #expect(
      lines == [
        "main.toml:5:27: warning: this credential was not read: $CREDENTIALS_DIRECTORY is unset; the service needs "
          + "LoadCredential= for it"
      ])
    #expect(secret == "")
  }

  @Test func aMissingFileIsAnErrorInACheckToo() throws {
    let check = Surroundings(purpose: .check, credentialsDirectory: nil, serviceGroups: [getegid()])
    #expect(
      try load(#"{ file = "/nowhere/s" }"#, surroundings: check).lines == [
        "main.toml:5:21: error: the secret file does not exist; create it or correct the path"
      ])
  }

  @Test func noDescriptionHoldsTheSecret() throws {
    let secret = Secret("hunter2")
    let settings = VCenterSettings(id: .init("a"), host: "h", userName: "u", password: secret)
    var dumped = ""
    dump(settings, to: &dumped)
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), "\(settings)", String(reflecting: settings), dumped] {
      #expect(text.contains("<secret>"))
      #expect(!text.contains("hunter2"))
    }
    #expect(Mirror(reflecting: secret).children.map { "\($0.value)" } == ["<secret>"])
    #expect(secret.reveal() == "hunter2")
  }

  @Test func aTokenIsReadAnewForEachUse() throws {
    let folder = try ConfigurationFolder()
    try folder.write("secret", "hunter2\n", mode: 0o400)
    let login = "[[guest_login]]\nname = \"sso\"\nsaml_token = { file = \"token\" }\n"
    try folder.write("main.toml", accounts + login + rule())
    try folder.write("token", "<saml>\n\t<a/>\r\n</saml>\n", mode: 0o400)
    let loaded = try #require(folder.load().loaded)
    guard case .samlToken(nil, let file)? = loaded.logins.last?.secret else {
      Issue.record("\(loaded.logins)")
      return
    }
    #expect(try file.read().reveal() == "<saml>\n\t<a/>\r\n</saml>")
    #expect(file.reference == .file(folder.path + "/token"))
    #expect(loaded.configuration.logins.last?.directory == false)
    try folder.write("token", "<new/>", mode: 0o400)
    #expect(try file.read().reveal() == "<new/>")
    #expect(throws: UnreadableSecret(message: "the secret file is empty; put the secret in it")) {
      try folder.write("token", "\n", mode: 0o400)
      _ = try file.read()
    }
    #expect(
      throws: UnreadableSecret(
        message: "the secret file may be used by others (mode 0404); give it mode 0400 or 0440")
    ) {
      try folder.write("token", "<new/>", mode: 0o404)
      _ = try file.read()
    }
    try #require(unlink(folder.path + "/token") == 0)
    #expect(throws: UnreadableSecret(message: "the secret file does not exist; create it or correct the path")) {
      _ = try file.read()
    }
    #expect(
      folder.lines(folder.load()) == [
        "main.toml:13:23: error: the secret file does not exist; create it or correct the path"
      ])
  }

  /// Renewed under way it stays the same login; what is new at a reload is a new chance (S10).
  @Test func aNewTokenAtAReloadIsANewDigest() throws {
    let folder = try ConfigurationFolder()
    try folder.write("secret", "hunter2\n", mode: 0o400)
    try folder.write(
      "main.toml",
      accounts + "[[guest_login]]\nname = \"sso\"\nusername = \"Svc@corp\"\nsaml_token = { file = \"token\" }\n")
    let digests = try ["<a/>", "<a/>", "<b/>"].map { token in
      try folder.write("token", token, mode: 0o400)
      let entry = try #require(folder.load().loaded?.configuration.logins.last)
      #expect(entry.account == "svc@corp")
      #expect(entry.directory)
      return entry.digest
    }
    #expect(digests[0] == digests[1] && digests[1] != digests[2])
  }

  @Test func spellingsOfOneLetterAreTwoSecrets() {
    #expect(Secret("\u{E9}") != Secret("e\u{301}"))
    #expect(Secret("a") == Secret("a"))
  }
}
