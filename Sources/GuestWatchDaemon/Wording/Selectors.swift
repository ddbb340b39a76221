import GuestWatchCore
import Systemd

/// `folder "db"`.
func words(_ selector: Selector) -> String {
  switch selector {
  case .folder(let name): "folder \(quoted(name))"
  case .cluster(let name): "cluster \(quoted(name))"
  case .tag(let name): "tag \(quoted(name))"
  }
}

func scopeEmpty(_ report: Report) -> String {
  guard let selector = report.selector else {
    return "the scope of \(report.ruleWords) reaches no VM"
      + (report.vcenter == nil ? "" : " of \(report.vcenterWords)") + report.detailWords
  }
  let holds = if case .tag = selector { "has" } else { "is in" }
  let what =
    report.login == nil ? "[protect] vms protects none by it" : "\(report.loginWords) may be sent to none by it"
  return "no VM that a rule reaches \(holds) \(words(selector)): \(what)" + report.detailWords
}

func selectorUnresolved(_ report: Report) -> String {
  guard let selector = report.selector, let trouble = report.trouble else {
    return "\(report.vcenterWords) does not resolve a folder, cluster or tag\(report.detailWords)"
  }
  let nothing = "it chooses no VM there"
  let sentence =
    switch trouble {
    case .unknown: "has no \(words(selector)), or does not show it to this account: \(nothing)"
    case .ambiguous:
      switch selector {
      case .folder(let name):
        "has several folders called \(quoted(name)): \(nothing); write the path of the one that is meant"
      case .cluster(let name):
        "has several clusters called \(quoted(name)): \(nothing); give them different names, or choose by folder or tag"
      case .tag(let name): "has several tags called \(quoted(name)): \(nothing); give them different names"
      }
    case .denied: "does not let this account read \(words(selector)): \(nothing); grant it read access"
    case .unsupported: "is too old to say what \(words(selector)) holds: \(nothing); 8.0 U1 brings it"
    }
  return "\(report.vcenterWords) \(sentence)\(report.detailWords)"
}
