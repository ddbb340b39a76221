public import GuestWatchCore
import Ledger
import VSphere

/// `guestwatchd ps` of a VM that rules reach, whoever answers.
public struct ListTalk: Sendable {
  let ask: ExplainTalk.Ask
  /// Takes each line, a JSON object.
  let emit: @Sendable (String) -> Void

  public init(ask: @escaping ExplainTalk.Ask, emit: @escaping @Sendable (String) -> Void) {
    self.ask = ask
    self.emit = emit
  }

  /// - Parameters:
  ///   - vm: its name, its moid or VCENTER:MOID; a glob that fits one VM will do.
  ///   - login: nil: the one with which rules look there, where there is only one.
  public func run(vm: Glob, login: LoginID?) async -> ExplainTalk.End {
    let found = Held()
    switch await ask(.vms(VMFilter(vms: vm, login: login)), { found.append($0) }) {
    case .failure(let nobody): return ExplainTalk.End(status: .unavailable, message: "\(nobody)")
    case .success(let reply) where !reply.isDone:
      return ExplainTalk.End(status: reply.status, message: reply.message, notes: reply.notes)
    case .success: break
    }
    let objects = found.all.compactMap { try? JSONReader.read(Array($0.utf8)) }
    if let object = objects.first(where: { $0["is"].string == "unwatched" }), objects.count == 1 {
      return ExplainTalk.End(status: .unavailable, message: "it is not looked at: \(object["reason"].string ?? "?")")
    }
    let there = objects.compactMap(ReachedLine.init)
    guard let first = there.first else {
      return ExplainTalk.End(status: .unavailable, message: "the answer makes no sense")
    }
    guard !there.contains(where: { $0.vm.instance != first.vm.instance }) else {
      return ExplainTalk.End(
        status: .usage,
        message: "\(bare(vm.pattern)) may be any of several VMs; name one of them, such as --vm "
          + bare(address(first)),
        notes: there.map { "\(bare(address($0))): \(bare($0.name))" })
    }
    guard there.count == 1 else {
      return ExplainTalk.End(
        status: .usage,
        message: "rules look at this VM with several guest logins; name one of them with --login: "
          + there.map { bare($0.login.name) }.joined(separator: ", "))
    }
    switch await ask(.list(first.vm, first.login), emit) {
    case .failure(let nobody): return ExplainTalk.End(status: .unavailable, message: "\(nobody)")
    case .success(let reply):
      guard reply.isDone else {
        return ExplainTalk.End(
          status: reply.status, message: "it cannot be listed: \(reply.message)", notes: reply.notes)
      }
      return ExplainTalk.End()
    }
  }

  private func address(_ vm: ReachedLine) -> String { "\(vm.vcenter):\(vm.moid)" }
}
