#if Mutations
  import ArgumentParser
  import Glibc
  import GuestWatchCore
  import WatchSimulation

  /// How the simulation does against one fault.
  struct Trial {
    var name: String
    var meaning: String
    /// The seed that found it and the promise that it saw broken; nil: the fault survived.
    var found: (seed: UInt64, violation: Violation)?
  }

  extension Simulate {
    /// Plays seeds against each fault until one finds it. A fault that survives is a hole in the checker or the world.
    func tryMutations() throws {
      Crash.handle()
      let known = Watch.mutations
      if let stranger = mutation.first(where: { name in !known.contains { $0.name == name } }) {
        throw ValidationError("there is no mutation \(stranger)")
      }
      if let seed, let name = mutation.first { return try show(seed, name) }
      var trials: [Trial] = []
      for (name, meaning) in known where mutation.isEmpty || mutation.contains(name) {
        let trial = try hunt(name, meaning)
        trials.append(trial)
        if !markdown { print(trial.line) }
        fflush(nil)
      }
      print(markdown ? Trial.page(trials, seeds) : Trial.summary(trials))
      if trials.contains(where: { $0.found == nil }) { throw ExitCode(1) }
    }

    /// Everything that happens in one seed with one fault.
    private func show(_ seed: UInt64, _ name: String) throws {
      Crash.seed = seed
      var world = try World(seed: seed, kept: lines, loud: !quiet)
      if let faulty = Watch(mutation: name) { world.fresh = faulty }
      print(world.run().violation?.description ?? "seed \(seed) does not find \(name)")
    }

    private func hunt(_ name: String, _ meaning: String) throws -> Trial {
      for seed in 1...seeds {
        Crash.seed = seed
        var world = try World(seed: seed, kept: 1)
        guard let faulty = Watch(mutation: name) else { throw ValidationError("there is no mutation \(name)") }
        world.fresh = faulty
        if let violation = world.run().violation {
          return Trial(name: name, meaning: meaning, found: (seed, violation))
        }
      }
      return Trial(name: name, meaning: meaning)
    }
  }

  extension Trial {
    var line: String {
      let padded = name + String(repeating: " ", count: max(1, 36 - name.count))
      guard let (seed, violation) = found else { return padded + "SURVIVED" }
      return "\(padded)\(seed)\t\(violation)"
    }

    static func summary(_ trials: [Trial]) -> String {
      let most = trials.compactMap(\.found?.seed).max() ?? 0
      let survivors = trials.filter { $0.found == nil }.map(\.name)
      return "\(trials.count) mutations, the most seeds needed: \(most), survived: \(survivors.count)"
        + (survivors.isEmpty ? "" : " (\(survivors.joined(separator: ", ")))")
    }

    /// The whole of MUTATIONS.md.
    static func page(_ trials: [Trial], _ bound: UInt64) -> String {
      let rows = trials.map { trial in
        let found = trial.found.map { "\($0.violation.invariant) | \($0.seed)" } ?? "**survived** | more than \(bound)"
        return "| \(trial.name) | \(trial.meaning) | \(found) |"
      }
      return """
        # What the simulation finds

        Each row is one fault that was put into the decision on purpose (`Sources/GuestWatchCore/Mutations`). Seeds 1, 2, 3
        and so on were played against it until the checker saw a promise broken. A fault that no seed finds would be a hole
        in the checker or in the world.

        Made by `make mutations`, which plays up to \(bound) seeds against each fault, writes this file anew and fails where
        one survives.

        | mutation | what the faulty decision does | found as | seeds needed |
        |---|---|---|---:|
        \(rows.joined(separator: "\n"))

        \(summary(trials)).
        """
    }
  }
#endif
