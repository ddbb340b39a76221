import Glibc
import RuleFiles

/// A folder of its own for one test, mode 0700, removed with the value.
final class ConfigurationFolder {
  let path: String

  struct CannotWrite: Error { var path: String, errno: Int32 }
  struct CannotRead: Error { var path: String, errno: Int32 }

  init() throws {
    var template = Array("/tmp/rule-files.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw CannotWrite(path: "/tmp", errno: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { remove(path) }

  /// Writes a file (and the folders that it needs, mode 0755).
  func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws {
    try write(name, Array(text.utf8), mode: mode)
  }

  func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws {
    let parts = name.split(separator: "/")
    for count in 1..<max(parts.count, 1) {
      let folder = path + "/" + parts.prefix(count).joined(separator: "/")
      if mkdir(folder, 0o755) != 0, errno != EEXIST { throw CannotWrite(path: folder, errno: errno) }
      chmod(folder, 0o755)
    }
    let file = path + "/" + name
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { throw CannotWrite(path: file, errno: errno) }
    defer { close(descriptor) }
    guard bytes.isEmpty || Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fchmod(descriptor, mode) == 0
    else { throw CannotWrite(path: file, errno: errno) }
  }

  func load(_ main: String = "main.toml", surroundings: Surroundings = .ofTests) -> LoadResult {
    loadRuleFiles(main: path + "/" + main, surroundings: surroundings)
  }

  /// The diagnostics as lines, without the path of this folder.
  func lines(_ result: LoadResult) -> [String] {
    result.diagnostics.map { shortened($0.description) }
  }

  /// `text` with the paths as seen from this folder.
  func shortened(_ text: String) -> String {
    var result = text[...]
    var kept = ""
    while let range = result.firstRange(of: path) {
      kept += result[..<range.lowerBound]
      result = result[range.upperBound...]
      if result.hasPrefix("/") { result = result.dropFirst() } else { kept += "." }
    }
    return kept + result
  }

  private func remove(_ path: String) {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." {
          let inner = path + "/" + name
          if entry.pointee.d_type == DT_DIR { remove(inner) } else { unlink(inner) }
        }
      }
      closedir(folder)
    }
    rmdir(path)
  }
}

/// The text of a file of this repository.
func contents(of path: String) throws -> String {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else { throw ConfigurationFolder.CannotRead(path: path, errno: errno) }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: 1 << 16)
  let count = read(descriptor, &bytes, bytes.count)
  guard count >= 0, count < bytes.count else { throw ConfigurationFolder.CannotRead(path: path, errno: errno) }
  return String(decoding: bytes[..<count], as: UTF8.self)
}

extension Surroundings {
  /// A start of the daemon without systemd's credentials.
  static let ofTests = Surroundings(purpose: .run, credentialsDirectory: nil, serviceGroups: [getegid()])
}

/// One vCenter "lab" and one login "linux", their secret in the file `secret`.
let accounts = """
  [[vcenter]]
  name = "lab"
  url = "https://vcenter.example.com"
  username = "svc@vsphere.local"
  password = { file = "secret" }

  [[guest_login]]
  name = "linux"
  username = "guestwatch"
  password = { file = "secret" }

  """

/// `accounts` with another line in the place of the first that begins so.
func accounts(replacing beginning: String, with line: String) -> String { accounts(beginning) { _ in [line] } }

/// `accounts` with one line more, after the first that begins so.
func accounts(adding line: String, after beginning: String) -> String { accounts(beginning) { [$0, line] } }

/// `accounts` without the first line that begins so.
func accounts(without beginning: String) -> String { accounts(beginning) { _ in [] } }

private func accounts(_ beginning: String, _ change: (String) -> [String]) -> String {
  var lines = accounts.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  guard let index = lines.firstIndex(where: { $0.hasPrefix(beginning) }) else {
    preconditionFailure("no line of the accounts begins with \(beginning)")
  }
  lines.replaceSubrange(index...index, with: change(lines[index]))
  return lines.joined(separator: "\n")
}

/// A rule that is good as it stands, one key a line; `changes` replaces lines or (with "") takes them out, and what
/// is new follows at the end, from line 7 on where nothing was taken out.
func rule(_ changes: String...) -> String {
  var lines = [
    "[[rule]]", "name = \"r\"", "guest_login = \"linux\"", "scope = { ids = [\"vm-1\"] }", "match = { name = \"x\" }",
    "forbidden = true",
  ]
  for change in changes {
    let key = change.prefix { $0 != " " }
    if let index = lines.firstIndex(where: { $0.prefix { $0 != " " } == key }) {
      lines[index] = change
    } else {
      lines.append(change)
    }
  }
  return lines.filter { !$0.hasSuffix(" -") }.joined(separator: "\n") + "\n"
}

/// The last line of an entry that has a name and a user.
let passwordLine = "password = { file = \"secret\" }\n"
