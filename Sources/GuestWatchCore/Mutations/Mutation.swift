/// One fault that can be put into the decision on purpose, to see that the simulation finds it.
///
/// Its raw value says what the faulty decision does. Only with the package trait `Mutations` can one be switched on; a
/// release build without the trait holds nothing of this, which `Tests/Simulation/no-mutations.sh` shows.
/// What the simulation makes of each is in Tests/Simulation/MUTATIONS.md.
enum Mutation: String, CaseIterable {
  // The verdict: what counts as a match, a limit that is exceeded, an age.
  case forgetUnless = "`unless` excepts nobody"
  case ignoreTheScope = "a rule reaches every VM that is found"
  case keepWhoLeftTheFolder = "a VM stays in its folders, clusters and tags whatever the inventory says"
  case believeTheClaimedAge = "`now - started` is the age"
  case countTheAgeFromTheSend = "*seen* counts from the send of the first look, not from its answer"
  case ignoreDoubts = "nothing speaks against the start times of a guest"
  case trustEveryClock = "a wall clock that steps is still believed"
  case takeIncompleteForComplete = "a listing that is cut counts as complete"

  // `lasting`: an unbroken chain of looks.
  case ignoreLasting = "`lasting` is not waited for"
  case actOnOneLook = "one look is enough before the confirm"
  case carryLastingOverAGap = "`lasting` goes on over a time without looks"
  case carryLastingOverAnInnocentLook = "a look that shows the limit not exceeded does not end `lasting`"
  case carryLastingOverAReload = "a rule that a reload changed keeps its `lasting`"
  case carryLastingOverAnAgentRestart = "`lasting` goes on where the agent restarted"

  // `max_instances`: who of a group.
  case killWithinTheLimit = "one more than the limit asks for is killed"
  case takeAnyVictim = "the victim need not be the last of its group"
  case confirmAGroupByAGet = "a kill for number is confirmed by a look at one pid"

  // The gates.
  case forgetTheProtectList = "the protect list of the operator protects nobody"
  case forgetTheBuiltInProtection = "what carries the system is not protected"
  case protectWithoutFolding = "protect and `unless` compare exactly where the guest's family is unknown"
  case protectNoDoubtfulText = "protect and `unless` do not fit a text that is cut off or unreadable"
  case touchTheUntouchable = "templates, VMs of a solution and `[protect] vms` are watched"
  case forgetProtectSelectors = "`[protect] vms` by folder, cluster or tag protects nobody"
  case touchWhatMayBeProtected = "VMs of which it cannot be known whether `[protect] vms` covers them are watched"
  case ignoreDryRun = "dry run kills"
  case ignoreReport = "a rule that only reports kills"
  case ignoreToolsScripts = "Tools that execute scripts close no gate"
  case killTwoAtATime = "an open kill on the VM closes no gate"
  case ignoreLedgerTrouble = "outcomes that could not be written close no gate"
  case killAtAnyHour = "`not_during` closes no gate"
  case forgetPauses = "a pause that an operator asked for closes no gate"
  case askNoGateTwice = "the gates are not asked again after the intent"

  // Budgets and pauses.
  case forgetTheRuleBudget = "the budget of a rule is not asked"
  case forgetTheVMBudget = "the budget of a VM is not asked"
  case forgetTheFleetBudget = "the budget of the fleet is not asked"
  case countUnknownAsNoKill = "`unknown` gives its intent back"
  case countSurvivedAsNoKill = "`survived` and `stuck` give their intent back"
  case spendAtTheAnswer = "the budget is spent when the terminate is answered"
  case forgetBudgetsOverARestart = "a restart finds all budgets full"
  case forgetACooldown = "a cooldown is not waited for"
  case forgetCooldownsOverARestart = "a restart ends all cooldowns"
  case retryAtOnce = "the same identity is tried again without a pause"
  case neverStuck = "the same identity is tried for ever"
  case forgetDenied = "a denied identity is tried again"
  case forgetAttemptsOverARestart = "a restart forgets all tries on identities"
  case forgetTheEnded = "an identity that ended is a candidate again"

  // Confirm, intent, terminate.
  case skipTheConfirm = "the intent follows the verdict without a confirm"
  case judgeTheOldAnswer = "the rules judge what they judged before, not the confirm's answer"
  case ignoreStarted = "another start on a pid is the same identity"
  case ignoreTheOwner = "another owner of a pid is the same identity"
  case takeFinishedForAlive = "an entry with `finished` counts as running"
  case startTheWindowAtTheConfirmsEnd = "the 5 s begin when the confirm is answered"
  case leaveTheWallClockOut = "the 5 s are counted by the continuous clock only"
  case sendBeforeTheIntentIsDurable = "the terminate leaves while its intent is on the way to the disk"
  case sendWithoutAnIntent = "the terminate leaves though its intent could not be written"
  case sendAgainWithoutAnAnswer = "a terminate that was not answered is sent again"
  case killAfterTheEpochEnded = "a terminate leaves though its VM began a new epoch since the intent"
  case killThroughAnotherEntry = "a terminate leaves though its vCenter was entered anew since the intent"

  case killWhoeverHasThePid = "a kill by hand takes whoever has the pid by then"
  case confirmByHandAtOnce = "a kill by hand is confirmed without the pause between its two looks"

  // Verify and outcome.
  case closeWithoutALook = "204 is taken for the end of the process"
  case takeAZombieForAlive = "a zombie counts as alive"
  case takeEveryBareNameForAZombie = "a process whose command is its bare name counts as dead"
  case callItSurvivedAtOnce = "the first look that shows it closes the kill as `survived`"
  case callEveryNotFoundAlreadyGone = "not-found is `already-gone`, however long the call took"
  case recordTheOutcomeTwice = "the outcome is recorded twice"
  case loseAnOutcome = "an outcome that could not be written is dropped"
  case forgetOpenKills = "a restart forgets the kills that were open"
  case dropLateAnswers = "a late answer to a terminate is dropped"

  // Epochs.
  case ignoreReboots = "another boot time is the same epoch"
  case ignoreSuspends = "a suspend ends no epoch and raises no doubt"

  case ignoreWhoComesBack = "processes that come back with a snapshot end no epoch"

  // Operations and logins.
  case askAVMTwiceAtOnce = "a VM is asked while an operation is in flight on it"
  case lookAgainAtOnce = "an unanswered look is repeated without a rest"
  case ignoreVCenterSlots = "`max_in_flight` of a vCenter is not kept"
  case ignoreLoginSlots = "`max_in_flight` of a login is not kept"
  case forgetARefusal = "a VM that refused a login is asked with it again"
  case useUnprovenLoginsInParallel = "a login that nobody accepted yet is used on many VMs at once"
  case neverStopAnAccount = "refusals in a row do not stop an account"
  case forgetRefusalsOverARestart = "a restart forgets who refused a login"

  // What is written, and what must come about.
  case writeCommandLines = "command lines are written though `log_commands` is `name`"
  case restForever = "a VM whose call failed is never looked at again"
  case neverAskAgain = "a candidate that had to wait at a gate is never asked again"
  case forgetTheWake = "the next wake is asked for only where it is sooner than the one before"
  case sayNoGate = "nobody is told which gate keeps a runaway alive"
}

/// True where this fault is put into the decision: always false without the package trait `Mutations`.
@inline(__always)
func mutated(_ mutation: Mutation) -> Bool {
  #if Mutations
    return Mutation.active == mutation
  #else
    return false
  #endif
}

// What some faults need that no decision without them does.

extension Look {
  /// The entry of a process that has ended, as if it had not.
  var revived: Look {
    guard case .finished(var process) = self else { return self }
    process.finished = nil
    return .running(process)
  }
}

extension Watch {
  /// One more terminate for a kill that had one.
  mutating func sendAgain(_ kill: Kill, _ place: Int, _ now: Now) {
    guard let id = kill.id else { return }
    let slot = occupy(place, kill.login, logins.credential(kill.login))
    let op = nextOperation(.terminate(id), place, login: kill.login, slot: slot)
    vms[place].kill?.phase = .terminating
    vms[place].busy = op
    effects.append(
      .terminate(
        op, id, kill.address, kill.login, pid: kill.target.pid, firstByteBy: now.continuous + KillTiming.window,
        firstByteByWall: now.wall + KillTiming.window.nanoseconds, by: now.continuous + KillTiming.terminate))
  }
}

#if Mutations
  extension Mutation {
    /// The fault of the `Watch` that is handling an event. The simulation has one thread and sets it before every event.
    nonisolated(unsafe) static var active: Mutation?
  }

  extension Watch {
    /// The names of all faults and what each does, in the order in which they are documented.
    public static var mutations: [(name: String, meaning: String)] {
      Mutation.allCases.map { ("\($0)", $0.rawValue) }
    }

    /// A decision with one fault; nil: there is none of that name.
    public init?(mutation name: String) {
      guard let mutation = Mutation.allCases.first(where: { "\($0)" == name }) else { return nil }
      self.init()
      self.mutation = mutation
    }
  }
#endif
