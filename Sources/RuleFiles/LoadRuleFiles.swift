import GuestWatchCore

/// Reads the main file and the rule files beside it, and finds every mistake of all of them in one go.
///
/// `path` is shown in diagnostics as it is given. Never throws: whatever cannot be read is a diagnostic.
public func loadRuleFiles(main path: String, surroundings: Surroundings) -> LoadResult {
  var reading = Reading(surroundings: surroundings)
  return reading.run(main: path)
}

/// More text than this is no rule file; the parser has the same limit.
private let mostFileBytes = 1 << 20

private struct Reading {
  let surroundings: Surroundings
  private var files: [String] = []
  /// What was in them, one after the other.
  private var text: [UInt8] = []
  /// Folders whose rights have been looked at.
  private var checkedFolders: Set<String> = []

  init(surroundings: Surroundings) { self.surroundings = surroundings }

  mutating func run(main path: String) -> LoadResult {
    let home = folder(of: path)
    var diagnostics: [Diagnostic] = []
    var main = Findings(file: path)
    var settings: MainSettings?
    var context = RuleContext()
    var rules: [Rule] = []
    if let root = parsed(path, findings: &main, folders: &diagnostics) {
      let read = main.mainSettings(root, sources: SecretSources(folder: home, surroundings: surroundings))
      context.every = read.every
      context.known = read.known
      rules = main.rules(root, context: &context)
      settings = read
    }

    // Where the main file cannot be parsed its rule files are most likely in the usual place.
    let rulesFolder = settings?.rules?.folder ?? joined(home, "rules.d")
    var others: [Diagnostic] = []
    do {
      rules += try ruleFiles(in: rulesFolder, context: &context, diagnostics: &others)
    } catch {
      if let place = settings?.rules?.place {
        main.error(place, "the folder of 'rules' \(error.message)")
      } else if error != .missing {
        others.append(
          Diagnostic(
            file: rulesFolder, line: 1, column: 1, severity: .error, message: "this folder \(error.message)"))
      }
    }
    var zone = TimeZoneRules.utc
    if let settings, context.needsZone { zone = main.zoneRules(settings, from: surroundings.zones) }
    if settings != nil, context.count == 0, !others.contains(where: { $0.severity == .error }) {
      main.warning(.start, "there are no rules, so that nothing is watched; add a [[rule]] here or in \(rulesFolder)")
    }
    diagnostics += main.diagnostics + others

    guard let settings, !diagnostics.contains(where: { $0.severity == .error }) else {
      return LoadResult(loaded: nil, diagnostics: diagnostics)
    }
    return LoadResult(loaded: loaded(settings, rules, zone), diagnostics: diagnostics)
  }

  private func loaded(_ settings: MainSettings, _ rules: [Rule], _ zone: TimeZoneRules) -> LoadedConfiguration {
    LoadedConfiguration(
      configuration: Configuration(
        dryRun: settings.dryRun, logCommands: settings.logCommands, budget: settings.budget, protect: settings.protect,
        vcenters: settings.vcenters.map(\.entry), logins: settings.logins.map(\.entry), rules: rules,
        timeZone: zone, digests: digests(rules)),
      vcenters: settings.vcenters.map(\.settings), logins: settings.logins.map(\.settings), files: files,
      keep: settings.keep)
  }

  private func digests(_ rules: [Rule]) -> ConfigurationDigests {
    ConfigurationDigests(
      files: Digest.of(bytes: text),
      rules: Dictionary(rules.map { ($0.id, $0.digest) }, uniquingKeysWith: { first, _ in first }))
  }

  /// The rules of every `*.toml` in the folder, sorted by byte; hidden files (those of editors) do not count.
  private mutating func ruleFiles(
    in folder: String, context: inout RuleContext, diagnostics: inout [Diagnostic]
  ) throws(FileMistake) -> [Rule] {
    var rules: [Rule] = []
    let names = try namesInFolder(folder)
    checkFolder(folder, diagnostics: &diagnostics)
    for name in names where name.hasSuffix(".toml") && !name.hasPrefix(".") {
      let file = joined(folder, name)
      // A link to /dev/null masks the file of this name.
      if isNullDevice(file) { continue }
      var findings = Findings(file: file)
      if let root = parsed(file, findings: &findings, folders: &diagnostics) {
        findings.checkRuleFile(root)
        rules += findings.rules(root, context: &context)
      }
      diagnostics += findings.diagnostics
    }
    return rules
  }

  /// Reads and parses one file; nil after an error.
  private mutating func parsed(
    _ path: String, findings: inout Findings, folders: inout [Diagnostic]
  ) -> TomlTable? {
    let contents: FileContents
    do {
      contents = try readFile(path, most: mostFileBytes)
    } catch {
      findings.error(.start, "this file \(error.message)")
      return nil
    }
    files.append(path)
    text += contents.bytes
    checkFolder(folder(of: path), diagnostics: &folders)
    if let real = resolved(path) { checkFolder(folder(of: real), diagnostics: &folders) }
    if contents.rights.mode & 0o022 != 0 {
      findings.error(.start, "group or others may write this file (mode \(contents.rights.octal)), \(openDoor)")
    }
    do {
      return try readToml(contents.bytes)
    } catch {
      findings.error(error.place, error.message)
      return nil
    }
  }

  /// A folder that others may write lets them add and exchange files.
  private mutating func checkFolder(_ path: String, diagnostics: inout [Diagnostic]) {
    guard checkedFolders.insert(resolved(path) ?? path).inserted else { return }
    // A folder that cannot be looked at gives no file either, and that is told.
    guard let rights = try? folderRights(path), rights.mode & 0o022 != 0 else { return }
    diagnostics.append(
      Diagnostic(
        file: path, line: 1, column: 1, severity: .error,
        message: "group or others may write this folder (mode \(rights.octal)), \(openDoor)"))
  }
}

private let openDoor = "and whoever writes rules kills; run chmod go-w on it"
