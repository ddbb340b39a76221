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
    case .accepted(let account):
      try connection.run("UPDATE login_refusals SET in_row = 0 WHERE account = ?", [.bytes(account)])
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
