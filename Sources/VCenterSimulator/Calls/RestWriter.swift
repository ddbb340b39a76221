import VCenterModel

/// Writes answers of the Automation API (vsphere-api.md, 2 and 3).
enum RestWriter {
  /// - Parameter kind: what was asked; the same value is written differently for different calls.
  static func answer(_ response: Response, to kind: CallKind) -> HTTPAnswer {
    switch response {
    case .done: return .empty(204)
    case .release(let release): return .json(200, ["api_release": .string(release)])
    case .loggedIn(_, let token): return .json(201, .string(token))
    case .session(let session?):
      return .json(
        200,
        [
          "user": .string(shown(session.user)),
          "created_time": .string(WallTime(nanoseconds: session.created).milliseconds),
          "last_accessed_time": .string(WallTime(nanoseconds: session.lastUsed).milliseconds),
        ])
    case .session(nil): return refusal(.notAuthenticated)
    case .vms(let machines):
      return .json(
        200,
        .array(
          machines.map { machine in
            [
              "vm": .string(machine.moid), "name": .string(machine.name), "power_state": .string(machine.power.rest),
              "cpu_count": .integer(Int64(machine.cpuCount)), "memory_size_MiB": .integer(Int64(machine.memoryMiB)),
            ]
          }))
    case .places(let places): return .json(200, PlaceWriter.places(places, to: kind))
    case .tagging(let answer): return .json(200, PlaceWriter.tagging(answer))
    case .vm(let facts): return .json(200, details(facts))
    case .tools(let tools):
      return .json(
        200,
        [
          "run_state": .string(tools.rest), "version": "12.3.5", "version_number": 12389,
          "version_status": "UNMANAGED", "install_type": "OPEN_VM_TOOLS", "upgrade_policy": "MANUAL",
          "auto_update_supported": false, "install_attempt_count": 0,
        ])
    case .guestOperationsReady(let ready):
      return .json(200, ["guest_operations_ready": .bool(ready), "interactive_guest_operations_ready": false])
    case .guestIdentity(let identity):
      return .json(
        200,
        .fields([
          "name": .string(identity.name), "family": .string(identity.family.rest),
          "full_name": message(id: "vmsg.guestos.full_name", text: identity.fullName),
          "host_name": .string(identity.hostName), "ip_address": identity.ipAddress.map(JSON.string),
        ]))
    case .processes(let processes):
      return .json(200, .array(processes.map { .object([JSON.Member("pid", .integer($0.pid))] + common($0)) }))
    case .process(let process):
      var members = common(process)
      if let finished = process.finished { members.append(JSON.Member("finished", time(finished))) }
      if let code = process.exitCode { members.append(JSON.Member("exit_code", .integer(code))) }
      return .json(200, .object(members))
    case .started(let pid): return .json(201, .integer(pid))
    case .failure(let error): return refusal(error)
    case .serviceContent, .object, .objects, .roles, .properties:
      // No call of this API asks for these.
      return error("INTERNAL_SERVER_ERROR", status: 500, text: "no answer for \(kind.rawValue)")
    }
  }

  /// A request that was refused before anybody looked at what it asks.
  static func answer(_ malformed: Malformed) -> HTTPAnswer {
    let text = malformed.message
    return switch malformed {
    // UNVERIFIED which of the two a vCenter says of unknown fields (vsphere-api.md, 2).
    case .shape(let error) where error.problem == .unknown: self.error("UNEXPECTED_INPUT", status: 400, text: text)
    case .unknownParameter, .unexpectedBody: self.error("UNEXPECTED_INPUT", status: 400, text: text)
    // UNVERIFIED: the status is what HTTP has for it.
    case .contentType: self.error("INVALID_REQUEST", status: 415, text: text)
    case .noBasicCredential: self.error("UNAUTHENTICATED", status: 401, text: text, challenge: challenge)
    case .noSuchObject: self.error("NOT_FOUND", status: 404, text: text)
    case .json, .shape, .badParameter, .notSimulated, .wrongTypeName:
      self.error("INVALID_ARGUMENT", status: 400, text: text)
    }
  }

  /// No call has this URL and method.
  static var unknownURL: HTTPAnswer {
    error(
      "NOT_FOUND", status: 404, id: "com.vmware.vapi.rest.httpNotFound",
      text: "No call of this vCenter has this URL and method.")
  }

  /// The error body of vsphere-api.md, 2.
  static func error(
    _ type: String, status: Int, id: String = "com.vmware.vapi.std.errors.request", text: String, pid: Int64? = nil,
    challenge: String? = nil
  ) -> HTTPAnswer {
    .json(
      status,
      .fields([
        "error_type": .string(type), "messages": [message(id: id, text: text)],
        "data": pid.map { ["pid": .integer($0)] }, "challenge": challenge.map(JSON.string),
      ]))
  }

  private static let challenge = "Basic realm=\"VAPI endpoint\",SIGN realm=\"VAPI endpoint\""

  private static func refusal(_ refusal: ModelError) -> HTTPAnswer {
    let view = refusal.rest
    return error(
      view.errorType, status: view.status, id: view.messageID, text: refusal.message, pid: view.pid,
      challenge: view.challenge)
  }

  private static func message(id: String, text: String) -> JSON {
    ["id": .string(id), "default_message": .string(text), "args": []]
  }

  /// What list and get have in common; `get` has no pid.
  private static func common(_ process: ProcessInfo) -> [JSON.Member] {
    [
      JSON.Member("name", .string(process.name)), JSON.Member("owner", .string(process.owner)),
      JSON.Member("command", .string(process.command)), JSON.Member("started", time(process.started)),
    ]
  }

  private static func time(_ seconds: Int64) -> JSON {
    .string(WallTime(nanoseconds: seconds * 1_000_000_000).milliseconds)
  }

  /// `name@domain` as `GET /api/session` writes it: `DOMAIN\name`.
  private static func shown(_ user: String) -> String {
    let parts = user.split(separator: "@", maxSplits: 1)
    return parts.count == 2 ? parts[1].uppercased() + "\\" + parts[0] : user
  }

  /// `GET /api/vcenter/vm/{vm}`: what every VM has, its devices left empty.
  private static func details(_ facts: VirtualMachine.Facts) -> JSON {
    .fields([
      "name": .string(facts.name), "guest_OS": .string(facts.guestOS), "power_state": .string(facts.power.rest),
      "identity": .fields([
        "name": .string(facts.name), "bios_uuid": .string(facts.biosUUID ?? ""),
        "instance_uuid": .string(facts.instanceUUID ?? ""),
      ]),
      "instant_clone_frozen": false,
      "hardware": ["version": "VMX_20", "upgrade_policy": "NEVER", "upgrade_status": "NONE"],
      "boot": ["type": "BIOS", "delay": 0, "retry": false, "retry_delay": 10_000, "enter_setup_mode": false],
      "boot_devices": [],
      "cpu": [
        "count": .integer(Int64(facts.cpuCount)), "cores_per_socket": 1, "hot_add_enabled": false,
        "hot_remove_enabled": false,
      ],
      "memory": ["size_MiB": .integer(Int64(facts.memoryMiB)), "hot_add_enabled": false],
      "disks": .object([]), "nics": .object([]), "cdroms": .object([]), "floppies": .object([]),
      "parallel_ports": .object([]), "serial_ports": .object([]), "sata_adapters": .object([]),
      "scsi_adapters": .object([]), "nvme_adapters": .object([]),
    ])
  }
}
