import GuestWatchCore
import Systemd

/// The whole environment of a program that is told of something, as `NAME=value`: nothing of the daemon's own, which holds
/// paths of credentials and sockets.
///
/// Each name is always there, empty where the event has no such thing, so that a script need not ask twice.
func environment(for notice: Notice) -> [String] {
  let values: [(String, String?)] = [
    ("EVENT", notice.kind.rawValue),
    ("LEVEL", notice.level.rawValue),
    ("TIME", timestamp(seconds(of: notice.at))),
    ("MESSAGE", notice.message),
    ("RULE", notice[.rule]),
    ("VCENTER", notice[.vcenter]),
    ("VM", notice[.vm]),
    ("VM_NAME", notice[.vmName]),
    ("PID", notice.pid.map { String($0) }),
    ("PROCESS", notice[.process]),
    ("OWNER", notice[.owner]),
    ("STARTED", notice[.started]),
    ("COMMAND", notice.command),
    ("REASON", notice[.reason]),
    ("GATE", notice.gate?.rawValue),
    ("OUTCOME", notice[.outcome]),
    ("KILL_ID", notice[.killID]),
  ]
  return ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
    + values.map { "GUESTWATCHD_\($0.0)=\($0.1 ?? "")" }
}

/// Whole seconds since 1970, of nanoseconds.
func seconds(of nanoseconds: Int64) -> Int64 {
  let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
  return remainder < 0 ? quotient - 1 : quotient
}
