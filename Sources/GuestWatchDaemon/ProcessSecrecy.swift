import CSystemd
import Glibc

/// Keeps what is in this process's memory (passwords, tokens) out of core files (S9), whatever the limits of the unit or
/// the shell say. Where the kernel does not allow it, that is no reason not to start: the unit forbids core files too.
func forbidCoreFiles() {
  var none = rlimit(rlim_cur: 0, rlim_max: 0)
  setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  // RLIMIT_CORE does not hold for a core that is piped to a program (systemd-coredump); this does. It also keeps other
  // processes of our own account from tracing us.
  guestwatchd_not_dumpable()
}
