import GuestWatchCore
import NIOHTTP1

/// The `Date` of an answer, and when it was heard: it is held against our clock only when the whole operation is over, and
/// by then a slow one would make it look old.
struct HeardDate: Sendable {
  /// Seconds since 1970.
  private var said: Int64
  private var at: Instant

  /// nil where there is none, or not in the form that HTTP prescribes: that says nothing about any clock.
  init?(_ headers: HTTPHeaders, at now: Now) {
    guard let said = headers.first(name: "date").flatMap(secondsSince1970(httpDate:)) else { return nil }
    self.said = said
    at = now.continuous
  }

  /// What it would say now.
  func aged(to now: Now) -> Int64 { said + (now.continuous - at).wholeSeconds }
}
