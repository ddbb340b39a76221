import GuestWatchCore

extension Findings {
  /// `[daemon] time_zone`: its form is checked always, its rules are read where some rule has a `not_during`.
  mutating func timeZone(_ entry: TomlEntry?) -> (name: String, place: Place)? {
    guard let entry, let name = string(entry, hint: zoneHint) else { return nil }
    guard isZoneName(name) else {
      error(entry.value.place, .badTimeZone, "'time_zone' is not the name of a time zone; write \(zoneHint)")
      return nil
    }
    return (name, entry.value.place)
  }

  /// The rules of the zone in which `not_during` is meant.
  mutating func zoneRules(_ settings: MainSettings, from sources: ZoneSources) -> TimeZoneRules {
    guard let (name, place) = settings.timeZone else {
      // Where it is wrong its error stands, and nothing is loaded.
      if settings.hasTimeZone { return .utc }
      do {
        return try sources.machine()
      } catch {
        self.error(
          settings.daemonPlace, .badTimeZone,
          "'not_during' needs a time zone and this machine's cannot be told: \(error.message); correct that, install "
            + "tzdata, or write time_zone = \"...\" in [daemon]")
        return .utc
      }
    }
    do {
      return try sources.zone(name)
    } catch {
      switch error {
      case .notAName, .unknown:
        let right = sources.suggestion(for: name).map { "did you mean '\($0)'?" } ?? "write \(zoneHint)"
        let why = isEmptyFolder(sources.folder) ? " (nothing is there: install tzdata)" : ""
        self.error(place, .badTimeZone, "'time_zone' names no time zone of \(sources.folder)\(why); \(right)")
      case .file, .content:
        self.error(
          place, .badTimeZone, "'time_zone': \(joined(sources.folder, name)) \(error.message); write \(zoneHint)")
      }
      return .utc
    }
  }

  private func isEmptyFolder(_ path: String) -> Bool {
    (try? namesInFolder(path))?.contains { $0 != "." && $0 != ".." } != true
  }
}

private let zoneHint = "an IANA name such as \"Europe/Berlin\" or \"UTC\""
