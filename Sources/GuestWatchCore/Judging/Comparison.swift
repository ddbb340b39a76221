/// How guest text is compared with globs: by the guest's family, and where there is doubt in favour of the process.
///
/// Design.md, sections 4 (step 2) and 5 (CASE): protect and `unless` match more, `match` matches less.
struct Comparison {
  /// What a match is used for.
  enum Leaning {
    /// `match`: a doubt means no.
    case strict
    /// `unless` and protect: a doubt means yes.
    case lenient
  }

  var family: GuestFamily
  var leaning: Leaning

  private var folded: Bool {
    switch family {
    case .windows: true
    case .linux, .other: false
    case .unknown: leaning == .lenient && !mutated(.protectWithoutFolding)
    }
  }

  /// True where any of the globs fits; `doubtful` says that the text is not sure (cut, invalid, empty owner).
  func fits(_ globs: [Glob], _ text: GuestText, doubtful: Bool) -> Bool {
    first(of: globs, thatFits: text, doubtful: doubtful) != nil
  }

  /// Which of the globs fits; where there is doubt, the first of all or none.
  func first(of globs: [Glob], thatFits text: GuestText, doubtful: Bool) -> Int? {
    if doubtful {
      switch leaning {
      case .strict: return nil
      case .lenient: return globs.isEmpty || mutated(.protectNoDoubtfulText) ? nil : 0
      }
    }
    return globs.firstIndex { $0.matches(text.value, folded: folded) }
  }

  /// True where every key of the match that is given fits the process.
  func fits(_ match: Match, _ process: Process) -> Bool { miss(match, process) == nil }

  /// The first key of the match that does not fit the process; nil: all that are given do.
  func miss(_ match: Match, _ process: Process) -> MatchKey? {
    if let exactly = match.exactly {
      if exactly.pid != process.pid { return .pid }
      if exactly.started != process.started { return .started }
    }
    if let names = match.names, !fits(names, process.name, doubtful: process.name.doubtful) { return .name }
    if let owners = match.owners, !fits(owners, process.owner, doubtful: process.ownerIsDoubtful) { return .owner }
    if let commands = match.commands, !fits(commands, process.command, doubtful: process.command.doubtful) {
      return .command
    }
    return nil
  }
}

extension Process {
  /// An owner that is empty, cut off or not valid UTF-8 may be anybody.
  var ownerIsDoubtful: Bool { owner.doubtful || owner.value.isEmpty }
}
