import GuestWatchCore

/// What the main file says apart from its rules.
struct MainSettings {
  var dryRun = false
  /// Where `kills` and `per_vm` of `[budget]` are 0.
  var zeroBudgets: [(key: String, place: Place)] = []
  /// Where each value stands, for `show-config`.
  var origins = Origins()
  /// One for each of `vcenters`, and of `logins`.
  var vcenterPasswords: [SecretReference] = []
  var loginSecrets: [SecretReference] = []
  /// `[daemon] every`, for rules without their own.
  var every: Duration = .seconds(300)
  /// The folder of the rule files, and where it was named; nil: the default, which need not exist.
  var rules: (folder: String, place: Place)?
  var logCommands: LogCommands = .name
  /// `[daemon] time_zone`, and where it stands; nil: absent, or wrong.
  var timeZone: (name: String, place: Place)?
  var hasTimeZone = false
  /// Where what is said of the machine's time zone is shown.
  var daemonPlace = Place.start
  var budget = FleetBudget()
  var protect = Protect()
  var keep = LoadedConfiguration.defaultKeep
  /// `[metrics] textfile`.
  var textfile: String?
  var vcenters: [(settings: VCenterSettings, entry: VCenterEntry)] = []
  var logins: [(settings: LoginSettings, entry: LoginEntry)] = []
  var notify: [NotifySettings] = []
  /// One for each of `notify`.
  var notifyReferences: [NotifyReferences] = []
  /// What rules may refer to: the entries with faults too, so that one mistake is told once.
  var known = KnownNames()
}

/// The names that rules may refer to.
struct KnownNames {
  var vcenters = NameList()
  var logins = NameList()
  /// The logins that are only sent to VMs named by id, with those ids.
  var limitedLogins: [String: [String]] = [:]
  /// What no rule may kill.
  var protect = Protect()
}

/// Names in the order of the file, found at once.
struct NameList {
  private(set) var names: [String] = []
  private var known: Set<String> = []

  func contains(_ name: String) -> Bool { known.contains(name) }

  mutating func append(_ name: String) {
    if known.insert(name).inserted { names.append(name) }
  }
}

/// The keys at the top of the main file.
private let mainKeys = Keys(
  known: ["daemon", "budget", "protect", "ledger", "metrics", "vcenter", "guest_login", "notify", "rule"])

extension Findings {
  /// Reads everything of the main file but its rules.
  mutating func mainSettings(_ root: TomlTable, sources: SecretSources) -> MainSettings {
    let file = section(root, at: .start, title: "the main file", keys: mainKeys)
    var settings = MainSettings()
    daemon(in: file, folder: sources.folder, into: &settings)
    settings.budget = budget(in: file)
    for key in ["kills", "per_vm"] {
      if case .table(let table)? = file["budget"]?.value.kind, let entry = table[key],
        case .integer(0) = entry.value.kind
      {
        settings.zeroBudgets.append((key, entry.value.place))
      }
    }
    settings.protect = protect(in: file)
    settings.known.protect = settings.protect
    for key in ["daemon", "budget", "protect", "ledger", "metrics"] {
      if case .table(let table)? = file[key]?.value.kind { settings.origins.sections[key] = origins(of: table) }
    }
    if let keep = keep(in: file) { settings.keep = keep }
    settings.textfile = textfile(in: file, isCheck: sources.surroundings.purpose == .check)
    vcenters(in: file, sources: sources, into: &settings)
    logins(in: file, sources: sources, into: &settings)
    notify(in: file, sources: sources, into: &settings)
    return settings
  }

  private mutating func daemon(in file: Section, folder: String, into settings: inout MainSettings) {
    let keys = Keys(
      known: ["dry_run", "every", "rules", "log_commands", "time_zone"])
    guard let entry = file.unlessEmpty("daemon"),
      let daemon = section(entry, title: "[daemon]", keys: keys, hint: "a table: [daemon]")
    else { return }
    settings.daemonPlace = daemon.place
    settings.dryRun = boolean(daemon["dry_run"]) ?? false
    if let every = every(in: daemon) { settings.every = every }
    settings.logCommands = word(daemon["log_commands"], of: [LogCommands.name, .full]) ?? .name
    settings.timeZone = timeZone(daemon["time_zone"])
    settings.hasTimeZone = daemon["time_zone"] != nil
    if let entry = daemon["rules"], let path = path(entry, from: folder, hint: "the folder of the rule files") {
      settings.rules = (path, entry.value.place)
    }
  }

  /// `every` of the daemon or of a rule.
  mutating func every(in section: Section) -> Duration? {
    guard let entry = section["every"], let every = duration(entry) else { return nil }
    if every < .seconds(10) {
      warning(
        entry.value.place, .shortEvery,
        "'every' is below 10 s and every look is a login in the guest; write \"10s\" or more unless guests stand that")
    }
    return every
  }

  private mutating func budget(in file: Section) -> FleetBudget {
    var budget = FleetBudget()
    guard let entry = file.unlessEmpty("budget"),
      let section = section(
        entry, title: "[budget]", keys: Keys(known: ["kills", "per_vm", "within"]), hint: "a table: [budget]")
    else { return budget }
    if let kills = count(section["kills"]) { budget.kills = kills }
    if let perVM = count(section["per_vm"]) { budget.perVM = perVM }
    if let within = duration(section["within"]) { budget.within = within }
    return budget
  }

  private mutating func protect(in file: Section) -> Protect {
    guard let entry = file.unlessEmpty("protect"),
      let section = section(
        entry, title: "[protect]", keys: Keys(known: ["names", "owners", "commands", "vms"]),
        hint: "a table: [protect]")
    else { return Protect() }
    return Protect(
      names: globs(section["names"]) ?? [], owners: globs(section["owners"]) ?? [],
      commands: globs(section["commands"]) ?? [], vms: scope(section["vms"], for: .protection))
  }

  /// `[ledger] keep`; nil: absent, or wrong.
  private mutating func keep(in file: Section) -> Duration? {
    guard let entry = file.unlessEmpty("ledger"),
      let ledger = section(entry, title: "[ledger]", keys: Keys(known: ["keep"]), hint: "a table: [ledger]")
    else { return nil }
    return duration(ledger["keep"])
  }
}
