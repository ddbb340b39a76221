import ArgumentParser
import GuestWatchCore
import GuestWatchDaemon
import RuleFiles

/// Looking at VMs through a daemon: the one that runs or, where none does, one that this command is itself.
struct View {
  let place: Place
  /// An interrupt is an end that was asked for.
  var follow = false

  /// - Parameter talk: what is asked; it may be begun twice, the first time without an answer.
  func run(
    daemon talk: @escaping @Sendable (@escaping ExplainTalk.Ask) async -> ExplainTalk.End, show: Shower
  ) async throws -> ExplainTalk.End {
    let silence = FirstSilence()
    let end = await talk { [place, follow] question, onLine in
      let answer = await offThePool { place.ask(question, onLine) }
      // Only where a daemon answers: else this one has sessions to log out of.
      if silence.hear(answer), follow { show.endWhenInterrupted() }
      return answer
    }
    guard let nobody = silence.first else { return end }
    complain("guestwatchd: \(nobody); so it is done without one")
    return try await alone(talk, show)
  }

  private func alone(
    _ talk: @escaping @Sendable (@escaping ExplainTalk.Ask) async -> ExplainTalk.End, _ show: Shower
  ) async throws -> ExplainTalk.End {
    let result = await Daemon(place.aloneOptions).looking { ask in
      await talk { question, onLine in .success(await ask(question, onLine)) }
    }
    switch result {
    case .success(let end): return end
    case .failure(let failure) where failure.isInterrupted && follow: return ExplainTalk.End()
    case .failure(let failure):
      show.flush()
      for line in failure.isInterrupted ? ["guestwatchd: interrupted"] : failure.lines { complain(line) }
      throw ExitCode(failure.status.rawValue)
    }
  }
}
