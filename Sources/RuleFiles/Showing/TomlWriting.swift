/// A TOML string that reads back to the same text: in single quotes where that is easier to read.
package func tomlText(_ text: String) -> String {
  let scalars = text.unicodeScalars
  let isLiteral =
    scalars.contains { $0 == "\\" || $0 == "\"" } && !scalars.contains { $0 == "'" || isSteering($0) }
  if isLiteral { return "'\(text)'" }
  var result = "\""
  for scalar in scalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case "\r": result += "\\r"
    default:
      // TOML does not stand control characters either.
      if isSteering(scalar) {
        let digits = String(scalar.value, radix: 16)
        result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
  return result + "\""
}

/// A list of strings.
func tomlList(_ texts: [String]) -> String { "[\(texts.map(tomlText).joined(separator: ", "))]" }

/// One pattern or name alone, several as a list.
func tomlOneOrMore(_ texts: [String]) -> String { texts.count == 1 ? tomlText(texts[0]) : tomlList(texts) }

/// A date-time in UTC; the years of TOML are 0000 to 9999.
func tomlMoment(_ seconds: Int64) -> String {
  let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
  let rest = seconds - day * 86_400
  let (year, month, date) = civilDay(day)
  let digits = { (value: Int64, width: Int) in
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
  return "\(digits(year, 4))-\(digits(month, 2))-\(digits(date, 2))T\(digits(rest / 3600, 2)):"
    + "\(digits(rest / 60 % 60, 2)):\(digits(rest % 60, 2))Z"
}

/// The inverse of `daysSince1970`.
private func civilDay(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let shifted = days + 719_468
  let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let marchMonth = (5 * dayOfYear + 2) / 153
  let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  return (
    yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1
  )
}
