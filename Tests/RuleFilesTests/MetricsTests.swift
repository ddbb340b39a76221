import Glibc
import RuleFiles
import Testing

/// `[metrics]`: what is right, and what `check` sees of the file; what is wrong in itself is in `moreBadMainFiles`.
@Suite struct MetricsTests {
  private func load(
    _ metrics: String, purpose: Surroundings.Purpose = .run
  ) throws -> (result: LoadResult, folder: ConfigurationFolder) {
    let folder = try ConfigurationFolder()
    try folder.write("secret", "hunter2\n", mode: 0o400)
    try folder.write("rules.d/a.toml", rule())
    try folder.write("main.toml", accounts + metrics.replacing("HERE", with: folder.path))
    var surroundings = Surroundings.ofTests
    surroundings.purpose = purpose
    return (folder.load(surroundings: surroundings), folder)
  }

  @Test func anAbsolutePathThatEndsInPromIsTaken() throws {
    let (result, _) = try load("[metrics]\ntextfile = \"/var/lib/prometheus/node-exporter/guestwatchd.prom\"\n")
    #expect(result.diagnostics.isEmpty)
    #expect(result.loaded?.textfile == "/var/lib/prometheus/node-exporter/guestwatchd.prom")
  }

  @Test(arguments: ["", "[metrics]\n"])
  func withoutItNoneIsWritten(_ metrics: String) throws {
    let (result, _) = try load(metrics)
    #expect(result.diagnostics.isEmpty)
    let loaded = try #require(result.loaded)
    #expect(loaded.textfile == nil)
    #expect(!loaded.shown().contains("metrics"))
  }

  @Test func showConfigShowsItAndWhereItStands() throws {
    let (result, folder) = try load("[metrics]\ntextfile = \"/run/a \\\"b\\\".prom\"\n")
    let shown = folder.shortened(try #require(result.loaded).shown())
    #expect(shown.contains("\n[metrics]\ntextfile = '/run/a \"b\".prom'  # main.toml:12\n"), "\(shown)")
  }

  @Test func checkSaysThatTheFolderIsMissingAndTheDaemonDoesNotLook() throws {
    let metrics = "[metrics]\ntextfile = \"HERE/none/g.prom\"\n"
    let (checked, folder) = try load(metrics, purpose: .check)
    #expect(
      folder.lines(checked) == [
        "main.toml:12:12: warning: the folder of 'textfile' is not there, or this user may not look at it; make it or "
          + "correct the path, for without it no metrics are written"
      ])
    #expect(checked.diagnostics.map(\.code) == [.noFolder])
    #expect(checked.loaded?.textfile == folder.path + "/none/g.prom")
    #expect(try load(metrics).result.diagnostics.isEmpty)
    #expect(try load("[metrics]\ntextfile = \"HERE/g.prom\"\n", purpose: .check).result.diagnostics.isEmpty)
  }

  @Test func checkRefusesAFolderInItsPlace() throws {
    let metrics = "[metrics]\ntextfile = \"HERE/g.prom\"\n"
    let (before, folder) = try load(metrics, purpose: .check)
    #expect(before.loaded != nil)
    try #require(mkdir(folder.path + "/g.prom", 0o755) == 0)
    defer { rmdir(folder.path + "/g.prom") }
    var surroundings = Surroundings.ofTests
    surroundings.purpose = .check
    let after = folder.load(surroundings: surroundings)
    #expect(
      folder.lines(after) == [
        "main.toml:12:12: error: 'textfile' is a folder; write the path of a file that ends in .prom, or remove the folder"
      ])
    #expect(after.diagnostics.map(\.code) == [.badPath] && after.loaded == nil)
    #expect(folder.load().loaded != nil, "the daemon does not look")
  }
}
