public import GuestWatchCore
import NIOHTTP1

/// What a login came to.
public struct SessionShape: Sendable, Hashable {
  /// From 8.0 U3 one session serves both APIs.
  public var isShared: Bool
  /// False before 8.0 U1.
  public var hasVIJSON: Bool
}

/// A role: privileges under a number and a name.
public struct RoleFacts: Sendable, Hashable {
  public var id: Int64
  public var name: String
  public var privileges: [String]

  public init(id: Int64, name: String, privileges: [String]) {
    self.id = id
    self.name = name
    self.privileges = privileges
  }
}

/// What our account may do on one VM.
public struct VMRights: Sendable, Hashable {
  public var moid: String
  /// `effectiveRole`: several add up. nil: it could not be read.
  public var roles: [Int64]?
  /// `runtime.bootTime`, seconds since 1970.
  public var bootTime: Int64?

  public init(moid: String, roles: [Int64]?, bootTime: Int64? = nil) {
    self.moid = moid
    self.roles = roles
    self.bootTime = bootTime
  }
}

/// What our account may do on some VMs, as vCenter itself says it.
public struct AccountRights: Sendable, Hashable {
  public var roles: [RoleFacts]
  /// A VM of which vCenter said nothing is left out.
  public var vms: [VMRights]

  public init(roles: [RoleFacts], vms: [VMRights]) {
    self.roles = roles
    self.vms = vms
  }
}

extension VCenterClient {
  /// Logs in where there is no session; the password is sent once to each API that wants a session of its own.
  public func open(by: Instant) async -> Result<SessionShape, Fault> {
    let keeper = keeper
    let (_, result) = await answered(by: by, Trace()) {
      do throws(Fault) {
        let session = try await keeper.session()
        return .success(SessionShape(isShared: session.shared, hasVIJSON: session.vi != nil))
      } catch {
        return .failure(error)
      }
    }
    return result
  }

  /// Reads which roles our account has on these VMs and what is in them: property reads, nothing else.
  public func rights(on moids: [String], at greeting: Greeting, by: Instant) async -> Result<AccountRights, Fault> {
    guard let manager = greeting.authorizationManager else { return .failure(noVIJSON) }
    let calls = calls
    let (_, result) = await answered(by: by, Trace()) { await VCenterClient.rights(calls, moids, manager) }
    return result
  }

  private static func rights(
    _ calls: SessionCalls, _ moids: [String], _ manager: String
  ) async -> Result<AccountRights, Fault> {
    let list = await calls.call { session in
      await calls.vi(.GET, "AuthorizationManager", manager, "roleList", body: nil, session)
    }
    let roles: [RoleFacts]
    switch list {
    case .failure(let fault): return .failure(fault)
    case .success(let body):
      // A property's value may come boxed.
      guard let rows = (body.isObject ? body["_value"] : body).array else {
        return .failure(badAnswer("the list of roles is not an array"))
      }
      roles = rows.compactMap { row in
        row["roleId"].int.map {
          RoleFacts(
            id: $0, name: shown(row["name"].string ?? ""),
            privileges: (row["privilege"].array ?? []).compactMap(\.string).map { shown($0) })
        }
      }
    }
    var vms: [VMRights] = []
    for start in stride(from: 0, to: moids.count, by: InventoryReading.vmsPerRead) {
      let chunk = Array(moids[start..<min(start + InventoryReading.vmsPerRead, moids.count)])
      let request = PropertyReading.request(
        objects: chunk.map { PropertyReading.object(type: "VirtualMachine", $0) },
        properties: [("VirtualMachine", ["effectiveRole", "runtime.bootTime"])], objectsPerPage: chunk.count)
      let read = await calls.call { session in
        await PropertyReading(calls: calls).pages(request, atMost: chunk.count, session) { Properties($0) }
      }
      switch read {
      case .failure(let fault): return .failure(fault)
      case .success(let pages):
        if let trouble = pages.trouble { return .failure(trouble) }
        vms += pages.rows.map { properties in
          VMRights(
            moid: properties.moid,
            roles: properties.unboxed("effectiveRole").array.map { $0.compactMap(\.int) },
            bootTime: properties.unboxed("runtime.bootTime").string.flatMap(secondsSince1970(rfc3339:)))
        }
      }
    }
    return .success(AccountRights(roles: roles, vms: vms))
  }
}
