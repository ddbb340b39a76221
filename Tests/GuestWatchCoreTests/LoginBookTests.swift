import Testing

@testable import GuestWatchCore

/// What an answer proves, and what an open kill's looks may send.
@Suite("What is known of a login (S10)")
struct LoginBookTests {
  private static let vcenter = VCenterID("lab")
  private static let credential = Credential(account: "svc", digest: 1)
  private static let now = Instant(nanoseconds: 0)

  private static func vm(_ n: Int) -> VMKey { VMKey(vcenter: "uuid", instance: "vm-\(n)") }

  private static func book(directory: Bool = false) -> LoginBook {
    var book = LoginBook()
    book.configure(
      [LoginEntry(id: LoginID("a"), account: "svc", directory: directory, digest: 1)], now)
    return book
  }

  private static func use(_ book: inout LoginBook, _ n: Int, _ credential: Credential = credential) -> Slot {
    book.occupy(LoginID("a"), credential, vcenter: vcenter, on: vm(n))
  }

  @Test("What was sent before a refusal came in proves nothing, and what was prepared is not sent any more")
  func before() {
    var book = Self.book()
    let first = Self.use(&book, 0)
    book.release(first)
    let ends = book.accepted(first, on: Self.vm(0))
    #expect(!ends)
    let early = Self.use(&book, 1)
    let prepared = Self.use(&book, 2)
    let refused = Self.use(&book, 3)
    #expect(book.stillHolds(prepared))
    book.release(refused)
    let came = book.refused(refused, on: Self.vm(3), Self.now)
    #expect(came == .quarantined)
    #expect(!book.stillHolds(prepared))
    book.release(early)
    let explains = book.accepted(early, on: Self.vm(1))
    #expect(!explains)
    #expect(book.state(Self.credential)?.row == 1)
    #expect(book.state(Self.credential)?.proven.isEmpty == true)
    book.release(prepared)
    // Nothing is in flight any more: still only the one whose turn it is may go.
    #expect(!book.hasSlot(LoginID("a"), Self.credential, vcenter: Self.vcenter, on: Self.vm(5)))
    book.granted = Self.vm(5)
    #expect(book.hasSlot(LoginID("a"), Self.credential, vcenter: Self.vcenter, on: Self.vm(5)))
    // The VM that accepted it before comes first; the one with the refusal does not count among those.
    #expect(book.witnesses("svc").map(\.vm) == [Self.vm(1), Self.vm(0)])
  }

  @Test("A secret that no entry has any more is stopped for itself, after as many refusals as any")
  func oldSecret() {
    var book = Self.book(directory: true)
    let old = Credential(account: "svc", digest: 99)
    for n in 0..<2 {
      book.know(old)
      #expect(book.hasSlot(LoginID("gone"), old, vcenter: Self.vcenter, on: Self.vm(n)))
      let slot = Self.use(&book, n, old)
      // One at a time, though it was not refused yet.
      #expect(!book.hasSlot(LoginID("gone"), old, vcenter: Self.vcenter, on: Self.vm(n + 1)))
      book.release(slot)
      let came = book.refused(slot, on: Self.vm(n), Self.now)
      #expect(came == .old)
    }
    #expect(!book.hasSlot(LoginID("gone"), old, vcenter: Self.vcenter, on: Self.vm(7)))
    // The one in force does not suffer for it.
    #expect(book.hasSlot(LoginID("a"), Self.credential, vcenter: Self.vcenter, on: Self.vm(0)))
    #expect(book.troubles.isEmpty)
  }

  @Test("After a refusal of the secret in force, looks with an older one go one at a time, too (simulation seed 4717)")
  func oldSecretAfterARefusal() {
    var book = Self.book()
    let old = Credential(account: "svc", digest: 99)
    book.know(old)
    let proof = Self.use(&book, 0, old)
    book.release(proof)
    _ = book.accepted(proof, on: Self.vm(0))
    let early = Self.use(&book, 0, old)
    let refused = Self.use(&book, 1)
    book.release(refused)
    _ = book.refused(refused, on: Self.vm(1), Self.now)
    func mayLook() -> Bool { book.hasSlot(LoginID("gone"), old, vcenter: Self.vcenter, on: Self.vm(2)) }
    // Not beside one that left before it was heard, ...
    #expect(!mayLook())
    book.release(early)
    #expect(mayLook())
    // ... nor beside another, nor beside the one that is to explain the refusal.
    let look = Self.use(&book, 3, old)
    #expect(!mayLook())
    book.release(look)
    _ = book.accepted(look, on: Self.vm(3))
    let next = Self.use(&book, 4)
    #expect(!mayLook())
    book.release(next)
    _ = book.accepted(next, on: Self.vm(4))
    let other = Self.use(&book, 3, old)
    #expect(mayLook())
    book.release(other)
  }

  @Test("One entry that calls an account a directory's is enough")
  func directoryByAnyEntry() {
    var book = LoginBook()
    book.configure(
      [
        LoginEntry(id: LoginID("a"), account: "svc", digest: 1),
        LoginEntry(id: LoginID("b"), account: "svc", directory: true, digest: 1),
      ], Self.now)
    let first = Self.use(&book, 0)
    book.release(first)
    _ = book.accepted(first, on: Self.vm(0))
    for n in 0..<4 { _ = Self.use(&book, n) }
    #expect(!book.hasSlot(LoginID("a"), Self.credential, vcenter: Self.vcenter, on: Self.vm(9)))
  }

  @Test("That the VM is not there says nothing of the login")
  func vmGoneProvesNothing() {
    var stage = Stage()
    let old = stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .look(let op, _, _, _, .resolve, _):
        return [(.milliseconds(100), .looked(op, stage.timing(), .success(.vmGone)))]
      case .survey: return []
      default: return nil
      }
    }
    stage.begin([Stage.rule()], restored: Restored(life: 2, open: [Stage.openKill(old)]))
    stage.run(.seconds(20))
    #expect(stage.looks(.resolve).count >= 1)
    let state = stage.watch.logins.state(Credential(account: "guestwatch", digest: 1))
    #expect(state?.proven.isEmpty == true)
    #expect(state?.accepted.isEmpty == true)
  }

  @Test("Looks of a kill go on with a new secret only when the link with the old one is surely gone")
  func newSecretForAnOpenKill() {
    var stage = Stage()
    stage.spawn(500)
    var sent: Int64 = 0
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        sent = stage.time
        return [
          (.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x")))),
          (.seconds(10), .configured(Stage.configuration([Stage.rule()]) { $0.logins[0].digest = 2 })),
        ]
      case .look(let op, _, _, _, .verify, _) where stage.time - sent < 90_000_000_000:
        return [
          (.milliseconds(100), .looked(op, stage.timing(), .failure(Fault(.guestLoginRefused, code: "no"))))
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(130))
    let looks = stage.looks(.verify).map { $0.at - Double(sent - 1_000_000_000_000) / 1e9 }
    #expect(looks.count { $0 < 100 } == 1)
    // 10 s to the reload, 90 s to the end of the link, 5 s to be sure.
    #expect((looks.dropFirst().first ?? 0) >= 105)
    #expect((looks.dropFirst().first ?? 0) < 110)
    #expect(stage.outcomes.count == 1)
    #expect(stage.outcomes == [.survived])
  }

  @Test("A listing after a kill goes with the loaded secret, so what it is answered is said of that one")
  func verifyListingAfterReload() {
    var stage = Stage()
    stage.spawn(500)
    stage.intercept = { effect, stage in
      switch effect {
      case .terminate(let id, _, _, _, _, _, _, _):
        return [
          (.milliseconds(100), .terminated(id, stage.timing(), .ambiguous(Fault(.unknown, code: "x")))),
          (.milliseconds(101), .configured(Stage.configuration([Stage.rule()]) { $0.logins[0].digest = 2 })),
        ]
      case .look(let op, _, _, let pid, .verify, _):
        // Another start: only a listing can tell.
        let other = Process(pid: pid, started: 1, owner: "alice", name: "worker", command: "/opt/worker")
        return [(.milliseconds(100), .looked(op, stage.timing(), .success(.running(other))))]
      case .survey(let op, _, _, true, _):
        return [
          (.milliseconds(100), .surveyed(op, stage.timing(), .failure(Fault(.guestLoginRefused, code: "no"))))
        ]
      default: return nil
      }
    }
    stage.begin([Stage.rule()])
    stage.run(.seconds(60))
    #expect(stage.watch.logins.state(Credential(account: "guestwatch", digest: 2))?.row == 1)
    #expect(stage.watch.logins.state(Credential(account: "guestwatch", digest: 1))?.row ?? 0 == 0)
  }
}
