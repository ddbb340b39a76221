@testable import GuestWatchCore

/// An operator at the stage.
extension Stage {
  static let demand = Demand(uid: 1000, why: "it eats the disk")

  /// What operators were told, each with who asked.
  var told: [(ask: AskID, answer: HandAnswer)] {
    log.compactMap { if case .answer(let ask, let answer) = $0.effect { (ask, answer) } else { nil } }
  }

  /// What one was told, without the steps.
  func ends(_ ask: UInt64) -> [HandAnswer] {
    told.filter { $0.ask == AskID(ask) }.map(\.answer).filter { if case .step = $0 { false } else { true } }
  }

  func steps(_ ask: UInt64) -> [HandAnswer.Step] {
    told.filter { $0.ask == AskID(ask) }.compactMap { if case .step(let step) = $0.answer { step } else { nil } }
  }

  mutating func find(_ ask: UInt64, _ pid: Int64, vm: String = "db-07", login: LoginID? = nil) {
    send(.asked(.find(AskID(ask), Wanted(vm: vm, pid: pid, login: login))))
  }

  mutating func kill(_ ask: UInt64, _ identity: Identity, vm: VMKey = Stage.key, login: LoginID = Stage.login) {
    send(.asked(.kill(AskID(ask), KillOrder(vm: vm, login: login, identity: identity, demand: Stage.demand))))
  }

  /// A running guest in which no rule matches anything, and one process that an operator wants dead.
  static func withHog(
    rules: [Rule] = [Stage.rule(match: "nothing", every: .seconds(600))],
    _ change: (inout Configuration) -> Void = { _ in }
  ) -> (stage: Stage, hog: Process) {
    var stage = Stage()
    let hog = stage.spawn(500, "hog")
    stage.begin(rules, change)
    stage.run(.seconds(10))
    return (stage, hog)
  }
}
