public import GuestWatchCore

/// Loads the rule files and makes the links that they ask for.
public protocol ConfigurationSource: Sendable {
  associatedtype Link: VCenterLink
  /// Reads everything anew. Where the settings of a vCenter are those of a link in `present`, the new link shares its
  /// client. A load that is refused leaves nothing behind.
  func load(keeping present: [Link]) async -> LoadOutcome<Link>
}

/// What a load of the rule files came to.
public enum LoadOutcome<Link: VCenterLink>: Sendable {
  case loaded(Setup<Link>)
  /// Every mistake found, each `FILE:LINE:COLUMN: error: ...`.
  case refused([String])
}

/// A configuration with its links, in configuration order.
public struct Setup<Link: VCenterLink>: Sendable {
  public var configuration: Configuration
  public var links: [Link]
  /// What the operator should look at, most as `FILE:LINE:COLUMN: warning: ...`.
  public var warnings: [String]
  /// `[ledger] keep`.
  public var keep: Duration
  /// `[metrics] textfile`; nil: there is none.
  public var textfile: String?
  /// `[[notify]]`.
  public var notify: [NotifyTarget]

  /// The default of `[ledger] keep`.
  public static var defaultKeep: Duration { .seconds(400 * 86_400) }

  public init(
    configuration: Configuration, links: [Link], warnings: [String] = [], keep: Duration = Setup.defaultKeep,
    textfile: String? = nil, notify: [NotifyTarget] = []
  ) {
    self.configuration = configuration
    self.links = links
    self.warnings = warnings
    self.keep = keep
    self.textfile = textfile
    self.notify = notify
  }

  /// How long rows of the ledger are kept: as long as was asked for, but never shorter than a budget or a cooldown reaches
  /// back; and a day, for a process that ended may be listed for a while.
  public var reach: Duration {
    let rules = configuration.rules.flatMap { [$0.budget?.within, $0.cooldown].compactMap { $0 } }
    return (rules + [keep, configuration.budget.within, .seconds(86_400)]).max() ?? keep
  }
}
