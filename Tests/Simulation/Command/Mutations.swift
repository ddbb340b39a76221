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
    func tryMutations() async throws {
      Crash.handle()
      let known = Watch.mutations
      if let stranger = mutation.first(where: { name in !known.contains { $0.name == name } }) {
        throw ValidationError("there is no mutation \(stranger)")
      }
      var trials: [Trial] = []
      for (name, meaning) in known where mutation.isEmpty || mutation.contains(name) {
        guard let faulty = Watch(mutation: name) else { continue }
        trials.append(try await hunt(name, meaning, faulty))
        say(trials[trials.count - 1].line)
      }
      if markdown { print(Trial.page(trials, seeds)) }
      say(Trial.summary(trials))
      if trials.contains(where: { $0.found == nil }) { throw ExitCode(1) }
    }

    /// A seed that fails without the fault, too, has found something else: it does not count.
    private func hunt(_ name: String, _ meaning: String, _ faulty: Watch) async throws -> Trial {
      var from = seed ?? first
      while from < first + seeds || from == seed {
        var failed: (seed: UInt64, violation: Violation)?
        let ending = await play(faulty, from: from) { played in
          if case .report(let report) = played { failed = report.violation.map { (report.seed, $0) } }
          return failed == nil
        }
        if case .unmade(let seed, let why)? = ending {
          say("seed \(seed): the world could not be made: \(why)")
          throw ExitCode(127)
        }
        guard let failed else { break }
        guard let other = flaw(in: failed.seed) else { return Trial(name: name, meaning: meaning, found: failed) }
        say("seed \(failed.seed) fails without any fault: \(other)")
        from = failed.seed + 1
      }
      return Trial(name: name, meaning: meaning)
    }

    /// What breaks in a seed without any fault.
    private func flaw(in seed: UInt64) -> Violation? {
      guard var world = try? World(seed: seed, kept: 1, ignoring: Set(ignore)) else { return nil }
      return world.run().violation
    }
  }

  /// A line as soon as it is known; on stderr, so that a page on stdout is nothing but the page.
  private func say(_ line: String) {
    var line = line + "\n"
    line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
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
