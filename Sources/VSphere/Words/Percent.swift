/// `text` for one segment of a path or one value of a query: all but RFC 3986's unreserved characters are encoded, so
/// that no id can break out of its place.
func percentEncoded(_ text: String) -> String {
  let hex = Array("0123456789ABCDEF".unicodeScalars)
  var result = String.UnicodeScalarView()
  for byte in text.utf8 {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
      result.append(Unicode.Scalar(byte))
    default:
      result.append("%")
      result.append(hex[Int(byte >> 4)])
      result.append(hex[Int(byte & 15)])
    }
  }
  // "." and ".." are unreserved, yet as a segment they would be resolved away.
  if text == "." { return "%2E" }
  if text == ".." { return "%2E%2E" }
  return String(result)
}
