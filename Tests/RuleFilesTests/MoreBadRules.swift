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
    says: "4:27: error: unknown key 'unless' in 'scope'; known: names, ids, folders, "
      + "clusters, tags, except"),
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
