import Glibc
import GuestWatchCore

/// Where the system keeps its time zones.
public struct ZoneSources: Hashable, Sendable {
  /// The folder of all time zones, a file each.
  public var folder: String
  /// What makes one of them the machine's: a link into the folder, or a copy.
  public var localTime: String
  /// The name of the machine's zone, where there is no `localTime`.
  public var nameFile: String

  public init(
    folder: String = "/usr/share/zoneinfo", localTime: String = "/etc/localtime", nameFile: String = "/etc/timezone"
  ) {
    self.folder = folder
    self.localTime = localTime
    self.nameFile = nameFile
  }
}

/// Why there is no such time zone.
enum ZoneMistake: Error, Hashable {
  /// Not a name as IANA gives them.
  case notAName
  /// No such file.
  case unknown
  case file(FileMistake)
  case content(ZoneFileMistake)

  /// What is wrong, to follow "PATH ".
  var message: String {
    switch self {
    case .notAName, .unknown: "does not exist"
    case .file(let mistake): mistake.message
    case .content(.notAZone): "is not a time zone file"
    case .content(.unknownVersion): "is a time zone file of a version that is not known"
    case .content(.leapSeconds): "counts leap seconds, which the clock of this machine does not"
    case .content(.damaged): "is damaged"
    }
  }
}

/// The largest files have 4 KB; what is far larger is something else.
private let mostZoneBytes = 1 << 18

extension ZoneSources {
  /// The rules of a zone by its name. UTC needs no file.
  func zone(_ name: String) throws(ZoneMistake) -> TimeZoneRules {
    guard isZoneName(name) else { throw .notAName }
    do {
      return try zone(file: joined(folder, name), name: name)
    } catch {
      if case .unknown = error, ["UTC", "Etc/UTC"].contains(name) { return TimeZoneRules(name: name, first: 0) }
      throw error
    }
  }

  /// The zone that the machine's clock is shown in, or what is wrong with it, as a sentence without its end.
  func machine() throws(MachineZoneMistake) -> TimeZoneRules {
    let (name, source) = try machineName()
    guard let name else {
      guard let source else { return .utc }
      do {
        return try zone(file: source, name: source)
      } catch {
        throw MachineZoneMistake(message: "\(source) \(error.message)")
      }
    }
    do {
      return try zone(name)
    } catch {
      throw MachineZoneMistake(
        message: "\(source ?? nameFile) names \(shown(name)), and \(joined(folder, name)) \(error.message)")
    }
  }

  /// The name, and the file that says so; a file without a name where that holds the rules itself; neither: UTC, as
  /// localtime(5) has it.
  private func machineName() throws(MachineZoneMistake) -> (name: String?, source: String?) {
    if let target = linkTarget(localTime) {
      // "../usr/share/zoneinfo/Europe/Berlin"
      let parts = target.split(separator: "/")
      if let at = parts.lastIndex(of: "zoneinfo"), at + 1 < parts.count {
        return (parts[(at + 1)...].joined(separator: "/"), localTime)
      }
      return (nil, localTime)
    }
    if (try? readFile(localTime, most: mostZoneBytes)) != nil { return (nil, localTime) }
    do {
      let text = String(decoding: try readFile(nameFile, most: 4096).bytes, as: UTF8.self)
      let line = text.split(whereSeparator: \.isNewline).first.map { $0.trimming { $0 == " " || $0 == "\t" } } ?? ""
      return line.isEmpty ? (nil, nil) : (line, nameFile)
    } catch {
      if error == .missing { return (nil, nil) }
      throw MachineZoneMistake(message: "\(nameFile) \(error.message)")
    }
  }

  private func zone(file: String, name: String) throws(ZoneMistake) -> TimeZoneRules {
    let contents: FileContents
    do {
      contents = try readFile(file, most: mostZoneBytes)
    } catch {
      throw error == .missing || error == .notAFile ? .unknown : .file(error)
    }
    do {
      return try readZoneFile(contents.bytes, name: name)
    } catch {
      throw .content(error)
    }
  }

  /// The zone that was most likely meant; nil where none is near.
  func suggestion(for name: String) -> String? {
    let names = allNames()
    var comparisons = 0
    // All of them: this is asked once.
    if let near = nearest(to: name, among: names, comparisons: &comparisons, most: .max) { return near }
    // "berlin" is a city that somebody forgot to place.
    let wanted = name.lowercased()
    return names.first { $0.split(separator: "/").last?.lowercased() == wanted }
  }

  /// Every name below the folder, sorted in each; `posix` and `right` hold the same names again.
  func allNames() -> [String] {
    var names: [String] = []
    func add(_ prefix: String, depth: Int) {
      let path = prefix.isEmpty ? folder : joined(folder, prefix)
      guard depth < 4, names.count < 4096, let entries = try? namesInFolder(path) else { return }
      for entry in entries {
        // What begins with a small letter, or has a dot, is a table and no zone.
        guard let letter = entry.unicodeScalars.first, ("A"..."Z").contains(letter), !entry.contains(".") else {
          continue
        }
        let name = prefix.isEmpty ? entry : prefix + "/" + entry
        if isFolder(joined(folder, name)) { add(name, depth: depth + 1) } else { names.append(name) }
      }
    }
    add("", depth: 0)
    return names
  }
}

/// What is wrong with the machine's own time zone.
struct MachineZoneMistake: Error, Hashable {
  var message: String
}

/// True for what can be the name of a time zone and leads nowhere but below its folder: `America/Argentina/Ushuaia`.
func isZoneName(_ text: String) -> Bool {
  guard text.utf8.count <= 255, !text.isEmpty else { return false }
  return text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
    !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
      && part.allSatisfy { isAlphanumeric($0) || "._+-".utf8.contains($0) }
  }
}

private func isFolder(_ path: String) -> Bool { (try? folderRights(path)) != nil }

/// Where a link leads; nil for what is no link.
private func linkTarget(_ path: String) -> String? {
  if path.utf8.contains(0) { return nil }
  var target = [CChar](repeating: 0, count: Int(PATH_MAX))
  let count = readlink(path, &target, target.count)
  return count < 0 ? nil : String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

extension Substring {
  fileprivate func trimming(_ isBlank: (Character) -> Bool) -> String {
    var rest = drop(while: isBlank)
    while let last = rest.last, isBlank(last) { rest.removeLast() }
    return String(rest)
  }
}
