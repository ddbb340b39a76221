/// A password. It shows itself only to who asks for it by name: no description, dump or reflection holds it.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let text: String

  public init(_ text: String) { self.text = text }

  /// The secret itself, for the one request that needs it.
  public func reveal() -> String { text }

  public var description: String { "<secret>" }
  public var debugDescription: String { "<secret>" }
  public var customMirror: Mirror { Mirror(self, unlabeledChildren: ["<secret>"]) }

  /// Byte by byte: two spellings of one letter are two passwords.
  public static func == (a: Secret, b: Secret) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
  public func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
}
