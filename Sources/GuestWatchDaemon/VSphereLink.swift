public import GuestWatchCore
import RuleFiles
import VSphere

/// A vCenter over the network: its client, and the guest logins of one loaded configuration.
public struct VSphereLink: VCenterLink {
  let settings: VCenterSettings
  /// The bytes of `ca_file` when the client was made: a new certificate in the old file is a change too.
  let authorities: [UInt8]?
  let client: VCenterClient
  let logins: [LoginID: LoginSettings.Secret]
  let clock: any DaemonClock

  /// What closing the connections of a vCenter that hangs takes (`trust` in VSphere), and it belongs to leaving.
  private static let closing = Duration.milliseconds(500)

  public var vcenter: VCenterID { settings.id }
  public var session: ObjectIdentifier { ObjectIdentifier(client) }
  public func knows(_ login: LoginID) -> Bool { logins[login] != nil }

  public func inventory(_ query: ScopeQuery, by: Instant) async -> (Timing, Result<Inventory, Fault>) {
    await client.inventory(query, by: by)
  }

  public func survey(
    moid: String, login: LoginID, showingEnds: Bool, by: Instant
  ) async -> (Timing, Result<Listing, Fault>) {
    switch credential(login) {
    case .success(let login): await client.survey(moid: moid, login: login, showingEnds: showingEnds, by: by)
    case .failure(let fault): (unsent, .failure(fault))
    }
  }

  public func look(
    moid: String, login: LoginID, pid: Int64, by: Instant
  ) async -> (Timing, Result<Look, Fault>) {
    switch credential(login) {
    case .success(let login): await client.look(moid: moid, login: login, pid: pid, by: by)
    case .failure(let fault): (unsent, .failure(fault))
    }
  }

  public func terminate(
    moid: String, login: LoginID, pid: Int64, firstByteBy: Instant, firstByteByWall: Int64, by: Instant
  ) async -> (Timing, KillAnswer) {
    switch credential(login) {
    case .success(let login):
      await client.terminate(
        moid: moid, login: login, pid: pid, firstByteBy: firstByteBy, firstByteByWall: firstByteByWall, by: by)
    case .failure(let fault): (unsent, .notSent(fault))
    }
  }

  public func leave(by: Instant) async {
    await client.logOut(by: by - Self.closing)
    await close()
  }

  /// Closes the client where nothing was sent, or nothing can be sent any more.
  func close() async { await client.shutDown() }

  private var unsent: Timing { .unsent(clock.now()) }

  /// What a guest is sent for a login, read anew where it is a token.
  private func credential(_ login: LoginID) -> Result<GuestCredential, Fault> {
    switch logins[login] {
    case nil: return .failure(.notConfigured("guest login \(login)"))
    case .password(let userName, let password):
      return .success(.password(userName: userName, VSphere.Secret(password.reveal())))
    case .samlToken(let userName, let file):
      do {
        return .success(.samlToken(VSphere.Secret(try file.read().reveal()), userName: userName))
      } catch {
        return .failure(Fault(.noCredential, code: "UnreadableToken", detail: error.message))
      }
    }
  }
}

extension VCenterConnection {
  /// The same in the client's words.
  init(_ settings: VCenterSettings) {
    let scheme: Scheme =
      switch settings.scheme {
      case .https: .https
      case .http: .http
      }
    self.init(
      id: settings.id, scheme: scheme, host: settings.host, port: settings.port, userName: settings.userName,
      password: VSphere.Secret(settings.password.reveal()), caFile: settings.caFile,
      fingerprints: settings.fingerprints, maxInFlight: settings.maxInFlight)
  }
}
