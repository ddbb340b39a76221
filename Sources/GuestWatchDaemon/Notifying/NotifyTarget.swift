import GuestWatchCore
import RuleFiles
import Systemd
import VSphere

/// One `[[notify]]` as it was loaded, with the certificates that its receiver is known by.
public struct NotifyTarget: Sendable {
  let settings: NotifySettings
  /// The bytes of `ca_file` then: a new certificate in the old file is a change too.
  private let authorities: [UInt8]?
  let trust: WebhookTrust?

  /// Throws where `ca_file` cannot be used.
  init(_ settings: NotifySettings) throws(Fault) {
    self.settings = settings
    switch settings.way {
    case .program:
      authorities = nil
      trust = nil
    case .webhook(let webhook):
      authorities = webhook.caFile.flatMap(bytes(of:))
      trust = try WebhookTrust(caFile: webhook.caFile, fingerprints: webhook.fingerprints)
    }
  }

  func isSame(as other: NotifyTarget) -> Bool { settings == other.settings && authorities == other.authorities }

  /// What carries it out.
  func delivery(clock: any DaemonClock) -> any Delivery {
    switch settings.way {
    case .program(let words): return ProgramDelivery(command: words, limit: settings.timeout)
    case .webhook(let webhook):
      return WebhookDelivery(webhook, trusting: trust, limit: settings.timeout, clock: clock)
    }
  }

  /// What is told, for the journal: never a URL.
  var words: String {
    switch settings.way {
    case .program(let words): "program \(quoted(words.first ?? ""))"
    case .webhook(let webhook): "webhook of \(webhook.origin)"
    }
  }
}
