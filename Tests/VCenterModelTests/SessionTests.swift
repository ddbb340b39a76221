import Testing
import VCenterModel

@Suite struct SessionTests {
  @Test func `from 8.0 U3 one session serves both APIs, and one logout ends it for both`() throws {
    let lab = Lab()
    #expect(lab.token?.count == 40)
    guard case .session(let info?) = lab.call(.restGetSession) else { throw Unexpected("no session") }
    #expect(info.user == "svc" && info.api == .vi)
    #expect(lab.call(.viLogout) == .done)
    #expect(lab.call(.restGetSession) == .failure(.notAuthenticated))
    #expect(lab.model.counters.logins == 1 && lab.model.counters.logouts == 1)
    #expect(lab.model.openSessions(at: lab.now).isEmpty)
  }

  @Test func `before 8.0 U3 each API wants its own`() throws {
    let lab = Lab(release: .v8u2)
    #expect(lab.call(.restGetSession) == .failure(.notAuthenticated))
    #expect(lab.call(.getProcess(moid: "vm-1", lab.root, pid: 1)) == .failure(.notAuthenticated))
    guard case .loggedIn(_, let rest) = lab.call(.restCreateSession(user: "svc", password: "secret")) else {
      throw Unexpected("no REST session")
    }
    #expect(rest.count == 32)
    lab.token = rest
    #expect(lab.call(.currentSession) == .session(nil))
    guard case .process = lab.call(.getProcess(moid: "vm-1", lab.root, pid: 1)) else {
      throw Unexpected("the REST session does not serve REST")
    }
  }

  @Test func `a session that is idle dies, one that is used does not`() throws {
    let lab = Lab()
    for _ in 0..<5 {
      lab.pass(1_700)
      guard case .session(.some) = lab.call(.restGetSession) else { throw Unexpected("died in use") }
    }
    lab.pass(1_801)
    #expect(lab.call(.restGetSession) == .failure(.notAuthenticated))
    #expect(lab.model.counters.expirations == 1)
  }

  @Test func `a dead session gets a 200 from the property collector, all properties missing`() throws {
    let lab = Lab()
    lab.model.expireSessions()
    let query = PropertyQuery(objects: .vms(["vm-1"]), paths: ["name", "runtime.powerState"])
    guard case .properties(let page?) = lab.call(.retrieveProperties(query)) else { throw Unexpected("no page") }
    #expect(page.objects.map(\.values) == [[]])
    #expect(page.objects[0].missing.map(\.error) == [.notAuthenticated, .notAuthenticated])
  }

  @Test func `sessions may be dead for guest calls only, until a new login`() throws {
    let lab = Lab()
    lab.model.killSessionsForGuestCalls()
    #expect(lab.kill(999) == .failure(.notAuthenticated))
    guard case .session(.some) = lab.call(.restGetSession) else { throw Unexpected("the session is dead") }
    lab.token = lab.logIn()
    #expect(lab.kill(999) == .failure(.processNotFound(pid: 999)))
  }

  @Test func `refusals lock an account, an acceptance forgets them`() throws {
    let lab = Lab(loggedIn: false)
    func attempt(_ password: String) -> Bool {
      if case .loggedIn = lab.call(.viLogin(user: "svc", password: password)) { true } else { false }
    }
    for _ in 0..<4 { #expect(!attempt("wrong")) }
    #expect(attempt("secret"))
    for _ in 0..<5 { #expect(!attempt("wrong")) }
    #expect(!attempt("secret"))
    #expect(lab.model.vcenterAccounts[0].locked)
    #expect(lab.model.counters.loginRefusals == 10)
    #expect(lab.call(.restCreateSession(user: "nobody", password: "x")) == .failure(.loginRefused))
  }

  @Test(arguments: [
    ("8.0.3.0", ["9.0.0.0", "8.0.3.0", "8.0.1.0"], "8.0.3.0"), ("8.0.2.0", ["9.0.0.0", "8.0.1.0"], "8.0.1.0"),
    ("8.0.3.0", ["9.9.9.9"], ""),
  ])
  func `hello answers with the first release that both know`(own: String, asked: [String], answer: String) throws {
    let lab = Lab(release: try #require(Release(own)), loggedIn: false)
    #expect(lab.call(.hello(releases: asked)) == .release(answer))
    #expect(lab.call(.hello(releases: [])) == .failure(.invalidArgument(name: "api_releases")))
  }

  @Test func `an old release has no hello, an older one no VI JSON`() throws {
    let u1 = Lab(release: .v8u1, loggedIn: false)
    #expect(u1.call(.hello(releases: ["8.0.1.0"])) == .failure(.noSuchCall))
    #expect(u1.model.settings.release.speaks("8.0.1.0") && !u1.model.settings.release.speaks("8.0.2.0"))
    let v7 = Lab(release: .v7u3, loggedIn: false)
    #expect(v7.call(.serviceContent) == .failure(.noSuchCall))
    #expect(v7.call(.viLogin(user: "svc", password: "secret")) == .failure(.noSuchCall))
    #expect(!v7.model.settings.release.speaks("7.0.3.0"))
    #expect(Release("8.0.3") == nil && Release("8.0.x.0") == nil)
  }

  @Test func `missing privileges are named`() throws {
    let lab = Lab(privileges: [.view, .read, .guestQuery])
    #expect(!lab.rows().isEmpty)
    #expect(lab.kill(203) == .failure(.noPermission(moid: "vm-1", privilege: "VirtualMachine.GuestOperations.Execute")))
    #expect(lab.model.counters.terminates == 0)
  }
}
