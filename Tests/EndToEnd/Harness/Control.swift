import Foundation
import Glibc

/// The simulator's control endpoint, over plain HTTP on a loopback port.
struct Control: Sendable {
  private let port: UInt16
  private let token: String

  init(url: String, token: String) throws {
    guard let text = url.split(separator: ":").last, let port = UInt16(text.prefix { $0 != "/" }) else {
      throw Trouble("no port in \(url)")
    }
    self.port = port
    self.token = token
  }

  func state() async throws -> SimulatorState { try await get("state") }
  /// - Parameter from: the number of the first that is wanted; they count from 1.
  func calls(from: Int = 1) async throws -> [Call] { (try await get("calls?from=\(from)") as Calls).calls }

  func get<Answer: Decodable & Sendable>(_ path: String) async throws -> Answer {
    let body = try await exchange("GET", path, nil)
    return try Self.decoder.decode(Answer.self, from: body)
  }

  /// An answer as it came.
  func raw(_ path: String) async throws -> Data { try await exchange("GET", path, nil) }

  /// Sends JSON; the answer is what the endpoint documents.
  @discardableResult
  func post<Answer: Decodable & Sendable>(
    _ path: String, _ body: String, as type: Answer.Type = Nothing.self
  ) async throws -> Answer {
    try Self.decoder.decode(Answer.self, from: try await exchange("POST", path, body))
  }

  struct Nothing: Decodable, Sendable {}

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  /// One request on a connection of its own; it blocks, so it is done off the pool that the tests run on.
  private func exchange(_ method: String, _ path: String, _ body: String?) async throws -> Data {
    var head = "\(method) /\(path) HTTP/1.1\r\nhost: 127.0.0.1\r\nx-control-token: \(token)\r\nconnection: close\r\n"
    if let body { head += "content-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n" }
    let request = Array((head + "\r\n" + (body ?? "")).utf8)
    let port = port
    let answer = try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try Self.send(request, to: port) }) }
    }
    guard let gap = answer.range(of: Data("\r\n\r\n".utf8)) else { throw Trouble("\(method) /\(path): no HTTP answer") }
    let payload = answer[gap.upperBound...]
    guard answer.starts(with: Data("HTTP/1.1 200 ".utf8)) else {
      throw Trouble("\(method) /\(path): \(String(decoding: answer, as: UTF8.self))")
    }
    return Data(payload)
  }

  private static func send(_ request: [UInt8], to port: UInt16) throws -> Data {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    // A simulator that hangs must not hang the tests; one on a machine that is overloaded may take a while.
    var patience = timeval(tv_sec: 120, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Trouble("the control endpoint: \(String(cString: strerror(errno)))") }
    var rest = request[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Trouble("the control endpoint takes no request") }
      rest = rest.dropFirst(count)
    }
    var answer = Data()
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count == 0 { return answer }
      guard count > 0 else {
        throw Trouble("the control endpoint does not answer: \(String(cString: strerror(errno)))")
      }
      answer.append(contentsOf: buffer[..<count])
    }
  }
}

/// What `POST /faults` and `POST /hooks` answer.
struct Armed: Decodable, Sendable { var id: Int }

private struct Calls: Decodable, Sendable { var calls: [Call] }

/// A call that the simulator received.
struct Call: Decodable, Sendable {
  var number: Int
  var kind: String?
  var vm: String?
  var pid: Int64?
  var received: String
  var answered: String?
  var status: Int?
  var refusal: String?
  var faulty: Bool?

  var isGuestCall: Bool {
    kind.map { $0.hasPrefix("rest.process.") || $0.hasSuffix("InGuest") } ?? false
  }
  var isTerminate: Bool { kind == "vi.TerminateProcessInGuest" || kind == "rest.process.delete" }
  var isLogin: Bool { kind == "vi.Login" || kind == "rest.session.create" }
}

/// What `GET /state` says.
struct SimulatorState: Decodable, Sendable {
  struct Counters: Decodable, Sendable {
    var logins: Int, loginRefusals: Int, logouts: Int, expirations: Int
    var guestLogins: Int, guestRefusals: Int, terminates: Int, overlaps: Int
  }
  struct Session: Decodable, Sendable { var user: String, api: String, created: String, lastUsed: String }
  struct Terminate: Decodable, Sendable {
    struct Hit: Decodable, Sendable { var name: String, owner: String, started: String }
    var call: Int, vm: String, pid: Int64
    /// Nil: none had the pid, or it was refused.
    var hit: Hit?
  }
  struct Traffic: Decodable, Sendable { var received: Int, inFlight: Int, mostInFlight: Int }
  struct Account: Decodable, Sendable { var user: String, vm: String?, refusals: Int, locked: Bool }

  var counters: Counters
  var openSessions: [Session]
  var terminates: [Terminate]
  var guestCalls: [String: Traffic]
  var guests: [String: [GuestRow]]
  var accounts: [Account]
}

/// A process as the control endpoint shows it.
struct GuestRow: Decodable, Hashable, Sendable {
  /// As the guest shows it.
  var pid: Int64
  var name: String
  var owner: String
  var command: String?
  var started: String
  var label: String?
  /// As this machine knows it.
  var osPid: Int32?
}

/// What the simulator says when it is ready.
struct Ready: Decodable, Sendable {
  var url: String, caFile: String, control: String, controlToken: String
  var guests: [String: [GuestRow]]
}
