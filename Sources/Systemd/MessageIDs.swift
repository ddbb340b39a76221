public import GuestWatchCore

/// What names a sort of journal entry for ever: its `MESSAGE_ID`, and the key of its catalog entry.
///
/// The literals are random 128-bit numbers and part of the public contract: scripts and the catalog find entries by them.
/// One is never changed and never used again for anything else; a new sort of entry gets a new one
/// (`systemd-id128 new`). `systemd/guestwatchd.catalog` holds the text for each.
public struct MessageID: Hashable, Sendable, CustomStringConvertible {
  /// 32 lower-case hexadecimal digits.
  public let description: String

  private init(digits: String) { description = digits }

  /// The writer itself had to drop entries (`GUESTWATCH_EVENT=entries-dropped`).
  public static let entriesDropped = MessageID(digits: "6f7e28baa5d04baeaabe7e389ba7245f")

  /// Somebody was not told of something (`GUESTWATCH_EVENT=notify-failed`).
  public static let notifyFailed = MessageID(digits: "4243c30a07ea4c22b28a5f664c4d2475")
  /// What somebody was to be told was dropped (`GUESTWATCH_EVENT=notify-dropped`).
  public static let notifyDropped = MessageID(digits: "39c8415f6e604809839a9cc6b63446a8")

  /// Every id that is ever sent.
  public static let all =
    Report.Kind.allCases.map { MessageID($0) } + [entriesDropped, notifyFailed, notifyDropped]

  /// The id of a sort of report.
  public init(_ kind: Report.Kind) {
    description =
      switch kind {
      case .runaway: "ac26005d5b8d4255ac410874cacc81ce"
      case .terminating: "382b8adda9b14ea88400845c0da373d6"
      case .waiting: "8cdff11c8f32453ab52e85b4c07210b3"
      case .wouldKill: "cf7d22b528a64ec994f0272bb8f247f2"
      case .spared: "86aaf90b37ac42a09d8413c22d40eeac"
      case .killed: "044b1b46b4a7454287c3cd8a8202ab5f"
      case .killAsked: "ba57b7fa6841451a962bfe78d4a540b4"
      case .shortLived: "d2c5a9c8fbb3484e9a77dc0e6db2a9ee"
      case .stillListed: "a74a52e60ee64520ba2defde9ac53a1e"
      case .loginQuarantined: "1a699c04e4e343cdaa6397dd82ea8b91"
      case .loginStopped: "82c68cc175344166a1847cdef079988b"
      case .loginTried: "f3bf84c72db749f59c2408fca4a559af"
      case .loginBelieved: "43284eb4a8d34798ab713bcbdbb7e370"
      case .loginUnreadable: "d9a10d387c494ac7a32fd90824a16566"
      case .loginReadable: "1607f00dcb0e410aa4aacee77acb2367"
      case .vmParked: "02860d2d104746768ed6655f59ed339a"
      case .vmWatched: "05228870bc284342a0386fdd1f52e996"
      case .epochEnded: "6d5bf21fbe634a18a37a85ed99cd8a3b"
      case .startsDoubted: "438180b8e812462eaf554ecf79b361ea"
      case .vcenterUp: "68133c1828ac48f9bdade5704e949c1c"
      case .vcenterDown: "27435a1c11c04fe38011a90b6bab16da"
      case .vcenterLoginRefused: "a803f4c4c47942e1a1ac365df4ae8834"
      case .watchOnly: "5d5f261b35734ec29696be0075b4fb36"
      case .scopeEmpty: "a0b5533971514083b7d2c884b09fc197"
      case .selectorUnresolved: "f90aeba1ecb8411b94374d1b0a67b25e"
      case .clockDoubted: "2a2cf80df2eb47cdab7726b9ac229ddd"
      case .clockTrusted: "061a73c8ca5e49baa0d9c6a0ba97d9f2"
      case .ledgerFailing: "60a7ff77c2264f7cae118ee032a14567"
      case .ledgerWorks: "359207ea13c34c00a7d3c88b6b63d487"
      case .metricsFailing: "2cd7bb74fe394b69b8b547a20bdf2ddc"
      case .metricsWork: "a4bd5ebf1d6c48e2aaa49d20bb894a38"
      case .started: "1e101688aa3449a3aa9d02fa36b45783"
      case .stopping: "a500c383abbd479f836200f05c7c9913"
      case .paused: "e47d3111d0164dae8551b6c85d2566af"
      case .resumed: "d432f55762114a2a8f8377fd327014ff"
      case .configured: "c7443c6a5e7541758c02a6cb307ac036"
      case .configurationRefused: "aeb7fd81f10f4e82a439401c30463c10"
      case .limitReached: "a8945d620fcf4b4c951305a0a5a0b488"
      }
  }
}
