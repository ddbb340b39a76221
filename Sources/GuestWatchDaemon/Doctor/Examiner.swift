public import GuestWatchCore
public import RuleFiles
import VSphere

/// `guestwatchd doctor`: looks at each vCenter of a configuration and into one guest of each family, and changes nothing.
///
/// Three steps: what anybody may ask (`greet`), what a daemon is asked (`hear`: with its logins, its turns and its memory
/// of refusals), and what needs a session of our own (`examine`), which no account gets that was refused to the daemon.
public struct Examiner: Sendable {
  public typealias Ask =
    @Sendable (ExaminingQuestion, _ onLine: @escaping @Sendable (String) -> Void) async
    -> Result<ControlClient.Reply, ControlClient.NoAnswer>

  /// What `greet` came to.
  public struct Greeted: Sendable {
    var greeting: Result<Greeting, Fault>
    var certificate: Result<ShownCertificate, Fault>?
    var ahead: Int64?

    /// It answers, and is the one that is meant.
    public var isTrusted: Bool { if case .success = greeting { true } else { false } }
  }

  private static let greetTime = Duration.seconds(20)
  private static let loginTime = Duration.seconds(40)
  /// Some hundred requests where there are many VMs.
  private static let readTime = Duration.seconds(180)

  let loaded: LoadedConfiguration
  /// Those that are looked at.
  let vcenters: [VCenterSettings]
  let clock = SystemClock()

  /// There is no vCenter of that name.
  public struct NoSuchVCenter: Error, Sendable { public var message: String }

  /// - Parameter only: the name of the one that is to be looked at; nil: all.
  public init(_ loaded: LoadedConfiguration, only name: String?) throws(NoSuchVCenter) {
    _ = librariesAreSilent
    self.loaded = loaded
    vcenters = loaded.vcenters.filter { name == nil || $0.id.name == name }
    if vcenters.isEmpty, let name {
      let names = loaded.vcenters.map(\.id.name)
      throw NoSuchVCenter(message: unknown("vCenter", name, names))
    }
  }

  /// The names of those that are looked at.
  public var names: [VCenterID] { vcenters.map(\.id) }

  // MARK: - What anybody may ask

  /// Side by side: nothing is sent that could be refused.
  public func greet() async -> [VCenterID: Greeted] {
    await withTaskGroup(of: (VCenterID, Greeted).self) { group in
      for settings in vcenters { group.addTask { (settings.id, await greet(settings)) } }
      var all: [VCenterID: Greeted] = [:]
      for await (id, greeted) in group { all[id] = greeted }
      return all
    }
  }

  private func greet(_ settings: VCenterSettings) async -> Greeted {
    var greeted = Greeted(greeting: .failure(Fault(.unreachable, code: "not asked")))
    if settings.scheme == .https {
      do throws(Fault) {
        greeted.certificate = .success(try await ShownCertificate.of(host: settings.host, port: settings.port))
      } catch {
        greeted.certificate = .failure(error)
      }
    }
    do throws(Fault) {
      let client = try client(settings)
      let (timing, greeting) = await client.greet(by: clock.now().continuous + Self.greetTime)
      greeted.greeting = greeting
      greeted.ahead = timing.date.map { $0 - timing.ended.wall / 1_000_000_000 }
      await client.shutDown()
    } catch {
      greeted.greeting = .failure(error)
    }
    return greeted
  }

  private func client(_ settings: VCenterSettings) throws(Fault) -> VCenterClient {
    try VCenterClient(connection: VCenterConnection(settings), clock: CallClock(clock))
  }

  // MARK: - What a daemon is asked

  /// - Parameter isRunning: it is not one that this command is itself.
  public func hear(isRunning: Bool, _ ask: @escaping Ask) async -> Heard {
    var heard = Heard()
    heard.isRunning = isRunning
    // It answers when every vCenter has shown its VMs, or does not.
    let vms = Held()
    switch await ask(.view(.vms(VMFilter())), { vms.append($0) }) {
    case .failure(let nobody): heard.silence = "\(nobody)"
    case .success(let reply):
      // That there are none is no silence.
      if !reply.isDone, reply.status != .usage { heard.silence = reply.message }
      heard.takeVMs(vms.all)
    }
    let status = Held()
    switch await ask(.status, { status.append($0) }) {
    case .failure(let nobody): heard.silence = "\(nobody)"
    case .success: heard.takeStatus(status.all)
    }
    heard.reached.removeAll { reached in !names.contains(reached.place.vcenter) }
    let users = loaded.logins.map { (login: $0.id, user: $0.userName) }
    heard.guests = await GuestTour(ask: ask, users: users).run(heard)
    return heard
  }

  // MARK: - What needs a session of our own

  /// One vCenter after the other, so that an account that one refuses is not sent to the next. Logs out of each, also where
  /// it is interrupted.
  public func examine(_ greeted: [VCenterID: Greeted], _ heard: Heard, _ interruption: Interruption) async
    -> DoctorReport
  {
    var report = DoctorReport(at: clock.now().wall, heard: heard, loaded: loaded)
    var refused = loaded.vcenters.filter { heard.refused[$0.id] != nil }
    for settings in vcenters {
      guard let greeted = greeted[settings.id] else { continue }
      var findings = VCenterFindings(
        id: settings.id, host: settings.host, account: settings.userName, trusted: Self.trusted(settings),
        certificate: greeted.certificate, greeting: greeted.greeting, ahead: greeted.ahead, login: .notTried(.noAnswer))
      switch greeted.greeting {
      case .failure: break
      case .success(let greeting):
        if let why = notToTry(settings, heard, refused) {
          findings.login = .notTried(why)
        } else {
          await logIn(settings, greeting, heard, interruption, &findings)
          if case .failed(let fault) = findings.login, fault.kind == .loginRefused { refused.append(settings) }
        }
      }
      report.take(findings)
    }
    return report
  }

  private static func trusted(_ settings: VCenterSettings) -> VCenterFindings.Trusted {
    if settings.scheme == .http { return .nothing }
    if !settings.fingerprints.isEmpty { return .fingerprint }
    return settings.caFile.map { .authorities(file: $0) } ?? .system
  }

  /// Why the password is not to be sent to a vCenter. Pure.
  ///
  /// - Parameter refused: those that refused theirs, to a daemon or just now.
  func notToTry(
    _ settings: VCenterSettings, _ heard: Heard, _ refused: [VCenterSettings]
  ) -> VCenterFindings.NotTried? {
    if let said = heard.refused[settings.id] { return .refused(said, byDaemon: heard.isRunning) }
    if settings.password.reveal().isEmpty { return .noPassword }
    guard !heard.up.contains(settings.id) else { return nil }
    let other = refused.first {
      $0.userName.lowercased() == settings.userName.lowercased()
        && $0.password.reveal() == settings.password.reveal()
    }
    return other.map { .refusedElsewhere($0.id) }
  }

  private func logIn(
    _ settings: VCenterSettings, _ greeting: Greeting, _ heard: Heard, _ interruption: Interruption,
    _ findings: inout VCenterFindings
  ) async {
    let client: VCenterClient
    do throws(Fault) { client = try self.client(settings) } catch {
      findings.login = .failed(error)
      return
    }
    let vms = heard.coverage(of: settings.id).vms
    let (before, clock) = (findings, clock)
    let work = Task {
      var findings = before
      switch await client.open(by: clock.now().continuous + Self.loginTime) {
      case .failure(let fault): findings.login = .failed(fault)
      case .success(let session):
        findings.login = .accepted(session)
        let moids = vms.map(\.moid)
        if session.hasVIJSON {
          findings.rights = await client.rights(
            on: moids, at: greeting, by: clock.now().continuous + Self.readTime)
        }
        findings.facts = await client.openFacts(
          session, at: greeting, knowing: moids, by: clock.now().continuous + Self.readTime)
      }
      return findings
    }
    interruption.cuts(work)
    findings = await work.value
    if interruption.hasCome { findings.login = .notTried(.interrupted) }
    // Not in that task: what was opened is closed, whatever came.
    await client.logOut(by: clock.now().continuous + .seconds(5))
    await client.shutDown()
  }
}
