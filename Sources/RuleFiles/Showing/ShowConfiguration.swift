import GuestWatchCore

extension LoadedConfiguration {
  /// The whole configuration as one TOML file, every value with a comment that says where it came from. It reads back to the
  /// same. Of a secret it holds only where it is kept.
  public func shown() -> String {
    var page = Page()
    main(&page)
    for (index, vcenter) in vcenters.enumerated() { show(vcenter, index, &page) }
    for index in logins.indices { show(login: index, &page) }
    for index in notify.indices { show(notify: index, &page) }
    for (index, rule) in configuration.rules.enumerated() { show(rule, index, &page) }
    return page.text
  }

  private func main(_ page: inout Page) {
    page.comment("What guestwatchd reads, all files in one, with where each value came from.")
    let origins = wording.origins.sections
    page.header("[daemon]", from: origins["daemon"] ?? [:])
    page.value("dry_run", String(configuration.dryRun))
    page.value("every", tomlText(durationText(wording.every)))
    page.unused(
      "rules", tomlText(absolute(wording.rulesFolder)), "the rules of its files stand below")
    page.value("log_commands", tomlText(configuration.logCommands.rawValue))
    if let zone = wording.timeZone {
      page.value("time_zone", tomlText(zone))
    } else if configuration.rules.contains(where: { !$0.notDuring.isEmpty }) {
      let name = configuration.timeZone.name
      // Without a name of its own the machine's zone is known by the file that holds it.
      if isZoneName(name) {
        page.value("time_zone", tomlText(name), "this machine's")
      } else {
        page.unused("time_zone", tomlText(name), "this machine's, a zone without a name")
      }
    } else {
      page.unused("time_zone", tomlText("UTC"), "default: this machine's; no rule needs it")
    }

    page.header("[budget]", from: origins["budget"] ?? [:])
    page.value("kills", String(configuration.budget.kills))
    page.value("per_vm", String(configuration.budget.perVM))
    page.value("within", tomlText(durationText(configuration.budget.within)))

    let protect = configuration.protect
    page.header("[protect]", from: origins["protect"] ?? [:])
    page.value("names", tomlList(protect.names.map(\.pattern)))
    page.value("owners", tomlList(protect.owners.map(\.pattern)))
    page.value("commands", tomlList(protect.commands.map(\.pattern)))
    if let vms = protect.vms { page.value("vms", tomlScope(vms)) }

    page.header("[ledger]", from: origins["ledger"] ?? [:])
    page.value("keep", tomlText(durationText(keep)))

    if let textfile {
      page.header("[metrics]", from: origins["metrics"] ?? [:])
      page.value("textfile", tomlText(textfile))
    }
  }

  private func show(_ vcenter: VCenterSettings, _ index: Int, _ page: inout Page) {
    page.header("[[vcenter]]", from: origins(wording.origins.vcenters, index))
    page.value("name", tomlText(vcenter.id.name))
    page.value("url", tomlText(vcenter.url))
    page.value("username", tomlText(vcenter.userName))
    page.secret("password", wording.vcenterPasswords, index, absolute)
    if let file = vcenter.caFile { page.value("ca_file", tomlText(absolute(file))) }
    if !vcenter.fingerprints.isEmpty { page.value("fingerprint_sha256", tomlOneOrMore(vcenter.fingerprints)) }
    page.value("max_in_flight", String(vcenter.maxInFlight))
  }

  private func show(login index: Int, _ page: inout Page) {
    let entry = configuration.logins[index]
    page.header("[[guest_login]]", from: origins(wording.origins.logins, index))
    page.value("name", tomlText(entry.id.name))
    if let user = logins[index].userName { page.value("username", tomlText(user)) }
    let key =
      switch logins[index].secret {
      case .password: "password"
      case .samlToken: "saml_token"
      }
    page.secret(key, wording.loginSecrets, index, absolute)
    if let scope = entry.scope { page.value("scope", tomlScope(scope)) }
    page.value("directory", String(entry.directory))
    page.value("max_in_flight", String(entry.maxInFlight))
  }

  func origins(_ all: [[String: Origin]], _ index: Int) -> [String: Origin] {
    all.indices.contains(index) ? all[index] : [:]
  }

  func absolute(_ path: String) -> String { joined(wording.workingFolder, path) }

  private func show(_ rule: Rule, _ index: Int, _ page: inout Page) {
    page.header("[[rule]]", from: origins(wording.origins.rules, index))
    page.value("name", tomlText(rule.id.name))
    page.value("description", tomlText(rule.description))
    page.value("guest_login", tomlText(rule.login.name))
    if let vcenters = rule.vcenters { page.value("vcenter", tomlOneOrMore(vcenters.map(\.name))) }
    page.value("scope", tomlScope(rule.scope))
    page.value("match", tomlMatch(rule.match))
    switch rule.unless.count {
    case 0: break
    case 1: page.value("unless", tomlMatch(rule.unless[0]))
    default: page.value("unless", "[\(rule.unless.map(tomlMatch).joined(separator: ", "))]")
    }
    switch rule.limits {
    case .forbidden: page.value("forbidden", "true")
    case .bounded(let age, let instances):
      if let age { page.value("max_age", tomlText(durationText(age))) }
      if let instances {
        page.value("max_instances", String(instances.count))
        page.value("keep", tomlText(instances.keep.rawValue))
        page.value("per", tomlText(instances.per.rawValue))
      }
    }
    page.value("lasting", tomlText(durationText(rule.lasting)))
    page.value("every", tomlText(durationText(rule.every)), "[daemon] every")
    if !rule.notDuring.isEmpty { page.value("not_during", tomlList(rule.notDuring.map(quietTimeText))) }
    page.value("action", tomlText(rule.action.rawValue))
    if let budget = rule.budget {
      page.value(
        "budget", "{ kills = \(budget.kills), within = \(tomlText(durationText(budget.within))) }")
    }
    if let cooldown = rule.cooldown { page.value("cooldown", tomlText(durationText(cooldown))) }
  }
}

extension VCenterSettings {
  /// As `[[vcenter]] url` has it.
  fileprivate var url: String {
    let usual = scheme == .https ? 443 : 80
    let name = host.contains(":") ? "[\(host)]" : host
    return "\(scheme.rawValue)://\(name)\(port == usual ? "" : ":\(port)")"
  }
}

private func tomlScope(_ scope: Scope) -> String {
  var parts: [String] = []
  if let names = scope.names { parts.append("names = \(tomlList(names.map(\.pattern)))") }
  if let ids = scope.ids { parts.append("ids = \(tomlList(ids))") }
  for (key, names) in [("folders", scope.folders), ("clusters", scope.clusters), ("tags", scope.tags)] {
    if let names { parts.append("\(key) = \(tomlList(names))") }
  }
  if !scope.except.isEmpty { parts.append("except = \(tomlList(scope.except.map(\.pattern)))") }
  return "{ \(parts.joined(separator: ", ")) }"
}

private func tomlMatch(_ match: Match) -> String {
  var parts: [String] = []
  for (key, globs) in [("name", match.names), ("owner", match.owners), ("command", match.commands)] {
    if let globs { parts.append("\(key) = \(tomlOneOrMore(globs.map(\.pattern)))") }
  }
  if let exactly = match.exactly {
    parts += ["pid = \(exactly.pid)", "started = \(tomlMoment(exactly.started))"]
  }
  return "{ \(parts.joined(separator: ", ")) }"
}

/// The text that is written, and the table that is being written.
struct Page {
  private(set) var text = ""
  private var origins: [String: Origin] = [:]

  mutating func comment(_ words: String) { text += "# \(words)\n" }

  mutating func header(_ title: String, from origins: [String: Origin]) {
    self.origins = origins
    text += "\n\(title)\n"
  }

  /// `otherwise`: what a value comes from that stands in no file; `also`: what else there is to know.
  mutating func value(_ key: String, _ value: String, _ otherwise: String = "default", also: String = "") {
    text += "\(key) = \(value)  # \(origins[key].map(shown) ?? otherwise)\(also)\n"
  }

  /// A value that must not be read again.
  mutating func unused(_ key: String, _ value: String, _ why: String) {
    let origin = origins[key].map { shown($0) + ", " } ?? ""
    text += "# \(key) = \(value)  # \(origin)\(why)\n"
  }

  mutating func secret(_ key: String, _ all: [SecretReference], _ index: Int, _ absolute: (String) -> String) {
    guard all.indices.contains(index) else {
      text += "# \(key): given without a file\n"
      return
    }
    switch all[index] {
    case .credential(let name): value(key, "{ credential = \(tomlText(name)) }")
    case .file(let path): value(key, "{ file = \(tomlText(absolute(path))) }")
    }
  }

  private func shown(_ origin: Origin) -> String { escaped("\(origin.file):\(origin.line)") }
}
