/// What is wrong with a JSON value that had to be of a certain shape.
public struct ShapeError: Error, Hashable, Sendable {
  /// Where, as `a.b[2].c`; empty at the root.
  public var path: String
  public var problem: Problem

  public enum Problem: Hashable, Sendable {
    /// A required member is not there (or null).
    case missing
    /// A member that nobody knows.
    case unknown
    /// Something else stands where this should: what should stand there, what stands there.
    case wrongType(expected: String, found: String)
    /// The right type, a value that cannot be: what is wrong and what would be right.
    case invalid(String)
  }

  public init(path: String, _ problem: Problem) {
    self.path = path
    self.problem = problem
  }
}

extension ShapeError: CustomStringConvertible {
  /// One sentence, with the place.
  public var description: String {
    let place = path.isEmpty ? "the body" : "\"\(path)\""
    return switch problem {
    case .missing: "\(place) is required and missing"
    case .unknown: "\(place) is not a known field"
    case .wrongType(let expected, let found): "\(place) must be \(expected), not \(found)"
    case .invalid(let why): "\(place): \(why)"
    }
  }
}

/// Takes the members of an object one by one; `close` refuses what nobody took. Absent and null are the same.
public struct JSONFields: Sendable {
  /// The place of the object itself, for errors.
  public let path: String
  private let members: [JSON.Member]
  private var taken: Set<String> = []

  /// - Throws: `wrongType` where the value is no object.
  public init(_ value: JSON, path: String = "") throws(ShapeError) {
    guard case .object(let members) = value else {
      throw ShapeError(path: path, .wrongType(expected: "an object", found: value.kind))
    }
    self.path = path
    self.members = members
  }

  /// The place of a member.
  public func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// The member as it stands, nil where it is absent or null.
  public mutating func optional(_ name: String) -> JSON? {
    taken.insert(name)
    guard let value = members.first(where: { $0.name == name })?.value, value != .null else { return nil }
    return value
  }

  public mutating func required(_ name: String) throws(ShapeError) -> JSON {
    guard let value = optional(name) else { throw ShapeError(path: place(name), .missing) }
    return value
  }

  public mutating func optionalString(_ name: String) throws(ShapeError) -> String? {
    guard let value = optional(name) else { return nil }
    return try value.string(at: place(name))
  }

  public mutating func string(_ name: String) throws(ShapeError) -> String {
    try required(name).string(at: place(name))
  }

  public mutating func optionalBool(_ name: String) throws(ShapeError) -> Bool? {
    guard let value = optional(name) else { return nil }
    return try value.bool(at: place(name))
  }

  public mutating func bool(_ name: String) throws(ShapeError) -> Bool {
    try required(name).bool(at: place(name))
  }

  public mutating func optionalInteger(_ name: String) throws(ShapeError) -> Int64? {
    guard let value = optional(name) else { return nil }
    return try value.integer(at: place(name))
  }

  public mutating func integer(_ name: String) throws(ShapeError) -> Int64 {
    try required(name).integer(at: place(name))
  }

  /// A number of seconds, 0 or more, whole or not; nil where absent.
  public mutating func optionalSeconds(_ name: String) throws(ShapeError) -> Double? {
    guard let value = optional(name) else { return nil }
    let seconds: Double
    switch value {
    case .integer(let whole): seconds = Double(whole)
    case .number(let number): seconds = number
    default: throw ShapeError(path: place(name), .wrongType(expected: "a number of seconds", found: value.kind))
    }
    guard seconds >= 0 else { throw ShapeError(path: place(name), .invalid("\(seconds) is negative")) }
    return seconds
  }

  /// The elements of an array with their places; nil where absent.
  public mutating func optionalArray(_ name: String) throws(ShapeError) -> [(value: JSON, path: String)]? {
    guard let value = optional(name) else { return nil }
    return try value.array(at: place(name))
  }

  public mutating func array(_ name: String) throws(ShapeError) -> [(value: JSON, path: String)] {
    try required(name).array(at: place(name))
  }

  public mutating func optionalStrings(_ name: String) throws(ShapeError) -> [String]? {
    guard let elements = try optionalArray(name) else { return nil }
    var strings: [String] = []
    for element in elements { strings.append(try element.value.string(at: element.path)) }
    return strings
  }

  public mutating func optionalObject(_ name: String) throws(ShapeError) -> JSONFields? {
    guard let value = optional(name) else { return nil }
    return try JSONFields(value, path: place(name))
  }

  public mutating func object(_ name: String) throws(ShapeError) -> JSONFields {
    try JSONFields(required(name), path: place(name))
  }

  /// Refuses members that nobody took.
  public func close() throws(ShapeError) {
    for member in members where !taken.contains(member.name) {
      throw ShapeError(path: place(member.name), .unknown)
    }
  }
}

extension JSON {
  func string(at path: String) throws(ShapeError) -> String {
    guard case .string(let value) = self else { throw mismatch("a string", at: path) }
    return value
  }

  func bool(at path: String) throws(ShapeError) -> Bool {
    guard case .bool(let value) = self else { throw mismatch("a boolean", at: path) }
    return value
  }

  func integer(at path: String) throws(ShapeError) -> Int64 {
    guard case .integer(let value) = self else { throw mismatch("an integer", at: path) }
    return value
  }

  func array(at path: String) throws(ShapeError) -> [(value: JSON, path: String)] {
    guard case .array(let elements) = self else { throw mismatch("an array", at: path) }
    return elements.enumerated().map { index, element in (element, "\(path)[\(index)]") }
  }

  private func mismatch(_ expected: String, at path: String) -> ShapeError {
    ShapeError(path: path, .wrongType(expected: expected, found: kind))
  }
}
