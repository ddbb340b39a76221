import ArgumentParser
import Dispatch
import Glibc
import VCenterSimulator

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve a scenario until SIGTERM or SIGINT (the default).",
    discussion: """
      When it is ready it prints one line of JSON and writes the same to simulator.json in the state directory: url, ca_file,
      pid, control (the URL of the control endpoint), control_token, process_mark (what the environment of every guest process
      begins an entry with), and guests, the processes of each VM.
      Everything that it starts on this machine ends with it, however it ends.
      """)

  @Option(help: "The scenario, a JSON file.", completion: .file(extensions: ["json"]))
  var scenario: String

  @Option(help: "The HTTPS port on 127.0.0.1; 0 for any.")
  var port: Int = 0

  @Option(help: "The control port on 127.0.0.1; 0 for any.")
  var controlPort: Int = 0

  @Option(
    help: "A directory for ca.pem and simulator.json; it is made if it is not there.", completion: .directory)
  var state: String

  @Option(help: "A DNS name in the server's certificate; the first is the one in the URL. Repeatable.")
  var host: [String] = ["localhost"]

  @Flag(help: "Put the address 127.0.0.1 into the certificate, too. Clients may then accept it for any name.")
  var address = false

  func run() async throws {
    let signals = StopSignals()
    defer { signals.cancel() }
    let stopped = signals.arrived
    let scenario = try Scenario(json: try StateFile.read(self.scenario))
    let folder = try StateFile.folder(state)
    let options = Simulator.Options(
      port: port, controlPort: controlPort, names: host, addresses: address ? [[127, 0, 0, 1]] : [],
      sweeper: ["/proc/self/exe", "__sweep"])
    try await Simulator.run(scenario, options: options) { running in
      let authority = folder + "/ca.pem"
      try StateFile.write(running.certificatePEM, to: authority, mode: 0o644)
      let ready = await running.readyLine(certificateFile: authority, pid: getpid())
      // Only for its owner: it holds the token that lets programs be started.
      try StateFile.write(ready + "\n", to: folder + "/simulator.json", mode: 0o600)
      print(ready)
      fflush(nil)
      for await _ in stopped { return }
    }
  }
}

/// SIGTERM and SIGINT as something to wait for.
struct StopSignals {
  let arrived: AsyncStream<Void>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    arrived = stream
    sources = [SIGTERM, SIGINT].map { number in
      // The default action would end the process before anything is cleaned up.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.resume()
      return source
    }
  }

  func cancel() { for source in sources { source.cancel() } }
}
