import Glibc

/// What `/proc` says of one process.
struct ProcessEntry: Sendable {
  var identity: LocalIdentity
  var parent: Int32
  /// `R`, `S`, `Z`, ...
  var state: UInt8
  var shortName: String
  var arguments: [String]
  var userID: UInt32
}

/// Reads `/proc` by the rules of vsphere-api.md, 8.1: as the guest agent of VMware Tools does.
enum ProcessTable {
  /// Every pid that `/proc` shows, ascending.
  static func pids() -> [Int32] { numbers(in: "/proc").filter { $0 > 0 }.sorted() }

  /// The descriptors that are open in this process.
  static func ownDescriptors() -> [Int32] { numbers(in: "/proc/self/fd") }

  /// The entries of a folder whose names are numbers.
  private static func numbers(in path: String) -> [Int32] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var numbers: [Int32] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let number = Int32(name) { numbers.append(number) }
    }
    return numbers
  }

  /// One process; nil where it is gone.
  static func entry(of pid: Int32) -> ProcessEntry? {
    guard let stat = Stat(pid: pid), let owner = userID(of: pid) else { return nil }
    let arguments = contents("/proc/\(pid)/cmdline") ?? []
    // The process may have changed hands between the reads: the same start time after them proves that it did not.
    guard startTicks(of: pid) == stat.startTicks else { return nil }
    return ProcessEntry(
      identity: LocalIdentity(pid: pid, startTicks: stat.startTicks), parent: stat.parent, state: stat.state,
      shortName: stat.shortName, arguments: split(arguments), userID: owner)
  }

  /// The start time of the process that holds the pid now.
  static func startTicks(of pid: Int32) -> UInt64? { Stat(pid: pid)?.startTicks }

  /// The value of a variable in the environment the process was started with.
  static func environment(of pid: Int32, _ variable: String) -> String? {
    guard let block = contents("/proc/\(pid)/environ") else { return nil }
    let prefix = Array("\(variable)=".utf8)
    for entry in block.split(separator: 0) where entry.starts(with: prefix) {
      return String(decoding: entry.dropFirst(prefix.count), as: UTF8.self)
    }
    return nil
  }

  /// Whether a process is just becoming a program: it has neither arguments nor an environment then, so that nobody can say
  /// whose it is. (Threads of the kernel have neither for good, but no program either.)
  static func isBecomingAProgram(_ entry: ProcessEntry) -> Bool {
    guard entry.arguments.isEmpty, entry.state != UInt8(ascii: "Z") else { return false }
    var byte: CChar = 0
    return readlink("/proc/\(entry.identity.pid)/exe", &byte, 1) == 1
  }

  /// Whole seconds since this machine booted.
  static func uptime() -> Int64? {
    guard let bytes = contents("/proc/uptime") else { return nil }
    return Int64(String(decoding: bytes.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self))
  }

  /// Clock ticks a second; 100 on every Linux of today, but it is asked.
  static let ticksPerSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))

  /// The name of a user, or the bare number where nobody has it.
  static func userName(_ id: UInt32) -> String {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    // sysconf may not know a bound; 16 KiB holds any entry that is not itself an attack.
    var buffer = [CChar](repeating: 0, count: 16 * 1024)
    guard getpwuid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else {
      return String(id)
    }
    return String(cString: name)
  }

  /// The fields of `/proc/PID/stat` that are used.
  private struct Stat {
    var shortName: String
    var state: UInt8
    var parent: Int32
    var startTicks: UInt64

    init?(pid: Int32) {
      // The name stands in brackets and may itself hold brackets and blanks: what counts is the last one.
      guard let bytes = contents("/proc/\(pid)/stat"), let open = bytes.firstIndex(of: UInt8(ascii: "(")),
        let close = bytes.lastIndex(of: UInt8(ascii: ")")), open < close
      else { return nil }
      let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "))
      // Field 3 (state) is the first after the name: 4 is the parent, 22 the start.
      guard fields.count > 19, let state = fields[0].first,
        let parent = Int32(String(decoding: fields[1], as: UTF8.self)),
        let start = UInt64(String(decoding: fields[19], as: UTF8.self))
      else { return nil }
      self.shortName = String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
      self.state = state
      self.parent = parent
      self.startTicks = start
    }
  }

  /// The effective user, whose `/proc/PID` it is. (Not asked by `stat`: with Foundation in the same module the compiler does
  /// not always find whose structure that is.)
  private static func userID(of pid: Int32) -> UInt32? {
    guard let bytes = contents("/proc/\(pid)/status") else { return nil }
    let line = bytes.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: Array("Uid:".utf8)) }
    let fields = line?.split { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") } ?? []
    return fields.count > 2 ? UInt32(String(decoding: fields[2], as: UTF8.self)) : nil
  }

  /// argv as bytes with a NUL after each argument, as the kernel shows it.
  private static func split(_ bytes: [UInt8]) -> [String] {
    guard !bytes.isEmpty else { return [] }
    let text = bytes.last == 0 ? bytes.dropLast() : bytes[...]
    return text.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A whole file of `/proc`; nil where it cannot be opened or read.
  private static func contents(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 8192)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        return nil
      }
      bytes += buffer[..<count]
    }
  }
}

extension ProcessEntry {
  /// `name` of the API: the last part of an absolute argv[0], else the whole of it; without argv the kernel's short name.
  var name: String {
    guard let first = arguments.first, !first.isEmpty else { return shortName }
    guard first.hasPrefix("/") else { return first }
    return first.split(separator: "/").last.map(String.init) ?? first
  }

  /// `command` of the API: the arguments with single blanks between them, blanks at the end cut off.
  var command: String {
    guard let first = arguments.first, !(first.isEmpty && arguments.count == 1) else { return shortName }
    var joined = arguments.joined(separator: " ")
    while joined.last == " " { joined.removeLast() }
    return joined
  }
}
