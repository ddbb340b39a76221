import GuestWatchCore

/// Logins that were refused (S10). Runs in a transaction; each note may come again after a failure that hid its success.
struct Refusals {
  let connection: Connection
  let time: RunningTime

  func note(_ note: LoginNote, now: Now) throws(SQLiteError) {
    let running = Value.integer(time.at(now.continuous))
    switch note {
    case .refused(let refusal):
      try connection.run(
        """
        INSERT OR REPLACE INTO login_refusals (vcenter, instance, login, account, digest, in_row, running)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .bytes(refusal.vm.vcenter), .bytes(refusal.vm.instance), .text(refusal.login.name), .bytes(refusal.account),
          .integer(Int64(bitPattern: refusal.digest)), Value(refusal.inRow), running,
        ])
    case .accepted(let vm, let account, let digest):
      let credential = [Value.bytes(account), .integer(Int64(bitPattern: digest))]
      try connection.run(
        "DELETE FROM login_refusals WHERE account = ? AND digest = ? AND vcenter = ? AND instance = ?",
        credential + [.bytes(vm.vcenter), .bytes(vm.instance)])
      try connection.run("UPDATE login_refusals SET in_row = 0 WHERE account = ? AND digest = ?", credential)
      try connection.run("DELETE FROM login_standings WHERE account = ? AND digest = ?", credential)
    case .standing(let standing):
      let credential = [Value.bytes(standing.account), .integer(Int64(bitPattern: standing.digest))]
      if standing.isClear {
        try connection.run("DELETE FROM login_standings WHERE account = ? AND digest = ?", credential)
      } else {
        try connection.run(
          "INSERT OR REPLACE INTO login_standings (account, digest, doubts, tries, running) VALUES (?, ?, ?, ?, ?)",
          credential + [
            .integer(Int64(standing.doubts)), standing.tries.map { .integer(Int64($0)) } ?? .null, running,
          ])
      }
    case .vcenterRefused(let digest, let count):
      try connection.run(
        "INSERT OR REPLACE INTO vcenter_refusals (digest, count, running) VALUES (?, ?, ?)",
        [.integer(Int64(bitPattern: digest)), .integer(Int64(count)), running])
    case .vcenterAccepted(let digest):
      try connection.run(
        "DELETE FROM vcenter_refusals WHERE digest = ?", [.integer(Int64(bitPattern: digest))])
    }
  }

  /// Guests that refused a login, oldest first.
  func guests() throws(SQLiteError) -> [LoginRefusal] {
    var cursor = try connection.query(
      "SELECT vcenter, instance, login, account, digest, in_row FROM login_refusals ORDER BY running, rowid")
    var refusals: [LoginRefusal] = []
    while try cursor.next() {
      refusals.append(
        LoginRefusal(
          vm: VMKey(vcenter: cursor.text(), instance: cursor.text()), login: LoginID(cursor.text()),
          account: cursor.text(), digest: UInt64(bitPattern: cursor.integer()), inRow: cursor.flag()))
    }
    return refusals
  }

  /// Where credentials stand beyond that, in the order of their last note.
  func standings(now: Now) throws(SQLiteError) -> [LoginStanding] {
    var cursor = try connection.query(
      "SELECT account, digest, doubts, tries, running FROM login_standings ORDER BY running, account, digest")
    var standings: [LoginStanding] = []
    while try cursor.next() {
      standings.append(
        LoginStanding(
          account: cursor.text(), digest: UInt64(bitPattern: cursor.integer()),
          doubts: Int(clamping: cursor.integer()), tries: cursor.optionalInteger().map { Int(clamping: $0) },
          age: time.age(of: cursor.integer(), at: now.continuous)))
    }
    return standings
  }

  func vcenters(now: Now) throws(SQLiteError) -> [VCenterRefusal] {
    var cursor = try connection.query("SELECT digest, count, running FROM vcenter_refusals ORDER BY running, digest")
    var refusals: [VCenterRefusal] = []
    while try cursor.next() {
      let digest = UInt64(bitPattern: cursor.integer())
      let count = Int(clamping: cursor.integer())
      refusals.append(
        VCenterRefusal(digest: digest, count: count, age: time.age(of: cursor.integer(), at: now.continuous)))
    }
    return refusals
  }
}
