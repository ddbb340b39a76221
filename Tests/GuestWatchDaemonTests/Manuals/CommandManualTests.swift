import Foundation
import GuestWatchCore
import Systemd
import Testing

@testable import GuestWatchDaemon

/// `packaging/man/guestwatchd.8` says what the built command and the code have, all of it and nothing else.
@Suite("guestwatchd(8)")
struct CommandManualTests {
  private let page: Manual

  init() throws { page = try Manual("guestwatchd.8") }

  /// The command as it describes itself; `--version` and `--help` are every command's and are left out.
  private struct Command: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        var kind: String
        var name: String
      }
      var kind: String
      var names: [Name]?
      var defaultValue: String?
      var shouldDisplay: Bool
    }
    var commandName: String
    var arguments: [Argument]?
    var subcommands: [Command]?

    var options: [String] {
      (arguments ?? []).filter { $0.kind != "positional" && $0.shouldDisplay }
        .compactMap { $0.names?.first { $0.kind == "long" }?.name }.filter { $0 != "version" && $0 != "help" }
    }
    var defaults: [String] { (arguments ?? []).filter { $0.shouldDisplay }.compactMap(\.defaultValue) }
  }

  private struct Dump: Decodable { var command: Command }

  private func commands(of product: String? = Product.path) throws -> [Command] {
    let product = try #require(product)
    let pipe = try #require(popen("'\(product)' --experimental-dump-help", "r"))
    var output = Data()
    while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
    try #require(pclose(pipe) == 0)
    return try #require(try JSONDecoder().decode(Dump.self, from: output).command.subcommands)
  }

  @Test("The synopsis has each command with exactly its options", .enabled(if: Product.path != nil))
  func synopsis() throws {
    let shown = page.synopsis
    let commands = try commands()
    #expect(shown.keys.sorted() == commands.map(\.commandName).sorted())
    for command in commands {
      #expect(shown[command.commandName]?.sorted() == command.options.sorted(), "\(command.commandName)")
    }
  }

  @Test("Each command has its paragraph with its options, and with their defaults", .enabled(if: Product.path != nil))
  func paragraphs() throws {
    let common = Manual.options(page.section("OPTIONS"))
    let paragraphs = page.paragraphs("COMMANDS")
    let commands = try commands()
    #expect(paragraphs.map(\.title) == commands.map(\.commandName))
    for (title, lines) in paragraphs {
      let command = try #require(commands.first { $0.commandName == title })
      let described = Manual.options(lines)
      #expect(Set(described).count == described.count)
      #expect(Set(described).isSubset(of: command.options), "\(title)")
      #expect(Set(command.options).subtracting(common).isSubset(of: described), "\(title)")
      let text = (lines + page.section("OPTIONS")).joined(separator: " ")
      for value in command.defaults { #expect(text.contains(value), "\(title): default \(value)") }
    }
    // Those of all commands, and one of the argument parser's own.
    let everywhere = Set(commands.flatMap(\.options)).union(["version", "help", "h", "generate-completion-script"])
    #expect(Set(common).isSubset(of: everywhere))
  }

  @Test("vcenter-simulator(1) has its options, too", .enabled(if: Product.path != nil))
  func simulator() throws {
    let page = try Manual("vcenter-simulator.1")
    let product = try #require(Product.path).replacing("/guestwatchd", with: "/vcenter-simulator")
    try #require(access(product, X_OK) == 0)
    let serve = try #require(try commands(of: product).first { $0.commandName == "serve" })
    #expect(page.synopsis["serve"]?.sorted() == serve.options.sorted())
    let described = Set(Manual.options(page.section("DESCRIPTION")))
    #expect(described == Set(serve.options).union(["help", "h", "generate-completion-script"]))
  }

  @Test(
    "mandoc finds nothing to warn of", .enabled(if: access("/usr/bin/mandoc", X_OK) == 0),
    arguments: ["guestwatchd.8", "guestwatchd.toml.5", "guestwatchd-rules.5", "vcenter-simulator.1"])
  func lint(name: String) throws {
    let pipe = try #require(popen("/usr/bin/mandoc -T lint -W warning '\(Manual.path(name))' 2>&1", "r"))
    var output: [UInt8] = []
    while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
    #expect(pclose(pipe) == 0)
    #expect(String(decoding: output, as: UTF8.self) == "")
  }

  @Test("Exit statuses, outcomes, events and fields are those of the code")
  func words() {
    // 1 is what commands say whose output is not taken.
    let statuses = [1] + (0...255).filter { ExitStatus(rawValue: $0) != nil }
    #expect(page.items("EXIT STATUS") == statuses.sorted().map { "\($0)" })
    // `entries-dropped` is the journal writer's own, the others those of whoever tells receivers.
    let events = Report.Kind.allCases.map(\.rawValue) + ["entries-dropped", "notify-failed", "notify-dropped"]
    #expect(page.items("JOURNAL", mark: "Cm").sorted() == events.sorted())
    #expect(page.items("JOURNAL", mark: "Ev") == JournalEntry.Name.allCases.map(\.rawValue))
    #expect(
      page.items("OUTCOMES", mark: "Cm").sorted()
        == (Outcome.allCases.map(\.rawValue) + ["open", "reported"]).sorted())
  }
}
