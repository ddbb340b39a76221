import GuestWatchCore

/// Why a file is not used as a time zone.
enum ZoneFileMistake: Error, Hashable {
  /// It does not begin as one.
  case notAZone
  /// A version that is not known (beyond 4).
  case unknownVersion
  /// It counts leap seconds (`right/`), so that its seconds are not those of this machine's clock.
  case leapSeconds
  /// It ends too early, or its figures contradict each other.
  case damaged
}

/// Reads a time zone file (TZif, RFC 9636, versions 1 to 4). Every length and every index is checked: the bytes may be
/// anything.
func readZoneFile(_ bytes: [UInt8], name: String) throws(ZoneFileMistake) -> TimeZoneRules {
  var rest = ZoneBytes(bytes: bytes)
  let old = try ZoneHeader(&rest)
  if old.version == 0 {
    let zone = try old.body(&rest, width: 4)
    guard rest.isAtEnd else { throw .damaged }
    return TimeZoneRules(name: name, first: zone.first, transitions: zone.transitions)
  }
  // The first part is for readers of version 1 alone.
  _ = try rest.take(old.size(width: 4))
  let header = try ZoneHeader(&rest)
  guard header.version == old.version else { throw .damaged }
  let zone = try header.body(&rest, width: 8)
  guard try rest.take(1).first == newline else { throw .damaged }
  let footer = try rest.take(max(rest.count - 1, 0))
  guard try rest.take(1).first == newline, !footer.contains(newline) else { throw .damaged }
  // Without a rule nothing is known of later, and the last offset stays.
  if footer.isEmpty { return TimeZoneRules(name: name, first: zone.first, transitions: zone.transitions) }
  guard let rule = PosixZone(footer) else { throw .damaged }
  return try extended(zone, by: rule, name: name)
}

private let newline = UInt8(ascii: "\n")

/// The transitions of the file, then those of its rule.
private func extended(
  _ zone: (first: Int64, transitions: [TimeZoneRules.Transition]), by rule: PosixZone, name: String
) throws(ZoneFileMistake) -> TimeZoneRules {
  let later = rule.transitions
  guard let last = zone.transitions.last else {
    guard rule.daylight != nil || rule.standard == zone.first else { throw .damaged }
    return TimeZoneRules(name: name, first: zone.first, transitions: later)
  }
  // The rule holds from the last transition on, so that it must know that offset. More cannot be asked: slim files that
  // zic writes may contradict their rule in the season of the change (America/Ojinaga in 2022).
  guard last.offset == rule.standard || last.offset == rule.daylight?.offset else { throw .damaged }
  return TimeZoneRules(name: name, first: zone.first, transitions: zone.transitions + later.filter { $0.at > last.at })
}

/// The first 44 bytes of either part.
private struct ZoneHeader {
  /// 0 stands for version 1.
  let version: UInt8
  let utIndicators: Int
  let standardIndicators: Int
  let leapSeconds: Int
  let transitions: Int
  let types: Int
  let letters: Int

  init(_ rest: inout ZoneBytes) throws(ZoneFileMistake) {
    guard rest.count >= 44, try rest.take(4).elementsEqual("TZif".utf8) else { throw .notAZone }
    let version = try rest.take(1).first ?? 0
    switch version {
    case 0: self.version = 0
    case UInt8(ascii: "2")...UInt8(ascii: "4"): self.version = version
    default: throw .unknownVersion
    }
    _ = try rest.take(15)
    utIndicators = Int(try rest.integer(4) & 0xFFFF_FFFF)
    standardIndicators = Int(try rest.integer(4) & 0xFFFF_FFFF)
    leapSeconds = Int(try rest.integer(4) & 0xFFFF_FFFF)
    transitions = Int(try rest.integer(4) & 0xFFFF_FFFF)
    types = Int(try rest.integer(4) & 0xFFFF_FFFF)
    letters = Int(try rest.integer(4) & 0xFFFF_FFFF)
  }

  /// How many bytes follow; each count is below 2^32, so that nothing overflows.
  func size(width: Int) -> Int {
    transitions * (width + 1) + types * 6 + letters + leapSeconds * (width + 4) + standardIndicators + utIndicators
  }

  /// The part after the header; `width` is that of its times.
  func body(
    _ rest: inout ZoneBytes, width: Int
  ) throws(ZoneFileMistake) -> (first: Int64, transitions: [TimeZoneRules.Transition]) {
    guard rest.count >= size(width: width), types > 0, letters > 0 else { throw .damaged }
    guard standardIndicators == 0 || standardIndicators == types, utIndicators == 0 || utIndicators == types else {
      throw .damaged
    }
    var times: [Int64] = []
    for _ in 0..<transitions {
      let time = try rest.integer(width)
      if let last = times.last, last >= time { throw .damaged }
      times.append(time)
    }
    let places = try rest.take(transitions)
    var offsets: [Int64] = []
    for _ in 0..<types {
      let offset = try rest.integer(4)
      let flags = Array(try rest.take(2))
      guard abs(offset) <= TimeZoneRules.greatestOffset, flags[0] <= 1, flags[1] < letters else { throw .damaged }
      offsets.append(offset)
    }
    guard places.allSatisfy({ $0 < types }) else { throw .damaged }
    _ = try rest.take(letters)
    guard leapSeconds == 0 else { throw .leapSeconds }
    guard try rest.take(standardIndicators + utIndicators).allSatisfy({ $0 <= 1 }) else { throw .damaged }
    let found = zip(times, places).map { TimeZoneRules.Transition(at: $0, offset: offsets[Int($1)]) }
    // What holds before the first transition is the first type (RFC 9636, section 3.2).
    return (offsets[0], found)
  }
}

/// What is left to read of a file.
private struct ZoneBytes {
  let bytes: [UInt8]
  private var at = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var count: Int { bytes.count - at }
  var isAtEnd: Bool { count == 0 }

  mutating func take(_ wanted: Int) throws(ZoneFileMistake) -> ArraySlice<UInt8> {
    guard wanted <= count else { throw .damaged }
    at += wanted
    return bytes[at - wanted..<at]
  }

  /// Big-endian, with a sign.
  mutating func integer(_ width: Int) throws(ZoneFileMistake) -> Int64 {
    let value = try take(width).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return width == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
  }
}
