import GuestWatchCore
import RuleFiles
import Testing

@testable import GuestWatchDaemon

@Suite("The configuration from rule files")
struct RuleFileSourceTests {
  private let files: ConfigurationFolder
  private let source: RuleFileSource

  init() throws {
    files = try ConfigurationFolder()
    source = RuleFileSource(
      main: files.main,
      surroundings: Surroundings(purpose: .run, credentialsDirectory: nil, serviceGroups: []),
      machine: .read(environment: [:], kernels: "/nonexistent"), clock: TestClock())
  }

  /// Loads, and closes the clients at the end.
  private func load(
    keeping present: [VSphereLink] = []
  ) async throws -> [VSphereLink] {
    switch await source.load(keeping: present) {
    case .loaded(let setup): return setup.links
    case .refused(let diagnostics):
      Issue.record("refused: \(diagnostics)")
      return []
    }
  }

  /// Closes each client once.
  private func close(_ links: [VSphereLink]) async {
    var closed: Set<ObjectIdentifier> = []
    for link in links where closed.insert(link.session).inserted { await link.close() }
  }

  @Test("The same files again: the clients, and so the sessions, stay")
  func unchanged() async throws {
    try files.write(vcenters: [ConfigurationFolder.vcenter("lab"), ConfigurationFolder.vcenter("two")])
    let first = try await load()
    let second = try await load(keeping: first)
    #expect(first.map(\.vcenter.name) == ["lab", "two"])
    #expect(second.map(\.session) == first.map(\.session))
    #expect(second[0].knows(LoginID("linux")) && !second[0].knows(LoginID("windows")))
    await close(first + second)
  }

  @Test("A new guest login does not cost the session")
  func newLogin() async throws {
    let first = try await load()
    try files.folder.write("guest-password", "changed\n")
    let second = try await load(keeping: first)
    #expect(second.map(\.session) == first.map(\.session))
    await close(first + second)
  }

  @Test("Another password of a vCenter makes another client, and only of that one")
  func newPassword() async throws {
    let two = ConfigurationFolder.vcenter("two", "max_in_flight = 8")
    try files.write(vcenters: [ConfigurationFolder.vcenter("lab"), two])
    let first = try await load()
    try files.write(vcenters: [ConfigurationFolder.vcenter("lab", "max_in_flight = 3"), two])
    let second = try await load(keeping: first)
    #expect(second[0].session != first[0].session)
    #expect(second[1].session == first[1].session)
    try files.folder.write("vcenter-password", "changed\n")
    let third = try await load(keeping: second)
    #expect(Set(third.map(\.session)).isDisjoint(with: second.map(\.session)))
    await close(first + second + third)
  }

  @Test("A new certificate in the old ca_file is a change")
  func newCertificate() async throws {
    try files.folder.write("ca.pem", Self.certificate)
    try files.write(
      vcenters: [ConfigurationFolder.vcenter("lab", "ca_file = \"ca.pem\"", url: "https://vcenter.example")])
    let first = try await load()
    let same = try await load(keeping: first)
    #expect(same.map(\.session) == first.map(\.session))
    try files.folder.write("ca.pem", Self.certificate + "\n# renewed\n")
    let second = try await load(keeping: first)
    #expect(second.map(\.session) != first.map(\.session))
    await close(first + second)
  }

  @Test("A certificate that cannot be used is refused with its place, and leaves nothing behind")
  func badCertificate() async throws {
    try files.folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    try files.write(
      vcenters: [
        ConfigurationFolder.vcenter("good"),
        ConfigurationFolder.vcenter("bad", "ca_file = \"ca.pem\"", url: "https://vcenter.example"),
      ])
    guard case .refused(let diagnostics) = await source.load(keeping: []) else {
      Issue.record("a certificate of three zero bytes was taken")
      return
    }
    #expect(diagnostics.contains { $0.hasPrefix(files.main) && $0.contains("error") && $0.contains("ca.pem") })
  }

  @Test("Mistakes come with file, line and column")
  func mistakes() async throws {
    try files.write(vcenters: [ConfigurationFolder.vcenter("lab")], more: "max_agee = \"2h\"")
    guard case .refused(let diagnostics) = await source.load(keeping: []) else {
      Issue.record("an unknown key was taken")
      return
    }
    #expect(diagnostics.contains { $0.hasPrefix("\(files.main):17:1: error:") }, "\(diagnostics)")
  }

  /// Of a CA that nobody has the key of.
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBdTCCARugAwIBAgIUAM2m49Dar3Iwhrv/R4hcmME56TswCgYIKoZIzj0EAwIw
    DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjEyMjAzMzJaGA8yMTI2MTAyODIyMDMz
    MlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCz9
    3vWO1p9s4n6UVg5VgVVO36PQvAzpjkRNUTEw7NDZCIftb8fSg/d5GNDJeOCyu0x8
    1xW5FeNu4Edh4MvVrs6jUzBRMB0GA1UdDgQWBBS5lZpMS3TaA5VZETAlWLNbKvIG
    PDAfBgNVHSMEGDAWgBS5lZpMS3TaA5VZETAlWLNbKvIGPDAPBgNVHRMBAf8EBTAD
    AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDUnck8npwHpcQ/GdUCjfWyEUItgahtVuzs
    LQlkpE7f3gIgVZobowynoqmQXQlP84JS52/1b0rz8j+oGog5PYqMdWQ=
    -----END CERTIFICATE-----
    """

  @Test("[[notify]] comes with what is loaded; a ca_file that holds no certificate refuses it all")
  func notify() async throws {
    try files.folder.write("hooks.pem", "-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n")
    let hook = "[[notify]]\nname = \"hook\"\nwebhook = \"https://hooks.example.com/x\"\n"
    let vcenters = [ConfigurationFolder.vcenter("lab")]
    try files.write(vcenters: vcenters, more: hook)
    guard case .loaded(let setup) = await source.load(keeping: []) else {
      Issue.record("refused")
      return
    }
    #expect(setup.notify.map(\.settings.name) == ["hook"])
    await close(setup.links)
    try files.write(vcenters: vcenters, more: hook + "ca_file = \"hooks.pem\"\n")
    guard case .refused(let lines) = await source.load(keeping: []) else {
      Issue.record("taken")
      return
    }
    #expect(lines.count == 1 && lines[0].hasPrefix("\(files.main):1:1: error: notify \"hook\": ca_file "), "\(lines)")
  }
}
