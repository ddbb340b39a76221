import GuestWatchCore

private let notifyKeys = Keys(
  known: ["name", "on", "exec", "webhook", "token", "ca_file", "fingerprint_sha256", "timeout"])

/// The keys that say how a webhook is reached.
private let webhookKeys = ["token", "ca_file", "fingerprint_sha256"]

/// A `[[notify]]` as it is read, with where its secrets are kept.
private typealias ReadWay = (way: NotifySettings.Way, references: NotifyReferences)

extension Findings {
  mutating func notify(in file: Section, sources: SecretSources, into settings: inout MainSettings) {
    let tables = tables(file.unlessEmpty("notify"), hint: "[[notify]]")
    if tables.count > NotifySettings.most {
      error(
        tables[NotifySettings.most].place, .badNumber,
        "there are more than \(NotifySettings.most) [[notify]]; let one program or receiver tell the others")
    }
    var places: [String: Place] = [:]
    var names = NameList()
    for (index, (table, place)) in tables.enumerated() {
      let section = section(table, at: place, title: "[[notify]]", keys: notifyKeys)
      let name = section["name"] == nil ? ("notify-\(index + 1)", place) : name(in: section)
      if let name { define(name, as: "notify", places: &places, names: &names) }
      let events = events(section["on"])
      let timeout = timeout(section["timeout"])
      guard let read = way(in: section, sources: sources), let name, let events, let timeout else { continue }
      settings.notify.append(NotifySettings(name: name.0, events: events, way: read.way, timeout: timeout))
      settings.notifyReferences.append(read.references)
      settings.origins.notify.append(origins(of: table))
    }
  }

  private mutating func events(_ entry: TomlEntry?) -> [Report.Kind]? {
    guard let entry else { return NotifySettings.defaultEvents }
    if entry.value.isEmpty {
      emptySelector(entry)
      return nil
    }
    guard let texts = strings(entry, hint: "an event in quotes such as \"killed\", or a list of events") else {
      return nil
    }
    var events: [Report.Kind] = []
    var isGood = true
    for (text, place) in texts {
      if let event = Report.Kind(rawValue: text) {
        if !events.contains(event) { events.append(event) }
        continue
      }
      isGood = false
      let words = Report.Kind.allCases.map(\.rawValue)
      error(place, .badWord, "'on' has no such event; \(suggestion(for: text, among: words))")
    }
    return isGood ? events : nil
  }

  private mutating func timeout(_ entry: TomlEntry?) -> Duration? {
    guard let entry else { return NotifySettings.defaultTimeout }
    guard let timeout = duration(entry) else { return nil }
    if timeout > NotifySettings.longestTimeout {
      error(entry.value.place, .badDuration, "'timeout' is longer than 10 minutes; write at most \"10m\"")
      return nil
    }
    return timeout
  }

  private mutating func way(in section: Section, sources: SecretSources) -> ReadWay? {
    switch (section["exec"], section["webhook"]) {
    case (nil, nil):
      // A slip has its error already.
      let isTold = section.table.entries.contains {
        !notifyKeys.known.contains($0.key) && isMeant($0.key, among: ["exec", "webhook"])
      }
      if !isTold {
        error(
          section.place, .missingKey,
          "[[notify]] has neither 'exec' nor 'webhook'; write exec = [\"/PATH\"] or webhook = \"https://HOST/PATH\"")
      }
      return nil
    case (.some, .some(let entry)):
      error(
        entry.place, .keysConflict,
        "'exec' and 'webhook' exclude each other; write exactly one of them, and another [[notify]] for the other")
      return nil
    case (.some(let entry), nil):
      for key in webhookKeys {
        guard let stranger = section[key] else { continue }
        error(stranger.place, .keysConflict, "'\(key)' goes only with 'webhook'; remove it")
      }
      guard let words = program(entry) else { return nil }
      return (.program(words), NotifyReferences())
    case (nil, .some(let entry)):
      return webhook(entry, in: section, sources: sources)
    }
  }

  // MARK: - Programs

  /// More words than this, or longer ones, are no command but data.
  private static var mostWords: Int { 64 }
  private static var mostWordBytes: Int { 4095 }

  private mutating func program(_ entry: TomlEntry) -> [String]? {
    let hint = "a list such as [\"/usr/local/bin/page\", \"--urgent\"]; no shell reads it"
    guard case .list = entry.value.kind else {
      wrongType(entry, hint)
      return nil
    }
    guard let texts = strings(entry, hint: "text in quotes") else { return nil }
    guard let first = texts.first else {
      error(entry.value.place, .badProgram, "'exec' is empty; write \(hint)")
      return nil
    }
    if texts.count > Self.mostWords {
      error(entry.value.place, .badProgram, "'exec' has more than \(Self.mostWords) words; put them into a program")
      return nil
    }
    for (text, place) in texts where text.utf8.contains(0) || text.utf8.count > Self.mostWordBytes {
      error(
        place, .badProgram,
        "a word of 'exec' holds a NUL or more than \(Self.mostWordBytes) bytes; put it into a program")
      return nil
    }
    guard first.text.hasPrefix("/"), !holdsControls(first.text) else {
      error(
        first.place, .badProgram,
        "'exec' does not begin with an absolute path, and no folder is searched; write \(hint)")
      return nil
    }
    do {
      try checkProgram(first.text)
    } catch {
      switch error {
      case .unusable(let why):
        warning(first.place, .unusableProgram, "the program of 'exec' \(why); until then nobody is told by it")
      case .unsafe(let why):
        self.error(
          first.place, .unsafeMode,
          "the program of 'exec' \(why), and it runs with all that guestwatchd may; run chmod go-w on it")
        return nil
      }
    }
    return texts.map(\.text)
  }

  // MARK: - Webhooks

  private mutating func webhook(_ entry: TomlEntry, in section: Section, sources: SecretSources) -> ReadWay? {
    var references = NotifyReferences()
    let address = address(entry, in: section, sources: sources, reference: &references.url)
    let token = token(in: section, sources: sources, reference: &references.token)
    let caFile = caFile(section["ca_file"], folder: sources.folder, of: "this receiver")
    let fingerprints = fingerprints(in: section)
    guard let address else { return nil }
    return (
      .webhook(
        WebhookSettings(
          url: address.url, origin: address.origin, token: token, caFile: caFile, fingerprints: fingerprints)),
      references
    )
  }

  /// The URL, from the file itself or from where secrets are kept; empty where they are not opened.
  private mutating func address(
    _ entry: TomlEntry, in section: Section, sources: SecretSources, reference: inout SecretReference?
  ) -> (url: Secret, origin: String)? {
    let text: String
    switch entry.value.kind {
    case .string(let literal): text = literal
    case .table:
      guard let read = secret("webhook", in: section, sources: sources) else { return nil }
      reference = read.file.reference
      text = read.secret.reveal()
      if text.isEmpty { return (read.secret, "") }
    case .integer, .float, .boolean, .date, .time, .localDateTime, .dateTime, .list:
      wrongType(entry, "\"https://HOST/PATH\", or { credential = \"NAME\" } or { file = \"/PATH\" } with the URL in it")
      return nil
    }
    do {
      let address = try WebhookAddress(text)
      return (Secret(address.url), address.origin)
    } catch {
      self.error(entry.value.place, .badURL, error.message)
      return nil
    }
  }

  /// Nil: there is none, or after an error, when nothing is loaded.
  private mutating func token(
    in section: Section, sources: SecretSources, reference: inout SecretReference?
  ) -> Secret? {
    guard let entry = section["token"], let read = secret("token", in: section, sources: sources) else { return nil }
    reference = read.file.reference
    // What a header may carry; empty is a secret that was not opened.
    guard read.secret.reveal().utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      error(
        entry.value.place, .badSecret, "'token' holds blanks or letters beyond ASCII; keep nothing but the token in it")
      return nil
    }
    return read.secret
  }
}
