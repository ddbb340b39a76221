import GuestWatchCore
import Testing
import VSphere

@testable import GuestWatchDaemon

/// The values that decide who is told when, without anybody who is told.
@Suite("Notify: queue, retries, and what is said of losses")
struct NotifyPolicyTests {
  @Test("A full queue gives up its oldest, keeps the order of the others and counts")
  func queue() {
    var queue = NoticeQueue()
    let put = { (number: Int) in queue.put(notice(number: UInt64(number))) }
    let take = { queue.take()?.number }
    for number in 1...NoticeQueue.cap { #expect(put(number)) }
    for number in 1...3 { #expect(!put(NoticeQueue.cap + number)) }
    #expect(queue.count == NoticeQueue.cap)
    #expect(take() == 4)
    #expect(take() == 5)
    #expect(put(1000))
    let lost = queue.giveUp()
    #expect(lost == NoticeQueue.cap - 1)
    #expect(take() == nil)
    #expect(queue.count == 0)
  }

  private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

  @Test("What happens often is said once in ten minutes, with how often")
  func saidOnce() {
    var drops = SaidSeldom(most: 1)
    let happened = { (second: Int64) in drops.happened(at: at(second)) }
    let due = { (second: Int64) in drops.due(at: at(second)) }
    let rest = { drops.rest() }
    #expect(due(0) == nil)
    #expect(happened(1) == 1)
    for second in 2...100 { #expect(happened(Int64(second)) == nil) }
    #expect(due(600) == nil)
    // Said as soon as the window is over, even where nothing more happens.
    #expect(due(601) == 99)
    #expect(due(602) == nil)
    #expect(happened(700) == nil)
    #expect(happened(1201) == 2)
    #expect(rest() == 0)
    #expect(happened(1202) == nil)
    #expect(rest() == 1)
  }

  @Test("... or ten times, the rest with the next")
  func saidTenTimes() {
    var failures = SaidSeldom(most: 10)
    let happened = { (second: Int64) in failures.happened(at: at(second)) }
    for second in 0..<10 { #expect(happened(Int64(second)) == 1) }
    for second in 10..<15 { #expect(happened(Int64(second)) == nil) }
    #expect(happened(600) == 6)
    #expect(happened(601) == 1)
  }

  @Test("1, 2, 4 ... 256 s, up to 20 % more or less; nine waits and no more")
  func schedule() {
    for (chance, factor) in [(0.0, 800), (0.5, 1000), (1.0, 1200)] {
      var schedule = RetrySchedule()
      for exponent in 0..<9 {
        let wait = schedule.wait(asked: nil, chance: chance)
        #expect(wait == .milliseconds(Int64(factor) << exponent), "\(chance) \(exponent)")
      }
      let last = schedule.wait(asked: nil, chance: chance)
      #expect(last == nil)
      #expect(schedule.failed == RetrySchedule.mostTries)
    }
  }

  @Test("A receiver that asks for more time gets it, up to ten minutes, and never comes first with less")
  func asked() {
    var schedule = RetrySchedule()
    let wait = { (asked: Duration) in schedule.wait(asked: asked, chance: 0.5) }
    #expect(wait(.seconds(30)) == .seconds(30))
    #expect(wait(.seconds(86_400)) == .seconds(600))
    #expect(wait(.zero) == .seconds(4))
  }

  @Test(
    "2xx is success; 429 and 5xx are tried again, as is what has no answer; nothing else is",
    arguments: [
      100, 200, 204, 299, 300, 307, 308, 400, 401, 404, 408, 410, 418, 429, 499, 500, 501, 502, 503, 504, 599, 600,
    ])
  func judged(_ status: Int) {
    let delivered = judge(Webhook.Answer(status: status, retryAfter: .seconds(7), beginning: "\n <b>\u{1B}[2J\nmore"))
    switch delivered {
    case .done: #expect((200..<300).contains(status))
    case .again(let why, let after):
      #expect(status == 429 || (500..<600).contains(status))
      #expect(after == .seconds(7))
      #expect(why == #"it answered with status \#(status), saying "<b>\u{1B}[2J""#)
    case .failed(let why):
      #expect(!(200..<300).contains(status) && status != 429 && !(500..<600).contains(status))
      #expect(why.contains("status \(status)") && !why.contains("more"))
      #expect(why.contains("redirect") == (300..<400).contains(status))
    }
  }

  @Test("The first line is the first that is not blank")
  func lines() {
    #expect(firstLine("") == "" && firstLine("\n \r\n\t\n") == "")
    #expect(firstLine("\r\n  no route\nto host") == "no route")
    #expect(firstLine("one") == "one")
  }
}
