/// What the commands exit with (design.md, section 6; numbers of sysexits.h, which systemd shows by name).
public enum ExitStatus: Int32, Sendable {
  /// Done; or SIGTERM or SIGINT, after logging out.
  case done = 0
  /// The command line is wrong.
  case usage = 64
  /// A service of this machine that is needed is not there.
  case unavailable = 69
  /// The state directory cannot be used.
  case stateUnusable = 73
  /// Another daemon holds the state directory.
  case stateHeld = 75
  /// The configuration is bad, missing or empty.
  case configuration = 78
}
