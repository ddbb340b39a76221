/// Reads the text exposition format of Prometheus 0.0.4 as its description has it, strictly, and shares no code with what
/// writes it.
struct ExpositionReader {
  struct Mistake: Error, CustomStringConvertible {
    var description: String
    init(_ words: String, _ line: String) { description = "\(words): \(line)" }
  }

  struct Family: Equatable {
    var name: String
    var kind: String
    var help: String
  }

  struct Series: Hashable {
    var name: String
    var labels: [String: String]
  }

  private(set) var families: [Family] = []
  private(set) var values: [Series: Double] = [:]
  private var help: (name: String, text: String)?

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Mistake("no line end at the end", String(text.suffix(40))) }
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("# HELP ") {
        try readHelp(line)
      } else if line.hasPrefix("# TYPE ") {
        try readType(line)
      } else {
        try readSample(line)
      }
    }
    for family in families where family.kind == "histogram" { try checkHistogram(family.name) }
  }

  /// The value of a series; nil: there is none.
  subscript(name: String, labels: [String: String]) -> Double? { values[Series(name: name, labels: labels)] }

  // MARK: Lines

  private mutating func readHelp(_ line: String) throws {
    guard help == nil else { throw Mistake("HELP without TYPE before", line) }
    let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
    guard words.count == 4, isName(words[2], colons: true), !words[3].isEmpty else { throw Mistake("no HELP", line) }
    guard !families.contains(where: { $0.name == words[2] }) else { throw Mistake("a family twice", line) }
    help = (words[2], words[3])
  }

  private mutating func readType(_ line: String) throws {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 4, let help, help.name == words[2] else {
      throw Mistake("TYPE does not follow its HELP", line)
    }
    guard ["gauge", "counter", "histogram"].contains(words[3]) else { throw Mistake("unknown type", line) }
    guard (words[3] == "counter") == words[2].hasSuffix("_total") else { throw Mistake("_total is for counters", line) }
    families.append(Family(name: words[2], kind: words[3], help: help.text))
    self.help = nil
  }

  private mutating func readSample(_ line: String) throws {
    guard help == nil, let family = families.last else { throw Mistake("a sample without its family", line) }
    let name = String(line.prefix { $0 != "{" && $0 != " " })
    let suffixes = family.kind == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
    guard isName(name, colons: true), suffixes.contains(where: { name == family.name + $0 }) else {
      throw Mistake("a sample of another family than \(family.name)", line)
    }
    var rest = line.dropFirst(name.count)
    let labels = rest.first == "{" ? try readLabels(&rest, line) : [:]
    guard rest.first == " " else { throw Mistake("no blank before the value", line) }
    let number = rest.dropFirst()
    // One more blank would be a timestamp, which node_exporter refuses.
    guard !number.contains(" "), let value = Double(number) else { throw Mistake("no number", line) }
    if family.kind != "gauge", value < 0 { throw Mistake("less than nothing", line) }
    guard values.updateValue(value, forKey: Series(name: name, labels: labels)) == nil else {
      throw Mistake("a series twice", line)
    }
  }

  private func readLabels(_ rest: inout Substring, _ line: String) throws -> [String: String] {
    var labels: [String: String] = [:]
    repeat {
      rest = rest.dropFirst()
      let name = String(rest.prefix { $0 != "=" })
      guard isName(name, colons: false), !name.hasPrefix("__") else { throw Mistake("no label", line) }
      rest = rest.dropFirst(name.count + 1)
      guard rest.first == "\"" else { throw Mistake("a value without a quote", line) }
      rest = rest.dropFirst()
      var value = ""
      while let letter = rest.first, letter != "\"" {
        rest = rest.dropFirst()
        guard letter == "\\" else {
          value.append(letter)
          continue
        }
        switch rest.popFirst() {
        case "\\": value.append("\\")
        case "\"": value.append("\"")
        case "n": value.append("\n")
        default: throw Mistake("an unknown escape", line)
        }
      }
      guard rest.popFirst() == "\"" else { throw Mistake("a value without its end", line) }
      guard labels.updateValue(value, forKey: name) == nil else { throw Mistake("a label twice", line) }
    } while rest.first == ","
    guard rest.popFirst() == "}" else { throw Mistake("labels without their end", line) }
    return labels
  }

  private func isName(_ text: String, colons: Bool) -> Bool {
    !text.isEmpty
      && text.utf8.enumerated().allSatisfy { index, byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
        case UInt8(ascii: ":"): colons
        default: false
        }
      }
  }

  // MARK: Histograms

  private func checkHistogram(_ name: String) throws {
    var buckets: [[String: String]: [(le: Double, count: Double)]] = [:]
    for (series, value) in values where series.name == name + "_bucket" {
      var labels = series.labels
      guard let le = labels.removeValue(forKey: "le").flatMap({ $0 == "+Inf" ? Double.infinity : Double($0) }) else {
        throw Mistake("a bucket without its bound", "\(series)")
      }
      buckets[labels, default: []].append((le, value))
    }
    for (labels, unsorted) in buckets {
      let sorted = unsorted.sorted { $0.le < $1.le }
      guard sorted.map(\.count) == sorted.map(\.count).sorted() else { throw Mistake("not cumulative", "\(labels)") }
      guard let last = sorted.last, last.le == .infinity, last.count == self[name + "_count", labels] else {
        throw Mistake("+Inf is not the count", "\(labels)")
      }
      guard let sum = self[name + "_sum", labels], (sum == 0) == (last.count == 0) || last.count > 0 else {
        throw Mistake("no sum", "\(labels)")
      }
    }
    let counted = Set(values.keys.filter { $0.name == name + "_count" || $0.name == name + "_sum" }.map(\.labels))
    guard counted == Set(buckets.keys) else { throw Mistake("a histogram without buckets", name) }
  }
}
