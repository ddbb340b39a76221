import GuestWatchCore
import RuleFiles
import VSphere

/// The configuration as the rule files have it, each time it is loaded.
public struct RuleFileSource: ConfigurationSource {
  private let main: String
  private let surroundings: Surroundings
  private let clock: any DaemonClock
  private let machine: MachineUUID
  /// Of all clients that any load makes: an account that one vCenter refuses is not tried at the next with the same password.
  private let refusals = LoginRefusals()

  /// - Parameters:
  ///   - main: The path of `guestwatchd.toml`.
  ///   - machine: The machine that the daemon runs on, which no file names.
  init(main: String, surroundings: Surroundings, machine: MachineUUID, clock: any DaemonClock) {
    self.main = main
    self.surroundings = surroundings
    self.machine = machine
    self.clock = clock
  }

  public func load(keeping present: [VSphereLink]) async -> LoadOutcome<VSphereLink> {
    let result = loadRuleFiles(main: main, surroundings: surroundings)
    let diagnostics = result.diagnostics.map(\.description)
    guard let loaded = result.loaded else {
      // What only warns is no reason for a refusal: under that heading it would lead whoever reads it astray.
      return .refused(result.diagnostics.filter { $0.severity == .error }.map(\.description))
    }

    let logins = Dictionary(
      loaded.logins.map { ($0.id, $0.secret) }, uniquingKeysWith: { first, _ in first })
    var links: [VSphereLink] = []
    var made: [VCenterClient] = []
    var mistakes: [String] = []
    for settings in loaded.vcenters {
      let authorities = settings.caFile.flatMap(bytes(of:))
      if let kept = present.first(where: { $0.settings == settings && $0.authorities == authorities }) {
        links.append(
          VSphereLink(
            settings: settings, authorities: authorities, client: kept.client, logins: logins,
            clock: clock))
        continue
      }
      do {
        let client = try VCenterClient(
          connection: VCenterConnection(settings),
          clock: CallClock(clock),
          refusals: refusals)
        made.append(client)
        links.append(
          VSphereLink(
            settings: settings, authorities: authorities, client: client, logins: logins,
            clock: clock))
      } catch {
        mistakes.append("\(main):1:1: error: vCenter \"\(settings.id)\": \(error.detail)")
      }
    }
    var notify: [NotifyTarget] = []
    for settings in loaded.notify {
      do {
        notify.append(try NotifyTarget(settings))
      } catch {
        mistakes.append("\(main):1:1: error: notify \"\(settings.name)\": \(error.detail)")
      }
    }
    guard mistakes.isEmpty else {
      for client in made { await client.shutDown() }
      return .refused(mistakes)
    }
    var configuration = loaded.configuration
    configuration.ownMachine = machine.text
    let warnings = diagnostics + (machine.complaint.map { [$0] } ?? [])
    return .loaded(
      Setup(
        configuration: configuration, links: links, warnings: warnings, keep: loaded.keep, textfile: loaded.textfile,
        notify: notify))
  }
}
