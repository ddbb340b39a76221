/// What is kept of every row of the last complete listing: enough to know it again and to prove its age.
struct RowMemory: Hashable, Sendable {
  var pid: Int64
  var started: Int64
  /// FNV-1a of the owner's bytes.
  var owner: UInt64
  /// When the look was answered that first showed this identity. (Not when it was sent: the process may have been born
  /// in between, and an age must not be proven that is not there.)
  var firstSeen: Instant
  /// The listing before lacked it, and its start does not claim otherwise: only then the start may be believed at all. Of
  /// what the first listing of a life or an epoch shows nothing is known, so that only *seen* counts.
  var isDated = false
  /// An earlier life had seen it.
  var isRestored = false
  /// The best evidence of the guest's own clock so far: second newest start of a complete listing that showed this
  /// identity, less when that listing was answered, in nanoseconds; nil: none.
  var evidence: Int64?

  /// One number for the identity.
  var name: UInt64 { RowMemory.name(pid: pid, started: started, owner: owner) }

  static func name(pid: Int64, started: Int64, owner: UInt64) -> UInt64 {
    var name = owner
    for part in [pid, started] {
      name = (name ^ UInt64(bitPattern: part)) &* 0x9e37_79b9_7f4a_7c15
      name ^= name >> 32
    }
    return name
  }
}

/// Age is proven, not believed (design.md, section 4).
enum ProvenAge {
  /// Of `now - started` this much is rounding: whole seconds on either side.
  static let rounding = Duration.seconds(2)

  /// The larger of seen and shown.
  ///
  /// - Parameters:
  ///   - at: when the look that shows the process alive was sent.
  ///   - believed: false while the clock is untrusted or something speaks against the VM's start times.
  static func of(started: Int64, firstSeen: Instant, evidence: Int64?, at: Now, believed: Bool) -> Duration {
    let seen = at.continuous - firstSeen
    if mutated(.believeTheClaimedAge) { return max(claimed(started: started, at: at), .zero) }
    guard believed, let evidence else { return max(seen, .zero) }
    let shown = min(claimed(started: started, at: at) - rounding, evidenced(started, evidence, at.continuous))
    return max(seen, shown, .zero)
  }

  /// `now - started`, as the guest's clock has it.
  static func claimed(started: Int64, at: Now) -> Duration {
    .nanoseconds(at.wall) - .seconds(started)
  }

  private static func evidenced(_ started: Int64, _ evidence: Int64, _ at: Instant) -> Duration {
    .nanoseconds(evidence) - .seconds(started) + .nanoseconds(at.nanoseconds)
  }

  /// When the age will be `limit`, at the earliest, if nothing else is learned.
  static func due(started: Int64, firstSeen: Instant, evidence: Int64?, limit: Duration, now: Now, believed: Bool)
    -> Instant
  {
    let bySeen = firstSeen + limit
    guard believed, let evidence else { return bySeen }
    let wall = limit - (claimed(started: started, at: now) - rounding)
    let guest = limit - evidenced(started, evidence, now.continuous)
    return min(bySeen, now.continuous + max(wall, guest, .zero))
  }

  /// The second newest start of a complete listing of three rows or more: one odd entry cannot move it.
  static func secondNewest(_ rows: [Process]) -> Int64? {
    guard rows.count >= 3 else { return nil }
    var newest = Int64.min
    var second = Int64.min
    for i in rows.indices {
      let started = rows[i].started
      if started > newest {
        second = newest
        newest = started
      } else if started > second {
        second = started
      }
    }
    return second
  }
}

/// 64-bit FNV-1a: stable over runs and machines, unlike the standard library's hashes.
func stableHash(_ text: String) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in text.utf8 {
    hash ^= UInt64(byte)
    hash = hash &* 0x0000_0100_0000_01b3
  }
  return hash
}
