/// One value on its way into a statement.
enum Value {
  case null
  case integer(Int64)
  /// Words and names of ours.
  case text(String)
  /// Text that others chose (guests, vCenter, configuration): kept byte for byte.
  case bytes(String)

  init(_ number: Int64?) { self = number.map(Value.integer) ?? .null }
  init(_ flag: Bool) { self = .integer(flag ? 1 : 0) }
}
