import GuestWatchCore

extension Reason {
  /// A sentence: what limit, and by how much.
  var sentence: String {
    switch self {
    case .tooOld(let limit, let proven, let claimed):
      "its age \(brief(proven)) is over max_age \(brief(limit))"
        + (claimed == proven ? "" : " (the guest claims \(brief(claimed)))")
    case .tooMany(let limit, let count, let place):
      "it is number \(place) of \(count) where max_instances allows \(limit)"
    case .forbidden: "it is forbidden"
    }
  }

  /// What exceeded what, in few letters: as exact as `width` allows.
  func cell(width: Int) -> String {
    switch self {
    case .tooOld(let limit, let proven, _):
      let exact = "\(brief(proven))>\(brief(limit))"
      return exact.utf8.count <= width ? exact : "\(brief(proven, units: 1))>\(brief(limit, units: 1))"
    case .tooMany(let limit, let count, _): return "\(count)>\(limit)"
    case .forbidden: return "forbidden"
    }
  }
}

extension Cause {
  /// Why: what the rule says, or what the operator said.
  var sentence: String {
    switch self {
    case .rule(_, let reason): reason.sentence
    case .demand(let demand): demand.why
    }
  }

  func cell(width: Int) -> String {
    switch self {
    case .rule(_, let reason): reason.cell(width: width)
    case .demand(let demand): demand.why
    }
  }
}

/// A duration by its greatest units, the rest cut off: `2h5m`, `45s`, `3d`; `0s` below a second.
func brief(_ duration: Duration, units count: Int = 2) -> String {
  var rest = duration.wholeSeconds.magnitude
  var words: [String] = []
  for (seconds, letter) in [(86_400 as UInt64, "d"), (3600, "h"), (60, "m"), (1, "s")] where words.count < count {
    let (number, remainder) = rest.quotientAndRemainder(dividingBy: seconds)
    if number > 0 { words.append("\(number)\(letter)") }
    rest = remainder
  }
  let sign = duration < .zero ? "-" : ""
  return words.isEmpty ? "0s" : sign + words.joined()
}

extension Fault {
  /// What it means, what vCenter called it, and its words.
  var sentence: String {
    (code.isEmpty ? kind.rawValue : "\(kind.rawValue) (\(code))") + (detail.isEmpty ? "" : ": \(detail)")
  }
}
