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

  public init(configuration: Configuration, links: [Link], warnings: [String] = []) {
    self.configuration = configuration
    self.links = links
    self.warnings = warnings
  }
}
