import VCenterModel

/// Reads what `Scenario` documents.
enum ScenarioReader {
  static func scenario(_ json: JSON) throws(ShapeError) -> Scenario {
    var fields = try JSONFields(json)
    var settings = VCenterModel.Settings()
    if let text = try fields.optionalString("release") {
      guard let release = Release(text) else {
        throw ShapeError(path: "release", .invalid("\(text.debugDescription) is no release such as 8.0.3.0"))
      }
      settings.release = release
    }
    if let uuid = try fields.optionalString("instance_uuid") { settings.instanceUUID = uuid }
    if let idle = try fields.optionalSeconds("session_idle_s") { settings.idleLimit = Int64(idle * 1_000_000_000) }
    if let limit = try count(&fields, "session_limit") { settings.sessionLimit = limit }
    if let size = try count(&fields, "page_size") { settings.pageSize = size }
    if let cap = try count(&fields, "list_cap") { settings.listCap = cap }
    if let answers = try fields.optionalBool("answers_dead_sessions") { settings.answersDeadSessions = answers }
    if let seed = try fields.optionalInteger("seed") { settings.seed = UInt64(bitPattern: seed) }
    switch try fields.optionalString("overlap") {
    case nil: break
    case "refused": settings.overlap = .refused
    case "waits": settings.overlap = .waits
    case .some(let other):
      throw ShapeError(path: "overlap", .invalid("\(other.debugDescription) is neither \"refused\" nor \"waits\""))
    }
    var scenario = Scenario(settings: settings, accounts: [], machines: [])
    if let scale = try fields.optionalSeconds("kill_scale") { scenario.killScale = scale }
    if let days = try count(&fields, "certificate_days") { scenario.certificateDays = days }
    for entry in try fields.array("accounts") { scenario.accounts.append(try account(entry.value, path: entry.path)) }
    for entry in try fields.optionalArray("directory") ?? [] {
      scenario.directory.append(try guestAccount(entry.value, path: entry.path))
    }
    for entry in try fields.array("vms") {
      let machine = try machine(entry.value, path: entry.path)
      guard !scenario.machines.contains(where: { $0.facts.moid == machine.facts.moid }) else {
        throw ShapeError(path: "\(entry.path).id", .invalid("two VMs have it"))
      }
      scenario.machines.append(machine)
    }
    scenario.folders = try paths(&fields, "folders")
    scenario.tags = try tags(&fields, "tags")
    for entry in try fields.optionalArray("faults") ?? [] {
      scenario.faults.append(try TroubleReader.fault(entry.value, path: entry.path))
    }
    for entry in try fields.optionalArray("hooks") ?? [] {
      scenario.hooks.append(try TroubleReader.hook(entry.value, path: entry.path))
    }
    try fields.close()
    return scenario
  }

  /// A program for a real guest; `ControlEndpoint` takes the same.
  static func program(_ fields: inout JSONFields) throws(ShapeError) -> GuestProgram {
    guard let arguments = try fields.optionalStrings("argv"), arguments.first?.isEmpty == false else {
      throw ShapeError(path: fields.place("argv"), .missing)
    }
    return GuestProgram(
      arguments, name: try fields.optionalString("name"),
      ignoresTerminate: try fields.optionalBool("ignores_sigterm") ?? false, owner: try fields.optionalString("owner"))
  }

  private static func count(_ fields: inout JSONFields, _ name: String) throws(ShapeError) -> Int? {
    guard let value = try fields.optionalInteger(name) else { return nil }
    guard value > 0, value <= Int64(Int32.max) else {
      throw ShapeError(path: fields.place(name), .invalid("\(value) is not above 0 and below 2^31"))
    }
    return Int(value)
  }

  private static func account(_ json: JSON, path: String) throws(ShapeError) -> VCenterAccount {
    var fields = try JSONFields(json, path: path)
    var account = VCenterAccount(user: try fields.string("user"), password: try fields.string("password"))
    if let limit = try count(&fields, "lockout_after") { account.lockoutAfter = limit }
    if let privileges = try privileges(&fields, "privileges") { account.privileges = privileges }
    account.administrator = try fields.optionalBool("administrator") ?? false
    if account.administrator { account.privileges = Set(Privilege.allCases) }
    try fields.close()
    return account
  }

  private static func privileges(_ fields: inout JSONFields, _ key: String) throws(ShapeError) -> Set<Privilege>? {
    guard let names = try fields.optionalStrings(key) else { return nil }
    var privileges: Set<Privilege> = []
    for name in names {
      guard let privilege = Privilege(rawValue: name) else {
        throw ShapeError(path: fields.place(key), .invalid("there is no privilege \(name.debugDescription)"))
      }
      privileges.insert(privilege)
    }
    return privileges
  }

  private static func guestAccount(_ json: JSON, path: String) throws(ShapeError) -> GuestAccount {
    var fields = try JSONFields(json, path: path)
    var account = GuestAccount(user: try fields.string("user"), password: try fields.string("password"))
    account.token = try fields.optionalString("saml_token")
    if let superuser = try fields.optionalBool("superuser") { account.superuser = superuser }
    // 0 is allowed here: never locked.
    if let limit = try fields.optionalInteger("lockout_after") { account.lockoutAfter = Int(clamping: limit) }
    try fields.close()
    return account
  }

  private static func machine(_ json: JSON, path: String) throws(ShapeError) -> Scenario.Machine {
    var fields = try JSONFields(json, path: path)
    var facts = VirtualMachine.Facts(moid: try fields.string("id"), name: try fields.string("name"))
    facts.instanceUUID = try fields.optionalString("instance_uuid") ?? uuid(of: facts.moid, kind: "50")
    facts.biosUUID = try fields.optionalString("bios_uuid") ?? uuid(of: facts.moid, kind: "42")
    facts.power = try choice(&fields, "power") ?? facts.power
    facts.connection = try choice(&fields, "connection") ?? facts.connection
    facts.tools = try choice(&fields, "tools") ?? facts.tools
    facts.family = try choice(&fields, "family") ?? facts.family
    facts.ready = try fields.optionalBool("ready") ?? (facts.tools == .running)
    if let text = try fields.optionalString("guest_os") { facts.guestOS = text }
    if let text = try fields.optionalString("host_name") { facts.hostName = text }
    facts.ipAddress = try fields.optionalString("ip_address")
    facts.template = try fields.optionalBool("template") ?? false
    if var managed = try fields.optionalObject("managed_by") {
      facts.managedBy = VirtualMachine.ManagedBy(
        extensionKey: try managed.string("extension_key"), type: try managed.string("type"))
      try managed.close()
    }
    if let cpus = try count(&fields, "cpu_count") { facts.cpuCount = cpus }
    if let memory = try count(&fields, "memory_mib") { facts.memoryMiB = memory }
    facts.unreadable = Set(try fields.optionalStrings("unreadable") ?? [])
    facts.withheld = try privileges(&fields, "withheld") ?? []

    var accounts: [GuestAccount] = []
    for entry in try fields.optionalArray("accounts") ?? [] {
      accounts.append(try guestAccount(entry.value, path: entry.path))
    }
    var disabled: Set<VirtualMachine.Switch> = []
    for name in try fields.optionalStrings("disabled") ?? [] {
      switch name {
      case "list": disabled.insert(.list)
      case "terminate": disabled.insert(.terminate)
      case "start": disabled.insert(.start)
      default:
        throw ShapeError(path: fields.place("disabled"), .invalid("\(name.debugDescription) cannot be disabled"))
      }
    }
    let processes = try fields.optionalArray("processes") ?? []
    let guest: Scenario.Guest
    switch try fields.string("guest") {
    case "real":
      var programs: [Scenario.RealProcess] = []
      for entry in processes { programs.append(try realProcess(entry.value, path: entry.path)) }
      guest = .real(programs)
    case "synthetic":
      var values: [Scenario.SyntheticProcess] = []
      for entry in processes { values.append(try syntheticProcess(entry.value, path: entry.path)) }
      guest = .synthetic(values)
    case let other:
      throw ShapeError(
        path: fields.place("guest"), .invalid("\(other.debugDescription) is neither \"real\" nor \"synthetic\""))
    }
    var machine = Scenario.Machine(
      facts, accounts: accounts, guest: guest, usesDirectory: try fields.optionalBool("uses_directory") ?? false,
      disabled: disabled, busy: try fields.optionalBool("busy") ?? false,
      bootedAgo: try fields.optionalSeconds("booted_s_ago").map { .seconds($0) },
      suspendedAgo: try fields.optionalSeconds("suspended_s_ago").map { .seconds($0) })
    if let path = try fields.optionalString("folder") {
      machine.folder = try self.path(path, at: fields.place("folder"))
    }
    machine.cluster = try fields.optionalString("cluster")
    machine.host = try fields.optionalString("host")
    machine.tags = try tags(&fields, "tags")
    try fields.close()
    return machine
  }

  /// Inventory paths of VM folders.
  private static func paths(_ fields: inout JSONFields, _ name: String) throws(ShapeError) -> [String] {
    var paths: [String] = []
    for element in try fields.optionalArray(name) ?? [] {
      paths.append(try path(try element.value.string(at: element.path), at: element.path))
    }
    return paths
  }

  /// An inventory path that a VM folder can have; `ControlEndpoint` takes the same.
  static func path(_ text: String, at place: String) throws(ShapeError) -> String {
    var places = Places()
    guard places.makeFolder(at: text) != nil else {
      throw ShapeError(path: place, .invalid("\(text.debugDescription) is no path such as \"/Datacenter/vm/db\""))
    }
    return text
  }

  /// Tags as "category:name"; `ControlEndpoint` takes the same.
  static func tags(_ fields: inout JSONFields, _ name: String) throws(ShapeError) -> [String] {
    let texts = try fields.optionalStrings(name) ?? []
    for text in texts where !text.contains(":") {
      throw ShapeError(path: fields.place(name), .invalid("\(text.debugDescription) is no \"category:name\""))
    }
    return texts
  }

  /// One of the values of an enumeration, by name; nil where absent.
  static func choice<Choice: RawRepresentable>(
    _ fields: inout JSONFields, _ name: String
  ) throws(ShapeError) -> Choice? where Choice.RawValue == String {
    guard let text = try fields.optionalString(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw ShapeError(path: fields.place(name), .invalid("there is no \(name) \(text.debugDescription)"))
    }
    return choice
  }

  private static func realProcess(_ json: JSON, path: String) throws(ShapeError) -> Scenario.RealProcess {
    var fields = try JSONFields(json, path: path)
    let process = Scenario.RealProcess(
      try program(&fields), label: try fields.optionalString("label"), pid: try fields.optionalInteger("pid"))
    try fields.close()
    return process
  }

  private static func syntheticProcess(_ json: JSON, path: String) throws(ShapeError) -> Scenario.SyntheticProcess {
    var fields = try JSONFields(json, path: path)
    func nanoseconds(_ seconds: Double) -> Int64 { Int64(seconds * 1_000_000_000) }
    let ends = nanoseconds(try fields.optionalSeconds("ends_after_s") ?? 0.02)
    var temper = Temper.yields(after: ends)
    if try fields.optionalBool("ignores_sigterm") == true { temper = .ignores(killedAfter: ends) }
    if try fields.optionalBool("unkillable") == true { temper = .unkillable }
    let process = Scenario.SyntheticProcess(
      Spawn(
        name: try fields.string("name"), owner: try fields.string("owner"),
        command: try fields.optionalString("command"), pid: try fields.optionalInteger("pid"), temper: temper,
        zombieFor: try fields.optionalSeconds("zombie_s").map(nanoseconds),
        livesFor: try fields.optionalSeconds("lives_s").map(nanoseconds)),
      label: try fields.optionalString("label"), age: .seconds(try fields.optionalSeconds("age_s") ?? 0))
    try fields.close()
    return process
  }

  /// A uuid that is the same in every run: FNV-1a of the moid, spread over the digits.
  private static func uuid(of moid: String, kind: String) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in moid.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    let hex = String(hash, radix: 16)
    let digits = Array(kind + String(repeating: "0", count: 16 - hex.count) + hex + "00000000000000")
    func part(_ range: Range<Int>) -> String { String(digits[range]) }
    return [part(0..<8), part(8..<12), part(12..<16), part(16..<20), part(20..<32)].joined(separator: "-")
  }
}
