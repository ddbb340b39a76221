import Glibc
import GuestWatchCore
import Ledger
import RuleFiles
import Synchronization
import VSphere

/// `guestwatchd init`: asks what a first configuration needs, tries it once, and writes it.
public struct Starter: Sendable {
  /// What the command line says; what is nil is asked for.
  public struct Order: Sendable {
    /// Absolute.
    public var directory: String
    public var url: String?
    public var userName: String?
    public var caFile: String?
    public var fingerprint: String?
    public var vm: String?
    public var guestUserName: String?
    public var processes: String?

    public init(
      directory: String, url: String? = nil, userName: String? = nil, caFile: String? = nil, fingerprint: String? = nil,
      vm: String? = nil, guestUserName: String? = nil, processes: String? = nil
    ) {
      self.directory = directory
      self.url = url
      self.userName = userName
      self.caFile = caFile
      self.fingerprint = fingerprint
      self.vm = vm
      self.guestUserName = guestUserName
      self.processes = processes
    }
  }

  /// Who is asked. nil, or false: nobody answered.
  public struct Operator: Sendable {
    public var answer: @Sendable (_ question: String) async -> String?
    public var agrees: @Sendable (_ question: String) async -> Bool
    public var password: @Sendable (_ of: String) async -> String?
    public var hear: @Sendable (String) -> Void

    public init(
      answer: @escaping @Sendable (_ question: String) async -> String?,
      agrees: @escaping @Sendable (_ question: String) async -> Bool,
      password: @escaping @Sendable (_ of: String) async -> String?, hear: @escaping @Sendable (String) -> Void
    ) {
      self.answer = answer
      self.agrees = agrees
      self.password = password
      self.hear = hear
    }
  }

  /// What it came to: `end.status` is `.done` where the files are there.
  public struct Outcome: Sendable {
    public var end: ExplainTalk.End
    /// The main file; nil: none was written.
    public var config: String?
  }

  private let order: Order
  private let asked: Operator

  public init(_ order: Order, asking asked: Operator) {
    self.order = order
    self.asked = asked
  }

  private struct GivenUp: Error {
    var status: ExitStatus
    var message: String
    var notes: [String] = []
  }

  public func run() async -> Outcome {
    do throws(GivenUp) {
      return Outcome(end: ExplainTalk.End(), config: try await make())
    } catch {
      return Outcome(
        end: ExplainTalk.End(status: error.status, message: "\(error.message); nothing was written", notes: error.notes)
      )
    }
  }

  private func make() async throws(GivenUp) -> String {
    let main = "\(order.directory)/guestwatchd.toml"
    if access(main, F_OK) == 0 {
      throw GivenUp(status: .usage, message: "\(main) is there already, and init only makes new ones")
    }
    let url = try await text(order.url, "vCenter (https://HOST): ")
    let address: ServerAddress
    do throws(ServerAddress.Mistake) { address = try ServerAddress(url) } catch {
      throw GivenUp(status: .usage, message: error.message.replacing("'url'", with: "the URL"))
    }
    let fingerprint = try await trusted(address)
    let userName = try await text(order.userName, "Account at vCenter (such as svc-guestwatch@vsphere.local): ")
    let vm = try await text(order.vm, "A VM to try (its name or its id, such as vm-42): ")
    let guest = try await text(order.guestUserName, "Account inside it: ")
    let tried = try await tryOut(
      DirectListing.Order(
        url: url, userName: userName, guestUserName: guest, vm: vm, caFile: order.caFile, fingerprint: fingerprint))
    asked.hear("Both logins work: \(tried.processes.count) processes run in \(bare(tried.vmName)) (\(tried.moid)).")
    let processes = try await glob(among: tried.processes)
    let files = StarterFiles(
      directory: order.directory, url: url, userName: userName, caFile: order.caFile, fingerprint: fingerprint,
      guestUserName: guest, moid: tried.moid, vmName: tried.vmName, processes: processes)
    do throws(NewFiles.Failure) {
      try NewFiles.write(
        folders: [order.directory, "\(order.directory)/rules.d"],
        files: [
          (files.vcenterPassword, "\(tried.vcenterPassword)\n"), (files.guestPassword, "\(tried.guestPassword)\n"),
          (files.rulePath, files.rule), (files.mainPath, files.main),
        ])
    } catch {
      throw GivenUp(status: .configuration, message: error.message)
    }
    for path in [files.mainPath, files.rulePath, files.vcenterPassword, files.guestPassword] {
      asked.hear("wrote \(path)")
    }
    return files.mainPath
  }

  private func text(_ given: String?, _ question: String) async throws(GivenUp) -> String {
    let said: String?
    if let given { said = given } else { said = await asked.answer(question) }
    guard let said, !said.isEmpty else { throw GivenUp(status: .usage, message: "nobody answered") }
    // The configuration would be refused for it.
    guard !said.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw GivenUp(status: .usage, message: "\(bare(said)) holds control characters")
    }
    return said
  }

  // MARK: the certificate

  /// The fingerprint to be trusted; nil: who signed the certificate is what counts.
  private func trusted(_ address: ServerAddress) async throws(GivenUp) -> String? {
    if let given = order.fingerprint { return given }
    if order.caFile != nil || address.scheme == .http { return nil }
    let shown: ShownCertificate
    do throws(Fault) { shown = try await ShownCertificate.of(host: address.host, port: address.port) } catch {
      throw GivenUp(status: .unavailable, message: "\(address.host): \(words(error))")
    }
    asked.hear("\(address.host) shows a certificate with the SHA-256 fingerprint")
    for half in Self.halves(of: shown.fingerprint) { asked.hear("  \(half)") }
    if let until = rfc3339(unixSeconds: shown.validUntil) { asked.hear("that says it is valid until \(until).") }
    asked.hear("Whoever is between here and vCenter could show another: compare it on vCenter itself, with")
    asked.hear("  /usr/lib/vmware-vmafd/bin/vecs-cli entry getcert --store MACHINE_SSL_CERT \\")
    asked.hear("    --alias __MACHINE_CERT | openssl x509 -noout -fingerprint -sha256")
    guard await asked.agrees("Is it that one? [y/N] ") else {
      throw GivenUp(status: .unavailable, message: "the certificate is not trusted, so no password was sent")
    }
    return shown.fingerprint
  }

  /// As openssl writes it, in two lines.
  static func halves(of fingerprint: String) -> [String] {
    let digits = Array(fingerprint.uppercased())
    let pairs = stride(from: 0, to: digits.count, by: 2).map { String(digits[$0..<min($0 + 2, digits.count)]) }
    return [pairs.prefix(16), pairs.dropFirst(16)].map { $0.joined(separator: ":") }
  }

  // MARK: the logins

  private struct Tried: Sendable {
    var vcenterPassword = ""
    var guestPassword = ""
    var moid = ""
    var vmName = ""
    var processes: [Process] = []
  }

  private func tryOut(_ order: DirectListing.Order) async throws(GivenUp) -> Tried {
    let listing: DirectListing
    do throws(DirectListing.Mistake) { listing = try DirectListing(order) } catch {
      throw GivenUp(status: .usage, message: error.message)
    }
    let typed = Mutex<[String]>([])
    let found = Mutex(Tried())
    let end = await listing.run(
      password: { [asked] account in
        let password = await asked.password(account)
        if let password { typed.withLock { $0.append(password) } }
        return password
      },
      take: { vm, rows in
        found.withLock {
          $0.moid = vm.moid
          $0.vmName = vm.name
          $0.processes = rows
        }
      })
    guard end.status == .done else { throw GivenUp(status: end.status, message: end.message, notes: end.notes) }
    var tried = found.withLock { $0 }
    (tried.vcenterPassword, tried.guestPassword) = typed.withLock { ($0.first ?? "", $0.last ?? "") }
    return tried
  }

  // MARK: the first rule

  private func glob(among processes: [Process]) async throws(GivenUp) -> String {
    var pattern = order.processes
    if pattern == nil {
      let names = Self.names(processes)
      if !names.isEmpty { asked.hear("What runs there, apart from the system's own: \(names.joined(separator: ", "))") }
      pattern = try await text(nil, "Processes that the first rule reports after a day (a name, or such as java*): ")
    }
    guard let pattern, let glob = try? Glob(pattern), !glob.fitsEverything else {
      throw GivenUp(status: .usage, message: "that is no GLOB on process names that leaves any out")
    }
    return pattern
  }

  /// Of ordinary accounts, the most frequent first.
  static func names(_ processes: [Process]) -> [String] {
    var counts: [String: Int] = [:]
    for process in processes where !["root", "", "SYSTEM"].contains(process.owner.value) && process.pid > 4 {
      counts[bare(process.name.value), default: 0] += 1
    }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8).map(\.key)
  }
}
