import GuestWatchCore

/// Where secrets are found.
struct SecretSources {
  /// The folder of the main file: relative paths begin there.
  var folder: String
  var surroundings: Surroundings
}

extension Findings {
  /// A SECRET: `{ credential = "x" }` or `{ file = "/p" }`. No message quotes what stands there: it may be the secret.
  ///
  /// The empty secret is given back for a credential that a check cannot see, and where secrets are not to be opened.
  mutating func secret(
    _ key: String, in section: Section, holdsToken: Bool = false, sources: SecretSources
  ) -> (secret: Secret, file: SecretFile)? {
    let hint = "{ credential = \"NAME\" } (systemd) or { file = \"/PATH\" }"
    guard let entry = section[key] else {
      missing(key, in: section, hint: "\(key) = \(hint)")
      return nil
    }
    guard case .table(let table) = entry.value.kind else {
      error(
        entry.value.place, .literalSecret,
        "'\(key)' is \(entry.value.typeName) and a secret never stands in this file; write \(hint)")
      return nil
    }
    let unknown = table.entries.filter { !["credential", "file"].contains($0.key) }
    for stranger in unknown { error(stranger.place, .unknownKey, "'\(key)' has an unknown key; write \(hint)") }
    if !unknown.isEmpty { return nil }
    switch (table["credential"], table["file"]) {
    case (nil, nil):
      error(entry.value.place, .missingKey, "'\(key)' is empty; write \(hint)")
      return nil
    case (.some(let credential), nil): return self.credential(credential, holdsToken, sources)
    case (nil, .some(let file)): return self.file(file, holdsToken, sources)
    case (.some, .some):
      error(entry.value.place, .keysConflict, "'\(key)' has both credential and file; write exactly one: \(hint)")
      return nil
    }
  }

  private mutating func credential(
    _ entry: TomlEntry, _ holdsToken: Bool, _ sources: SecretSources
  ) -> (secret: Secret, file: SecretFile)? {
    let hint = "the name of a credential of the service, without slashes"
    guard let name = string(entry, hint: hint) else { return nil }
    if name.isEmpty || name.utf8.count > 255 || name.contains("/") || name.hasPrefix(".") || holdsControls(name) {
      error(entry.value.place, .badName, "'credential' is no name of a credential; write \(hint)")
      return nil
    }
    let surroundings = sources.surroundings
    let file = SecretFile(
      reference: .credential(name), path: joined(surroundings.credentialsDirectory ?? "", name),
      serviceGroups: surroundings.serviceGroups, holdsToken: holdsToken)
    if !surroundings.opensSecrets { return (Secret(""), file) }
    let isCheck = surroundings.purpose == .check
    guard surroundings.credentialsDirectory != nil else {
      if isCheck {
        warning(
          entry.value.place, .unreadSecret,
          "this credential was not read: $CREDENTIALS_DIRECTORY is unset; the service needs LoadCredential= for it")
        return (Secret(""), file)
      }
      error(
        entry.value.place, .unreadableSecret,
        "there are no credentials: $CREDENTIALS_DIRECTORY is unset; run as a systemd service with LoadCredential=, or "
          + "use { file = \"/PATH\" }")
      return nil
    }
    do {
      return (try file.open(), file)
    } catch {
      if isCheck, error == .unreadable(.notPermitted) {
        warning(
          entry.value.place, .unreadSecret,
          "this credential was not read: this user may not; check it as the service's user")
        return (Secret(""), file)
      }
      say(error, of: file, at: entry.value.place)
      return nil
    }
  }

  private mutating func file(
    _ entry: TomlEntry, _ holdsToken: Bool, _ sources: SecretSources
  ) -> (secret: Secret, file: SecretFile)? {
    guard let path = path(entry, from: sources.folder, hint: "the path of a file that holds the secret") else {
      return nil
    }
    let file = SecretFile(
      reference: .file(path), path: path, serviceGroups: sources.surroundings.serviceGroups, holdsToken: holdsToken)
    if !sources.surroundings.opensSecrets { return (Secret(""), file) }
    do {
      return (try file.open(), file)
    } catch {
      say(error, of: file, at: entry.value.place)
      return nil
    }
  }

  private mutating func say(_ mistake: SecretMistake, of file: SecretFile, at place: Place) {
    let code: Diagnostic.Code =
      switch mistake {
      case .unreadable: .unreadableSecret
      case .unsafe: .unsafeSecret
      case .bad: .badSecret
      }
    error(place, code, file.message(of: mistake))
  }
}
