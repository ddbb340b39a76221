import VCenterModel

/// Writes what `ControlEndpoint` documents.
enum ControlWriter {
  static func call(_ call: CallRecord) -> JSON {
    .fields([
      "number": .integer(Int64(call.number)), "method": .string(call.method), "target": .string(call.target),
      "kind": call.kind.map { .string($0.rawValue) }, "vm": call.vm.map(JSON.string), "pid": call.pid.map(JSON.integer),
      "received": time(call.received), "answered": call.answered.map(time),
      "status": call.status.map { .integer(Int64($0)) }, "refusal": call.refusal.map(JSON.string),
      "faulty": call.isFaulty ? true : nil,
    ])
  }

  static func process(_ process: ProcessInfo) -> JSON { self.process(process, label: nil, localPID: nil) }

  static func process(_ process: ProcessInfo, label: String?, localPID: Int32?) -> JSON {
    .fields([
      "pid": .integer(process.pid), "name": .string(process.name), "owner": .string(process.owner),
      "command": .string(process.command), "started": time(process.started * 1_000_000_000),
      "label": label.map(JSON.string), "os_pid": localPID.map { .integer(Int64($0)) },
    ])
  }

  static func state(_ vcenter: SimulatedVCenter) async -> JSON {
    let model = await vcenter.modelCounters
    let counted = await vcenter.counted
    let sessions = await vcenter.openSessions()
    var guests: [JSON.Member] = []
    for machine in await vcenter.virtualMachines {
      let vm = machine.facts.moid
      guests.append(JSON.Member(vm, await self.guest(vm, vcenter)))
    }
    let accounts = await vcenter.accountStates()
    return [
      "counters": [
        "logins": .integer(Int64(model.logins)), "login_refusals": .integer(Int64(model.loginRefusals)),
        "logouts": .integer(Int64(model.logouts)), "expirations": .integer(Int64(model.expirations)),
        "guest_logins": .integer(Int64(model.guestLogins)), "guest_refusals": .integer(Int64(model.guestRefusals)),
        "terminates": .integer(Int64(model.terminates)), "overlaps": .integer(Int64(model.overlaps)),
      ],
      "open_sessions": .array(
        sessions.map { session in
          [
            "key": .string(session.key), "user": .string(session.user), "api": .string(session.api.rawValue),
            "created": time(session.created), "last_used": time(session.lastUsed),
            "calls": .integer(Int64(session.calls)),
          ]
        }),
      "terminates": .array(counted.terminates.map(terminate)),
      "guest_calls": .object(
        counted.guestCalls.sorted { $0.key < $1.key }.map { vm, traffic in
          JSON.Member(
            vm,
            [
              "received": .integer(Int64(traffic.received)), "in_flight": .integer(Int64(traffic.inFlight)),
              "most_in_flight": .integer(Int64(traffic.mostInFlight)),
            ])
        }),
      "guests": .object(guests), "failed_hooks": .array(await vcenter.failedHooks.map(JSON.string)),
      "accounts": .array(
        accounts.map { account in
          .fields([
            "user": .string(account.user), "vm": account.vm.map(JSON.string),
            "refusals": .integer(Int64(account.refusals)), "locked": .bool(account.locked),
          ])
        }),
    ]
  }

  /// The processes of one guest, with their labels and the pids that this machine knows them by.
  static func guest(_ vm: String, _ vcenter: SimulatedVCenter) async -> JSON {
    var rows: [JSON] = []
    for process in (try? await vcenter.processes(on: vm)) ?? [] {
      let local = await vcenter.localPID(process.pid, on: vm)
      rows.append(self.process(process, label: await vcenter.labels[vm]?[process.pid], localPID: local))
    }
    return .array(rows)
  }

  private static func terminate(_ terminate: TerminateRecord) -> JSON {
    .fields([
      "call": .integer(Int64(terminate.call)), "vm": .string(terminate.vm), "pid": .integer(terminate.pid),
      "hit": terminate.hit.map { hit in
        [
          "name": .string(hit.name), "owner": .string(hit.owner), "started": time(hit.started * 1_000_000_000),
        ]
      },
    ])
  }

  private static func time(_ nanoseconds: Int64) -> JSON { .string(WallTime(nanoseconds: nanoseconds).microseconds) }
}
