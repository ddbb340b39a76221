import Glibc
import Logging

/// Makes the process fit to be a daemon, for good or for one kill by hand: once, before it reads a secret.
func prepareProcess() {
  keepMemoryToItself()
  // A log that is a pipe without a reader must not end the daemon.
  signal(SIGPIPE, SIG_IGN)
  // Files that the daemon makes are its own business.
  umask(0o077)
  _ = librariesAreSilent
}

/// What the libraries say of their requests is not for the journal: it may hold what is in them. Done once, whoever asks.
let librariesAreSilent: Void = LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
