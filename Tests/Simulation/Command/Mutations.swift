#if Mutations
  import ArgumentParser
  import Glibc
  import GuestWatchCore
  import WatchSimulation

  /// How the simulation does against one fault.
  struct Trial {
    var name: String
    var meaning: String
    /// The seed that found it, the promise that it saw broken, and the words of it that this fault explains; nil: the
    /// fault survived.
    var found: (seed: UInt64, violation: Violation, sign: String)?
    /// Seeds that broke something else under this fault, or break without any: they count for nothing.
    var strays = 0
  }

  extension Simulate {
    /// Plays seeds against each fault until one finds it. A fault that survives is a hole in the checker or the world.
    func tryMutations() async throws {
      Crash.handle()
      let known = Watch.mutations
      if let stranger = mutation.first(where: { name in !known.contains { $0.name == name } }) {
        throw ValidationError("there is no mutation \(stranger)")
      }
      if let silent = known.first(where: { !Explained.hasSigns($0.name) }) {
        throw ValidationError("nothing would show the mutation \(silent.name): Explained.swift has no signs of it")
      }
      var trials: [Trial] = []
      // What was found out about seeds without any fault; with an operator in it, a seed is another.
      var sound: [UInt64: Bool] = [:]
      var soundByHand: [UInt64: Bool] = [:]
      var withOperator = self
      withOperator.byHand = true
      for (name, meaning) in known where mutation.isEmpty || mutation.contains(name) {
        guard let faulty = Watch(mutation: name) else { continue }
        trials.append(
          byHand || Explained.needsOperator.contains(name)
            ? try await withOperator.hunt(name, meaning, faulty, &soundByHand)
            : try await hunt(name, meaning, faulty, &sound))
        say(trials[trials.count - 1].line)
      }
      if markdown { print(Trial.page(trials, seeds)) }
      say(Trial.summary(trials))
      if trials.contains(where: { $0.found == nil }) { throw ExitCode(1) }
    }

    /// A find is a promise that this fault explains, broken in a seed that breaks none without it.
    private func hunt(
      _ name: String, _ meaning: String, _ faulty: Watch, _ sound: inout [UInt64: Bool]
    ) async throws -> Trial {
      var trial = Trial(name: name, meaning: meaning)
      var from = seed ?? first
      while from < first + seeds || from == seed {
        var failed: (seed: UInt64, violation: Violation, sign: String)?
        var strays = 0
        let ending = await play(faulty, from: from, isBrief: true) { played in
          guard case .report(let report) = played, let violation = report.violation else { return true }
          guard let sign = Explained.sign(of: name, in: violation) else {
            say("seed \(report.seed) under \(name) breaks something else: \(violation)")
            strays += 1
            return true
          }
          failed = (report.seed, violation, sign)
          return false
        }
        if case .unmade(let seed, let why)? = ending {
          say("seed \(seed): the world could not be made: \(why)")
          throw ExitCode(127)
        }
        trial.strays += strays
        guard let failed else { break }
        let isSound = sound[failed.seed] ?? breaksNothing(failed.seed)
        sound[failed.seed] = isSound
        if isSound {
          trial.found = failed
          break
        }
        trial.strays += 1
        from = failed.seed + 1
      }
      return trial
    }

    /// True where the seed passes without any fault.
    private func breaksNothing(_ seed: UInt64) -> Bool {
      guard var world = try? World(seed: seed, kept: 1, ignoring: Set(ignore), byHand: byHand) else { return false }
      world.replaysFailures = false
      guard let other = world.run().violation else { return true }
      say("seed \(seed) fails without any fault: \(other)")
      return false
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
      guard let (seed, violation, _) = found else { return padded + "SURVIVED" }
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
        let found = trial.found.map { found in
          let promise = found.violation.invariant
          let sign = found.sign.hasPrefix(promise) ? "" : ", \"\(found.sign)\""
          return "\(promise)\(sign) | \(found.seed)"
        }
        return "| \(trial.name) | \(trial.meaning) | \(found ?? "**survived** | more than \(bound)") |"
      }
      let strays = trials.reduce(0) { $0 + $1.strays }
      return """
        # What the simulation finds

        Each row is one fault that was put into the decision on purpose (`Sources/GuestWatchCore/Mutations`). Seeds 1, 2, 3
        and so on were played against it until the checker saw a promise broken that this fault explains
        (`Tests/Simulation/Command/Explained.swift`), in a seed in which none is broken without it; against a fault of kills
        by hand, seeds with an operator. A fault that no seed finds would be a hole in the checker or in the world.

        Made by `make mutations`, which plays up to \(bound) seeds against each fault, writes this file anew and fails where
        one survives. Promises that were broken on the way and that the fault does not explain: \(strays).

        | mutation | what the faulty decision does | found as | seeds needed |
        |---|---|---|---:|
        \(rows.joined(separator: "\n"))

        \(summary(trials)).
        """
    }
  }
#endif
