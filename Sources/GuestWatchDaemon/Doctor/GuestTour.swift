import GuestWatchCore
import VSphere

/// One guest of each family and login, looked into once, by a daemon: its turns, its proofs and its refusals hold (S10).
struct GuestTour: Sendable {
  /// A guest that is to be asked, or of which it is known that it cannot be.
  enum Stop: Sendable {
    case ask(GuestPlace, VMKey, RuleID?)
    case said(GuestPlace, GuestFindings.Outcome)
  }

  let ask: Examiner.Ask
  /// The account of each login, in the order of the configuration.
  let users: [(login: LoginID, user: String?)]

  /// Which they are. Pure.
  static func plan(_ heard: Heard, _ logins: [LoginID]) -> [Stop] {
    var stops: [Stop] = []
    for login in logins {
      for family in GuestPlace.Family.allCases {
        let there = heard.reached.filter { $0.login == login && $0.family == family }
        guard let first = there.first else { continue }
        var place = GuestPlace(family: family, login: login)
        if heard.stopped.contains(login) {
          stops.append(.said(place, .skipped("it was refused too often, and is stopped everywhere")))
        } else if let chosen = there.first(where: { heard.unwatched[$0.place] == nil }) {
          place.vm = chosen.place
          stops.append(.ask(place, chosen.vm, chosen.rule))
        } else {
          stops.append(.said(place, .noneWatchable(there.count, heard.unwatched[first.place] ?? "?")))
        }
      }
    }
    return stops
  }

  func run(_ heard: Heard) async -> [GuestFindings] {
    var findings: [GuestFindings] = []
    // By account: several entries may name one.
    var refused: Set<String> = []
    for stop in Self.plan(heard, users.map(\.login)) {
      switch stop {
      case .said(let place, let outcome):
        findings.append(GuestFindings(place: place, user: user(place.login), outcome: outcome))
      case .ask(let place, let vm, let rule):
        let user = user(place.login)
        let outcome: GuestFindings.Outcome
        let account = user?.lowercased() ?? "token of \(place.login.name)"
        if refused.contains(account) {
          outcome = .skipped("another guest has just refused that account")
        } else {
          outcome = await look(vm, place.login, rule)
        }
        if case .refused = outcome { refused.insert(account) }
        findings.append(GuestFindings(place: place, user: user, outcome: outcome))
      }
    }
    return findings
  }

  private func user(_ login: LoginID) -> String? { users.first { $0.login == login }?.user }

  /// Every row once: of one rule.
  private func look(_ vm: VMKey, _ login: LoginID, _ rule: RuleID?) async -> GuestFindings.Outcome {
    let lines = Held()
    let choice = RowChoice(rule: rule, all: true)
    switch await ask(.view(.explain(vm, login, choice)), { lines.append($0) }) {
    case .failure(let nobody): return .failed("\(nobody)")
    case .success(let reply):
      guard reply.isDone else {
        return Self.isRefusal(reply.message) ? .refused(reply.message) : .failed(reply.message)
      }
      guard let listing = Self.listing(lines.all) else { return .failed("the daemon's answer makes no sense") }
      return .listed(listing)
    }
  }

  /// A daemon says it in these words.
  static func isRefusal(_ message: String) -> Bool {
    message.hasPrefix(words(Fault(.guestLoginRefused, code: ""))) || message == words(ViewAnswer.NoView.login)
  }

  /// From the lines of `explain`.
  static func listing(_ lines: [String]) -> GuestListing? {
    var listing: GuestListing?
    for line in lines {
      guard let object = try? JSONReader.read(Array(line.utf8)) else { continue }
      switch object["is"].string {
      case "vm":
        guard let listed = object["listed"].string.flatMap(secondsSince1970(rfc3339:)) else { return nil }
        listing = GuestListing(
          rows: [], listed: listed, took: object["took_milliseconds"].int.map { .milliseconds($0) },
          startsDoubted: object["start_times_doubted"].string)
      case "process":
        guard let pid = object["pid"].int else { return nil }
        listing?.rows.append(
          GuestListing.Row(
            pid: pid, started: object["started"].string.flatMap(secondsSince1970(rfc3339:)),
            owner: object["owner"].string ?? ""))
      default: break
      }
    }
    return listing
  }
}
