import Crypto
import GuestWatchCore
import Synchronization

/// Counts refused vCenter logins, per account over all clients that share it: several vCenters may ask one directory, and
/// it locks an account for all of them.
///
/// An account is a user name (case folded) with its password: after both were refused twice it rests, and a new password is
/// tried at once. No more logins of an account are under way at a time than may still be refused, so that ten vCenters
/// that start together with a wrong password are two tries.
public final class LoginRefusals: Sendable {
  /// Refusals in a row after which no more is tried: SSO locks an account after some five tries in 180 s, and others
  /// may be using it.
  static let cap = 2
  /// After so many refusals one more try is made only this much later: ten times the 180 s over which SSO usually
  /// counts, so that our tries alone can never lock the account.
  static let rest: Duration = .seconds(30 * 60)

  /// Whose refusals are counted together. It holds no secret.
  struct Account: Hashable, Sendable {
    private let digest: [UInt8]

    init(_ connection: VCenterConnection) {
      // No name holds a NUL.
      let text = connection.userName.lowercased() + "\0" + connection.password.revealed
      digest = Array(SHA256.hash(data: Array(text.utf8)))
    }
  }

  private struct State {
    var refusals = 0
    var resting: (fault: Fault, until: Instant)?
    var underWay = 0
    var waiters: [AsyncStream<Void>.Continuation] = []

    func fault(at now: Instant) -> Fault? { resting.flatMap { now < $0.until ? $0.fault : nil } }

    var isBlank: Bool { refusals == 0 && underWay == 0 && waiters.isEmpty }
  }

  private let states = Mutex<[Account: State]>([:])

  public init() {}

  /// While the account rests: why.
  func rest(of account: Account, at now: Instant) -> Fault? { states.withLock { $0[account]?.fault(at: now) } }

  /// Waits until the password may be sent, or throws why it may not. To be followed by `left`.
  func enter(_ account: Account, _ clock: CallClock) async throws(Fault) {
    while true {
      let now = clock().continuous
      let (fault, turn): (Fault?, AsyncStream<Void>?) = states.withLock { states in
        var state = states[account, default: State()]
        defer { states[account] = state }
        if let fault = state.fault(at: now) { return (fault, nil) }
        if state.underWay < max(1, LoginRefusals.cap - state.refusals) {
          state.underWay += 1
          return (nil, nil)
        }
        let (stream, waiter) = AsyncStream.makeStream(of: Void.self)
        state.waiters.append(waiter)
        return (nil, stream)
      }
      if let fault { throw fault }
      guard let turn else { return }
      // Whoever leaves wakes all; cancelled, it ends at once.
      for await _ in turn {}
      if Task.isCancelled { throw deadlinePassed }
    }
  }

  /// A login is whole. One API that accepts the password is not enough: the other may refuse it each time.
  func accepted(_ account: Account) {
    states.withLock { states in
      states[account]?.refusals = 0
      states[account]?.resting = nil
      if states[account]?.isBlank == true { states[account] = nil }
    }
  }

  /// What entered is over; `refusal`: how the account was refused.
  func left(_ account: Account, refusal: Fault?, at now: Instant) {
    let waiters = states.withLock { states in
      guard var state = states[account] else { return [] as [AsyncStream<Void>.Continuation] }
      state.underWay -= 1
      if let refusal {
        state.refusals += 1
        if state.refusals >= LoginRefusals.cap {
          state.resting = (LoginRefusals.resting(refusal, state.refusals), now + LoginRefusals.rest)
        }
      }
      let waiters = state.waiters
      state.waiters = []
      states[account] = state.isBlank ? nil : state
      return waiters
    }
    for waiter in waiters { waiter.finish() }
  }

  private static func resting(_ fault: Fault, _ refusals: Int) -> Fault {
    Fault(
      .loginRefused, code: fault.code,
      detail: shown(
        "\(fault.detail); refused \(refusals) times, not tried again for \(rest.wholeSeconds / 60) min"))
  }
}
