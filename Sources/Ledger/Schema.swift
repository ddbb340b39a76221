/// The tables of the ledger and how a file of an earlier version becomes one of this.
enum Schema {
  /// "GWLg": tells a ledger from any other SQLite database (`PRAGMA application_id`).
  static let applicationID: Int64 = 0x4757_4c67

  /// Step n brings a file from version n to n + 1 (`PRAGMA user_version`). A step that was released is never changed.
  static let steps = [first, logins, whole, demands]

  /// Version 1.
  ///
  /// - Times come in pairs: `_wall` (unix nanoseconds, for people) and `_clock` (nanoseconds of the continuous clock of
  ///   a boot). `_running` is the running time that the ledger saw from its first second to then (S3): ages are
  ///   differences of it.
  /// - Text that guests, vCenters or the configuration chose is a BLOB: its bytes, whatever they are.
  /// - `outcome` is NULL while a kill is open; `reported` where nothing was to be killed (`gate` says why).
  static let first = """
    CREATE TABLE counters (
      name TEXT PRIMARY KEY,
      value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO counters VALUES ('life', 0);

    -- One row per boot: from when to when its continuous clock was seen, and the running time before it.
    CREATE TABLE boots (
      id INTEGER PRIMARY KEY,
      boot_id TEXT NOT NULL,
      first_clock INTEGER NOT NULL,
      last_clock INTEGER NOT NULL,
      running_before INTEGER NOT NULL,
      last_wall INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE kills (
      id INTEGER PRIMARY KEY,
      life INTEGER NOT NULL,
      number INTEGER NOT NULL,
      rule TEXT NOT NULL,
      rule_description BLOB NOT NULL,
      action TEXT NOT NULL,
      dry_run INTEGER NOT NULL,
      reason TEXT NOT NULL,
      reason_limit INTEGER,
      reason_proven INTEGER,
      reason_claimed INTEGER,
      reason_count INTEGER,
      reason_place INTEGER,
      vcenter TEXT NOT NULL,
      vcenter_uuid TEXT NOT NULL,
      vm_uuid TEXT NOT NULL,
      moid TEXT NOT NULL,
      vm_name BLOB NOT NULL,
      login TEXT NOT NULL,
      pid INTEGER NOT NULL,
      started INTEGER NOT NULL,
      finished INTEGER,
      owner BLOB NOT NULL,
      owner_doubtful INTEGER NOT NULL,
      name BLOB NOT NULL,
      name_doubtful INTEGER NOT NULL,
      command BLOB NOT NULL,
      command_doubtful INTEGER NOT NULL,
      anchors TEXT NOT NULL,
      decided_wall INTEGER NOT NULL,
      decided_clock INTEGER NOT NULL,
      confirmed_wall INTEGER,
      confirmed_clock INTEGER,

      gate TEXT,
      boot INTEGER NOT NULL REFERENCES boots (id),
      decided_running INTEGER NOT NULL,
      written_wall INTEGER NOT NULL,
      written_clock INTEGER NOT NULL,
      written_running INTEGER NOT NULL,

      outcome TEXT,
      error_kind TEXT,
      error_code BLOB,
      error_detail BLOB,
      verified_wall INTEGER,
      verified_clock INTEGER,
      closed_boot INTEGER REFERENCES boots (id),
      closed_wall INTEGER,
      closed_clock INTEGER,
      closed_running INTEGER,

      UNIQUE (life, number),
      CHECK ((gate IS NOT NULL) = (outcome IS 'reported')),
      CHECK ((outcome IS NULL) = (closed_running IS NULL))
    ) STRICT;
    CREATE INDEX kills_open ON kills (id) WHERE outcome IS NULL;
    CREATE INDEX kills_running ON kills (decided_running) WHERE gate IS NULL;

    -- One kill, one outcome, for ever.
    CREATE TRIGGER kills_close_once BEFORE UPDATE ON kills WHEN old.outcome IS NOT NULL
    BEGIN SELECT raise(ABORT, 'a closed row of the ledger is never changed'); END;

    -- How terminates were answered: at most once in time, and what came late.
    CREATE TABLE answers (
      id INTEGER PRIMARY KEY,
      kill INTEGER NOT NULL REFERENCES kills (id),
      boot INTEGER NOT NULL REFERENCES boots (id),
      answer TEXT NOT NULL,
      fault_kind TEXT,
      fault_code BLOB,
      fault_detail BLOB,
      first_byte_wall INTEGER,
      first_byte_clock INTEGER,
      ended_wall INTEGER NOT NULL,
      ended_clock INTEGER NOT NULL,
      date INTEGER,
      after_outcome INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX answers_kill ON answers (kill);

    -- Guests that refused a login, by the digest of what was refused; in_row until the account is accepted somewhere.
    CREATE TABLE login_refusals (
      vcenter BLOB NOT NULL,
      instance BLOB NOT NULL,
      login TEXT NOT NULL,
      account BLOB NOT NULL,
      digest INTEGER NOT NULL,
      in_row INTEGER NOT NULL,
      running INTEGER NOT NULL,
      UNIQUE (vcenter, instance, login, digest)
    ) STRICT;

    -- vCenters that refused our login, by the digest of their entry; how often in a row, and when last.
    CREATE TABLE vcenter_refusals (
      digest INTEGER PRIMARY KEY,
      count INTEGER NOT NULL,
      running INTEGER NOT NULL
    ) STRICT;

    -- What is known of a VM: its boot and suspend time (seconds since 1970), since when its epoch runs, and when that was
    -- last written.
    CREATE TABLE memories (
      id INTEGER PRIMARY KEY,
      vcenter BLOB NOT NULL,
      instance BLOB NOT NULL,
      boot_time INTEGER,
      suspend_time INTEGER,
      epoch_running INTEGER,
      running INTEGER NOT NULL,
      UNIQUE (vcenter, instance)
    ) STRICT;
    CREATE INDEX memories_running ON memories (running);
    -- Since when its processes are seen, in the order in which they were given.
    CREATE TABLE seen (
      memory INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
      place INTEGER NOT NULL,
      login TEXT NOT NULL,
      pid INTEGER NOT NULL,
      started INTEGER NOT NULL,
      owner BLOB NOT NULL,
      owner_doubtful INTEGER NOT NULL,
      first_seen_running INTEGER NOT NULL,
      PRIMARY KEY (memory, place)
    ) STRICT, WITHOUT ROWID;

    -- The pauses in force, in the order in which they were given; until is NULL where only an operator ends it.
    CREATE TABLE pauses (
      place INTEGER PRIMARY KEY,
      rule TEXT,
      vms BLOB,
      until_running INTEGER
    ) STRICT;
    """

  /// Credentials (user name and secret) that are stopped, or whose use an earlier life may not have seen answered.
  static let logins = """
    CREATE TABLE login_standings (
      account BLOB NOT NULL,
      digest INTEGER NOT NULL,
      -- Uses whose answer nobody saw: each may have been a refusal.
      doubts INTEGER NOT NULL,
      -- Tries since the account was stopped; NULL: it is not.
      tries INTEGER,
      running INTEGER NOT NULL,
      UNIQUE (account, digest)
    ) STRICT;
    """

  /// Where each row comes from, reports counted instead of listed, and a way to every row that `history` asks for.
  ///
  /// - Digests are their 64 bits. NULL: a row of an earlier version, or nothing to make one of.
  /// - `count`: how many sightings of a runaway that is only reported are one row (`Reports`), the first of them at
  ///   `first_wall` and `first_running`; the row itself is the last. `mixed`: of several names.
  static let whole = """
    ALTER TABLE kills ADD COLUMN rule_hash INTEGER;
    ALTER TABLE kills ADD COLUMN config_hash INTEGER;
    ALTER TABLE kills ADD COLUMN command_hash INTEGER;
    ALTER TABLE kills ADD COLUMN asked_by TEXT NOT NULL DEFAULT 'rule';
    ALTER TABLE kills ADD COLUMN version TEXT;
    ALTER TABLE kills ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE kills ADD COLUMN mixed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE kills ADD COLUMN first_wall INTEGER;
    ALTER TABLE kills ADD COLUMN first_running INTEGER;

    -- The managed object id under which a VM was last known; NULL: by an earlier version, or never.
    ALTER TABLE memories ADD COLUMN moid BLOB;

    -- The key of the command lines' digests, for as long as this state directory lives.
    INSERT INTO counters VALUES ('command-key-1', random()), ('command-key-2', random());

    -- The last reports that were counted, so that one that comes again is not counted again.
    CREATE TABLE counted (
      place INTEGER PRIMARY KEY,
      life INTEGER NOT NULL,
      number INTEGER NOT NULL
    ) STRICT;

    -- For history: newest first, by each of its filters.
    CREATE INDEX kills_decided ON kills (decided_wall);
    CREATE INDEX kills_rule ON kills (rule, decided_wall);
    CREATE INDEX kills_moid ON kills (moid, decided_wall);
    CREATE INDEX kills_vm_name ON kills (vm_name, decided_wall);
    CREATE INDEX kills_outcome ON kills (outcome, decided_wall);
    -- For counting reports, and for forgetting them.
    CREATE INDEX kills_reported ON kills (rule, vm_uuid, name) WHERE outcome = 'reported';
    CREATE INDEX kills_reported_running ON kills (decided_running) WHERE outcome = 'reported';
    -- For what must be known of a process that may still live.
    CREATE INDEX kills_identity ON kills (vm_uuid, pid, started) WHERE gate IS NULL;

    -- An open kill is never forgotten.
    CREATE TRIGGER kills_keep_open BEFORE DELETE ON kills WHEN old.outcome IS NULL
    BEGIN SELECT raise(ABORT, 'an open row of the ledger is never removed'); END;
    """

  /// Kills that operators ask for: why, in their words. `rule` is empty there, `reason` is `asked`.
  static let demands = """
    ALTER TABLE kills ADD COLUMN asked_reason BLOB CHECK ((asked_reason IS NULL) = (asked_by = 'rule'));
    """

  /// From this version on there are all columns, and the indexes that `history` names: an earlier file is read through a
  /// view, and slower, until the daemon has begun a life with it.
  static let indexed = 4

  /// Lays a view of this version's columns over a file of an earlier one, for this connection alone.
  static func showAsCurrent(_ connection: Connection, version: Int) throws(SQLiteError) {
    guard version < indexed else { return }
    let whole =
      """
      NULL AS rule_hash, NULL AS config_hash, NULL AS command_hash, 'rule' AS asked_by, NULL AS version, 1 AS count,
      0 AS mixed, NULL AS first_wall, NULL AS first_running,
      """
    try connection.runScript(
      """
      PRAGMA temp_store = MEMORY;
      CREATE TEMP VIEW kills AS SELECT *, \(version < 3 ? whole : "") NULL AS asked_reason FROM main.kills;
      """)
  }

  /// Which version the file has.
  static func version(of connection: Connection) throws(SQLiteError) -> Int {
    Int(try connection.number("PRAGMA user_version") ?? 0)
  }

  /// Brings the file to the version after the last of `steps`, each step whole or not at all.
  static func migrate(_ connection: Connection, steps: [String] = steps) throws(SQLiteError) {
    for (index, step) in steps.enumerated().dropFirst(try version(of: connection)) {
      try connection.transaction { () throws(SQLiteError) in
        try connection.runScript(step)
        try connection.runScript(
          "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(index + 1);")
      }
    }
  }
}
