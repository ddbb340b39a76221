/// What may never be killed, whatever a rule says (S2).
enum Protection {
  /// True where the process is on the operator's protect list or protected by what is built in.
  static func protects(_ process: Process, _ list: Protect, family: GuestFamily) -> Bool {
    protector(of: process, list, family: family) != nil
  }

  /// What protects the process; nil: nothing does.
  static func protector(of process: Process, _ list: Protect, family: GuestFamily) -> Protector? {
    if isBuiltIn(process), !mutated(.forgetTheBuiltInProtection) { return .builtIn }
    if mutated(.forgetTheProtectList) { return nil }
    let compare = Comparison(family: family, leaning: .lenient)
    if let place = compare.first(of: list.names, thatFits: process.name, doubtful: process.name.doubtful) {
      return .listed(.name, place)
    }
    if let place = compare.first(of: list.owners, thatFits: process.owner, doubtful: process.ownerIsDoubtful) {
      return .listed(.owner, place)
    }
    if let place = compare.first(of: list.commands, thatFits: process.command, doubtful: process.command.doubtful) {
      return .listed(.command, place)
    }
    return nil
  }

  /// Pids up to 4 (init, kthreadd; System on Windows), and the processes that carry a system where a system account owns
  /// them. The owner counts so that nobody escapes by taking such a name.
  static func isBuiltIn(_ process: Process) -> Bool {
    if process.pid <= 4 { return true }
    guard isSystemAccount(process) else { return false }
    if process.name.doubtful { return true }
    var name = process.name.value.lowercased()
    // By bytes, here and below: every runaway is asked for this at every look.
    if name.utf8.suffix(4).elementsEqual(".exe".utf8) { name.removeLast(4) }
    let stem = name.utf8.firstIndex(of: UInt8(ascii: "/")).map { String(name[..<$0]) } ?? name
    return names.contains(name) || kernelThreads.contains(stem) || kernelThreadPrefixes.contains { name.hasPrefix($0) }
  }

  /// root, its bare number, nobody known, one of Windows' service accounts of any domain, or any account of a domain in which
  /// Windows alone makes some. As other languages of Windows show them, too: that protects more, never less.
  private static func isSystemAccount(_ process: Process) -> Bool {
    if process.ownerIsDoubtful { return true }
    let owner = process.owner.value
    let slash = owner.utf8.lastIndex(of: UInt8(ascii: "\\"))
    let account = slash.map { owner[owner.utf8.index(after: $0)...] } ?? owner[...]
    if systemAccounts.contains(account.lowercased()) { return true }
    return slash.map { systemDomains.contains(owner[..<$0].lowercased()) } ?? false
  }

  private static let systemAccounts: Set<String> = [
    "root", "0", "unknown", "system", "local service", "network service", "localservice", "networkservice",
    "lokaler dienst", "netzwerkdienst", "système", "service local", "service réseau", "sistema", "servizio locale",
    "servizio di rete", "servicio local", "servicio de red", "serviço local", "serviço de rede",
  ]

  /// The window manager and the font driver have an account for each session there.
  private static let systemDomains: Set<String> = [
    "nt authority", "nt-autorität", "autorite nt", "autorité nt", "autoridade nt", "window manager", "font driver host",
  ]

  /// Lower case, without `.exe`.
  private static let names: Set<String> = [
    // what carries a Unix system
    "init", "systemd", "launchd", "kernel_task",
    // the guest agent: killing it blinds us
    "vmtoolsd", "vgauthservice", "vm3dservice", "vmacthlp", "vmware-tools-daemon", "vmwaretoolbox",
    // what carries Windows
    "system", "system idle process", "registry", "smss", "csrss", "wininit", "winlogon", "services", "lsass", "lsaiso",
    "svchost", "dwm", "fontdrvhost", "memory compression", "memcompression", "secure system", "msmpeng",
  ]

  /// Kernel threads that stand alone or have `/cpu` after them. A guest shows them by the kernel's short name.
  private static let kernelThreads: Set<String> = [
    "kthreadd", "kworker", "ksoftirqd", "migration", "rcu_sched", "rcu_bh", "rcu_preempt", "rcu_gp", "rcu_par_gp",
    "rcuog", "rcuop", "rcuos", "rcub", "rcuc", "cpuhp", "watchdog", "watchdogd", "idle_inject", "irq", "kswapd0",
    "kcompactd0", "khugepaged", "ksmd", "kdevtmpfs", "kauditd", "khungtaskd", "oom_reaper", "writeback", "kblockd",
    "kintegrityd", "kthrotld", "netns", "inet_frag_wq", "slub_flushwq", "mm_percpu_wq", "edac-poller", "devfreq_wq",
    "jbd2", "md", "raid5wq", "bioset", "crypto", "ata_sff", "tpm_dev_wq", "zswap-shrink", "kstrp", "charger_manager",
    "mld", "ipv6_addrconf", "acpi_thermal_pm", "ttm_swap", "pool_workqueue_release",
  ]

  private static let kernelThreadPrefixes: [String] = [
    "kswapd", "kcompactd", "rcu_tasks_", "scsi_eh_", "scsi_tmf_", "xfs-", "xfs_", "xfsaild/", "ext4-rsv-conver",
    "btrfs-", "kdmflush", "nvme-", "vmw_pvscsi_wq_", "irq/",
  ]
}
