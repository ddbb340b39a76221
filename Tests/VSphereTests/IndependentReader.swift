import Foundation
import GuestWatchCore

@testable import VSphere

/// What Foundation makes of the same bytes: a reader that shares nothing with ours.
struct IndependentReader {
  let value: Any

  /// nil: Foundation refuses them, or guesses another encoding than UTF-8.
  init?(_ bytes: [UInt8]) {
    guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil, !bytes.starts(with: [0xEF, 0xBB, 0xBF]),
      let value = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    else { return nil }
    self.value = value
  }

  /// Where ours differs from it; nil: nowhere.
  func difference(to json: JSON) -> String? { IndependentReader.difference(value, json, at: "$") }

  private static func difference(_ value: Any, _ json: JSON, at place: String) -> String? {
    switch json {
    case .null: return value is NSNull ? nil : "\(place): null is \(value)"
    case .bool(let bool): return (value as? NSNumber)?.boolValue == bool ? nil : "\(place): \(bool) is \(value)"
    case .integer(let integer):
      return (value as? NSNumber)?.int64Value == integer ? nil : "\(place): \(integer) is \(value)"
    case .otherNumber: return value is NSNumber ? nil : "\(place): a number is \(value)"
    case .string(let text):
      return (value as? String).map { Array($0.utf8) } == Array(text.utf8) ? nil : "\(place): \(text) is \(value)"
    case .array(let values):
      guard let others = value as? [Any], others.count == values.count else { return "\(place): not the same array" }
      for (index, (other, ours)) in zip(others, values).enumerated() {
        if let difference = difference(other, ours, at: "\(place)[\(index)]") { return difference }
      }
      return nil
    case .object(let members):
      guard let others = value as? [String: Any] else { return "\(place): no object" }
      // A dictionary keeps one of several.
      guard others.count == members.count else { return others.count < members.count ? nil : "\(place): too few" }
      for (key, ours) in members {
        guard let other = others[key] else { return "\(place): there is no \(key)" }
        if let difference = difference(other, ours, at: "\(place).\(key)") { return difference }
      }
      return nil
    }
  }

  /// The rows as they would be read from Foundation's values; nil where it is no array, or a row has a key twice and
  /// Foundation kept one of them.
  func rows(isVI: Bool, json: JSON) -> [GuestWatchCore.Process?]? {
    guard let values = value as? [Any], let ours = json.array else { return nil }
    var rows: [GuestWatchCore.Process?] = []
    for (value, json) in zip(values, ours) {
      guard let members = value as? [String: Any] else {
        rows.append(nil)
        continue
      }
      if case .object(let all) = json, all.count != members.count { return nil }
      rows.append(IndependentReader.row(members, isVI: isVI))
    }
    return rows
  }

  private static func row(_ members: [String: Any], isVI: Bool) -> GuestWatchCore.Process? {
    func text(_ key: String) -> GuestText {
      guard let text = members[key] as? String else { return GuestText("", doubtful: true) }
      return GuestText(text, doubtful: text.unicodeScalars.contains("\0"))
    }
    func time(_ key: String) -> Int64? {
      (members[key] as? String).flatMap { secondsSince1970(rfc3339: $0) }
    }
    // "c" is a boolean; what was written with a point or an exponent shows one.
    guard let number = members["pid"] as? NSNumber, String(cString: number.objCType) != "c",
      let pid = Int64(number.stringValue), let started = time(isVI ? "startTime" : "started")
    else { return nil }
    let finished = isVI ? "endTime" : "finished"
    let end = time(finished)
    if end == nil, let other = members[finished], !(other is NSNull) { return nil }
    return GuestWatchCore.Process(
      pid: pid, started: started, owner: text("owner"), name: text("name"),
      command: text(isVI ? "cmdLine" : "command"), finished: end)
  }
}
