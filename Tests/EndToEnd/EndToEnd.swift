import Testing

/// The built `guestwatchd` against the built `vcenter-simulator`: HTTPS, real sockets, and real processes as guests.
///
/// Each suite runs its tests one after another, and the suites run side by side: nearly all of the time is waiting, as the
/// rules of a kill (two looks 5 s apart, looks after it) take their time on any machine.
@Suite("End to end") enum EndToEnd {}
