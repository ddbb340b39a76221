import Foundation

/// A command on a terminal of its own, with somebody who types.
enum Typing {
  /// - Parameter answers: what is typed, each when the screen shows its question after what was answered before. One
  ///   question more ends the command.
  static func run(_ arguments: [String], _ answers: [(question: String, answer: String)]) async throws
    -> (status: Int32, screen: String)
  {
    let command = ([Binaries.guestwatchd] + arguments).map { "'\($0)'" }.joined(separator: " ")
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try type(command, answers) }) }
    }
  }

  private static func type(_ command: String, _ answers: [(question: String, answer: String)]) throws
    -> (status: Int32, screen: String)
  {
    let process = Foundation.Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
    process.arguments = ["-qec", command, "/dev/null"]
    let (keys, screen) = (Pipe(), Pipe())
    process.standardInput = keys
    process.standardOutput = screen
    process.standardError = screen
    try process.run()
    var said = Data()
    var heard = 0
    var left = answers[...]
    while true {
      let more = screen.fileHandleForReading.availableData
      if more.isEmpty { break }
      said += more
      // A question ends with a blank, and nothing follows it before it is answered.
      guard said.last == UInt8(ascii: " ") else { continue }
      let asked = String(decoding: said.dropFirst(heard), as: UTF8.self)
      guard let next = left.first else {
        if asked.hasSuffix(": ") || asked.hasSuffix("] ") { process.terminate() }
        continue
      }
      guard asked.contains(next.question) else { continue }
      left.removeFirst()
      heard = said.count
      try keys.fileHandleForWriting.write(contentsOf: Data("\(next.answer)\n".utf8))
    }
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: said, as: UTF8.self))
  }
}
