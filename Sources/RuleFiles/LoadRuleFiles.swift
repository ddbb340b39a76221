import Glibc
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
  private var texts = SourceTexts()
  /// Folders whose rights have been looked at.
  private var checkedFolders: Set<String> = []
  private var work = Work()

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
    let found = ruleFiles(in: rulesFolder, of: path, named: settings?.rules?.place, findings: &main, &others)
    for file in found { rules += read(file, context: &context, diagnostics: &others) }

    var zone = TimeZoneRules.utc
    if let settings, context.needsZone { zone = main.zoneRules(settings, from: surroundings.zones) }
    if let settings { main.lookTwice(settings, at: rules) }
    if settings != nil, context.count == 0, !others.contains(where: { $0.severity == .error }) {
      main.warning(
        .start, .noRules, "there are no rules, so that nothing is watched; add a [[rule]] here or in \(rulesFolder)")
    }
    diagnostics += main.diagnostics + others
    work.compared += main.comparisons
    work.said = diagnostics.reduce(0) { $0 + $1.message.utf8.count + $1.file.utf8.count }
    texts.keepOnly(Set(diagnostics.map(\.file)))

    var result = LoadResult(loaded: nil, diagnostics: diagnostics, texts: texts)
    result.work = work
    if let settings, !diagnostics.contains(where: { $0.severity == .error }) {
      result.loaded = loaded(settings, rules, zone, wording(settings, rulesFolder, context.origins))
    }
    return result
  }

  private func loaded(
    _ settings: MainSettings, _ rules: [Rule], _ zone: TimeZoneRules, _ wording: Wording
  ) -> LoadedConfiguration {
    LoadedConfiguration(
      configuration: Configuration(
        dryRun: settings.dryRun, logCommands: settings.logCommands, budget: settings.budget, protect: settings.protect,
        vcenters: settings.vcenters.map(\.entry), logins: settings.logins.map(\.entry), rules: rules,
        timeZone: zone, digests: digests(rules)),
      vcenters: settings.vcenters.map(\.settings), logins: settings.logins.map(\.settings),
      notify: settings.notify, files: files, keep: settings.keep, textfile: settings.textfile, wording: wording)
  }

  private func wording(_ settings: MainSettings, _ rulesFolder: String, _ rules: [[String: Origin]]) -> Wording {
    var wording = Wording()
    wording.every = settings.every
    wording.rulesFolder = rulesFolder
    wording.timeZone = settings.timeZone?.name
    wording.vcenterPasswords = settings.vcenterPasswords
    wording.loginSecrets = settings.loginSecrets
    wording.notifyReferences = settings.notifyReferences
    wording.workingFolder = workingFolder()
    wording.origins = settings.origins
    wording.origins.rules = rules
    return wording
  }

  private func digests(_ rules: [Rule]) -> ConfigurationDigests {
    ConfigurationDigests(
      files: Digest.of(bytes: text),
      rules: Dictionary(rules.map { ($0.id, $0.digest) }, uniquingKeysWith: { first, _ in first }))
  }

  /// Every `*.toml` of the folder and, with the installed main file, of the drop-in folders: sorted by byte of the name; of
  /// one name the first folder's counts. Hidden files (those of editors) do not.
  private mutating func ruleFiles(
    in folder: String, of main: String, named place: Place?, findings: inout Findings,
    _ diagnostics: inout [Diagnostic]
  ) -> [String] {
    var found: [(name: String, file: String)] = []
    var names: Set<String> = []
    for (index, folder) in ([folder] + (main == surroundings.defaultMain ? surroundings.dropIns : [])).enumerated() {
      do {
        let all = try namesInFolder(folder)
        checkFolder(folder, diagnostics: &diagnostics)
        for name in all where name.hasSuffix(".toml") && !name.hasPrefix(".") && names.insert(name).inserted {
          found.append((name, joined(folder, name)))
        }
      } catch {
        if index == 0, let place {
          findings.error(place, .unreadableFile, "the folder of 'rules' \(error.message)")
        } else if error != .missing {
          diagnostics.append(
            Diagnostic(
              file: folder, line: 1, column: 1, severity: .error, code: .unreadableFile,
              message: "this folder \(error.message)"))
        }
      }
    }
    found.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    // A link to /dev/null masks the file of this name.
    return found.map(\.file).filter { !isNullDevice($0) }
  }

  private mutating func read(
    _ file: String, context: inout RuleContext, diagnostics: inout [Diagnostic]
  ) -> [Rule] {
    var findings = Findings(file: file)
    var rules: [Rule] = []
    if let root = parsed(file, findings: &findings, folders: &diagnostics) {
      findings.checkRuleFile(root)
      rules = findings.rules(root, context: &context)
    }
    diagnostics += findings.diagnostics
    work.compared += findings.comparisons
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
      findings.error(.start, .unreadableFile, "this file \(error.message)")
      return nil
    }
    files.append(path)
    text += contents.bytes
    texts[path] = contents.bytes
    work.read += contents.bytes.count
    checkFolder(folder(of: path), diagnostics: &folders)
    if let real = resolved(path) { checkFolder(folder(of: real), diagnostics: &folders) }
    if contents.rights.mode & 0o022 != 0 {
      findings.error(
        .start, .unsafeMode, "group or others may write this file (mode \(contents.rights.octal)), \(openDoor)")
    }
    do {
      return try readToml(contents.bytes)
    } catch {
      findings.error(error.place, .notTOML, error.message)
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
        file: path, line: 1, column: 1, severity: .error, code: .unsafeMode,
        message: "group or others may write this folder (mode \(rights.octal)), \(openDoor)"))
  }
}

private let openDoor = "and whoever writes rules kills; run chmod go-w on it"

/// What relative paths are relative to.
package func workingFolder() -> String {
  guard let path = getcwd(nil, 0) else { return "/" }
  defer { free(path) }
  return String(cString: path)
}
