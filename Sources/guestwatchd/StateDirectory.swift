import Glibc
import GuestWatchDaemon

/// Where the daemon's state is, for every command alike.
enum StateDirectory {
  /// What `--state` says, else the service manager; nil: neither does.
  static func named(_ option: String?) -> String? { option ?? firstDirectory(variable("STATE_DIRECTORY")) }

  /// The same; where nobody names one, that of our unit.
  static func path(_ option: String?) -> String { named(option) ?? "/var/lib/guestwatchd" }
}

/// What the environment holds of that name.
func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
