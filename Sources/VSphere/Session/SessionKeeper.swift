import GuestWatchCore
import Logging

/// Holds the one session of a client: logs in once for all who wait, and ends what died.
actor SessionKeeper {
  /// All steps of a login together (design.md, section 3: calls that do not ask a guest).
  static let loginDeadline: Duration = .seconds(30)

  /// How often a vCenter that seemed to have no VI JSON is asked again: it may have been upgraded, or only a part of it
  /// was up. It costs two anonymous requests.
  static let renegotiationTime: Duration = .seconds(600)

  private enum State {
    case none(Login.Remains)
    case opening(Task<Void, Never>, waiters: [AsyncStream<Result<OpenSession, Fault>>.Continuation])
    case open(OpenSession)
    case closed
  }

  private let login: Login
  nonisolated let clock: CallClock
  private let logger: Logger?
  private var state = State.none(Login.Remains())
  private var generation: UInt64 = 0
  private var last: OpenSession?
  private var opened: Instant?
  /// The end has come: no session is given to anybody any more.
  private var isLeaving = false

  init(login: Login, clock: CallClock, logger: Logger?) {
    self.login = login
    self.clock = clock
    self.logger = logger
  }

  /// Now, on the continuous clock.
  nonisolated var now: Instant { clock().continuous }

  /// The session as it stands; never logs in, never waits for a login.
  var existing: OpenSession? { if case .open(let session) = state { session } else { nil } }

  /// The last session there was, dead or not: what it knew of the vCenter.
  var known: OpenSession? { last }

  /// The session, after a login where there is none. All who ask meanwhile wait for the same login; one who is
  /// cancelled stops waiting at once.
  func session() async throws(Fault) -> OpenSession {
    // Also to a call that was under way when the session was logged out: its answer says that the session is dead, and
    // a new one would be left behind.
    if isLeaving { throw SessionKeeper.isShutDown }
    switch state {
    case .open(let session): return session
    case .closed: throw SessionKeeper.isShutDown
    case .opening(let task, var waiters):
      let (stream, continuation) = AsyncStream.makeStream(of: Result<OpenSession, Fault>.self)
      waiters.append(continuation)
      state = .opening(task, waiters: waiters)
      return try await SessionKeeper.first(of: stream)
    case .none(let remains):
      if let fault = login.refusals.rest(of: login.account, at: clock().continuous) { throw fault }
      let (stream, continuation) = AsyncStream.makeStream(of: Result<OpenSession, Fault>.self)
      generation += 1
      let number = generation
      let login = login
      let clock = clock
      // A task of its own: whoever asked first may give up, the others still wait for it.
      let task = Task {
        let end = await within(clock().continuous + SessionKeeper.loginDeadline, on: clock) {
          await login.run(generation: number, remains: remains)
        }
        self.finish(end?.result ?? .failure(deadlinePassed), remains: end?.remains ?? remains)
      }
      state = .opening(task, waiters: [continuation])
      return try await SessionKeeper.first(of: stream)
    }
  }

  private func finish(_ result: Result<OpenSession, Fault>, remains: Login.Remains) {
    guard case .opening(_, let waiters) = state else { return }
    switch result {
    case .success(let session):
      state = .open(session)
      last = session
      opened = clock().continuous
      login.refusals.accepted(login.account)
      logger?.info(
        "logged in to vCenter",
        metadata: [
          "vcenter": "\(login.connection.id)", "release": "\(session.vi?.release ?? "REST only")",
          "shared_session": "\(session.shared)",
        ])
    case .failure(let fault):
      state = .none(remains)
      logger?.notice(
        "login to vCenter failed",
        metadata: ["vcenter": "\(login.connection.id)", "code": "\(fault.code)", "detail": "\(fault.detail)"])
    }
    var isAwaited = false
    for waiter in waiters {
      if case .enqueued = waiter.yield(result) { isAwaited = true }
      waiter.finish()
    }
    // Whoever wanted to log out has given up waiting for this.
    if isLeaving, !isAwaited, case .open = state { Task { await logOut() } }
  }

  /// Takes a half of the session for dead; an answer to an older session changes nothing.
  func markDead(_ session: OpenSession, at api: API) {
    guard case .open(let current) = state, current.generation == session.generation else { return }
    var remains = Login.Remains(vcenterUUID: current.vcenterUUID)
    switch api {
    case .vi:
      remains.abandoned = current.vi
      if !current.shared { remains.rest = current.rest }
    case .rest:
      // A shared session that REST has lost may still be open behind VI JSON.
      if current.shared { remains.abandoned = current.vi } else { remains.vi = current.vi }
    }
    state = .none(remains)
    logger?.info(
      "the vCenter session is dead", metadata: ["vcenter": "\(login.connection.id)", "api": "\(api)"])
  }

  /// Where the session is one of REST alone and some time old: the next call negotiates anew and keeps its login.
  func lookForVIJSON() {
    guard case .open(let current) = state, current.vi == nil, let opened,
      clock().continuous - opened >= SessionKeeper.renegotiationTime
    else { return }
    state = .none(Login.Remains(rest: current.rest))
  }

  /// Takes over a token that came with an answer.
  func refresh(_ token: String, of session: OpenSession, at api: API) {
    guard case .open(var current) = state, current.generation == session.generation else { return }
    if api == .vi || current.shared { current.vi?.token = token }
    if api == .rest || current.shared { current.rest = token }
    state = .open(current)
  }

  /// Logs out at both APIs, for good. A login under way is awaited first, and who waits for it gets no session. Ends early
  /// when cancelled.
  func logOut() async {
    isLeaving = true
    if case .opening(let task, let waiters) = state {
      SessionKeeper.turnAway(waiters)
      let (stream, continuation) = AsyncStream.makeStream(of: Result<OpenSession, Fault>.self)
      state = .opening(task, waiters: [continuation])
      _ = try? await SessionKeeper.first(of: stream)
    }
    switch state {
    case .open(let session):
      state = .none(Login.Remains())
      await login.logOut(session)
    case .none(let remains):
      state = .none(Login.Remains())
      // A half that still lived.
      if let vi = remains.vi ?? remains.abandoned {
        await login.logOut(
          OpenSession(generation: 0, vi: vi, rest: remains.rest ?? "", shared: remains.rest == nil, vcenterUUID: ""))
      } else if let rest = remains.rest {
        await login.logOut(OpenSession(generation: 0, vi: nil, rest: rest, shared: false, vcenterUUID: ""))
      }
    case .opening, .closed: break
    }
  }

  /// Nothing logs in any more.
  func close() {
    if case .opening(let task, let waiters) = state {
      task.cancel()
      SessionKeeper.turnAway(waiters)
    }
    state = .closed
  }

  private static func turnAway(_ waiters: [AsyncStream<Result<OpenSession, Fault>>.Continuation]) {
    for waiter in waiters {
      waiter.yield(.failure(isShutDown))
      waiter.finish()
    }
  }

  private static func first(of stream: AsyncStream<Result<OpenSession, Fault>>) async throws(Fault) -> OpenSession {
    for await result in stream { return try result.get() }
    // Only a cancelled task ends without a result.
    throw deadlinePassed
  }

  private static let isShutDown = Fault(.unreachable, code: "shut-down", detail: "the client was shut down")
}
