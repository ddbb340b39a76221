/// A JSON value to send. Members keep their order, so that a request is the same bytes every time.
enum JSONOut: Sendable {
  case bool(Bool)
  case integer(Int64)
  case string(String)
  case array([JSONOut])
  case object([(String, JSONOut)])

  /// The value as UTF-8.
  var bytes: [UInt8] {
    var result: [UInt8] = []
    write(to: &result)
    return result
  }

  private func write(to result: inout [UInt8]) {
    switch self {
    case .bool(let value): result += (value ? "true" : "false").utf8
    case .integer(let value): result += String(value).utf8
    case .string(let value): JSONOut.write(value, to: &result)
    case .array(let values):
      result.append(UInt8(ascii: "["))
      for (place, value) in values.enumerated() {
        if place > 0 { result.append(UInt8(ascii: ",")) }
        value.write(to: &result)
      }
      result.append(UInt8(ascii: "]"))
    case .object(let members):
      result.append(UInt8(ascii: "{"))
      for (place, member) in members.enumerated() {
        if place > 0 { result.append(UInt8(ascii: ",")) }
        JSONOut.write(member.0, to: &result)
        result.append(UInt8(ascii: ":"))
        member.1.write(to: &result)
      }
      result.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ text: String, to result: inout [UInt8]) {
    let hex = Array("0123456789abcdef".utf8)
    result.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        result += "\\u00".utf8
        result += [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      default: result.append(byte)
      }
    }
    result.append(UInt8(ascii: "\""))
  }

  /// A reference to a managed object (vsphere-api.md, section 4).
  static func reference(type: String, _ value: String) -> JSONOut {
    .object([("_typeName", .string("ManagedObjectReference")), ("type", .string(type)), ("value", .string(value))])
  }
}
