import GuestWatchCore

/// A login at both APIs of a vCenter, or at REST alone where it has no VI JSON.
struct OpenSession: Sendable {
  /// Which login it was, counted by the client: an old answer cannot end a new session.
  var generation: UInt64
  /// nil: before 8.0 U1, no VI JSON.
  var vi: VISession?
  /// The token for `/api`.
  var rest: String
  /// From 8.0 U3 one session serves both APIs: the tokens are one, and one logout ends it.
  var shared: Bool
  /// `about.instanceUuid`; without VI JSON nothing tells it, and the vCenter's address stands in its place.
  var vcenterUUID: String

  /// True where container views can be made below the root folder.
  var canView: Bool { vi?.viewManager != nil && vi?.rootFolder != nil }
}

/// The VI JSON half of a session: where its calls go.
struct VISession: Sendable {
  /// The part of the URL that names the schema, as `hello` answered it.
  var release: String
  var token: String
  var sessionManager: String
  var propertyCollector: String
  /// The ViewManager and the root folder; nil where this vCenter names none.
  var viewManager: String?
  var rootFolder: String?
  /// The GuestProcessManager; nil where this vCenter offers none.
  var processManager: String?

  /// The path of a method or property.
  func path(_ type: String, _ moid: String, _ member: String) -> String {
    VISession.path(release: release, type, moid, member)
  }

  static func path(release: String, _ type: String, _ moid: String, _ member: String) -> String {
    "/sdk/vim25/\(percentEncoded(release))/\(type)/\(percentEncoded(moid))/\(member)"
  }
}

/// One of the two APIs: before 8.0 U3 their sessions die one by one.
enum API: Sendable {
  case rest, vi
}
