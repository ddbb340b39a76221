import GuestWatchCore

private let vcenterKeys = Keys(
  known: ["name", "url", "username", "password", "ca_file", "fingerprint_sha256", "max_in_flight"])

private let loginKeys = Keys(
  known: ["name", "username", "password", "saml_token", "scope", "directory", "max_in_flight"])

extension Findings {
  mutating func vcenters(in file: Section, sources: SecretSources, into settings: inout MainSettings) {
    let tables = tables(file["vcenter"], hint: "[[vcenter]]")
    if tables.isEmpty, file["vcenter"]?.value.isEmpty ?? true {
      error(.start, .noVCenter, "there is no [[vcenter]]; add one with name, url, username and password")
    }
    var places: [String: Place] = [:]
    var servers: [String: String] = [:]
    for (table, place) in tables {
      let section = section(table, at: place, title: "[[vcenter]]", keys: vcenterKeys)
      let name = name(in: section)
      if let name { define(name, as: "vCenter", places: &places, names: &settings.known.vcenters) }
      guard let vcenter = vcenter(in: section, named: name?.name, sources: sources) else { continue }
      let server = "\(vcenter.settings.host):\(vcenter.settings.port)"
      if let other = servers[server], let url = section["url"] {
        warning(
          url.value.place, .sharedAddress,
          "vCenter '\(other)' has the same address, so its VMs would be looked at twice; keep one of the two")
      } else {
        servers[server] = vcenter.settings.id.name
      }
      settings.vcenters.append((vcenter.settings, vcenter.entry))
      settings.vcenterPasswords.append(vcenter.password)
      settings.origins.vcenters.append(origins(of: table))
    }
  }

  private mutating func vcenter(
    in section: Section, named name: String?, sources: SecretSources
  ) -> (settings: VCenterSettings, entry: VCenterEntry, password: SecretReference)? {
    let address = address(in: section)
    let user = userName(in: section, hint: "username = \"...\", such as \"svc-guestwatch@vsphere.local\"")
    let password = secret("password", in: section, sources: sources)
    let caFile = caFile(section["ca_file"], folder: sources.folder)
    let fingerprints = fingerprints(in: section)
    let maxInFlight = maxInFlight(section["max_in_flight"]) ?? 64
    guard let name, let address, let user, let password else { return nil }
    let digest = Digest.of([
      address.scheme.rawValue, address.host, String(address.port), user, password.secret.reveal(),
    ])
    let id = VCenterID(name)
    return (
      VCenterSettings(
        id: id, scheme: address.scheme, host: address.host, port: address.port, userName: user,
        password: password.secret, caFile: caFile, fingerprints: fingerprints, maxInFlight: maxInFlight),
      VCenterEntry(id: id, maxInFlight: maxInFlight, digest: digest), password.file.reference
    )
  }

  private mutating func address(in section: Section) -> ServerAddress? {
    let hint = "\"https://HOST\" or \"https://HOST:PORT\""
    guard let entry = section["url"] else {
      missing("url", in: section, hint: "url = \(hint)")
      return nil
    }
    guard let text = string(entry, hint: hint) else { return nil }
    do {
      return try ServerAddress(text)
    } catch {
      self.error(entry.value.place, .badURL, error.message)
      return nil
    }
  }

  /// Looks that the file is there and holds a certificate, so that a wrong path is not first seen as a TLS failure.
  ///
  /// - Parameter who: whom somebody else could pose as.
  mutating func caFile(_ entry: TomlEntry?, folder: String, of who: String = "this vCenter") -> String? {
    guard let entry, let path = path(entry, from: folder, hint: "the path of a PEM file with CA certificates") else {
      return nil
    }
    do {
      // All public authorities together take about 250 KB.
      let contents = try readFile(path, most: 4 << 20)
      if !String(decoding: contents.bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") {
        error(
          entry.value.place, .badCAFile,
          "the 'ca_file' holds no PEM certificate; give a file with BEGIN CERTIFICATE in it")
        return nil
      }
      if contents.rights.mode & 0o022 != 0 {
        warning(
          entry.value.place, .writableCAFile,
          "group or others may write the 'ca_file' (mode \(contents.rights.octal)) and so pose as \(who); run "
            + "chmod go-w on it")
      }
      return path
    } catch {
      self.error(entry.value.place, .badCAFile, "the 'ca_file' \(error.message)")
      return nil
    }
  }

  mutating func logins(in file: Section, sources: SecretSources, into settings: inout MainSettings) {
    var places: [String: Place] = [:]
    for (table, place) in tables(file.unlessEmpty("guest_login"), hint: "[[guest_login]]") {
      let section = section(table, at: place, title: "[[guest_login]]", keys: loginKeys)
      let name = name(in: section)
      if let name { define(name, as: "guest login", places: &places, names: &settings.known.logins) }
      let login = login(in: section, named: name?.name, sources: sources)
      if let name, section["scope"] != nil {
        settings.known.limitedLogins[name.name] = login?.entry.scope?.ids ?? []
      }
      guard let login else { continue }
      settings.logins.append((login.settings, login.entry))
      settings.loginSecrets.append(login.secret)
      settings.origins.logins.append(origins(of: table))
    }
  }

  private mutating func login(
    in section: Section, named name: String?, sources: SecretSources
  ) -> (settings: LoginSettings, entry: LoginEntry, secret: SecretReference)? {
    let credential = credential(in: section, sources: sources)
    let scope = scope(section["scope"], for: .login)
    let isDirectory = boolean(section["directory"]) ?? credential?.userName.map(namesDirectoryAccount) ?? false
    // Four wrong passwords at once may be all that a lockout policy allows (S10).
    let maxInFlight =
      isDirectory
      ? maxInFlight(section["max_in_flight"], most: 4, why: " for a directory account, which can be locked") ?? 4
      : maxInFlight(section["max_in_flight"]) ?? 64
    guard let name, let credential else { return nil }
    let id = LoginID(name)
    return (
      LoginSettings(id: id, secret: credential.secret),
      LoginEntry(
        id: id, account: credential.account, directory: isDirectory, maxInFlight: maxInFlight, scope: scope,
        digest: credential.digest),
      credential.reference
    )
  }

  /// What a guest is sent, and by what its refusals are counted.
  private struct LoginCredential {
    var secret: LoginSettings.Secret
    var userName: String?
    var account: String
    var digest: UInt64
    var reference: SecretReference
  }

  private mutating func credential(in section: Section, sources: SecretSources) -> LoginCredential? {
    guard let token = section["saml_token"] else {
      let user = userName(in: section, hint: "username = \"...\", an account inside the guests")
      let password = secret("password", in: section, sources: sources)
      guard let user, let password else { return nil }
      return LoginCredential(
        secret: .password(userName: user, password.secret), userName: user, account: user.lowercased(),
        digest: Digest.of([user, password.secret.reveal()]), reference: password.file.reference)
    }
    if section["password"] != nil {
      error(token.place, .keysConflict, "'password' and 'saml_token' exclude each other; write exactly one of them")
      return nil
    }
    // Without a name the guest finds the account by its aliases.
    let user = section["username"] == nil ? nil : userName(in: section, hint: "username = \"...\", or leave it out")
    guard let read = secret("saml_token", in: section, holdsToken: true, sources: sources),
      user != nil || section["username"] == nil
    else { return nil }
    let place = "\(read.file.reference)"
    return LoginCredential(
      secret: .samlToken(userName: user, read.file), userName: user,
      account: user?.lowercased() ?? "saml_token \(place)",
      // A token that is renewed under way stays the same login; one that is new at a reload is a new chance.
      digest: Digest.of(["saml_token", user ?? "", place, read.secret.reveal()]), reference: read.file.reference)
  }

  /// Takes a new name down; a second one of that name is an error.
  mutating func define(
    _ name: (name: String, place: Place), as what: String, places: inout [String: Place], names: inout NameList
  ) {
    if let first = places[name.name] {
      error(
        name.place, .duplicateName,
        "\(what) '\(name.name)' was defined before, at line \(first.line); give each its own name")
    } else {
      places[name.name] = name.place
      names.append(name.name)
    }
  }
}
