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
  /// Slow: up to twice the deadline.
  public var slow = 0.0
  /// The answer to a terminate comes after it was given up, and is handed in late.
  public var lateAnswers = false
  /// Every session dies right before the call.
  public var sessionLoss = 0.0

  // Chances for each record and each effect.
  public var ledgerFailure = 0.0
  public var crash = 0.0

  // Mean waiting times in nanoseconds; nil: never.
  public var churn: Int64 = 20 * Span.second
  public var agentRestart: Int64?
  public var reboot: Int64?
  public var suspend: Int64?
  public var revert: Int64?
  public var guestClockStep: Int64?
  public var hostClockStep: Int64?
  public var toolsTrouble: Int64?
  /// A guest refuses the login for a while.
  public var loginBreak: Int64?
  public var gracefulRestart: Int64?
  public var reload: Int64?
  public var rename: Int64?

  /// Pids come back at once, processes are swapped under a kill. Else no pid comes back within 25 s.
  public var quickReuse = false
  /// The chance that a process ends or is swapped right when it is confirmed or killed.
  public var hostility = 0.0

  static func drawn(_ random: inout Seeded) -> Mix {
    var mix = Mix()
    func often(_ random: inout Seeded, _ most: Double) -> Double {
      random.chance(0.5) ? 0 : most * random.fraction() * random.fraction()
    }
    func now(_ random: inout Seeded, _ p: Double, _ range: ClosedRange<Int64>) -> Int64? {
      random.chance(p) ? random.between(range) * Span.second : nil
    }
    mix.transient = often(&random, 0.4)
    mix.unanswered = often(&random, 0.25)
    mix.unreachable = often(&random, 0.2)
    mix.badAnswer = often(&random, 0.2)
    mix.slow = often(&random, 0.3)
    mix.lateAnswers = random.chance(0.3)
    mix.sessionLoss = often(&random, 0.2)
    mix.ledgerFailure = often(&random, 0.4)
    mix.crash = random.chance(0.5) ? 0 : 0.02 * random.fraction() * random.fraction()
    mix.churn = random.between(3...60) * Span.second
    mix.agentRestart = now(&random, 0.35, 120...1200)
    mix.reboot = now(&random, 0.3, 300...2400)
    mix.suspend = now(&random, 0.3, 300...2400)
    mix.revert = now(&random, 0.2, 300...2400)
    mix.guestClockStep = now(&random, 0.25, 200...1800)
    mix.hostClockStep = now(&random, 0.2, 200...1800)
    mix.toolsTrouble = now(&random, 0.25, 120...1200)
    mix.loginBreak = now(&random, 0.15, 300...2400)
    mix.gracefulRestart = now(&random, 0.15, 600...2400)
    mix.reload = now(&random, 0.25, 200...1800)
    mix.rename = now(&random, 0.15, 200...1800)
    mix.quickReuse = random.chance(0.5)
    mix.hostility = often(&random, 0.9)
    return mix
  }
}
