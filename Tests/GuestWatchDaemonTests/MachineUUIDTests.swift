import Glibc
import GuestWatchCore
import RuleFiles
import Testing

@testable import GuestWatchDaemon

@Suite("Which machine the daemon runs on") struct MachineUUIDTests {
  private let folder: Folder
  private var kernels: String { "\(folder.path)/product_uuid" }
  private let uuid = "421b5c3e-9a00-4f7d-8e21-0123456789ab"

  init() throws { folder = try Folder() }

  private func read(_ directories: String? = nil) -> MachineUUID {
    .read(environment: directories.map { ["RUNTIME_DIRECTORY": $0] } ?? [:], kernels: kernels)
  }

  @Test(
    arguments: [
      "421b5c3e-9a00-4f7d-8e21-0123456789ab\n", "421B5C3E-9A00-4F7D-8E21-0123456789AB",
      "421b5c3e9a004f7d8e210123456789ab", " 421b5c3e-9a00-4f7d-8e21-0123456789ab \n\n",
    ])
  func written(text: String) throws {
    try folder.write("product_uuid", text)
    #expect(read().text == uuid)
    #expect(read().complaint == nil)
  }

  @Test(
    arguments: [
      "", "\n", "none", "421b5c3e-9a00-4f7d-8e21-0123456789a", "421b5c3e-9a00-4f7d-8e21-0123456789abc",
      "421b5c3e-9a00-4f7d-8e21-0123456789ag", "421b5c3-e9a00-4f7d-8e21-0123456789ab",
      "421b5c3e-9a00-4f7d-8e210123456789ab", "421b5c3e-9a00-4f7d-8e21-0123456789ab 1",
      "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
      "\u{0664}21b5c3e-9a00-4f7d-8e21-0123456789ab", "421b5c3e-9a00-4f7d-8e21-0123456789ab\u{0}\u{1b}[2J",
    ])
  func garbage(text: String) throws {
    try folder.write("product_uuid", text)
    #expect(read().text == nil)
    let complaint = try #require(read().complaint)
    #expect(complaint.hasPrefix("\(kernels) holds no machine uuid"))
    #expect(!complaint.contains("21b5c3"), "what it holds is not said")
  }

  @Test func theCopyCountsBeforeTheKernelsAndIsNotPassedOver() throws {
    try folder.write("product_uuid", "11111111-2222-3333-4444-555555555555\n")
    #expect(read(folder.path).text == "11111111-2222-3333-4444-555555555555", "there is no copy")
    try folder.write("machine-uuid", uuid.uppercased() + "\n")
    #expect(read(folder.path).text == uuid)
    #expect(read("\(folder.path):/run/other").text == uuid)
    #expect(read().text == "11111111-2222-3333-4444-555555555555")
    try folder.write("machine-uuid", "")
    #expect(read(folder.path).text == nil)
    #expect(read(folder.path).complaint?.contains("/machine-uuid holds no machine uuid") == true)
  }

  @Test func aMachineWithoutOneIsNoCauseForComplaint() {
    #expect(read() == read(folder.path))
    #expect(read().text == nil && read().complaint == nil)
  }

  @Test func oneThatIsThereAndCannotBeReadIsSaid() throws {
    // A folder in its place: root can read all files.
    try #require(mkdir("\(folder.path)/machine-uuid", 0o700) == 0)
    try folder.write("product_uuid", uuid)
    let found = read(folder.path)
    #expect(found.text == nil)
    #expect(found.complaint?.hasPrefix("\(folder.path)/machine-uuid cannot be read, so the VM") == true)
  }

  @Test func theConfigurationNamesIt() async throws {
    let files = try ConfigurationFolder()
    for (text, warnings) in [(uuid, 0), ("none", 1)] {
      try folder.write("product_uuid", text)
      let source = RuleFileSource(
        main: files.main, surroundings: .init(purpose: .run, credentialsDirectory: nil, serviceGroups: []),
        machine: read(), clock: TestClock())
      guard case .loaded(let setup) = await source.load(keeping: []) else {
        Issue.record("refused")
        return
      }
      for link in setup.links { await link.close() }
      #expect(setup.configuration.ownMachine == (warnings == 0 ? uuid : nil))
      #expect(setup.warnings.count { $0.contains("holds no machine uuid") } == warnings)
    }
  }
}
