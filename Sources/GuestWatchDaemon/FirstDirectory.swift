/// The first of the directories that `$STATE_DIRECTORY` or `$RUNTIME_DIRECTORY` holds; nil: none.
///
/// The service manager gives several, separated by colons, where a unit asks for several; the first is the daemon's.
public func firstDirectory(_ directories: String?) -> String? {
  directories?.split(separator: ":").first.map(String.init)
}
