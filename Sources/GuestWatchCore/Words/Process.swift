/// Text from inside a guest: an attacker's, everywhere. Compared byte by byte, never by canonical equivalence.
public struct GuestText: Hashable, Sendable, ExpressibleByStringLiteral {
  /// The text, at most `GuestText.cap` bytes of UTF-8.
  public var value: String
  /// True where the text was cut off or held bytes that are not UTF-8 (shown as U+FFFD): protect and `unless` then
  /// match more, `match` matches less.
  public var doubtful: Bool

  /// The most that is kept of one field, in bytes (design.md, section 5).
  public static let cap = 4096

  /// Takes `value`, cut to the cap at a character boundary and marked doubtful where that was needed.
  public init(_ value: String, doubtful: Bool = false) {
    if value.utf8.count <= GuestText.cap {
      self.value = value
      self.doubtful = doubtful
    } else {
      var kept = String.UnicodeScalarView()
      var bytes = 0
      for scalar in value.unicodeScalars {
        bytes += UTF8.width(scalar)
        if bytes > GuestText.cap { break }
        kept.append(scalar)
      }
      self.value = String(kept)
      self.doubtful = true
    }
  }

  public init(stringLiteral value: String) { self.init(value) }

  public static func == (a: GuestText, b: GuestText) -> Bool {
    a.doubtful == b.doubtful && a.value.utf8.count == b.value.utf8.count && a.value.utf8.elementsEqual(b.value.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    var value = value
    value.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    hasher.combine(doubtful)
  }
}

/// One process of a guest as one look showed it. Source: guest processes `list` and `get`, `GuestProcessInfo`.
public struct Process: Hashable, Sendable {
  /// The process id in the guest.
  public var pid: Int64
  /// Start time in whole seconds since 1970, on the guest's clock; may be wrong and may shift. Values outside the years
  /// 1684 to 2255 are cut to these.
  public var started: Int64 { didSet { started = plausible(started) } }
  /// The account that owns the process, as the guest names it; may be empty.
  public var owner: GuestText
  /// The short name; a process may change it while it lives.
  public var name: GuestText
  /// The command line, its arguments joined with blanks.
  public var command: GuestText
  /// When it ended, in seconds since 1970; only known of processes that were started through the API. Then it is dead.
  public var finished: Int64?

  public init(
    pid: Int64, started: Int64, owner: GuestText, name: GuestText, command: GuestText, finished: Int64? = nil
  ) {
    self.pid = pid
    self.started = plausible(started)
    self.owner = owner
    self.name = name
    self.command = command
    self.finished = finished
  }

  /// What this process is known by within its VM and epoch.
  public var identity: Identity {
    Identity(
      pid: pid, started: mutated(.ignoreStarted) ? 0 : started, owner: mutated(.ignoreTheOwner) ? "" : owner)
  }
}

/// What a process is known by within one VM and epoch. Name and command are not part of it: a process may change them.
public struct Identity: Hashable, Sendable {
  public var pid: Int64
  /// Seconds since 1970 on the guest's clock.
  public var started: Int64
  public var owner: GuestText

  public init(pid: Int64, started: Int64, owner: GuestText) {
    self.pid = pid
    self.started = started
    self.owner = owner
  }
}

/// One answer to a survey.
public struct Listing: Hashable, Sendable {
  /// The rows in the order of the answer.
  public var rows: [Process]
  /// Status 200, parsed to its end, not empty, no pid twice, under the caps: only then may it prove that something is
  /// absent.
  public var complete: Bool
  /// True for VI JSON (`endTime` shows who is dead); a REST listing shows ended processes as if they lived.
  public var showsEnds: Bool

  /// The most rows of a complete listing (design.md, section 5).
  public static let rowCap = 20_000

  /// Judges completeness itself: `parsedToEnd` is what the client knows, the rest is looked up in the rows.
  public init(rows: [Process], parsedToEnd: Bool = true, showsEnds: Bool) {
    self.rows = rows.count > Listing.rowCap ? Array(rows.prefix(Listing.rowCap)) : rows
    self.showsEnds = showsEnds
    var pids = Set<Int64>(minimumCapacity: self.rows.count)
    let unique = self.rows.allSatisfy { pids.insert($0.pid).inserted }
    complete = parsedToEnd && unique && !rows.isEmpty && rows.count <= Listing.rowCap
  }
}

/// One answer to a check of one pid.
public enum Look: Hashable, Sendable {
  /// Alive, as far as the guest says.
  case running(Process)
  /// The entry of a process that has ended (`finished` is set).
  case finished(Process)
  /// No process has this pid.
  case gone
  /// The VM is not there any more.
  case vmGone
}
