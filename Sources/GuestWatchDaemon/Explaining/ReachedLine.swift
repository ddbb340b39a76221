import GuestWatchCore
import Ledger
import VSphere

/// A VM and a login that rules look at it with, as a daemon names them in a line.
struct ReachedLine: Hashable {
  var vm: VMKey
  var login: LoginID
  var every: Duration
  var vcenter: String
  var moid: String
  var name: String

  /// nil: the line is about something else.
  init?(_ object: JSON) {
    guard object["is"].string == "vm", let vcenter = object["vcenter_uuid"].string,
      let uuid = object["vm_uuid"].string, let login = object["guest_login"].string,
      let every = object["every_seconds"].int
    else { return nil }
    vm = VMKey(vcenter: vcenter, instance: uuid)
    self.login = LoginID(login)
    self.every = .seconds(every)
    self.vcenter = object["vcenter"].string ?? ""
    moid = object["vm"].string ?? ""
    name = object["vm_name"].string ?? ""
  }

  /// It could not be looked at.
  func line(_ why: String) -> String {
    jsonObject([
      ("is", jsonString("unwatched")), ("vcenter", jsonString(vcenter)), ("vm", jsonString(moid)),
      ("vm_name", jsonString(name)), ("guest_login", jsonString(login.name)), ("reason", jsonString(why)),
    ])
  }
}
