import Foundation

/// A process to start in a guest.
struct Guest: Encodable, Sendable {
  var label: String?
  var name: String?
  var owner: String
  var argv: [String]
  var ignoresSigterm: Bool?

  /// A process that does nothing, under any name.
  static func sleeper(_ name: String, owner: String, label: String? = nil, ignoresSigterm: Bool = false) -> Guest {
    Guest(
      label: label ?? name, name: name, owner: owner, argv: ["/bin/sleep", "100000"],
      ignoresSigterm: ignoresSigterm ? true : nil)
  }

  /// A shell that spins, at the lowest priority: the machine has better things to do.
  static func spinner(_ name: String, owner: String) -> Guest {
    Guest(
      label: name, name: name, owner: owner,
      argv: ["/bin/bash", "-c", "renice -n 19 $$ >/dev/null; while :; do :; done"])
  }

  /// As the control endpoint takes it: without the label.
  var json: String {
    get throws {
      var program = self
      program.label = nil
      return try encoded(program)
    }
  }
}

/// A VM with real processes.
struct Machine: Encodable, Sendable {
  struct Account: Encodable, Sendable {
    var user = "watch"
    var password = Secrets.guest
    var samlToken: String?
    var superuser = true
    var lockoutAfter = 3
  }

  var id: String
  var name: String
  var guest = "real"
  var family = "linux"
  var accounts = [Account()]
  var processes: [Guest]
  /// Privileges that no account has on it.
  var withheld: [String] = []
  /// The inventory path of its VM folder.
  var folder: String?
  var cluster: String?
  var tags: [String]?

  init(
    _ id: String, _ name: String, _ processes: [Guest], accounts: [Account] = [Account()], folder: String? = nil,
    cluster: String? = nil, tags: [String]? = nil
  ) {
    self.id = id
    self.name = name
    self.processes = processes
    self.accounts = accounts
    self.folder = folder
    self.cluster = cluster
    self.tags = tags
  }
}

/// What the simulated vCenter holds.
struct Scenario: Encodable, Sendable {
  struct Account: Encodable, Sendable {
    var user = "svc-guestwatch@vsphere.local"
    var password = Secrets.vcenter
    var lockoutAfter = 5
    var privileges = [
      "System.View", "System.Read", "VirtualMachine.GuestOperations.Query", "VirtualMachine.GuestOperations.Execute",
    ]
    var administrator = false
  }

  var release = "8.0.3.0"
  /// How long the server's certificate is valid.
  var certificateDays = 90
  var accounts = [Account()]
  /// How many objects a REST list may have.
  var listCap: Int?
  var vms: [Machine]

  init(_ vms: Machine...) { self.vms = vms }
  init(_ vms: [Machine]) { self.vms = vms }
}

/// Passwords that are found nowhere else, so that any place that shows one is a leak.
enum Secrets {
  static let vcenter = "canary-vcenter-q7Xw2"
  static let guest = "canary-guest-Zk94r"
  static let all = [vcenter, guest]
}

func encoded(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
