import Foundation

/// The built commands: they lie beside the test bundle.
enum Binaries {
  static let guestwatchd = beside("guestwatchd")
  static let simulator = beside("vcenter-simulator")

  /// Why these tests cannot run; nil where they can.
  static var missing: String? {
    let names = [guestwatchd, simulator].filter { !FileManager.default.isExecutableFile(atPath: $0) }
    return names.isEmpty ? nil : "not built: \(names.joined(separator: ", ")); `swift build` makes them"
  }

  private static func beside(_ name: String) -> String {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: tests).deletingLastPathComponent().appending(path: name).path
  }
}

/// Why a test could not go on: with what was seen, so that a failure in CI can be read.
struct Trouble: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
