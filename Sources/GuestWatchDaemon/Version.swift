/// The version of guestwatchd, as `--version` and the log show it.
public let version = "0.1.0"
