import RuleFiles
import Testing

/// Mistakes in a rule file, each with everything that is said of it.
let badRules: [BadInput] = [
  BadInput(
    "an unknown key", rules: rule(#"max_ago = "2h""#),
    says: "7:1: error: unknown key 'max_ago' in [[rule]]; did you mean 'max_age'?"),
  BadInput(
    "a limit with a slip", rules: rule("forbidden -", #"max_ago = "2h""#),
    says: "6:1: error: unknown key 'max_ago' in [[rule]]; did you mean 'max_age'?"),
  BadInput(
    "an unknown key that is like none", rules: rule(#"colour = "red""#),
    says: "7:1: error: unknown key 'colour' in [[rule]]; known: name, description, guest_login, vcenter, "
      + "scope, match, unless, max_age, max_instances, forbidden, keep, per, lasting, every, not_during, action, "
      + "budget, cooldown"),
  BadInput(
    "an unknown key with control characters", rules: rule(#""a\u001b[31m\nb" = 1"#),
    says: #"7:1: error: unknown key 'a\u{1b}[31m\u{a}b' in [[rule]]; known: name, description, guest_login, "#
      + "vcenter, scope, match, unless, max_age, max_instances, forbidden, keep, per, lasting, every, "
      + "not_during, action, budget, cooldown"),
  BadInput(
    "an integer for a duration", rules: rule("every = 5"),
    says: #"7:9: error: 'every' is an integer; write a duration in quotes, such as "2h30m" or "90s""#),
  BadInput(
    "a bare number in quotes", rules: rule(#"every = "5""#),
    says: "7:9: error: 'every' is not a duration; write whole numbers with d, h, m, s in this order, such as "
      + #""2h30m""#),
  BadInput(
    "units out of order", rules: rule(#"every = "5s2h""#),
    says: "7:9: error: 'every' is not a duration; write whole numbers with d, h, m, s in this order, such as "
      + #""2h30m""#),
  BadInput(
    "a unit twice", rules: rule(#"every = "1h1h""#),
    says: "7:9: error: 'every' is not a duration; write whole numbers with d, h, m, s in this order, such as "
      + #""2h30m""#),
  BadInput(
    "a fraction", rules: rule(#"lasting = "1.5h""#),
    says: "7:11: error: 'lasting' is not a duration; write whole numbers with d, h, m, s in this order, such "
      + #"as "2h30m""#),
  BadInput(
    "a blank in a duration", rules: rule(#"cooldown = "1h 5m""#),
    says: "7:12: error: 'cooldown' is not a duration; write whole numbers with d, h, m, s in this order, such "
      + #"as "2h30m""#),
  BadInput(
    "zero where it has no sense", rules: rule(#"every = "0s""#),
    says: #"7:9: error: 'every' is 0; write "1s" or more"#),
  BadInput(
    "zero in other words", rules: rule(#"lasting = "0m""#),
    says: #"7:11: error: 'lasting' is 0; write "0s""#),
  BadInput(
    "eleven years", rules: rule(#"cooldown = "3651d""#),
    says: #"7:12: error: 'cooldown' is longer than 3650 days; write at most "3650d""#),
  BadInput(
    "digits without end", rules: rule(#"cooldown = "99999999999999999999999d""#),
    says: #"7:12: error: 'cooldown' is longer than 3650 days; write at most "3650d""#),
  BadInput(
    "no name", rules: rule("name -"),
    says: #"1:1: error: [[rule]] has no 'name'; write name = "...", 1 to 64 of letters, digits, '.', '_' and "#
      + "'-', the first a letter or digit"),
  BadInput(
    "a name with a blank", rules: rule(#"name = "a b""#),
    says: #"2:8: error: 'name' is not a name; write name = "...", 1 to 64 of letters, digits, '.', '_' and '-', "#
      + "the first a letter or digit"),
  BadInput(
    "an empty name", rules: rule(#"name = """#),
    says: #"2:8: error: 'name' is not a name; write name = "...", 1 to 64 of letters, digits, '.', '_' and '-', "#
      + "the first a letter or digit"),
  BadInput(
    "a name of 65 letters", rules: rule(#"name = ""# + String(repeating: "a", count: 65) + #"""#),
    says: #"2:8: error: 'name' is not a name; write name = "...", 1 to 64 of letters, digits, '.', '_' and '-', "#
      + "the first a letter or digit"),
  BadInput(
    "a name that begins with a dot", rules: rule(#"name = ".a""#),
    says: #"2:8: error: 'name' is not a name; write name = "...", 1 to 64 of letters, digits, '.', '_' and '-', "#
      + "the first a letter or digit"),
  BadInput(
    "a name outside ASCII", rules: rule(#"name = "ré""#),
    says: #"2:8: error: 'name' is not a name; write name = "...", 1 to 64 of letters, digits, '.', '_' and '-', "#
      + "the first a letter or digit"),
  BadInput(
    "a list for a name", rules: rule(#"name = ["r"]"#),
    says: #"2:8: error: 'name' is a list; write name = "...", 1 to 64 of letters, digits, '.', '_' and '-', the "#
      + "first a letter or digit"),
  BadInput(
    "an integer for a description", rules: rule("description = 1"),
    says: "7:15: error: 'description' is an integer; write a sentence in quotes"),
  BadInput(
    "no login", rules: rule("guest_login -"),
    says: #"1:1: error: [[rule]] has no 'guest_login'; write guest_login = "...", the name of a [[guest_login]]"#),
  BadInput(
    "a login that is not there", rules: rule(#"guest_login = "linx""#),
    says: "3:15: error: no [[guest_login]] is named 'linx'; did you mean 'linux'?"),
  BadInput(
    "a login far from any", rules: rule(#"guest_login = "windows-domain""#),
    says: "3:15: error: no [[guest_login]] is named 'windows-domain'; known: linux"),
  BadInput(
    "a login that is no name", rules: rule(#"guest_login = "a/b""#),
    says: "3:15: error: this is not a name; write the 'name' of a [[guest_login]]"),
  BadInput(
    "a vCenter that is not there", rules: rule(#"vcenter = ["lab", "lav"]"#),
    says: "7:19: error: no [[vcenter]] is named 'lav'; did you mean 'lab'?"),
  BadInput(
    "no vCenter at all", rules: rule("vcenter = []"),
    says: "7:11: error: 'vcenter' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "a boolean for a vCenter", rules: rule("vcenter = true"),
    says: "7:11: error: 'vcenter' is a boolean; write the name of a [[vcenter]] in quotes, or a list of names"),
  BadInput(
    "a list with a boolean", rules: rule(#"vcenter = ["lab", true]"#),
    says: "7:19: error: an element of 'vcenter' is a boolean; write the name of a [[vcenter]] in quotes, or a "
      + "list of names"),
  BadInput(
    "no scope", rules: rule("scope -"),
    says: #"1:1: error: [[rule]] has no 'scope'; write scope = { names = ["..."] }"#),
  BadInput(
    "an empty scope", rules: rule("scope = {}"),
    says: "4:9: error: 'scope' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "a list for a scope", rules: rule(#"scope = ["db-*"]"#),
    says: #"4:9: error: 'scope' is a list; write a table such as { names = ["db-*"] }"#),
  BadInput(
    "a scope without a selector", rules: rule(#"scope = { except = ["a"] }"#),
    says: #"4:9: error: 'scope' chooses no VM; write names, ids, folders, clusters or tags (all VMs: names = ["*"])"#),
  BadInput(
    "a scope with a key of match", rules: rule(#"scope = { name = ["a"] }"#),
    says: "4:11: error: unknown key 'name' in 'scope'; did you mean 'names'?"),
  BadInput(
    "an empty list in a scope", rules: rule(#"scope = { names = [], ids = ["vm-1"] }"#),
    says: "4:19: error: 'names' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "an empty except", rules: rule(#"scope = { ids = ["vm-1"], except = [] }"#),
    says: "4:36: error: 'except' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "a pattern for an id", rules: rule(#"scope = { ids = ["vm-*"] }"#),
    says: "4:18: error: an element of 'ids' is no id (patterns do not work here); write ids of VMs as vCenter "
      + #"gives them, such as ["vm-42"]"#),
  BadInput(
    "an empty pattern", rules: rule(#"scope = { names = ["db", ""] }"#),
    says: #"4:26: error: 'names' has an empty pattern; write "*" for any text"#),
  BadInput(
    "an open bracket", rules: rule(#"scope = { names = "db[0" }"#),
    says: "4:19: error: 'names' has a pattern with '[' and no ']'; close it, or write [[] for a '[' itself"),
  BadInput(
    "a range backwards", rules: rule(#"match = { name = "[z-a]*" }"#),
    says: "5:18: error: 'name' has a pattern with a range that runs backwards; write the lower character "
      + "first, as in [a-z]"),
  BadInput(
    "no match", rules: rule("match -"),
    says: #"1:1: error: [[rule]] has no 'match'; write match = { name = "..." }, or by owner, command, or pid "#
      + "with started"),
  BadInput(
    "an empty match", rules: rule("match = {}"),
    says: #"5:9: error: 'match' is empty and would choose nothing; write match = { name = "..." }, or by owner, "#
      + "command, or pid with started"),
  BadInput(
    "a match for everything", rules: rule(#"match = { name = "*", owner = ["root", "?*"] }"#),
    says: #"5:9: error: 'match' fits every process; give a pattern that chooses, such as name = "bkagent""#),
  BadInput(
    "an empty list in match", rules: rule("match = { name = [] }"),
    says: "5:18: error: 'name' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "a key of scope in match", rules: rule(#"match = { names = ["x"] }"#),
    says: "5:11: error: unknown key 'names' in 'match'; did you mean 'name'?"),
  BadInput(
    "an integer for a pattern", rules: rule("match = { name = 7 }"),
    says: #"5:18: error: 'name' is an integer; write a pattern in quotes such as "db-*", or a list of patterns"#),
  BadInput(
    "pid alone", rules: rule("match = { pid = 77 }"),
    says: "5:11: error: 'pid' alone may name another process tomorrow; add 'started' with its start time"),
  BadInput(
    "started alone", rules: rule(#"match = { name = "x", started = 2026-03-01T08:30:00Z }"#),
    says: "5:23: error: 'started' goes only together with 'pid'; add it or remove 'started'"),
  BadInput(
    "a pid of the system", rules: rule("match = { pid = 4, started = 2026-03-01T08:30:00Z }"),
    says: "5:17: error: 'pid' is 4; write an integer of 5 or more"),
  BadInput(
    "a start without an offset", rules: rule("match = { pid = 77, started = 2026-03-01T08:30:00 }"),
    says: "5:31: error: 'started' is a date-time without an offset; write a date-time with its offset and "
      + "without quotes, such as 2026-03-01T08:30:00Z"),
  BadInput(
    "a start in quotes", rules: rule(#"match = { pid = 77, started = "2026-03-01T08:30:00Z" }"#),
    says: "5:31: error: 'started' is a string; write a date-time with its offset and without quotes, such as "
      + "2026-03-01T08:30:00Z"),
  BadInput(
    "a start with a fraction", rules: rule("match = { pid = 77, started = 2026-03-01T08:30:00.5Z }"),
    says: "5:31: error: 'started' has a fraction of a second; guests give whole seconds: leave it out"),
  BadInput(
    "an empty unless", rules: rule("unless = {}"),
    says: "7:10: error: 'unless' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "an empty table among unless", rules: rule(#"unless = [{ name = "y" }, {}]"#),
    says: "7:27: error: 'unless' is empty and would choose nothing; write a table such as { command = "
      + #""*--keep*" }, or a list of tables"#),
  BadInput(
    "a string for unless", rules: rule(#"unless = "y""#),
    says: #"7:10: error: 'unless' is a string; write a table such as { command = "*--keep*" }, or a list of tables"#),
  BadInput(
    "no limit", rules: rule("forbidden -"),
    says: "1:1: error: [[rule]] has no limit; write max_age, max_instances or forbidden = true"),
  BadInput(
    "forbidden = false is no limit", rules: rule("forbidden = false"),
    says: "1:1: error: [[rule]] has no limit; write max_age, max_instances or forbidden = true"),
  BadInput(
    "a string for forbidden", rules: rule(#"forbidden = "yes""#),
    says: "6:13: error: 'forbidden' is a string; write true or false"),
  BadInput(
    "forbidden with another limit", rules: rule(#"max_age = "2h""#),
    says: "6:1: error: 'forbidden' leaves nothing for another limit to decide; keep one of them"),
  BadInput(
    "max_instances = 0", rules: rule("forbidden -", "max_instances = 0"),
    says: "6:17: error: 'max_instances' is 0; write an integer of 1 or more (none at all: forbidden = true)"),
  BadInput(
    "a float for max_instances", rules: rule("forbidden -", "max_instances = 2.0"),
    says: "6:17: error: 'max_instances' is a float; write an integer of 1 or more (none at all: forbidden = true)"),
  BadInput(
    "keep and per alone", rules: rule(#"keep = "oldest""#, #"per = "vm""#),
    says: "7:1: error: 'keep' goes only with 'max_instances'; add that or remove 'keep'",
    "8:1: error: 'per' goes only with 'max_instances'; add that or remove 'per'"),
  BadInput(
    "an unknown keep", rules: rule("forbidden -", "max_instances = 1", #"keep = "olddest""#),
    says: #"7:8: error: 'keep' is neither "oldest" nor "newest"; did you mean "oldest"?"#),
  BadInput(
    "an unknown per", rules: rule("forbidden -", "max_instances = 1", #"per = "host""#),
    says: #"7:7: error: 'per' is neither "owner" nor "vm"; write one of them"#),
  BadInput(
    "an unknown action", rules: rule(#"action = "terminat""#),
    says: #"7:10: error: 'action' is neither "report" nor "terminate"; did you mean "terminate"?"#),
  BadInput(
    "kill for an action", rules: rule(#"action = "shoot""#),
    says: #"7:10: error: 'action' is neither "report" nor "terminate"; write one of them"#),
  BadInput(
    "a budget without a window", rules: rule("budget = { kills = 3 }"),
    says: #"7:10: error: 'budget' has no 'within'; write { kills = 5, within = "1h" }"#),
  BadInput(
    "a budget below zero", rules: rule(#"budget = { kills = -1, within = "1h" }"#),
    says: "7:20: error: 'kills' is -1; write an integer of 0 or more, such as 3"),
  BadInput(
    "an integer for a budget", rules: rule("budget = 3"),
    says: #"7:10: error: 'budget' is an integer; write { kills = 5, within = "1h" }"#),
  BadInput(
    "limits of later", rules: rule(#"max_cpu = "90%""#, #"max_memory = "2g""#, "when = {}"),
    says: "7:1: error: 'max_cpu' comes in a later version; remove it",
    "8:1: error: 'max_memory' comes in a later version; remove it",
    "9:1: error: 'when' comes in a later version; remove it"),
  BadInput(
    "only a limit of later", rules: rule("forbidden -", #"max_cpu = "90%""#),
    says: "6:1: error: 'max_cpu' comes in a later version; remove it"),
  BadInput(
    "a table that is no list", rules: "[rule]\nname = \"a\"\n",
    says: "1:1: error: 'rule' is a table; write [[rule]]"),
  BadInput(
    "a list of rules with a string", rules: "rule = [\"a\"]\n",
    says: "1:9: error: an element of 'rule' is a string; write [[rule]]"),
  BadInput(
    "a section of the main file", rules: "[daemon]\nevery = \"5m\"\n" + rule(),
    says: "1:2: error: 'daemon' belongs in the main file; a rule file holds nothing but [[rule]]"),
  BadInput(
    "sections of the main file", rules: "[metrics]\n[[notify]]\n" + rule(),
    says: "1:2: error: 'metrics' belongs in the main file; a rule file holds nothing but [[rule]]",
    "2:3: error: 'notify' belongs in the main file; a rule file holds nothing but [[rule]]"),
  BadInput(
    "an unknown section", rules: "[rules]\n" + rule(),
    says: "1:2: error: unknown key 'rules' in a rule file; did you mean 'rule'?"),
  BadInput(
    "a rule twice in a file", rules: rule() + rule(),
    says: "8:8: error: rule 'r' was defined before, at rules.d/a.toml:2:8; give each its own name"),
  BadInput(
    "several mistakes at once", rules: rule("guest_login = 1", #"every = "x""#, "evry = 1"),
    says: #"3:15: error: 'guest_login' is an integer; write guest_login = "...", the name of a [[guest_login]]"#,
    "7:9: error: 'every' is not a duration; write whole numbers with d, h, m, s in this order, such as "
      + #""2h30m""#,
    "8:1: error: unknown key 'evry' in [[rule]]; did you mean 'every'?"),
  BadInput(
    "an unclosed string", rules: rule(#"description = "hunter2"#),
    says: "7:23: error: this string does not end on its line, or holds a control character; close it with the "
      + "quotes it began with"),
  BadInput(
    "a value without quotes", rules: rule("description = hunter2"),
    says: "7:15: error: this is not TOML (value): could not determine value type; put text in double quotes"),
  BadInput(
    "a key twice", rules: rule(#"name = "hunter2""#, "forbidden = true\nforbidden = true"),
    says: "7:1: error: this key or table stands here for the second time; keep one of them"),
  BadInput(
    "a table twice", rules: "[a]\n[a]\n",
    says: "2:1: error: this key or table stands here for the second time; keep one of them"),
  BadInput(
    "no equals sign", rules: "[[rule]]\nname \"hunter2\"\n",
    says: "2:6: error: this is not TOML (key-value pair): expected '='; write key = value"),
  BadInput(
    "an open table header", rules: "[[rule]\n",
    says: "1:8: error: this is not TOML (table header): expected ']'; write [table] or [[list]]"),
  BadInput(
    "an end in a list", rules: "a = [1,\n",
    says: "1:8: error: the file ends inside this array; complete it"),
  BadInput(
    "a NUL byte", rules: "a = 1\nb = \u{0}1\n",
    says: "2:5: error: this is not TOML: a NUL byte; correct or remove it"),
  BadInput(
    "letters outside quotes", rules: "# ünder\nü = 1\n",
    says: "2:1: error: this is not TOML: a character outside ASCII that stands outside quotes; correct or remove it"),
  BadInput(
    "too many brackets", rules: "a = " + String(repeating: "[", count: 1000),
    says: "1:37: error: this is not TOML: brackets nested more than 32 deep; correct or remove it"),
  BadInput(
    "too many dots", rules: String(repeating: "a.", count: 1000) + "b = 1\n",
    says: "1:34: error: this is not TOML: a key with more than 16 dots; correct or remove it"),
  BadInput(
    "a number beyond 64 bits", rules: rule("max_instances = 99999999999999999999"),
    says: "7:37: error: this is not TOML (decimal integer): the value is not representable in 64 bits; write a "
      + "number or date in its range, and put text in double quotes"),
  BadInput(
    "a key before an equals sign", rules: "= 1\n",
    says: "1:1: error: this is not TOML (root table): expected keys, tables, whitespace or comments; write key "
      + "= value, [table], [[list]] or # comment"),
]
