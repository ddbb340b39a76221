// swift-tools-version: 6.2
import PackageDescription

/// What every target is compiled with: the Swift 6 language mode and the upcoming features of design.md, section 8.
/// CI also makes every warning an error; a user's newer compiler must not fail for one.
let warningsAreErrors = Context.environment["GUESTWATCHD_WARNINGS_AS_ERRORS"] == "1"
let strict: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

let collections: [Target.Dependency] = [
  .product(name: "OrderedCollections", package: "swift-collections"),
  .product(name: "DequeModule", package: "swift-collections"),
  .product(name: "HeapModule", package: "swift-collections"),
]
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOTLS", package: "swift-nio"),
  .product(name: "NIOSSL", package: "swift-nio-ssl"),
]

let package = Package(
  name: "guestwatchd",
  products: [
    .executable(name: "guestwatchd", targets: ["guestwatchd"]),
    .executable(name: "vcenter-simulator", targets: ["vcenter-simulator"]),
    .executable(name: "simulate", targets: ["simulate"]),
  ],
  traits: [
    .trait(
      name: "Mutations",
      description: "Faults that can be put into the decision, to test the simulation. Never in what is shipped.")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    // The simulator and the tests only:
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
  ],
  targets: [
    // The decision. Pure: the standard library and swift-collections, nothing else.
    .target(name: "GuestWatchCore", dependencies: collections, swiftSettings: strict),

    // The four in the middle; they do not know each other.
    .target(
      name: "CTomlPlusPlus",
      cxxSettings: [.define("TOML_HEADER_ONLY", to: "1"), .define("TOML_ENABLE_FORMATTERS", to: "0")]
    ),
    .target(name: "RuleFiles", dependencies: ["GuestWatchCore", "CTomlPlusPlus"], swiftSettings: strict),
    .target(
      name: "VSphere",
      dependencies: ["GuestWatchCore", httpClient, logging, .product(name: "Crypto", package: "swift-crypto")]
        + nio + collections,
      swiftSettings: strict),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .target(name: "Ledger", dependencies: ["GuestWatchCore", "CSQLite"], swiftSettings: strict),
    .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
    .target(name: "Systemd", dependencies: ["GuestWatchCore", "CSystemd"], swiftSettings: strict),

    // What wires them together, and the command.
    .target(
      name: "GuestWatchDaemon",
      dependencies: ["GuestWatchCore", "RuleFiles", "VSphere", "Ledger", "Systemd", "CSystemd", signals, logging]
        + collections,
      swiftSettings: strict
    ),
    .executableTarget(
      name: "guestwatchd", dependencies: ["GuestWatchDaemon", "GuestWatchCore", "RuleFiles", "Ledger", argumentParser],
      swiftSettings: strict
    ),

    // The other side: a vCenter as a value, and that value over HTTPS.
    .target(name: "VCenterModel", dependencies: collections, swiftSettings: strict),
    .target(
      name: "VCenterSimulator",
      dependencies: [
        "VCenterModel", logging,
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "Crypto", package: "swift-crypto"),
      ] + nio,
      swiftSettings: strict
    ),
    .executableTarget(
      name: "vcenter-simulator", dependencies: ["VCenterSimulator", "VCenterModel", argumentParser],
      swiftSettings: strict
    ),

    // The two sides meet: the decision against the model in virtual time.
    .target(
      name: "WatchSimulation", dependencies: ["GuestWatchCore", "VCenterModel"], path: "Tests/Simulation/World",
      swiftSettings: strict
    ),
    .executableTarget(
      name: "simulate", dependencies: ["WatchSimulation", argumentParser], path: "Tests/Simulation/Command",
      swiftSettings: strict
    ),
    .testTarget(
      name: "SimulationTests", dependencies: ["WatchSimulation", "GuestWatchCore", "VCenterModel"],
      path: "Tests/Simulation/Tests", swiftSettings: strict
    ),

    .testTarget(name: "GuestWatchCoreTests", dependencies: ["GuestWatchCore"], swiftSettings: strict),
    .testTarget(name: "RuleFilesTests", dependencies: ["RuleFiles", "GuestWatchCore"], swiftSettings: strict),
    .testTarget(
      name: "VSphereTests", dependencies: ["VSphere", "GuestWatchCore", logging] + nio, swiftSettings: strict),
    .testTarget(name: "LedgerTests", dependencies: ["Ledger", "GuestWatchCore", "CSQLite"], swiftSettings: strict),
    .testTarget(name: "SystemdTests", dependencies: ["Systemd", "CSystemd", "GuestWatchCore"], swiftSettings: strict),
    .testTarget(
      name: "GuestWatchDaemonTests",
      dependencies: ["GuestWatchDaemon", "GuestWatchCore", "RuleFiles", "Systemd"],
      swiftSettings: strict
    ),
    .testTarget(name: "VCenterModelTests", dependencies: ["VCenterModel"], swiftSettings: strict),
    .testTarget(
      name: "VCenterSimulatorTests", dependencies: ["VCenterSimulator", "VCenterModel", httpClient] + nio,
      swiftSettings: strict
    ),
    .testTarget(name: "EndToEndTests", dependencies: ["CSQLite"], path: "Tests/EndToEnd", swiftSettings: strict),
  ],
  cxxLanguageStandard: .cxx17
)
