import CSystemd
import Glibc

/// Keeps what is in this process's memory (passwords, tokens) out of core files and crash logs (S9), whatever the limits
/// of the unit or the shell say. Where the kernel does not allow it, that is no reason not to start: the unit forbids core
/// files too. For every command that reads secrets, before it does.
public func keepMemoryToItself() {
  var none = rlimit(rlim_cur: 0, rlim_max: 0)
  setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  // RLIMIT_CORE does not hold for a core that is piped to a program (systemd-coredump); this does. It also keeps other
  // processes of our own account from tracing us.
  guestwatchd_not_dumpable()
  // Where the Swift runtime finds its backtracer, it answers these signals with a listing on stderr, and so in the
  // journal, that shows the memory to which each register points. It also takes seconds; a daemon that hangs is to be
  // started anew at once. What a failed precondition has to say is printed all the same.
  for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(number, SIG_DFL) }
}
