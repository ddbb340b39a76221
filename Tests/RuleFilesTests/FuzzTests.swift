import Glibc
import Testing

@testable import RuleFiles

/// Files that were good once, changed at random: what must hold of every result, however broken the text.
///
/// `GUESTWATCH_FUZZ_SECONDS=600` goes on for so long, each round with the next seed; `GUESTWATCH_FUZZ_SEED=n` begins at one,
/// so that a failure, which names its seed, can be seen again.
@Suite struct FuzzTests {
  @Test func nothingBreaksIt() throws {
    let seconds = number("GUESTWATCH_FUZZ_SECONDS")
    let first = number("GUESTWATCH_FUZZ_SEED") ?? 1
    let start = ContinuousClock.now
    let folder = try ConfigurationFolder()
    try folder.write("secret", "canary-File-3\n", mode: 0o400)
    try folder.write("secrets/lab", "canary-File-4\n", mode: 0o400)
    try folder.write("credentials/six", "canary-File-5\n", mode: 0o400)
    try folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\n")
    var seed = first
    var tally = Tally()
    while seconds.map({ ContinuousClock.now - start < .seconds($0) }) ?? (seed < first + 600) {
      let problems = try round(UInt64(seed), in: folder, &tally)
      #expect(problems.isEmpty, "GUESTWATCH_FUZZ_SEED=\(seed)")
      if !problems.isEmpty { break }
      seed += 1
    }
    // A fuzzer whose files are all refused at once, or all good, tests little.
    #expect(tally.loaded * 50 > tally.rounds)
    #expect(tally.parsed * 4 > tally.rounds)
    #expect(tally.codes.count > 15)
    #expect(tally.excerpts > tally.rounds / 4)
    if seconds != nil {
      print(
        "fuzz: \(tally.rounds) rounds from seed \(first), \(tally.parsed) parsed, \(tally.loaded) loaded, "
          + "\(tally.diagnostics) diagnostics of \(tally.codes.count) kinds, \(tally.excerpts) excerpts")
    }
  }

  private func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

  struct Tally {
    var rounds = 0
    var parsed = 0
    var loaded = 0
    var diagnostics = 0
    var excerpts = 0
    var codes: Set<Diagnostic.Code> = []
  }

  /// Loads one pair of files; gives back what does not hold.
  func round(_ seed: UInt64, in folder: ConfigurationFolder, _ tally: inout Tally) throws -> [String] {
    let files = MutatedFiles(seed: seed)
    try folder.write("main.toml", files.main)
    // Some main files name another folder.
    for name in ["rules.d", "more"] { try folder.write(name + "/a.toml", files.rules) }
    var surroundings = Surroundings.ofTests
    surroundings.credentialsDirectory = folder.path + "/credentials"
    let result = folder.load(surroundings: surroundings)
    let shown = result.linesWithSource(width: 80)
    let said = CheckReport(config: "main.toml", result: result).json + shown + [result.loaded?.shown() ?? ""]

    var problems: [String] = []
    let hasErrors = result.diagnostics.contains { $0.severity == .error }
    if hasErrors == (result.loaded != nil) { problems.append("loaded and errors contradict each other") }
    let texts = ["/main.toml": files.main, "/rules.d/a.toml": files.rules, "/more/a.toml": files.rules]
    problems += places(result.diagnostics, texts, folder)
    problems += unclean(shown)
    problems += secrets(said, files)
    // Work that grows faster than the text would not stay below this for texts of some kilobytes: what is said of a byte of
    // text (an empty [[rule]] is missing six things), and the fixed most of what is compared for suggestions, per file.
    let bytes = files.main.count + files.rules.count
    if result.work.read > bytes { problems.append("\(result.work.read) bytes were read, not \(bytes)") }
    if result.work.said > 150 * bytes + 2000 { problems.append("too much is said: \(result.work.said) of \(bytes)") }
    if result.work.compared > 300 * bytes {
      problems.append("too much is compared: \(result.work.compared) of \(bytes)")
    }

    tally.rounds += 1
    if !result.diagnostics.contains(where: { $0.code == .notTOML }) { tally.parsed += 1 }
    if result.loaded != nil { tally.loaded += 1 }
    tally.diagnostics += result.diagnostics.count
    tally.excerpts += (shown.count - result.diagnostics.count) / 2
    for diagnostic in result.diagnostics { tally.codes.insert(diagnostic.code) }
    return problems
  }

  /// Every diagnostic is about a place that the file has.
  private func places(
    _ diagnostics: [Diagnostic], _ files: [String: [UInt8]], _ folder: ConfigurationFolder
  ) -> [String] {
    var widths: [String: [Int]] = [:]
    for (name, bytes) in files {
      let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
      widths[folder.path + name] = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self).unicodeScalars.count }
    }
    return diagnostics.compactMap { diagnostic in
      // Folders (of 'rules', say) have no text.
      guard let lines = widths[diagnostic.file] else { return diagnostic.line == 1 ? nil : "\(diagnostic): what file?" }
      guard lines.indices.contains(diagnostic.line - 1) else { return "\(diagnostic): no such line" }
      let most = lines[diagnostic.line - 1] + 1
      return (1...most).contains(diagnostic.column) ? nil : "\(diagnostic): the line has \(most - 1) columns"
    }
  }

  /// Every line is one, none moves a cursor, and an excerpt is no wider than it may be.
  private func unclean(_ shown: [String]) -> [String] {
    shown.compactMap { line in
      let isClean = line.unicodeScalars.allSatisfy {
        switch $0.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
      }
      if !isClean { return "not one clean line: \(line.debugDescription)" }
      return line.hasPrefix("    ") && line.unicodeScalars.count > 80 ? "too wide: \(line)" : nil
    }
  }

  /// The secrets of the files never, and a password in the main file not while it is recognizable as one.
  private func secrets(_ said: [String], _ files: MutatedFiles) -> [String] {
    let isLiteral = String(decoding: files.main, as: UTF8.self).contains(MutatedFiles.literal)
    return said.compactMap { text in
      if text.contains("canary-File") { return "a secret was opened and told: \(text)" }
      return isLiteral && text.contains("canary-Literal") ? "a literal password was told: \(text)" : nil
    }
  }
}
