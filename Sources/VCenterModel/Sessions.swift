import OrderedCollections

/// A session of a vCenter.
struct Session: Hashable, Sendable {
  var info: SessionInfo
  /// When it was last used, on the continuous clock.
  var used: Int64
  /// Guest calls are refused with it although other calls still work (seen in the field, vsphere-api.md 6).
  var guestCallsDead = false
}

/// The sessions of both APIs, by token.
struct Sessions: Sendable {
  /// Idle for longer than that, in nanoseconds, a session is dead.
  var idleLimit: Int64
  private(set) var open: OrderedDictionary<String, Session> = [:]
  private var random: TokenGenerator

  init(idleLimit: Int64, seed: UInt64) {
    self.idleLimit = idleLimit
    random = TokenGenerator(state: seed)
  }

  mutating func create(_ user: String, _ api: API, at: ModelTime) -> (token: String, info: SessionInfo) {
    // As long as the vendor's examples are: 40 hex digits over VI JSON, 32 over REST.
    let token = random.hex(api == .vi ? 40 : 32)
    let info = SessionInfo(
      key: "52" + random.hex(30), user: user, created: at.wall, lastUsed: at.wall, calls: 0, api: api)
    open[token] = Session(info: info, used: at.continuous)
    return (token, info)
  }

  /// The live session of the token, where that API takes it; using it keeps it alive.
  mutating func use(_ token: String?, for api: API, shared: Bool, at: ModelTime) -> Session? {
    expire(at: at)
    guard let token, var session = open[token], shared || session.info.api == api else { return nil }
    session.used = at.continuous
    session.info.lastUsed = at.wall
    session.info.calls += 1
    open[token] = session
    return session
  }

  /// Ends what was idle for too long; says how many those were.
  @discardableResult
  mutating func expire(at: ModelTime) -> Int {
    let before = open.count
    open.removeAll { at.continuous - $0.value.used > idleLimit }
    return before - open.count
  }

  mutating func remove(_ token: String) { open.removeValue(forKey: token) }
  mutating func removeAll() { open.removeAll() }
  mutating func killGuestCalls() {
    for token in open.keys { open[token]?.guestCallsDead = true }
  }
}

/// SplitMix64 for tokens: they are the same for the same seed.
struct TokenGenerator: Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func hex(_ digits: Int) -> String {
    var text = ""
    while text.utf8.count < digits {
      let part = String(next(), radix: 16)
      text += String(repeating: "0", count: 16 - part.utf8.count) + part
    }
    return String(text.prefix(digits))
  }
}
