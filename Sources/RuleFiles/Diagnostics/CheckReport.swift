import GuestWatchCore

/// What `guestwatchd check` says of one reading.
public struct CheckReport: Sendable {
  public let config: String
  public let result: LoadResult

  public init(config: String, result: LoadResult) {
    self.config = config
    self.result = result
  }

  /// What was read, for people: one line, then one for each guest login. Nil after an error.
  public var text: [String]? {
    guard let loaded = result.loaded else { return nil }
    let configuration = loaded.configuration
    let parts = [
      "\(counted(configuration.rules.count, "rule")) (\(terminating) may terminate) in "
        + counted(loaded.files.count, "file"),
      counted(configuration.vcenters.count, "vCenter"), counted(configuration.logins.count, "guest login"),
    ]
    // Only then does it matter, and then an operator wants to see which it is.
    let zone =
      configuration.rules.contains { !$0.notDuring.isEmpty } ? ", time zone \(configuration.timeZone.name)" : ""
    let dry = configuration.dryRun ? ", dry run" : ""
    return ["\(config): \(parts.joined(separator: ", "))\(zone)\(dry)"]
      + loaded.looks.map { looks in
        "guest login '\(looks.login)': surveys at most \(looks.perDay) times a day in each VM that its rules reach (every "
          + "\(durationText(looks.every))); each is a login there"
      }
  }

  /// One JSON object a line: every diagnostic, then a summary.
  public var json: [String] {
    let loaded = result.loaded
    let looks = (loaded?.looks ?? []).map {
      "{\"guest_login\":\(jsonText($0.login)),\"every_seconds\":\($0.every.wholeSeconds),"
        + "\"surveys_per_vm_per_day\":\($0.perDay)}"
    }
    let errors = result.diagnostics.count { $0.severity == .error }
    var fields = [
      "\"is\":\"summary\"", "\"config\":\(jsonText(config))", "\"usable\":\(loaded != nil)", "\"errors\":\(errors)",
      "\"warnings\":\(result.diagnostics.count - errors)",
    ]
    if let loaded {
      let configuration = loaded.configuration
      fields += [
        "\"files\":[\(loaded.files.map(jsonText).joined(separator: ","))]", "\"rules\":\(configuration.rules.count)",
        "\"terminating_rules\":\(terminating)", "\"vcenters\":\(configuration.vcenters.count)",
        "\"guest_logins\":\(configuration.logins.count)", "\"dry_run\":\(configuration.dryRun)",
        "\"time_zone\":\(jsonText(configuration.timeZone.name))", "\"looks\":[\(looks.joined(separator: ","))]",
      ]
    }
    return result.diagnostics.map(\.json) + ["{\(fields.joined(separator: ","))}"]
  }

  private var terminating: Int { result.loaded?.configuration.rules.count { $0.action == .terminate } ?? 0 }
}

/// How often a login looks into each VM that its rules reach.
public struct Looks: Sendable, Hashable {
  public var login: String
  /// The smallest `every` of its rules.
  public var every: Duration
  /// The most surveys a day; checks of single processes that are about to be killed come on top.
  public var perDay: Int64

  public init(login: String, every: Duration, perDay: Int64) {
    self.login = login
    self.every = every
    self.perDay = perDay
  }
}

extension LoadedConfiguration {
  /// One for each login that a rule uses, in the order of the file.
  public var looks: [Looks] {
    var smallest: [LoginID: Duration] = [:]
    for rule in configuration.rules { smallest[rule.login] = min(smallest[rule.login] ?? rule.every, rule.every) }
    return configuration.logins.compactMap { login in
      guard let every = smallest[login.id] else { return nil }
      let seconds = max(every.wholeSeconds, 1)
      return Looks(login: login.id.name, every: every, perDay: (86_400 + seconds - 1) / seconds)
    }
  }
}

extension Diagnostic {
  /// `{"is":"diagnostic","file":...}` on one line.
  public var json: String {
    "{\"is\":\"diagnostic\",\"file\":\(jsonText(file)),\"line\":\(line),\"column\":\(column),"
      + "\"severity\":\"\(severity.rawValue)\",\"code\":\"\(code.rawValue)\",\"message\":\(jsonText(message))}"
  }
}

/// A JSON string. What is steering is escaped.
func jsonText(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    default:
      if isSteering(scalar) {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
  return result + "\""
}

func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
