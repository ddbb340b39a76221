import GuestWatchCore
import Testing

@testable import Ledger

/// S10: what a login was answered outlives the daemon.
@Suite struct RefusalTests {
  private func refusal(_ vm: String, digest: UInt64 = .max, account: String = "guestwatch") -> LoginRefusal {
    LoginRefusal(
      vm: VMKey(vcenter: "vc-uuid", instance: vm), login: LoginID("linux"), account: account, digest: digest)
  }

  private func put(_ note: LoginNote, _ store: LedgerStore, _ now: Now) async throws {
    try await store.note(note, now: now).get()
  }

  @Test func refusalsComeBackOldestFirstAndOnce() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await put(.refused(refusal("b")), store, at(1))
    try await put(.refused(refusal("a", digest: 7)), store, at(2))
    // The same note may come again after a failure that hid its success.
    try await put(.refused(refusal("a", digest: 7)), store, at(3))
    store.close()
    let restored = try folder.store(at(10)).restored(now: at(10))
    #expect(restored.refusals == [refusal("b"), refusal("a", digest: 7)])
  }

  @Test func anAcceptanceEndsTheRowOfItsAccountOnly() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await put(.refused(refusal("a")), store, at(1))
    try await put(.refused(refusal("b", account: "other")), store, at(2))
    try await put(
      .accepted(VMKey(vcenter: "vc-uuid", instance: "c"), account: "guestwatch", digest: .max), store, at(3))
    let restored = try store.restored(now: at(4))
    #expect(restored.refusals.map(\.inRow) == [false, true])
    #expect(restored.refusals.map(\.vm.instance) == ["a", "b"])
  }

  @Test func anAcceptanceSaysNothingOfAnotherSecretAndEndsItsOwnVM() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await put(.refused(refusal("a", digest: 1)), store, at(1))
    try await put(.refused(refusal("a", digest: 2)), store, at(2))
    try await put(.refused(refusal("b", digest: 1)), store, at(3))
    try await put(.accepted(VMKey(vcenter: "vc-uuid", instance: "a"), account: "guestwatch", digest: 1), store, at(4))
    let restored = try store.restored(now: at(5))
    #expect(restored.refusals.map(\.vm.instance) == ["a", "b"])
    #expect(restored.refusals.map(\.digest) == [2, 1])
    #expect(restored.refusals.map(\.inRow) == [true, false])
  }

  @Test func whereACredentialStandsIsKeptUntilItIsClearAndAges() async throws {
    let folder = try Folder()
    let store = try folder.store()
    func standing(_ digest: UInt64, doubts: Int, tries: Int?, age: Duration = .zero) -> LoginStanding {
      LoginStanding(account: "corp\\svc", digest: digest, doubts: doubts, tries: tries, age: age)
    }
    try await put(.standing(standing(1, doubts: 1, tries: nil)), store, at(1))
    try await put(.standing(standing(2, doubts: 0, tries: 0)), store, at(2))
    try await put(.standing(standing(2, doubts: 0, tries: 3)), store, at(60))
    try await put(.standing(standing(3, doubts: 1, tries: nil)), store, at(61))
    try await put(.standing(standing(3, doubts: 0, tries: nil)), store, at(62))
    try await put(.standing(standing(4, doubts: 2, tries: 1)), store, at(63))
    try await put(.accepted(VMKey(vcenter: "v", instance: "i"), account: "corp\\svc", digest: 4), store, at(64))
    store.close()
    let restored = try folder.store(at(100)).restored(now: at(100))
    #expect(
      restored.standings == [
        standing(1, doubts: 1, tries: nil, age: .seconds(99)), standing(2, doubts: 0, tries: 3, age: .seconds(40)),
      ])
  }

  @Test func aVCentersRefusalsAgeAndEnd() async throws {
    let folder = try Folder()
    let store = try folder.store()
    try await put(.vcenterRefused(digest: .max, count: 1), store, at(1))
    try await put(.vcenterRefused(digest: .max, count: 2), store, at(60))
    try await put(.vcenterRefused(digest: 5, count: 1), store, at(61))
    try await put(.vcenterAccepted(digest: 5), store, at(62))
    store.close()
    let restored = try folder.store(at(100)).restored(now: at(100))
    #expect(restored.vcenterRefusals == [VCenterRefusal(digest: .max, count: 2, age: .seconds(40))])
  }
}
