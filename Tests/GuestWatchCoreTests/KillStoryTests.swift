import Testing

@testable import GuestWatchCore

@Suite("A kill, interrupted before every single effect")
struct KillStoryTests {
  @Test("Left alone, a kill is closed by what became of it", arguments: KillStory.Guest.allCases, [false, true])
  func leftAlone(guest: KillStory.Guest, group: Bool) {
    var story = KillStory(guest, group: group)
    story.play()
    #expect(story.violations == [])
    let expected: Outcome =
      switch guest {
      case .dies, .late: .exited
      case .ignores: .survived
      case .lost: .gone
      case .vanished: .alreadyGone
      case .denied: .denied
      case .busy: .failed
      }
    #expect(story.rows.first?.row.outcomes.map(\.outcome) == [expected])
  }

  @Test(
    "Whatever comes in between, S1 to S5 and S7 hold and each intent gets its one outcome",
    arguments: KillStory.Guest.allCases, KillStory.Interruption.allCases)
  func interrupted(guest: KillStory.Guest, interruption: KillStory.Interruption) throws {
    // What the guest would do makes no difference before the terminate: that part is played with one kind.
    try interrupt(KillStory(guest, group: false), interruption, fromTerminate: guest != .dies)
    if guest == .dies || guest == .ignores {
      try interrupt(KillStory(guest, group: true), interruption, fromTerminate: guest != .dies)
    }
  }

  private func interrupt(
    _ story: KillStory, _ interruption: KillStory.Interruption, fromTerminate: Bool
  ) throws {
    var alone = story
    alone.play()
    let moments = story.moments(fromTerminate: fromTerminate)
    try #require(moments.count >= (fromTerminate ? 6 : 20))
    for (what, moment) in moments {
      let story = moment.interrupted(by: interruption)
      #expect(story.violations == [], "\(interruption) \(what), group: \(story.group)")
      if interruption == .reload {
        // S7: the same rules go on as if nothing had been.
        #expect(
          zip(story.emitted, alone.emitted).allSatisfy { $0.at == $1.at && $0.pid == $1.pid },
          "\(what), group: \(story.group)")
      }
    }
  }
}
