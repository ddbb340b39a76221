import GuestWatchCore

/// What one seed draws: how often which trouble comes, many of them never (swarm testing).
struct StormMix: Sendable {
  /// In a hundred answers of clients.
  var atDeadline = 0, late = 0, hangs = 0
  /// In a hundred calls of the ledger.
  var slowWrites = 0, stuckWrites = 0
  /// The ledger refuses from one to the other, in seconds since the start.
  var refusesFrom = 0, refusesTo = 0
  /// In a hundred loads of the rule files.
  var refusedLoads = 0, slowLoads = 0
  /// In a hundred jobs time passes before they run: the machine is busy.
  var heldUp = 0
  /// In a hundred events the decision asks for something.
  var eager = 0
  /// Whether the decision ends by itself once it was asked to; else the scheduler's limit has to.
  var ends = true
  /// When SIGTERM comes, and SIGHUPs.
  var shutdown = Duration.zero
  var reloads: [Duration] = []

  init(_ dice: inout Dice) {
    func some(_ most: Int) -> Int { dice.percent(50) ? 0 : dice.below(most) }
    atDeadline = some(30)
    late = some(30)
    hangs = dice.percent(70) ? 0 : dice.below(8)
    slowWrites = some(40)
    stuckWrites = dice.percent(80) ? 0 : dice.below(4)
    if dice.percent(40) {
      refusesFrom = dice.below(300)
      refusesTo = refusesFrom + 1 + dice.below(300)
    }
    refusedLoads = some(60)
    slowLoads = some(60)
    heldUp = dice.percent(70) ? 0 : 1 + dice.below(4)
    eager = dice.percent(10) ? 0 : 20 + dice.below(80)
    ends = dice.percent(80)
    shutdown = dice.duration(.milliseconds(1), dice.percent(20) ? .seconds(2) : .seconds(400))
    for _ in 0..<some(6) { reloads.append(dice.duration(.milliseconds(1), .seconds(420))) }
  }
}
