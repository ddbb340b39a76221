import GuestWatchCore

/// What one life leaves to the next about VMs. Runs in a transaction; each memory may come again after a failure that hid
/// its success.
struct Memories {
  let connection: Connection
  let time: RunningTime

  /// The most VMs that are remembered, over all vCenters: three times what one vCenter holds at most. Beyond it, those
  /// are forgotten that were written least recently, such as VMs of a vCenter that is not asked any more.
  static let cap = 120_000

  /// Puts each in the place of what was known of its VM before.
  func keep(_ memories: [VMMemory], now: Now) throws(SQLiteError) {
    for memory in memories {
      if memory.isEmpty {
        try connection.run(
          "DELETE FROM memories WHERE vcenter = ? AND instance = ?",
          [.bytes(memory.vm.vcenter), .bytes(memory.vm.instance)])
      } else {
        try keep(memory, now: now)
      }
    }
  }

  private func keep(_ memory: VMMemory, now: Now) throws(SQLiteError) {
    let row = try connection.number(
      """
      INSERT INTO memories (vcenter, instance, moid, boot_time, suspend_time, epoch_running, running)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (vcenter, instance) DO UPDATE SET moid = excluded.moid,
        boot_time = excluded.boot_time, suspend_time = excluded.suspend_time,
        epoch_running = excluded.epoch_running, running = excluded.running
      RETURNING id
      """,
      [
        .bytes(memory.vm.vcenter), .bytes(memory.vm.instance), memory.moid.map { .bytes($0) } ?? .null,
        Value(memory.bootTime), Value(memory.suspendTime),
        Value(memory.epochBegan.map { time.at($0) }), .integer(time.at(now.continuous)),
      ])
    guard let row else { throw SQLiteError(damaged: "a VM got no row") }
    try connection.run("DELETE FROM seen WHERE memory = ?", [.integer(row)])
    for (place, seen) in memory.seen.prefix(VMMemory.cap).enumerated() {
      try connection.run(
        """
        INSERT INTO seen (memory, place, login, pid, started, owner, owner_doubtful, first_seen_running)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .integer(row), .integer(Int64(place)), .text(seen.login.name), .integer(seen.identity.pid),
          .integer(seen.identity.started), .bytes(seen.identity.owner.value), Value(seen.identity.owner.doubtful),
          .integer(time.at(seen.firstSeen)),
        ])
    }
  }

  /// Forgets what is beyond the cap. Once a life is enough: one life knows no more VMs than its vCenters have.
  func forget(beyond cap: Int = Memories.cap) throws(SQLiteError) {
    try connection.run(
      "DELETE FROM memories WHERE id IN (SELECT id FROM memories ORDER BY running DESC, id DESC LIMIT -1 OFFSET ?)",
      [.integer(Int64(cap))])
  }

  /// All that is remembered, by the VM's ids. What was seen is dated back from `now` by the running time since, so that
  /// no age counts time in which the machine was off or nobody noted that it ran.
  func all(now: Now) throws(SQLiteError) -> [VMMemory] {
    var cursor = try connection.query(
      """
      SELECT m.id, m.vcenter, m.instance, m.moid, m.boot_time, m.suspend_time, m.epoch_running,
        s.login, s.pid, s.started, s.owner, s.owner_doubtful, s.first_seen_running
      FROM memories m LEFT JOIN seen s ON s.memory = m.id ORDER BY m.vcenter, m.instance, s.place
      """)
    var memories: [VMMemory] = []
    var last: Int64?
    while try cursor.next() {
      let row = cursor.integer()
      let vm = VMKey(vcenter: cursor.text(), instance: cursor.text())
      let moid = cursor.optionalText()
      let bootTime = cursor.optionalInteger()
      let suspendTime = cursor.optionalInteger()
      let began = cursor.optionalInteger().map { now.continuous - time.age(of: $0, at: now.continuous) }
      if row != last {
        memories.append(
          VMMemory(vm: vm, moid: moid, bootTime: bootTime, suspendTime: suspendTime, epochBegan: began, seen: []))
      }
      last = row
      guard let login = cursor.optionalText() else { continue }
      let identity = Identity(pid: cursor.integer(), started: cursor.integer(), owner: cursor.guestText())
      let age = time.age(of: cursor.integer(), at: now.continuous)
      memories[memories.count - 1].seen.append(
        VMMemory.Seen(login: LoginID(login), identity: identity, firstSeen: now.continuous - age))
    }
    return memories
  }
}

extension VMMemory {
  /// Nothing is known of the VM any more.
  fileprivate var isEmpty: Bool {
    moid == nil && bootTime == nil && suspendTime == nil && epochBegan == nil && seen.isEmpty
  }
}
