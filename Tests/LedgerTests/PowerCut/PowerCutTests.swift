import Glibc
import GuestWatchCore
import Testing

@testable import Ledger

/// S5 when the power fails: what `kill -9` cannot test, for the kernel keeps what a dead process wrote.
@Suite struct PowerCutTests {
  /// What was said to be on disk.
  private struct Promised {
    var life: UInt32 = 0
    /// nil: no outcome was promised.
    var kills: [KillID: Outcome?] = [:]
    /// Outcomes whose write failed: they may be there or not.
    var tried: [KillID: Outcome] = [:]
    var reports = 0
    var triedReports = 0
  }

  /// What a seed came to: violations in words, and how it went.
  private struct Story {
    var losses: [String] = []
    var cuts = 0
    var cutsAtStart = 0
    var kills = 0
  }

  /// Some lives, each ended by a power cut, and one more that looks at what is left.
  ///
  /// - Parameter spoil: what is done to each store before it is used: a test of this test.
  private func live(_ seed: UInt64, lives: Int = 4, spoil: (LedgerStore) throws -> Void = { _ in }) async throws
    -> Story
  {
    var dice = Dice(seed)
    var promised = Promised()
    var story = Story()
    var folder = try Folder()
    for life in 1...lives {
      // While it starts (a new ledger takes some 60 operations), or while it writes.
      let disk = PowerDisk(failingAfter: dice.below(3) == 0 ? dice.below(60) : 60 + dice.below(300))
      let vfs = try PowerVFS(disk, name: "power-\(seed)-\(life)")
      do throws(LedgerError) {
        let store = try LedgerStore.open(
          stateDirectory: folder.state, now: at(Int64(life) * 1000), bootID: "boot-\(life)", vfs: vfs.name)
        // Half of them move the log into the file again and again, not at the end only.
        if dice.coin() { _ = try? store.number("PRAGMA wal_autocheckpoint = 20") }
        try? spoil(store)
        check(store, promised, &story)
        promised.life = store.life
        await write(store, disk, &dice, &promised)
        store.close()
      } catch {
        if !disk.isOff { story.losses.append("life \(life) does not start: \(error)") }
        story.cutsAtStart += 1
      }
      if disk.isOff { story.cuts += 1 }
      disk.cut()
      let next = try Folder()
      try #require(mkdir(next.state, 0o700) == 0)
      for (path, contents) in disk.survivors(&dice) {
        try put(contents, in: next.state + path.dropFirst(folder.state.utf8.count))
      }
      folder = next
    }
    do throws(LedgerError) {
      let store = try folder.store(at(Int64(lives + 1) * 1000), boot: "last")
      check(store, promised, &story)
    } catch {
      story.losses.append("the last life does not start: \(error)")
    }
    story.kills = promised.kills.count
    return story
  }

  /// Steps of kills, one after the other as the daemon does, until the power fails or there were enough.
  private func write(_ store: LedgerStore, _ disk: PowerDisk, _ dice: inout Dice, _ promised: inout Promised) async {
    var number: UInt32 = 0
    var open = promised.kills.filter { $0.value == nil && promised.tried[$0.key] == nil }.keys.sorted {
      ($0.life, $0.number) < ($1.life, $1.number)
    }
    for _ in 0..<(4 + dice.below(24)) where !disk.isOff {
      let now = at(Int64(store.life) * 1000 + Int64(number))
      switch dice.below(8) {
      case 0...2:
        number += 1
        let kill = id(number, life: store.life)
        let command = GuestText(String(repeating: "x", count: dice.below(6000)))
        let step = LedgerStep.intent(record(kill, decided: now, pid: Int64(number), command: command))
        guard (try? await store.write(kill, step, now: now).get()) != nil else { continue }
        promised.kills[kill] = .some(nil)
        open.append(kill)
      case 3...4:
        guard !open.isEmpty else { continue }
        let kill = open.remove(at: dice.below(open.count))
        let outcome = Outcome.allCases[dice.below(Outcome.allCases.count)]
        let step = LedgerStep.closed(outcome, error: nil, verified: nil, at: now)
        if (try? await store.write(kill, step, now: now).get()) != nil {
          promised.kills[kill] = outcome
        } else {
          promised.tried[kill] = outcome
        }
      case 5:
        number += 1
        let kill = id(number, life: store.life)
        let step = LedgerStep.reported(record(kill, decided: now), gate: .report)
        if (try? await store.write(kill, step, now: now).get()) != nil {
          promised.reports += 1
        } else {
          promised.triedReports += 1
        }
      case 6:
        guard let kill = open.last else { continue }
        _ = await store.write(kill, .answered(timing(now, now), .done), now: now)
      default:
        _ = await store.mark([], now: now)
      }
    }
  }

  private func check(_ store: LedgerStore, _ promised: Promised, _ story: inout Story) {
    do {
      let integrity = try store.number("SELECT integrity_check = 'ok' FROM pragma_integrity_check")
      if integrity != 1 { story.losses.append("the file is damaged") }
      if store.life <= promised.life { story.losses.append("life \(store.life) comes again") }
      let doubled = try store.number("SELECT count(*) - count(DISTINCT life * 4294967296 + number) FROM kills")
      if doubled != 0 { story.losses.append("a row is doubled") }
      for (kill, outcome) in promised.kills {
        let sql = """
          SELECT CASE WHEN outcome IS NULL THEN 0 \(Outcome.allCases.enumerated().map {
            "WHEN outcome = '\($1.rawValue)' THEN \($0 + 1)"
          }.joined(separator: " ")) END FROM kills WHERE gate IS NULL AND life = \(kill.life) AND number = \(kill.number)
          """
        guard let found = try store.number(sql) else {
          story.losses.append("kill \(kill) is missing")
          continue
        }
        let written = found == 0 ? nil : Outcome.allCases[Int(found) - 1]
        if written != outcome, outcome != nil || written != promised.tried[kill] {
          story.losses.append("kill \(kill) is \(written?.rawValue ?? "open"), not \(outcome?.rawValue ?? "open")")
        }
      }
      let reports = Int(try store.number("SELECT coalesce(sum(count), 0) FROM kills WHERE gate IS NOT NULL") ?? 0)
      if !(promised.reports...(promised.reports + promised.triedReports)).contains(reports) {
        story.losses.append("\(reports) reports are counted, not \(promised.reports)")
      }
      let open = Set(try store.restored(now: at(1_000_000)).open.map(\.record.id))
      for (kill, outcome) in promised.kills where outcome == nil && promised.tried[kill] == nil {
        if !open.contains(kill) { story.losses.append("kill \(kill) is not restored as open") }
      }
    } catch {
      story.losses.append("\(error)")
    }
  }

  @Test(arguments: 0..<8) func nothingThatWasPromisedIsLost(_ part: UInt64) async throws {
    var (cuts, atStart, kills) = (0, 0, 0)
    for seed in (part * 25)..<(part * 25 + 25) {
      let story = try await live(seed)
      #expect(story.losses.isEmpty, "seed \(seed): \(story.losses)")
      (cuts, atStart, kills) = (cuts + story.cuts, atStart + story.cutsAtStart, kills + story.kills)
    }
    // It did what it is for: the power failed, at starts too, and there was something to lose.
    #expect(cuts > 50 && atStart > 5 && kills > 100, "\(cuts) cuts, \(atStart) at starts, \(kills) kills")
  }

  @Test(arguments: ["NORMAL", "OFF"]) func aLedgerThatDoesNotWaitForTheDiskIsFound(_ synchronous: String) async throws {
    var losses = 0
    for seed in 1000..<1030 as Range<UInt64> {
      let story = try await live(seed) { store in _ = try store.number("PRAGMA synchronous = \(synchronous)") }
      losses += story.losses.count { $0.contains("is missing") }
    }
    #expect(losses > 0)
  }

  @Test func aSeedReplays() async throws {
    let (first, second) = (try await live(7), try await live(7))
    #expect(first.cuts == second.cuts && first.kills == second.kills && first.losses == second.losses)
  }
}
