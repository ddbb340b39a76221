import Glibc
import Testing

@Suite("What the daemon links")
struct LinkageTests {
  /// The built command: it lies beside the tests.
  static let product: String? = {
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count)
    guard count > 0, let slash = path[..<count].lastIndex(of: CChar(UInt8(ascii: "/"))) else { return nil }
    let product = String(decoding: path[..<slash].map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/guestwatchd"
    return access(product, X_OK) == 0 ? product : nil
  }()

  @Test("Never full Foundation: it would triple memory and disk", .enabled(if: product != nil))
  func foundationEssentialsAtMost() throws {
    let product = try #require(Self.product)
    let pipe = try #require(popen("ldd '\(product)'", "r"))
    var output: [UInt8] = []
    while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
    try #require(pclose(pipe) == 0, "ldd could not read \(product)")

    let libraries = String(decoding: output, as: UTF8.self).split(separator: "\n").compactMap {
      $0.split(whereSeparator: { $0 == " " || $0 == "\t" }).first.map(String.init)
    }
    #expect(libraries.contains { $0.hasPrefix("libc.so") }, "ldd said: \(libraries)")
    for library in libraries {
      #expect(!library.hasPrefix("libFoundation.so"))
      #expect(!library.hasPrefix("lib_FoundationICU"))
      #expect(!library.hasPrefix("libFoundationInternationalization"))
      #expect(!library.hasPrefix("libFoundationNetworking"))
    }
  }
}
