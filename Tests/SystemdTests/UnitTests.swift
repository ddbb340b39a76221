import Foundation
import Testing

/// `systemd/*.service`: what does not need a running systemd to be seen.
@Suite struct UnitTests {
  /// Settings in their order, without comments, as `Section.Name=value`.
  private func settings(_ unit: String) throws -> [String] {
    let text = try String(contentsOf: MessageIDTests.systemd.appending(path: unit), encoding: .utf8)
    var section = ""
    var settings: [String] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      if line.hasPrefix("[") { section = line.dropFirst().dropLast() + "." } else { settings.append(section + line) }
    }
    return settings
  }

  @Test func anInstanceIsTheServiceUnderItsOwnNames() throws {
    let config = "/etc/guestwatchd/%i/guestwatchd.toml"
    let expected = try settings("guestwatchd.service").map { setting in
      switch setting {
      case "Unit.Description=Terminate runaway processes in VMware guests": setting + " (%i)"
      case "Service.ExecStart=/usr/bin/guestwatchd run",
        "Service.ExecReload=/usr/bin/guestwatchd check --no-secrets":
        setting + " --config \(config)"
      case "Unit.ConditionPathExists=|/etc/guestwatchd/guestwatchd.toml": "Unit.ConditionPathExists=|\(config)"
      case "Unit.ConditionPathExists=|/var/lib/guestwatchd/ledger.db":
        "Unit.ConditionPathExists=|/var/lib/guestwatchd-%i/ledger.db"
      // Not below /run/guestwatchd, which systemd removes with guestwatchd.service.
      case "Service.StateDirectory=guestwatchd", "Service.RuntimeDirectory=guestwatchd": setting + "-%i"
      case "Service.ConfigurationDirectory=guestwatchd": setting + "/%i"
      default: setting
      }
    }
    #expect(try settings("guestwatchd@.service") == expected)
    #expect(expected.count { $0.contains("%i") } == 8)
  }

  @Test func whatTheDaemonReliesOnIsThere() throws {
    let settings = try settings("guestwatchd.service")
    for needed in [
      // 252 knows no notify-reload; both steps of a reload, the check first.
      "Type=notify", "ExecReload=/usr/bin/guestwatchd check --no-secrets",
      #"ExecReload=/bin/sh -c 'kill -HUP "$MAINPID"'"#,
      "WatchdogSec=30", "Restart=on-failure", "TimeoutStopSec=45", "KillMode=mixed", "User=guestwatchd",
      "StateDirectory=guestwatchd",
      "RuntimeDirectory=guestwatchd", "ConfigurationDirectory=guestwatchd", "PrivateMounts=yes", "LimitCORE=0",
      "Environment=SWIFT_BACKTRACE=enable=no", "ReadWritePaths=-/var/lib/prometheus/node-exporter",
    ] {
      #expect(settings.contains("Service.\(needed)"), "\(needed)")
    }
    let reloads = settings.filter { $0.hasPrefix("Service.ExecReload=") }
    #expect(reloads.count == 2 && reloads.first?.contains(" check ") == true)
    let never = try #require(settings.first { $0.hasPrefix("Service.RestartPreventExitStatus=") })
    #expect(never.split { " =".contains($0) }.contains("78"))
    // It would hide the boot id from the ledger.
    #expect(!settings.contains { $0.hasPrefix("Service.ProcSubset=pid") })
  }

  /// systemd 252 and newer; on a machine without it nothing can be asked.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")))
  func systemdFindsNothingWrong() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "units-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (unit, name) in [
      ("guestwatchd.service", "guestwatchd.service"), ("guestwatchd@.service", "guestwatchd@lab.service"),
    ] {
      // The command need not be installed here.
      let text = try String(contentsOf: MessageIDTests.systemd.appending(path: unit), encoding: .utf8)
        .replacingOccurrences(of: "/usr/bin/guestwatchd", with: "/bin/true")
      let file = folder.appending(path: name)
      try text.write(to: file, atomically: true, encoding: .utf8)
      let analyze = Process()
      analyze.executableURL = URL(filePath: "/usr/bin/systemd-analyze")
      // Nor its manual.
      analyze.arguments = ["verify", "--man=no", file.path]
      let errors = Pipe()
      analyze.standardError = errors
      try analyze.run()
      let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      analyze.waitUntilExit()
      #expect(analyze.terminationStatus == 0, "\(said)")
      #expect(!said.contains(file.lastPathComponent), "\(said)")
    }
  }
}
