/// A configuration in a folder of its own, with a vCenter that nobody answers for.
struct ConfigurationFolder {
  let folder: Folder
  var main: String { "\(folder.path)/guestwatchd.toml" }
  var state: String { "\(folder.path)/state" }

  init() throws {
    folder = try Folder()
    try folder.write("vcenter-password", "correct horse\n")
    try folder.write("guest-password", "battery staple\n")
    try write(vcenters: [Self.vcenter("lab")])
  }

  func write(vcenters: [String], more: String = "") throws {
    try folder.write(
      "guestwatchd.toml",
      """
      \(vcenters.joined(separator: "\n"))
      [[guest_login]]
      name = "linux"
      username = "watch"
      password = { file = "guest-password" }
      [[rule]]
      name = "miners"
      guest_login = "linux"
      scope = { ids = ["vm-42"] }
      match = { name = "miner" }
      forbidden = true
      \(more)
      """)
  }

  /// Port 9 (discard) of this machine: no request is ever answered there.
  static func vcenter(_ name: String, _ keys: String = "", url: String = "http://127.0.0.1:9") -> String {
    """
    [[vcenter]]
    name = "\(name)"
    url = "\(url)"
    username = "svc"
    password = { file = "vcenter-password" }
    \(keys)
    """
  }
}
