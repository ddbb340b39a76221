import Foundation
import Glibc
import Synchronization

/// A folder of one test, removed with all that is in it; only its owner may read or write there.
final class Folder: Sendable {
  let path: String
  private let kept = Mutex(false)

  init() throws {
    var template = Array("/tmp/guestwatchd-e2e-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Trouble("no temporary folder: \(String(cString: strerror(errno)))") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { if !kept.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) } }

  /// What is in it is needed by whoever looks into a failure.
  func keep() { kept.withLock { $0 = true } }

  func make(_ name: String) throws {
    guard mkdir("\(path)/\(name)", 0o700) == 0 else { throw Trouble("\(path)/\(name) cannot be made") }
  }

  /// Writes a file that only its owner may read.
  func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

  func write(_ name: String, _ data: Data) throws {
    let file = "\(path)/\(name)"
    let draft = file + ".new"
    guard
      FileManager.default.createFile(
        atPath: draft, contents: data, attributes: [.posixPermissions: 0o600]),
      rename(draft, file) == 0
    else { throw Trouble("\(file) cannot be written") }
  }
}
