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
    _ key: String, in section: Section, sources: SecretSources
  ) -> (secret: Secret, reference: SecretReference)? {
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
    case (.some(let credential), nil): return self.credential(credential, sources: sources)
    case (nil, .some(let file)): return self.file(file, sources: sources)
    case (.some, .some):
      error(entry.value.place, .keysConflict, "'\(key)' has both credential and file; write exactly one: \(hint)")
      return nil
    }
  }

  private mutating func credential(_ entry: TomlEntry, sources: SecretSources) -> (
    secret: Secret, reference: SecretReference
  )? {
    let hint = "the name of a credential of the service, without slashes"
    guard let name = string(entry, hint: hint) else { return nil }
    if name.isEmpty || name.utf8.count > 255 || name.contains("/") || name.hasPrefix(".") || holdsControls(name) {
      error(entry.value.place, .badName, "'credential' is no name of a credential; write \(hint)")
      return nil
    }
    let reference = SecretReference.credential(name)
    if !sources.surroundings.opensSecrets { return (Secret(""), reference) }
    let isCheck = sources.surroundings.purpose == .check
    guard let folder = sources.surroundings.credentialsDirectory else {
      if isCheck {
        warning(
          entry.value.place, .unreadSecret,
          "this credential was not read: $CREDENTIALS_DIRECTORY is unset; the service needs LoadCredential= for it")
        return (Secret(""), reference)
      }
      error(
        entry.value.place, .unreadableSecret,
        "there are no credentials: $CREDENTIALS_DIRECTORY is unset; run as a systemd service with LoadCredential=, or "
          + "use { file = \"/PATH\" }")
      return nil
    }
    do {
      let contents = try readFile(joined(folder, name), most: mostSecretBytes)
      // systemd lends the file through an access list, which shows as rights of its group; only others are strangers.
      if contents.rights.mode & 0o007 != 0 {
        error(
          entry.value.place, .unsafeSecret,
          "this credential's file may be used by others (mode \(contents.rights.octal)); give it mode 0400")
        return nil
      }
      return secret(contents.bytes, named: "this credential", at: entry.value.place).map { ($0, reference) }
    } catch {
      switch error {
      case .notPermitted where isCheck:
        warning(
          entry.value.place, .unreadSecret,
          "this credential was not read: this user may not; check it as the service's user")
        return (Secret(""), reference)
      case .missing:
        self.error(
          entry.value.place, .unreadableSecret,
          "this credential is not in $CREDENTIALS_DIRECTORY; add LoadCredential= for it to the service")
      case .notPermitted, .notAFile, .tooLarge, .other:
        self.error(entry.value.place, .unreadableSecret, "the file of this credential \(error.message)")
      }
      return nil
    }
  }

  private mutating func file(
    _ entry: TomlEntry, sources: SecretSources
  ) -> (secret: Secret, reference: SecretReference)? {
    guard let path = path(entry, from: sources.folder, hint: "the path of a file that holds the secret") else {
      return nil
    }
    let reference = SecretReference.file(path)
    if !sources.surroundings.opensSecrets { return (Secret(""), reference) }
    do {
      let contents = try readFile(path, most: mostSecretBytes)
      if contents.rights.mode & 0o007 != 0 {
        error(
          entry.value.place, .unsafeSecret,
          "the secret file may be used by others (mode \(contents.rights.octal)); give it mode 0400 or 0440")
        return nil
      }
      if contents.rights.mode & 0o070 != 0, !sources.surroundings.serviceGroups.contains(contents.rights.group) {
        error(
          entry.value.place, .unsafeSecret,
          "the secret file may be used by group \(contents.rights.group), which is not the service's own (mode "
            + "\(contents.rights.octal)); give it mode 0400 or the service's group")
        return nil
      }
      return secret(contents.bytes, named: "the secret file", at: entry.value.place).map { ($0, reference) }
    } catch {
      self.error(entry.value.place, .unreadableSecret, "the secret file \(error.message)")
      return nil
    }
  }

  /// One trailing newline goes; what else is no password is an error, for a wrong one can lock the account.
  private mutating func secret(_ bytes: [UInt8], named what: String, at place: Place) -> Secret? {
    let kept = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
    if kept.isEmpty {
      error(place, .badSecret, "\(what) is empty; put the secret in it")
      return nil
    }
    guard let text = String(validating: kept, as: UTF8.self) else {
      error(place, .badSecret, "\(what) is not UTF-8; save it as UTF-8")
      return nil
    }
    if holdsControls(text) {
      error(
        place, .badSecret, "\(what) holds a line end or another control character; keep one line with the secret in it")
      return nil
    }
    return Secret(text)
  }
}

/// Far above any password.
private let mostSecretBytes = 65_536
