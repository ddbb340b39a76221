import GuestWatchCore
import NIOHTTP1

/// Container views: what lies below something (vsphere-api.md, 5.6). Each is destroyed after its use, for it costs vCenter
/// memory as long as the session lives.
struct ContainerViews: Sendable {
  let calls: SessionCalls
  let trace: Trace

  /// How long vCenter may take to destroy the view of a call that was given up; what is left then dies with the session.
  private static let undoTime: Duration = .seconds(5)

  /// Makes a view of all objects of some types below a container, lets `read` use it, and destroys it.
  func with<Value: Sendable>(
    _ container: (type: String, moid: String), of types: [String], _ session: OpenSession,
    _ read: (String) async -> Attempt<Value>
  ) async -> Attempt<Value> {
    guard let manager = session.vi?.viewManager else { return .failed(noVIJSON) }
    let wanted = JSONOut.object([
      ("container", .reference(type: container.type, container.moid)), ("type", .array(types.map(JSONOut.string))),
      ("recursive", .bool(true)),
    ])
    let view: String
    switch await calls.vi(.POST, "ViewManager", manager, "CreateContainerView", body: wanted, session, noting: trace) {
    case .dead(let api, let fault): return .dead(api, fault)
    case .failed(let fault): return .failed(fault)
    case .value(let made):
      guard let moid = made["value"].string else { return .failed(badAnswer("the view is not a reference")) }
      view = moid
    }
    let value = await read(view)
    // It died with its session.
    if case .dead = value { return value }
    if Task.isCancelled {
      // A task of its own, for nothing can be sent from this one any more.
      let undo = self
      Task {
        _ = await within(calls.keeper.now + ContainerViews.undoTime, on: calls.keeper.clock) {
          await undo.destroy(view, session)
        }
      }
    } else {
      await destroy(view, session)
    }
    return value
  }

  /// The VMs below a folder or in a cluster.
  func vms(below container: (type: String, moid: String), _ session: OpenSession) async -> Attempt<[String]> {
    await with(container, of: ["VirtualMachine"], session) { view in
      switch await calls.vi(.GET, "ContainerView", view, "view", body: nil, session) {
      case .dead(let api, let fault): return .dead(api, fault)
      case .failed(let fault): return .failed(fault)
      case .value(let body):
        // A property's value may come boxed.
        let list = body.isObject ? body["_value"] : body
        guard let references = body.isNull ? [] : list.array else {
          return .failed(badAnswer("the objects of a view are not an array"))
        }
        var moids: [String] = []
        for reference in references {
          guard let moid = reference["value"].string else {
            return .failed(badAnswer("an object of a view is not a reference"))
          }
          if reference["type"].string ?? "VirtualMachine" == "VirtualMachine" { moids.append(moid) }
        }
        return .value(moids)
      }
    }
  }

  /// What fails is left to the end of the session.
  private func destroy(_ view: String, _ session: OpenSession) async {
    _ = await calls.vi(.POST, "ContainerView", view, "DestroyView", body: .object([]), session)
  }
}
