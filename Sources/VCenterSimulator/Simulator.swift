public import Logging
import NIOSSL
import VCenterModel

/// A simulated vCenter with its HTTPS port, its control port and its guests.
public struct Simulator: Sendable {
  /// What is not part of the scenario.
  public struct Options: Sendable {
    /// The HTTPS port on the loopback interface; 0: any.
    public var port: Int
    /// The control port on the loopback interface; 0: any.
    public var controlPort: Int
    /// The DNS names in the server's certificate; the first is used in the URL.
    public var names: [String]
    /// IP addresses (4 or 16 bytes) in the certificate besides.
    public var addresses: [[UInt8]]
    /// A program and its arguments that call `Remains.sweep` with the mark that is added as the last argument; nil: what guest
    /// processes started themselves survives a SIGKILL of the simulator.
    public var sweeper: [String]?

    public init(
      port: Int = 0, controlPort: Int = 0, names: [String] = ["localhost"], addresses: [[UInt8]] = [],
      sweeper: [String]? = nil
    ) {
      self.sweeper = sweeper
      self.port = port
      self.controlPort = controlPort
      self.names = names
      self.addresses = addresses
    }
  }

  /// What clients and tests need to know of a running one.
  public struct Running: Sendable {
    /// `https://localhost:PORT`.
    public var url: String
    public var port: Int
    /// The CA that signed the server's certificate, as PEM.
    public var certificatePEM: String
    /// `http://127.0.0.1:PORT`, see `ControlEndpoint`.
    public var controlURL: String
    public var controlPort: Int
    /// What `x-control-token` must be.
    public var controlToken: String
    /// The same by direct calls.
    public var vcenter: SimulatedVCenter
    /// The environment mark of all guest processes.
    public var processMark: String
    /// Pids of the scenario's labelled processes, by VM and label.
    public var pids: [String: [String: Int64]]
  }

  /// How often children that have ended are waited for.
  private static let reapInterval = Duration.milliseconds(200)

  /// Binds the ports, starts the guests, serves until `body` returns or the task is cancelled; then everything that was
  /// started is killed and waited for.
  public static func run<Result: Sendable>(
    _ scenario: Scenario, options: Options = Options(), clocks: Clocks = .machine,
    logger: Logger = Logger(label: "vcenter-simulator", factory: { _ in SwiftLogNoOpLogHandler() }),
    body: @Sendable (Running) async throws -> Result
  ) async throws -> Result {
    let authority = try Authority(
      names: options.names, addresses: options.addresses, days: scenario.certificateDays, now: clocks.wall)
    let now: @Sendable () -> WallTime = { clocks.wall }
    let listener = try await Listener(
      host: "127.0.0.1", port: options.port, tls: authority.serverContext, now: now, logger: logger)
    let control: Listener
    do {
      control = try await Listener(host: "127.0.0.1", port: options.controlPort, tls: nil, now: now, logger: logger)
    } catch {
      await listener.close()
      throw error
    }
    let launcher: Launcher
    let sweeper: Sweeper?
    do {
      launcher = try Launcher(token: randomToken())
      sweeper = try options.sweeper.map { program throws(SimulatorError) in
        try Sweeper(program + ["\(Launcher.mark)=\(launcher.token)"])
      }
    } catch {
      await listener.close()
      await control.close()
      throw error
    }
    let vcenter = SimulatedVCenter(model: model(of: scenario, at: clocks.now()), clocks: clocks)
    let outcome: Swift.Result<Result, any Error>
    do {
      try await populate(vcenter, scenario, launcher, clocks)
      let running = Running(
        url: "https://\(options.names.first ?? "localhost"):\(listener.port)", port: listener.port,
        certificatePEM: authority.certificatePEM, controlURL: "http://127.0.0.1:\(control.port)",
        controlPort: control.port, controlToken: randomToken(), vcenter: vcenter,
        processMark: "\(Launcher.mark)=\(launcher.token)",
        pids: await vcenter.labels.mapValues { pids in
          Dictionary(pids.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        })
      let endpoint = ControlEndpoint(vcenter: vcenter, token: running.controlToken)
      outcome = .success(
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await listener.serve { await vcenter.respond($0) } }
          group.addTask { try await control.serve { await endpoint.respond($0) } }
          group.addTask {
            while (try? await clocks.sleeping.sleep(for: reapInterval)) != nil { await vcenter.reap() }
          }
          defer { group.cancelAll() }
          return try await body(running)
        })
    } catch {
      outcome = .failure(error)
    }
    await listener.close()
    await control.close()
    await vcenter.shutdown()
    await launcher.shutdown()
    sweeper?.dismiss()
    return try outcome.get()
  }

  /// 128 random bits in hexadecimal.
  private static func randomToken() -> String {
    (0..<2).map { _ in
      let digits = String(UInt64.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  // MARK: from the scenario

  private static func model(of scenario: Scenario, at now: ModelTime) -> VCenterModel {
    var model = VCenterModel(settings: scenario.settings, accounts: scenario.accounts)
    for account in scenario.directory { model.setDirectoryAccount(account) }
    for path in scenario.folders { _ = model.places.makeFolder(at: path) }
    for tag in scenario.tags { _ = model.tags.make(tag) }
    for machine in scenario.machines {
      model.add(virtualMachine(machine, at: now))
      model.put(
        machine.facts.moid,
        Whereabouts(folder: machine.folder, cluster: machine.cluster, host: machine.host, attach: machine.tags))
    }
    return model
  }

  private static func virtualMachine(_ machine: Scenario.Machine, at now: ModelTime) -> VirtualMachine {
    var facts = machine.facts
    if let suspended = machine.suspendedAgo { facts.suspendTime = now.before(suspended).wall }
    let guest: VirtualMachine.Guest
    switch machine.guest {
    case .real:
      // The "guest" is this machine: it booted when this machine did.
      let uptime = Duration.seconds(ProcessTable.uptime() ?? 0)
      facts.bootTime = now.before(machine.bootedAgo ?? uptime).wall
      guest = .external
    case .synthetic(let processes):
      let oldest = processes.map(\.age).max() ?? .zero
      let booted = max(machine.bootedAgo ?? .seconds(3600), oldest)
      facts.bootTime = now.before(booted).wall
      var synthetic = SyntheticGuest(bootedAt: now.before(booted))
      // Moments must not go backwards.
      for process in processes.sorted(by: { $0.age > $1.age }) {
        synthetic.spawn(process.spawn, at: now.before(process.age))
      }
      guest = .synthetic(synthetic)
    }
    return VirtualMachine(
      facts: facts, accounts: machine.accounts, guest: guest, usesDirectory: machine.usesDirectory,
      disabled: machine.disabled, busy: machine.busy)
  }

  /// Starts the programs of the real guests, gives them their labels, and arms what is to be armed.
  private static func populate(
    _ vcenter: SimulatedVCenter, _ scenario: Scenario, _ launcher: Launcher, _ clocks: Clocks
  ) async throws(SimulatorError) {
    for machine in scenario.machines {
      let vm = machine.facts.moid
      switch machine.guest {
      case .real(let processes):
        await vcenter.attach(
          RealGuest(
            moid: vm, launcher: launcher, timing: GuestTiming(scale: scenario.killScale), clock: clocks.sleeping,
            wallSeconds: { clocks.wall.seconds }))
        for process in processes {
          let started = try await vcenter.start(process.program, presentedAs: process.pid, on: vm)
          await vcenter.label(started.pid, on: vm, process.label)
        }
      case .synthetic(let processes):
        let rows = try await vcenter.processes(on: vm)
        var named: Set<Int64> = []
        for process in processes {
          let row = rows.first {
            $0.name == process.spawn.name && $0.command == process.spawn.command && !named.contains($0.pid)
          }
          guard let row else { continue }
          named.insert(row.pid)
          await vcenter.label(row.pid, on: vm, process.label)
        }
      }
    }
    for fault in scenario.faults { _ = await vcenter.arm(fault) }
    for hook in scenario.hooks { _ = await vcenter.arm(hook) }
  }
}

extension ModelTime {
  /// The moment that much earlier, on both clocks.
  fileprivate func before(_ duration: Duration) -> ModelTime {
    let (seconds, attoseconds) = duration.components
    return advanced(by: -(seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
  }
}

extension Simulator.Running {
  /// One line of JSON for whoever started the simulator.
  /// - Parameters:
  ///   - certificateFile: where `certificatePEM` was written.
  ///   - pid: of the simulator.
  public func readyLine(certificateFile: String, pid: Int32) async -> String {
    var guests: [JSON.Member] = []
    for machine in await vcenter.virtualMachines {
      let vm = machine.facts.moid
      guests.append(JSON.Member(vm, await ControlWriter.guest(vm, vcenter)))
    }
    let line: JSON = [
      "url": .string(url), "ca_file": .string(certificateFile), "pid": .integer(Int64(pid)),
      "control": .string(controlURL), "control_token": .string(controlToken), "process_mark": .string(processMark),
      "guests": .object(guests),
    ]
    return line.text
  }
}
