/// A release of the vCenter: it decides which calls exist (vsphere-api.md 3.2, 5, 6).
public struct Release: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The four numbers of a name such as `8.0.3.0`.
  public let numbers: [Int]

  /// Reads `8.0.3.0`: exactly four numbers; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    let numbers = parts.compactMap(\.self)
    guard parts.count == 4, numbers.count == 4, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
    self.numbers = numbers
  }

  private init(_ a: Int, _ b: Int, _ c: Int, _ d: Int) { numbers = [a, b, c, d] }

  /// 8.0 U3: one session for both APIs.
  public static let v8u3 = Release(8, 0, 3, 0)
  /// 8.0 U2: the first with `hello`.
  public static let v8u2 = Release(8, 0, 2, 0)
  /// 8.0 U1: the first with VI JSON.
  public static let v8u1 = Release(8, 0, 1, 0)
  /// 7.0 U3: guest processes over REST only.
  public static let v7u3 = Release(7, 0, 3, 0)

  /// `hello` negotiates the release.
  public var hasHello: Bool { self >= .v8u2 }
  /// `/sdk/vim25` is there.
  public var hasVIJSON: Bool { self >= .v8u1 }
  /// One session serves both APIs.
  public var sharesSessions: Bool { self >= .v8u3 }

  /// Every release name that a vCenter up to 9.1 may know, newest first (vsphere-api.md 3.2).
  private static let names = [
    "9.1.1.0", "9.1.0.0", "9.0.0.0", "8.0.3.1", "8.0.3.0", "8.0.2.0", "8.0.1.0", "8.0.0.2", "8.0.0.1", "8.0.0.0",
    "7.0.3.2", "7.0.3.1", "7.0.3.0", "7.0.2.1", "7.0.2.0", "7.0.1.1", "7.0.1.0", "7.0.0.2", "7.0.0.1", "7.0.0.0",
  ]

  /// True where this vCenter takes `name` as the release in a VI JSON URL.
  public func speaks(_ name: String) -> Bool {
    guard hasVIJSON, Release.names.contains(name), let asked = Release(name) else { return false }
    return asked <= self
  }

  public static func < (a: Release, b: Release) -> Bool { a.numbers.lexicographicallyPrecedes(b.numbers) }
  public var description: String { numbers.map(String.init).joined(separator: ".") }
}
