import Glibc
import Testing

@Suite("What the daemon links")
struct LinkageTests {
  @Test("Never full Foundation: it would triple memory and disk", .enabled(if: Product.path != nil))
  func foundationEssentialsAtMost() throws {
    let product = try #require(Product.path)
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
