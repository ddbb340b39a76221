/// What one seed suffers from (swarm testing: every seed draws its own mix, and most draws are zero in most seeds, so
/// that no fault hides another).
public struct Mix: Hashable, Sendable {
  // Chances for each call.
  /// A passing error, before or after it had its effect.
  public var transient = 0.0
  /// No answer, before or after it had its effect.
  public var unanswered = 0.0
  /// No connection: not a byte leaves.
  public var unreachable = 0.0
  /// A listing that is cut off, an answer that is not JSON.
  public var badAnswer = 0.0
  /// Any error that there is, documented for this call or not.
  public var oddError = 0.0
  /// Slow: up to twice the deadline.
  public var slow = 0.0
  /// Latencies with a long tail.
  public var tail = false
  /// An answer comes twice.
  public var doubled = 0.0
  /// The answer to a call comes after it was given up, and is handed in late.
  public var lateAnswers = false
  /// Every session dies right before the call.
  public var sessionLoss = 0.0
  /// A property of a VM cannot be read in one inventory.
  public var unsetFact = 0.0

  // Chances for each record and each effect.
  public var ledgerFailure = 0.0
  /// Writes take up to six seconds.
  public var slowDisk = false
  public var crash = 0.0

  /// Mean waiting time between two things that a guest does by itself, in nanoseconds.
  public var churn: Int64 = 20 * Span.second
  /// Mean waiting times in nanoseconds by `Trouble.rawValue`; 0: never.
  public var troubles = [Int64](repeating: 0, count: Trouble.allCases.count)

  /// Pids come back at once, processes are swapped under a kill. Else no pid comes back within 25 s.
  public var quickReuse = false
  /// The chance that a process ends or is swapped right when it is confirmed or killed.
  public var hostility = 0.0
  /// The chance that a process has a text that is cut, hostile, empty or not UTF-8.
  public var oddText = 0.0
  /// The chance of an operator's change to be a big one, and how often the next follows at once.
  public var storm = 0.0
  /// The one thing that this seed is about.
  public var focus: Focus?
  /// Nothing at all goes wrong.
  public var isQuiet = false

  /// Nothing goes wrong.
  public init() {}

  static func drawn(_ random: inout Seeded) -> Mix {
    var mix = Mix()
    mix.churn = random.between(3...90) * Span.second
    mix.quickReuse = random.chance(0.4)
    if random.chance(0.06) {
      mix.isQuiet = true
      return mix
    }
    func often(_ random: inout Seeded, _ most: Double, zero: Double = 0.5) -> Double {
      random.chance(zero) ? 0 : most * random.fraction() * random.fraction()
    }
    // Some seeds suffer from the network alone, some from the world alone, most from both.
    let isWiredWell = random.chance(0.2)
    if !isWiredWell {
      mix.transient = often(&random, 0.4)
      mix.unanswered = often(&random, 0.25)
      mix.unreachable = often(&random, 0.2, zero: 0.6)
      mix.badAnswer = often(&random, 0.2)
      mix.oddError = often(&random, 0.1, zero: 0.6)
      mix.slow = often(&random, 0.3)
      mix.tail = random.chance(0.3)
      mix.doubled = often(&random, 0.2, zero: 0.6)
      mix.lateAnswers = random.chance(0.3)
      mix.sessionLoss = often(&random, 0.2)
      mix.unsetFact = often(&random, 0.1, zero: 0.7)
    }
    mix.ledgerFailure = often(&random, 0.4, zero: 0.6)
    mix.slowDisk = random.chance(0.15)
    mix.crash = often(&random, 0.01)
    mix.hostility = often(&random, 0.9, zero: 0.4)
    mix.oddText = often(&random, 0.4)
    mix.storm = often(&random, 0.9)
    if random.chance(0.1) { return mix }
    for trouble in Trouble.allCases where random.chance(trouble.share) {
      mix.troubles[trouble.rawValue] = random.between(200...4_000) * Span.second
    }
    return mix
  }
}
