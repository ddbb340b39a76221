public import GuestWatchCore
import RuleFiles

/// What `doctor` may ask a daemon: nothing that changes or terminates anything.
public enum ExaminingQuestion: Hashable, Sendable {
  case status
  case view(ViewQuestion)

  public var question: Question {
    switch self {
    case .status: .status
    case .view(let view): .view(view)
    }
  }
}

extension Daemon {
  /// The same as `looking`, at some vCenters only, for who also wants to know the daemon's status.
  ///
  /// - Parameter vcenters: no other is asked anything.
  public func examining<Outcome: Sendable>(
    only vcenters: [VCenterID], _ talk: @escaping @Sendable (@escaping Examiner.Ask) async -> Outcome
  ) async -> Result<Outcome, NotByHand> {
    let lookedAt = { (files: RuleFileSource, loaded: Setup<VSphereLink>) in
      var setup = loaded
      for link in setup.links where !vcenters.contains(link.vcenter) { await link.close() }
      setup.links.removeAll { !vcenters.contains($0.vcenter) }
      setup.configuration.vcenters.removeAll { !vcenters.contains($0.id) }
      return (LookingSource(source: files), LookingSource<RuleFileSource>.looking(setup))
    }
    return await alone(lookedAt) { reply in
      await talk { question, onLine in .success(await reply(question.question, { _ in }, onLine)) }
    }
  }
}
