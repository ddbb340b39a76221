/// A place of vCenter's inventory, or a tag, that VMs are chosen by: as the configuration names it.
///
/// Which VMs it holds is for the vCenter to say, at each refresh of the inventory (`VMFacts.selectors`).
public enum Selector: Hashable, Sendable {
  /// A VM folder and all below it: its name, or its inventory path from the root ("/Datacenter/vm/db").
  case folder(String)
  /// A cluster, by its name.
  case cluster(String)
  /// A tag: "category:name".
  case tag(String)
}

/// Why nobody knows which VMs a selector holds.
public enum SelectorTrouble: Hashable, Sendable {
  /// vCenter has, or shows to this account, nothing of that name.
  case unknown
  /// Several are called so; a path tells folders apart.
  case ambiguous
  /// vCenter does not let this account read it.
  case denied
  /// The vCenter is too old to be asked (no VI JSON, before 8.0 U1).
  case unsupported
}
