/// The texts of files, to show lines of them under diagnostics. It does not describe itself: they may hold secrets.
public struct SourceTexts: Sendable, CustomStringConvertible {
  private var files: [String: [UInt8]] = [:]

  public init() {}

  public var description: String { "<the text of \(files.count) files>" }

  subscript(file: String) -> [UInt8]? {
    get { files[file] }
    set { files[file] = newValue }
  }

  mutating func keepOnly(_ wanted: Set<String>) { files = files.filter { wanted.contains($0.key) } }
}

extension LoadResult {
  /// Every diagnostic as a line and, where nothing in it can be a secret, the line of the file that it is about with a
  /// caret beneath; no line is longer than `width` columns but for the diagnostic itself.
  public func linesWithSource(width: Int) -> [String] {
    var lines: [String] = []
    var sources: [String: MaskedText] = [:]
    var wanted: [String: Set<Int>] = [:]
    for diagnostic in diagnostics where !Diagnostic.Code.ofWholeFiles.contains(diagnostic.code) {
      wanted[diagnostic.file, default: []].insert(diagnostic.line)
    }
    for diagnostic in diagnostics {
      lines.append(diagnostic.description)
      if Diagnostic.Code.ofWholeFiles.contains(diagnostic.code) { continue }
      if sources[diagnostic.file] == nil, let bytes = texts[diagnostic.file] {
        sources[diagnostic.file] = MaskedText(bytes, wanted: wanted[diagnostic.file] ?? [])
      }
      guard let line = sources[diagnostic.file]?.lines[diagnostic.line] else { continue }
      lines += line.excerpt(at: diagnostic.column, width: width)
    }
    return lines
  }
}

extension Diagnostic.Code {
  /// What is said of a file or folder as a whole, at 1:1.
  fileprivate static let ofWholeFiles: Set<Diagnostic.Code> = [.unreadableFile, .unsafeMode, .noVCenter, .noRules]
}
