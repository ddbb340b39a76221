#if Mutations
  import WatchSimulation

  /// Which broken promises show a fault, as parts of what the checker says.
  ///
  /// A faulty decision goes other ways than a sound one, and so meets what no fixed seed has met yet: a promise that breaks
  /// there for another reason is a find, but not of this fault.
  enum Explained {
    /// The sign of this fault in what was broken; nil: it shows something else.
    static func sign(of mutation: String, in violation: Violation) -> String? {
      let text = violation.description
      return signs[mutation]?.first { text.contains($0) }
    }

    /// Nothing would be counted as a find of a fault without any sign.
    static func hasSigns(_ mutation: String) -> Bool { signs[mutation]?.isEmpty == false }

    /// Faults that only a seed with an operator who kills by hand can show.
    static let needsOperator: Set<String> = ["killWhoeverHasThePid", "confirmByHandAtOnce"]

    /// The rule does not want it, its limit is not exceeded, or was not for long enough.
    private static let verdict = [
      "does not match", "does not reach", "for age", "for number", "looks that show it", "the looks before kill",
      "exceeded for",
    ]
    private static let victim = ["the wrong process", "no pid comes back"]
    private static let confirm = [
      "the last answer before", "was never confirmed", "was confirmed by a listing", "nobody held the pid",
    ]
    private static let again = ["of a process that", "attempt", "of an identity that"]
    private static let outcome = [", but life", "but it was signalled", "has two outcomes", "the outcome of kill"]
    private static let waits = ["L1:", "L2:"]

    private static let signs: [String: [String]] = [
      "forgetUnless": verdict,
      "ignoreTheScope": ["does not reach", "never in scope"],
      "keepWhoLeftTheFolder": ["does not reach", "never in scope", "outside its scope"],
      "believeTheClaimedAge": verdict,
      "countTheAgeFromTheSend": verdict,
      "ignoreDoubts": verdict,
      "trustEveryClock": verdict + ["nobody knows what time it is", "quiet time"],
      "takeIncompleteForComplete": verdict + confirm + outcome + waits,

      "ignoreLasting": verdict,
      "actOnOneLook": verdict,
      "carryLastingOverAGap": verdict,
      "carryLastingOverAnInnocentLook": verdict + ["is not its confirm"],
      "carryLastingOverAReload": verdict,
      "carryLastingOverAnAgentRestart": verdict,

      "killWithinTheLimit": ["for number"],
      "takeAnyVictim": ["for number"],
      "confirmAGroupByAGet": ["for number", "is not its confirm", "names another"],

      "forgetTheProtectList": ["S2:"],
      "forgetTheBuiltInProtection": ["S2:"],
      "protectWithoutFolding": ["S2:", "does not match"],
      "protectNoDoubtfulText": ["S2:", "does not match"],
      "touchTheUntouchable": ["S2:"],
      "forgetProtectSelectors": ["S2:"],
      "touchWhatMayBeProtected": ["S2:"],
      "ignoreDryRun": ["S4:"],
      "ignoreReport": ["S4:"],
      "ignoreToolsScripts": ["Tools executes scripts"],
      "killTwoAtATime": ["while kill", "for number", "was confirmed by a listing"],
      "ignoreLedgerTrouble": ["could not be written"],
      "killAtAnyHour": ["quiet time"],
      "forgetPauses": ["paused"],
      "askNoGateTwice": [
        "paused", "S2:", "S3:", "S4:", "quiet time", "Tools executes scripts", "asked to stop", "is stopped",
      ],

      "forgetTheRuleBudget": ["of rule"],
      "forgetTheVMBudget": ["on its VM in the window"],
      "forgetTheFleetBudget": ["in the window, the budget is"],
      "countUnknownAsNoKill": ["in the window", "its budget is"],
      "countSurvivedAsNoKill": ["in the window", "its budget is"],
      "spendAtTheAnswer": ["in the window", "its budget is"],
      "forgetBudgetsOverARestart": ["in the window", "its budget is"],
      "forgetACooldown": ["within the cooldown"],
      "forgetCooldownsOverARestart": ["within the cooldown"],
      "retryAtOnce": again,
      "neverStuck": again,
      "forgetDenied": again,
      "forgetAttemptsOverARestart": again,
      "forgetTheEnded": again + ["for number"],

      "skipTheConfirm": confirm + ["is not its confirm"],
      "judgeTheOldAnswer": confirm + verdict + victim,
      "ignoreStarted": confirm + verdict + victim + waits + ["is not for what its intent says"],
      "ignoreTheOwner": confirm + verdict,
      "takeFinishedForAlive": confirm + outcome + ["is closed as"],
      "startTheWindowAtTheConfirmsEnd": ["may leave later than 5 s"],
      "leaveTheWallClockOut": ["may leave later than 5 s"],
      "sendBeforeTheIntentIsDurable": ["is not known to be on disk"],
      "sendWithoutAnIntent": ["is not known to be on disk"],
      "sendAgainWithoutAnAnswer": ["a second terminate"],
      "killAfterTheEpochEnded": verdict + victim,
      "killThroughAnotherEntry": ["may lead elsewhere"],

      "killWhoeverHasThePid": ["of another process than was asked for"] + confirm,
      "confirmByHandAtOnce": ["5 s before its confirm"],

      "closeWithoutALook": outcome + ["without a look"],
      "takeAZombieForAlive": ["was dead when it was last looked at"],
      "takeEveryBareNameForAZombie": outcome,
      "callItSurvivedAtOnce": ["no look so late", "attempt"],
      "callEveryNotFoundAlreadyGone": ["its own call took", "but it was signalled"],
      "recordTheOutcomeTwice": ["has two outcomes", "the outcome of kill"],
      "loseAnOutcome": ["could not be written", "has no outcome", "while kill", "the outcome of kill"],
      "forgetOpenKills": ["while kill", "has no outcome"],
      "dropLateAnswers": ["late answer"],

      "ignoreReboots": verdict + ["new epoch since"],
      "ignoreSuspends": verdict + ["new epoch since"],
      "ignoreWhoComesBack": verdict + waits + ["new epoch since"],

      "askAVMTwiceAtOnce": ["are in flight on"],
      "lookAgainAtOnce": ["before its rest", "is repeated at once", "L3:"],
      "ignoreVCenterSlots": ["are allowed to vCenter"],
      "ignoreLoginSlots": ["are in flight with login"],
      "forgetARefusal": ["S10:"],
      "useUnprovenLoginsInParallel": ["not proven"],
      "neverStopAnAccount": ["it is stopped", "is locked"],
      "forgetRefusalsOverARestart": ["S10:"],

      "writeCommandLines": ["S9:"],
      "restForever": waits,
      "neverAskAgain": waits,
      "forgetTheWake": waits + ["L4:"],
      "sayNoGate": ["no report that names its gate"],
    ]
  }
#endif
