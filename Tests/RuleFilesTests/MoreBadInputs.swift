/// More mistakes in rule files: what every line of the reference in design.md, section 5, forbids.
let moreBadRules: [BadInput] = [
  BadInput(
    "an empty text for a duration", rules: rule(#"every = """#),
    says: "7:9: error: 'every' is not a duration; write whole numbers with d, h, m, s in this "
      + #"order, such as "2h30m""#),
  BadInput(
    "an integer for lasting", rules: rule("lasting = 0"),
    says: #"7:11: error: 'lasting' is an integer; write a duration in quotes, such as "2h30m" or "#
      + #""90s""#),
  BadInput(
    "zero for a cooldown", rules: rule(#"cooldown = "0s""#),
    says: #"7:12: error: 'cooldown' is 0; write "1s" or more"#),
  BadInput(
    "zero for an age", rules: rule("forbidden -", #"max_age = "0s""#),
    says: #"6:11: error: 'max_age' is 0; write "1s" or more"#),
  BadInput(
    "an integer for an age", rules: rule("forbidden -", "max_age = 7200"),
    says: #"6:11: error: 'max_age' is an integer; write a duration in quotes, such as "2h30m" or "#
      + #""90s""#),
  BadInput(
    "an age of weeks", rules: rule("forbidden -", #"max_age = "2w""#),
    says: "6:11: error: 'max_age' is not a duration; write whole numbers with d, h, m, s in this "
      + #"order, such as "2h30m""#),
  BadInput(
    "a float in a duration's quotes", rules: rule(#"cooldown = "1.5h""#),
    says: "7:12: error: 'cooldown' is not a duration; write whole numbers with d, h, m, s in this "
      + #"order, such as "2h30m""#),
  BadInput(
    "a negative duration", rules: rule(#"every = "-5m""#),
    says: "7:9: error: 'every' is not a duration; write whole numbers with d, h, m, s in this "
      + #"order, such as "2h30m""#),
  BadInput(
    "capital units", rules: rule(#"every = "5M""#),
    says: "7:9: error: 'every' is not a duration; write whole numbers with d, h, m, s in this "
      + #"order, such as "2h30m""#),
  BadInput(
    "a list for a duration", rules: rule(#"every = ["5m"]"#),
    says: #"7:9: error: 'every' is a list; write a duration in quotes, such as "2h30m" or "90s""#),
  BadInput(
    "a table for a duration", rules: rule("every = {}"),
    says: #"7:9: error: 'every' is a table; write a duration in quotes, such as "2h30m" or "90s""#),
  BadInput(
    "a time for a duration", rules: rule("every = 00:05:00"),
    says: #"7:9: error: 'every' is a time; write a duration in quotes, such as "2h30m" or "90s""#),
  BadInput(
    "a description in a list", rules: rule(#"description = ["a"]"#),
    says: "7:15: error: 'description' is a list; write a sentence in quotes"),
  BadInput(
    "a table for a name", rules: rule("name = {}"),
    says: #"2:8: error: 'name' is a table; write name = "...", 1 to 64 of letters, digits, '.', '_' "#
      + "and '-', the first a letter or digit"),
  BadInput(
    "a name with a slash", rules: rule(#"name = "a/b""#),
    says: #"2:8: error: 'name' is not a name; write name = "...", 1 to 64 of letters, digits, '.', "#
      + "'_' and '-', the first a letter or digit"),
  BadInput(
    "a vCenter that is no name", rules: rule(#"vcenter = "a b""#),
    says: "7:11: error: this is not a name; write the 'name' of a [[vcenter]]"),
  BadInput(
    "a table for a vCenter", rules: rule(#"vcenter = { name = "lab" }"#),
    says: "7:11: error: 'vcenter' is a table; write the name of a [[vcenter]] in quotes, or a list "
      + "of names"),
  BadInput(
    "a login in a list", rules: rule(#"guest_login = ["linux"]"#),
    says: #"3:15: error: 'guest_login' is a list; write guest_login = "...", the name of a "#
      + "[[guest_login]]"),
  BadInput(
    "a string for a match", rules: rule(#"match = "x""#),
    says: #"5:9: error: 'match' is a string; write match = { name = "..." }, or by owner, command, "#
      + "or pid with started"),
  BadInput(
    "a list of matches", rules: rule(#"match = [{ name = "x" }]"#),
    says: #"5:9: error: 'match' is a list; write match = { name = "..." }, or by owner, command, or "#
      + "pid with started"),
  BadInput(
    "match by two keys that fit all", rules: rule(#"match = { name = "?*", command = "**" }"#),
    says: "5:9: error: 'match' fits every process; give a pattern that chooses, such as name = "
      + #""bkagent""#),
  BadInput(
    "a match with no text in its list", rules: rule("match = { name = [[]] }"),
    says: #"5:19: error: an element of 'name' is a list; write a pattern in quotes such as "db-*", "#
      + "or a list of patterns"),
  BadInput(
    "a boolean for an owner", rules: rule("match = { owner = true }"),
    says: #"5:19: error: 'owner' is a boolean; write a pattern in quotes such as "db-*", or a list "#
      + "of patterns"),
  BadInput(
    "an empty command", rules: rule(#"match = { command = "" }"#),
    says: #"5:21: error: 'command' has an empty pattern; write "*" for any text"#),
  BadInput(
    "a pid in quotes", rules: rule(#"match = { pid = "77", started = 2026-03-01T08:30:00Z }"#),
    says: "5:17: error: 'pid' is a string; write an integer of 5 or more"),
  BadInput(
    "a pid below zero", rules: rule("match = { pid = -1, started = 2026-03-01T08:30:00Z }"),
    says: "5:17: error: 'pid' is -1; write an integer of 5 or more"),
  BadInput(
    "a pid with a fraction", rules: rule("match = { pid = 77.0, started = 2026-03-01T08:30:00Z }"),
    says: "5:17: error: 'pid' is a float; write an integer of 5 or more"),
  BadInput(
    "a day for a start", rules: rule("match = { pid = 77, started = 2026-03-01 }"),
    says: "5:31: error: 'started' is a date; write a date-time with its offset and without quotes, "
      + "such as 2026-03-01T08:30:00Z"),
  BadInput(
    "a time for a start", rules: rule("match = { pid = 77, started = 08:30:00 }"),
    says: "5:31: error: 'started' is a time; write a date-time with its offset and without quotes, "
      + "such as 2026-03-01T08:30:00Z"),
  BadInput(
    "an integer for a start", rules: rule("match = { pid = 77, started = 1772353800 }"),
    says: "5:31: error: 'started' is an integer; write a date-time with its offset and without "
      + "quotes, such as 2026-03-01T08:30:00Z"),
  BadInput(
    "an exception that is a number", rules: rule("unless = [1]"),
    says: #"7:11: error: 'unless' is an integer; write a table such as { command = "*--keep*" }, or "#
      + "a list of tables"),
  BadInput(
    "an exception by a key of scope", rules: rule(#"unless = { names = ["x"] }"#),
    says: "7:12: error: unknown key 'names' in 'unless'; did you mean 'name'?"),
  BadInput(
    "an exception by pid alone", rules: rule("unless = { pid = 77 }"),
    says: "7:12: error: 'pid' alone may name another process tomorrow; add 'started' with its "
      + "start time"),
  BadInput(
    "an exception with an open bracket", rules: rule(#"unless = { command = "[" }"#),
    says: "7:22: error: 'command' has a pattern with '[' and no ']'; close it, or write [[] for a "
      + "'[' itself"),
  BadInput(
    "a string for max_instances", rules: rule("forbidden -", #"max_instances = "4""#),
    says: "6:17: error: 'max_instances' is a string; write an integer of 1 or more (none at all: "
      + "forbidden = true)"),
  BadInput(
    "max_instances below zero", rules: rule("forbidden -", "max_instances = -4"),
    says: "6:17: error: 'max_instances' is -4; write an integer of 1 or more (none at all: "
      + "forbidden = true)"),
  BadInput(
    "an integer for keep", rules: rule("forbidden -", "max_instances = 4", "keep = 1"),
    says: #"7:8: error: 'keep' is an integer; write "oldest" or "newest""#),
  BadInput(
    "a boolean for per", rules: rule("forbidden -", "max_instances = 4", "per = true"),
    says: #"7:7: error: 'per' is a boolean; write "owner" or "vm""#),
  BadInput(
    "a capital in keep", rules: rule("forbidden -", "max_instances = 4", #"keep = "Oldest""#),
    says: #"7:8: error: 'keep' is neither "oldest" nor "newest"; did you mean "oldest"?"#),
  BadInput(
    "per with an age alone", rules: rule("forbidden -", #"max_age = "1h""#, #"per = "vm""#),
    says: "7:1: error: 'per' goes only with 'max_instances'; add that or remove 'per'"),
  BadInput(
    "forbidden with max_instances", rules: rule("max_instances = 4"),
    says: "6:1: error: 'forbidden' leaves nothing for another limit to decide; keep one of them"),
  BadInput(
    "forbidden with both", rules: rule("max_instances = 4", #"max_age = "1h""#),
    says: "6:1: error: 'forbidden' leaves nothing for another limit to decide; keep one of them"),
  BadInput(
    "an integer for forbidden", rules: rule("forbidden = 1"),
    says: "6:13: error: 'forbidden' is an integer; write true or false"),
  BadInput(
    "forbidden = false with nothing else", rules: rule("forbidden = false", #"keep = "oldest""#),
    says: "1:1: error: [[rule]] has no limit; write max_age, max_instances or forbidden = true",
    "7:1: error: 'keep' goes only with 'max_instances'; add that or remove 'keep'"),
  BadInput(
    "a boolean for an action", rules: rule("action = true"),
    says: #"7:10: error: 'action' is a boolean; write "report" or "terminate""#),
  BadInput(
    "an action in capitals", rules: rule(#"action = "Terminate""#),
    says: #"7:10: error: 'action' is neither "report" nor "terminate"; did you mean "terminate"?"#),
  BadInput(
    "an action of another tool", rules: rule(#"action = "kill""#),
    says: #"7:10: error: 'action' is neither "report" nor "terminate"; write one of them"#),
  BadInput(
    "a budget with a slip", rules: rule(#"budget = { kill = 1, within = "1h" }"#),
    says: #"7:10: error: 'budget' has no 'kills'; write { kills = 5, within = "1h" }"#,
    "7:12: error: unknown key 'kill' in 'budget'; did you mean 'kills'?"),
  BadInput(
    "a budget without kills", rules: rule(#"budget = { within = "1h" }"#),
    says: #"7:10: error: 'budget' has no 'kills'; write { kills = 5, within = "1h" }"#),
  BadInput(
    "a budget of a fraction", rules: rule(#"budget = { kills = 0.5, within = "1h" }"#),
    says: "7:20: error: 'kills' is a float; write an integer of 0 or more, such as 3"),
  BadInput(
    "a budget in a list", rules: rule(#"budget = [{ kills = 1, within = "1h" }]"#),
    says: #"7:10: error: 'budget' is a list; write { kills = 5, within = "1h" }"#),
  BadInput(
    "a budget without time", rules: rule(#"budget = { kills = 1, within = "0s" }"#),
    says: #"7:32: error: 'within' is 0; write "1s" or more"#),
  BadInput(
    "a budget per VM in a rule", rules: rule(#"budget = { kills = 1, per_vm = 1, within = "1h" }"#),
    says: "7:23: error: unknown key 'per_vm' in 'budget'; known: kills, within"),
  BadInput(
    "quiet times in a list of lists", rules: rule(#"not_during = [["sat"]]"#),
    says: "7:15: error: an element of 'not_during' is a list; write an entry in quotes such as "
      + #""mon-fri 22:00-06:00""#),
  BadInput(
    "a boolean for quiet times", rules: rule("not_during = true"),
    says: #"7:14: error: 'not_during' is a boolean; write a list such as ["sat,sun", "mon-fri "#
      + #"22:00-06:00"]"#),
  BadInput(
    "ids that are numbers", rules: rule("scope = { ids = [42] }"),
    says: "4:18: error: an element of 'ids' is an integer; write ids of VMs as vCenter gives them, "
      + #"such as ["vm-42"]"#),
  BadInput(
    "an empty id", rules: rule(#"scope = { ids = [""] }"#),
    says: "4:18: error: an element of 'ids' is no id (patterns do not work here); write ids of VMs "
      + #"as vCenter gives them, such as ["vm-42"]"#),
  BadInput(
    "an id with a blank", rules: rule(#"scope = { ids = ["vm 1"] }"#),
    says: "4:18: error: an element of 'ids' is no id (patterns do not work here); write ids of VMs "
      + #"as vCenter gives them, such as ["vm-42"]"#),
  BadInput(
    "ids without any", rules: rule("scope = { ids = [] }"),
    says: "4:17: error: 'ids' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "a string for a scope", rules: rule(#"scope = "*""#),
    says: #"4:9: error: 'scope' is a string; write a table such as { names = ["db-*"] }"#),
  BadInput(
    "an exception that is a number in a scope", rules: rule(#"scope = { ids = ["vm-1"], except = 7 }"#),
    says: #"4:36: error: 'except' is an integer; write a pattern in quotes such as "db-*", or a "#
      + "list of patterns"),
  BadInput(
    "a range backwards in except", rules: rule(#"scope = { ids = ["vm-1"], except = "[9-0]" }"#),
    says: "4:36: error: 'except' has a pattern with a range that runs backwards; write the lower "
      + "character first, as in [a-z]"),
  BadInput(
    "an exception under its other name", rules: rule(#"scope = { ids = ["vm-1"], unless = "x" }"#),
    says: "4:27: error: unknown key 'unless' in 'scope'; known: names, ids, except, clusters, "
      + "folders, tags"),
  BadInput(
    "a key of the login", rules: rule(#"username = "x""#),
    says: "7:1: error: unknown key 'username' in [[rule]]; known: name, description, guest_login, "
      + "vcenter, scope, match, unless, max_age, max_instances, forbidden, keep, per, lasting, "
      + "every, not_during, action, budget, cooldown"),
  BadInput(
    "dry_run of one rule", rules: rule("dry_run = true"),
    says: "7:1: error: unknown key 'dry_run' in [[rule]]; known: name, description, guest_login, "
      + "vcenter, scope, match, unless, max_age, max_instances, forbidden, keep, per, lasting, "
      + "every, not_during, action, budget, cooldown"),
  BadInput(
    "protect in a rule", rules: rule(#"protect = { names = ["x"] }"#),
    says: "7:1: error: unknown key 'protect' in [[rule]]; known: name, description, guest_login, "
      + "vcenter, scope, match, unless, max_age, max_instances, forbidden, keep, per, lasting, "
      + "every, not_during, action, budget, cooldown"),
  BadInput(
    "keys with dots", rules: rule(#"scope.names = ["x"]"#),
    says: "7:1: error: this key or table stands here for the second time; keep one of them"),
  BadInput(
    "log_commands of one rule", rules: rule(#"log_commands = "full""#),
    says: "7:1: error: unknown key 'log_commands' in [[rule]]; known: name, description, "
      + "guest_login, vcenter, scope, match, unless, max_age, max_instances, forbidden, keep, "
      + "per, lasting, every, not_during, action, budget, cooldown"),
]

/// More mistakes in the main file.
let moreBadMainFiles: [BadInput] = [
  BadInput(
    "a string for [budget]",
    main: """
      budget = "x"
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "1:10: error: 'budget' is a string; write a table: [budget]"),
  BadInput(
    "a list for [protect]",
    main: """
      protect = ["sshd"]
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "1:11: error: 'protect' is a list; write a table: [protect]"),
  BadInput(
    "an integer for [ledger]",
    main: """
      ledger = 1
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "1:10: error: 'ledger' is an integer; write a table: [ledger]"),
  BadInput(
    "a keep without end",
    main: accounts + "[ledger]\nkeep = \"3651d\"\n",
    says: #"12:8: error: 'keep' is longer than 3650 days; write at most "3650d""#),
  BadInput(
    "a keep of nothing",
    main: accounts + "[ledger]\nkeep = \"0s\"\n",
    says: #"12:8: error: 'keep' is 0; write "1s" or more"#),
  BadInput(
    "a window of nothing",
    main: accounts + "[budget]\nwithin = \"0s\"\n",
    says: #"12:10: error: 'within' is 0; write "1s" or more"#),
  BadInput(
    "a budget of a rule's keys",
    main: accounts + "[budget]\nkill = 1\n",
    says: "12:1: error: unknown key 'kill' in [budget]; did you mean 'kills'?"),
  BadInput(
    "strings for booleans",
    main: accounts + "[daemon]\ndry_run = \"yes\"\n",
    says: "12:11: error: 'dry_run' is a string; write true or false"),
  BadInput(
    "an integer for log_commands",
    main: accounts + "[daemon]\nlog_commands = 1\n",
    says: #"12:16: error: 'log_commands' is an integer; write "name" or "full""#),
  BadInput(
    "log_commands = none",
    main: accounts + "[daemon]\nlog_commands = \"none\"\n",
    says: #"12:16: error: 'log_commands' is neither "name" nor "full"; write one of them"#),
  BadInput(
    "an unknown key of [daemon]",
    main: accounts + "[daemon]\ninterval = \"5m\"\n",
    says: "12:1: error: unknown key 'interval' in [daemon]; known: dry_run, every, rules, "
      + "log_commands, time_zone"),
  BadInput(
    "a slip in [daemon]",
    main: accounts + "[daemon]\ntimezone = \"UTC\"\n",
    says: "12:1: error: unknown key 'timezone' in [daemon]; did you mean 'time_zone'?"),
  BadInput(
    "VMs in a list",
    main: accounts + "[protect]\nvms = [\"dc-*\"]\n",
    says: #"12:7: error: 'vms' is a list; write a table such as { names = ["db-*"] }"#),
  BadInput(
    "no VMs",
    main: accounts + "[protect]\nvms = {}\n",
    says: "12:7: error: 'vms' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "an id that is a pattern",
    main: accounts + "[protect]\nvms = { ids = [\"vm-*\"] }\n",
    says: "12:16: error: an element of 'ids' is no id (patterns do not work here); write ids of "
      + #"VMs as vCenter gives them, such as ["vm-42"]"#),
  BadInput(
    "a pattern that is a number",
    main: accounts + "[protect]\ncommands = 7\n",
    says: #"12:12: error: 'commands' is an integer; write a pattern in quotes such as "db-*", or a "#
      + "list of patterns"),
  BadInput(
    "a login of one table",
    main: """
      [guest_login]
      name = "linux"
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      """,
    says: "main.toml:1:1: error: 'guest_login' is a table; write [[guest_login]]",
    "rules.d/a.toml:3:15: error: no [[guest_login]] is named 'linux'; add one to the main "
      + "file"),
  BadInput(
    "a string for a vCenter",
    main: "vcenter = \"lab\"\n",
    says: "main.toml:1:11: error: 'vcenter' is a string; write [[vcenter]]",
    "rules.d/a.toml:3:15: error: no [[guest_login]] is named 'linux'; add one to the main "
      + "file"),
  BadInput(
    "a list of strings for vCenters",
    main: "vcenter = [\"lab\"]\n",
    says: "main.toml:1:12: error: an element of 'vcenter' is a string; write [[vcenter]]",
    "rules.d/a.toml:3:15: error: no [[guest_login]] is named 'linux'; add one to the main "
      + "file"),
  BadInput(
    "an integer for a URL",
    main: """
      [[vcenter]]
      name = "lab"
      url = 5
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"3:7: error: 'url' is an integer; write "https://HOST" or "https://HOST:PORT""#),
  BadInput(
    "an empty URL",
    main: """
      [[vcenter]]
      name = "lab"
      url = ""
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"3:7: error: 'url' is not a URL of a vCenter; write "https://HOST" or "https://HOST:PORT""#),
  BadInput(
    "a URL in capitals",
    main: """
      [[vcenter]]
      name = "lab"
      url = "HTTPS://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"3:7: error: 'url' is not a URL of a vCenter; write "https://HOST" or "https://HOST:PORT""#),
  BadInput(
    "another scheme",
    main: """
      [[vcenter]]
      name = "lab"
      url = "ftp://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"3:7: error: 'url' is not a URL of a vCenter; write "https://HOST" or "https://HOST:PORT""#),
  BadInput(
    "no host",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "3:7: error: the host of 'url' is neither a name nor an address; write a DNS name, an "
      + "IPv4 address or [IPv6 address]"),
  BadInput(
    "a query",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com?x=1"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"3:7: error: 'url' goes on after the host; write "https://HOST" or "https://HOST:PORT" "#
      + "and nothing else"),
  BadInput(
    "an IPv6 address without brackets",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://fe80::1"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"3:7: error: the port of 'url' is not between 1 and 65535; write "https://HOST:PORT" or "#
      + "leave the port out"),
  BadInput(
    "an integer for a user name",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = 7
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"4:12: error: 'username' is an integer; write username = "...", such as "#
      + #""svc-guestwatch@vsphere.local""#),
  BadInput(
    "a table for a user name",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = {}
      password = { file = "secret" }

      """,
    says: #"9:12: error: 'username' is a table; write username = "...", an account inside the guests"#),
  BadInput(
    "an integer for a CA file",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      ca_file = 1
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "4:11: error: 'ca_file' is an integer; write the path of a PEM file with CA certificates"),
  BadInput(
    "an empty CA file",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      ca_file = ""
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "4:11: error: 'ca_file' is empty or holds control characters; write the path of a PEM "
      + "file with CA certificates"),
  BadInput(
    "more requests than a vCenter takes",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      max_in_flight = 1025
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "4:17: error: 'max_in_flight' is 1025; write an integer from 1 to 1024"),
  BadInput(
    "requests in quotes",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      max_in_flight = "64"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "4:17: error: 'max_in_flight' is a string; write an integer from 1 to 1024"),
  BadInput(
    "a password of numbers",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = 4711

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "5:12: error: 'password' is an integer and a secret never stands in this file; write { "
      + #"credential = "NAME" } (systemd) or { file = "/PATH" }"#),
  BadInput(
    "a password in a list",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = ["secret"]

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "5:12: error: 'password' is a list and a secret never stands in this file; write { "
      + #"credential = "NAME" } (systemd) or { file = "/PATH" }"#),
  BadInput(
    "a date for a password",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = 2026-01-01

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "5:12: error: 'password' is a date and a secret never stands in this file; write { "
      + #"credential = "NAME" } (systemd) or { file = "/PATH" }"#),
  BadInput(
    "an empty file",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "5:21: error: 'file' is empty or holds control characters; write the path of a file that "
      + "holds the secret"),
  BadInput(
    "a number for a credential",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { credential = 1 }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "5:27: error: 'credential' is an integer; write the name of a credential of the service, "
      + "without slashes"),
  BadInput(
    "an empty credential",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { credential = "" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "5:27: error: 'credential' is no name of a credential; write the name of a credential of "
      + "the service, without slashes"),
  BadInput(
    "a hidden credential",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { credential = ".x" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "5:27: error: 'credential' is no name of a credential; write the name of a credential of "
      + "the service, without slashes"),
  BadInput(
    "a password from the environment",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { env = "PW" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"5:14: error: 'password' has an unknown key; write { credential = "NAME" } (systemd) or "#
      + #"{ file = "/PATH" }"#),
  BadInput(
    "no password",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"1:1: error: [[vcenter]] has no 'password'; write password = { credential = "NAME" } "#
      + #"(systemd) or { file = "/PATH" }"#),
  BadInput(
    "a login without a name",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: #"main.toml:7:1: error: [[guest_login]] has no 'name'; write name = "...", 1 to 64 of "#
      + "letters, digits, '.', '_' and '-', the first a letter or digit",
    "rules.d/a.toml:3:15: error: no [[guest_login]] is named 'linux'; add one to the main "
      + "file"),
  BadInput(
    "a login without an account",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      password = { file = "secret" }

      """,
    says: #"7:1: error: [[guest_login]] has no 'username'; write username = "...", an account "#
      + "inside the guests"),
  BadInput(
    "a directory account of zero",
    main: accounts + "directory = true\nmax_in_flight = 0\n",
    says: "12:17: error: 'max_in_flight' is 0; write an integer from 1 to 4 for a directory "
      + "account, which can be locked"),
  BadInput(
    "a login scoped by a string",
    main: accounts + "scope = \"vm-1\"\n",
    says: #"11:9: error: 'scope' is a string; write a table such as { ids = ["vm-42"] }"#),
  BadInput(
    "a login scoped by no id",
    main: accounts + "scope = { ids = [] }\n",
    says: "11:17: error: 'ids' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "a login scoped by another key",
    main: accounts + "scope = { id = [\"vm-1\"] }\n",
    says: "11:11: error: unknown key 'id' in 'scope'; did you mean 'ids'?"),
  BadInput(
    "a key of a vCenter in a login",
    main: accounts + "url = \"https://h\"\n",
    says: "11:1: error: unknown key 'url' in [[guest_login]]; known: name, username, password, "
      + "scope, directory, max_in_flight, saml_token"),
  BadInput(
    "an unknown key of a vCenter",
    main: """
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      port = 443
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "4:1: error: unknown key 'port' in [[vcenter]]; known: name, url, username, password, "
      + "ca_file, max_in_flight, fingerprint_sha256"),
  BadInput(
    "a key of later in the main file",
    main: accounts + "[metrics]\n[[notify]]\n",
    says: "11:2: error: 'metrics' comes in a later version; remove it",
    "12:3: error: 'notify' comes in a later version; remove it"),
  BadInput(
    "rules as a table",
    main: accounts + "[rule]\nname = \"x\"\n",
    says: "11:1: error: 'rule' is a table; write [[rule]]"),
  BadInput(
    "a rule that is a number",
    main: """
      rule = [1]
      [[vcenter]]
      name = "lab"
      url = "https://vcenter.example.com"
      username = "svc@vsphere.local"
      password = { file = "secret" }

      [[guest_login]]
      name = "linux"
      username = "guestwatch"
      password = { file = "secret" }

      """,
    says: "1:9: error: an element of 'rule' is an integer; write [[rule]]"),
]
