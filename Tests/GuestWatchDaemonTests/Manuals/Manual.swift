import Foundation

/// A manual page, taken apart far enough to be compared. Its macros are those of mdoc(7).
struct Manual {
  private let lines: [String]

  /// Of a page in `packaging/man` of this repository: Tests/TARGET/FOLDER/THIS stands three folders below its root.
  static func path(_ name: String, file: String = #filePath) -> String {
    let root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    return "\(root)/packaging/man/\(name)"
  }

  init(_ name: String) throws {
    let text = try String(contentsOfFile: Manual.path(name), encoding: .utf8)
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// The lines of a section.
  func section(_ title: String) -> [String] {
    let rest = lines.drop { $0 != ".Sh \(title)" }.dropFirst()
    return Array(rest.prefix { !$0.hasPrefix(".Sh ") })
  }

  /// The parts of a section that have a title of their own.
  func paragraphs(_ title: String) -> [(title: String, lines: [String])] {
    var parts: [(title: String, lines: [String])] = []
    for line in section(title) {
      if line.hasPrefix(".Ss ") {
        parts.append((String(line.dropFirst(4)), []))
      } else if !parts.isEmpty {
        parts[parts.count - 1].lines.append(line)
      }
    }
    return parts
  }

  /// Of each command, the options in the synopsis.
  var synopsis: [String: [String]] {
    var shown: [String: [String]] = [:]
    var command = ""
    for line in section("SYNOPSIS") {
      let words = line.split(separator: " ").map(String.init)
      if let place = words.firstIndex(where: { $0.hasSuffix("Ic") }) {
        command = words[place + 1]
        shown[command] = []
      }
      for (mark, option) in zip(words, words.dropFirst()) where mark.hasSuffix("Fl") {
        shown[command, default: []].append(String(option.dropFirst()))
      }
    }
    return shown
  }

  /// What the lists of a section describe; `mark`: only what stands there as that macro.
  func items(_ title: String, mark: String? = nil) -> [String] {
    let head = mark.map { ".It \($0) " } ?? ".It "
    return section(title).filter { $0.hasPrefix(head) }
      .flatMap { $0.dropFirst(head.count).split(separator: " ").filter { $0 != "," }.map(String.init) }
  }

  /// What stands behind an entry of a list, up to the next.
  func text(of item: String, in title: String) -> String {
    let rest = section(title).drop { $0 != ".It Cm \(item)" }.dropFirst()
    return rest.prefix { !$0.hasPrefix(".It ") }.joined(separator: " ")
  }

  /// The examples that are marked as being of this kind, as they are printed.
  func examples(_ kind: String) -> [String] {
    lines.indices.filter { lines[$0] == ".\\\" example: \(kind)" }.map { place in
      lines[(place + 2)...].prefix { $0 != ".Ed" }.joined(separator: "\n").replacing("\\e", with: "\\") + "\n"
    }
  }

  /// The options that these lines describe, without their dashes.
  static func options(_ lines: [String]) -> [String] {
    lines.filter { $0.hasPrefix(".It Fl ") }.flatMap { line in
      let words = line.split(separator: " ")
      return zip(words, words.dropFirst()).filter { $0.0 == "Fl" }.map { String($0.1.drop { $0 == "-" }) }
    }
  }
}
