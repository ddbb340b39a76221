/// More mistakes in the main file.
let moreBadMainFiles: [BadInput] = [
  BadInput(
    "a string for [budget]",
    main: "budget = \"x\"\n" + accounts,
    says: "1:10: error: 'budget' is a string; write a table: [budget]"),
  BadInput(
    "a list for [protect]",
    main: "protect = [\"sshd\"]\n" + accounts,
    says: "1:11: error: 'protect' is a list; write a table: [protect]"),
  BadInput(
    "an integer for [ledger]",
    main: "ledger = 1\n" + accounts,
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
    main: accounts(replacing: "url", with: "url = 5"),
    says: #"3:7: error: 'url' is an integer; write "https://HOST" or "https://HOST:PORT""#),
  BadInput(
    "an empty URL",
    main: accounts(replacing: "url", with: #"url = """#),
    says: #"3:7: error: 'url' is not a URL of a vCenter; write "https://HOST" or "https://HOST:PORT""#),
  BadInput(
    "a URL in capitals",
    main: accounts(replacing: "url", with: #"url = "HTTPS://vcenter.example.com""#),
    says: #"3:7: error: 'url' is not a URL of a vCenter; write "https://HOST" or "https://HOST:PORT""#),
  BadInput(
    "another scheme",
    main: accounts(replacing: "url", with: #"url = "ftp://vcenter.example.com""#),
    says: #"3:7: error: 'url' is not a URL of a vCenter; write "https://HOST" or "https://HOST:PORT""#),
  BadInput(
    "no host",
    main: accounts(replacing: "url", with: #"url = "https://""#),
    says: "3:7: error: the host of 'url' is neither a name nor an address; write a DNS name, an "
      + "IPv4 address or [IPv6 address]"),
  BadInput(
    "a query",
    main: accounts(replacing: "url", with: #"url = "https://vcenter.example.com?x=1""#),
    says: #"3:7: error: 'url' goes on after the host; write "https://HOST" or "https://HOST:PORT" "#
      + "and nothing else"),
  BadInput(
    "an IPv6 address without brackets",
    main: accounts(replacing: "url", with: #"url = "https://fe80::1""#),
    says: #"3:7: error: the port of 'url' is not between 1 and 65535; write "https://HOST:PORT" or "#
      + "leave the port out"),
  BadInput(
    "an integer for a user name",
    main: accounts(replacing: "username", with: "username = 7"),
    says: #"4:12: error: 'username' is an integer; write username = "...", such as "#
      + #""svc-guestwatch@vsphere.local""#),
  BadInput(
    "a table for a user name",
    main: accounts(replacing: #"username = "guestwatch""#, with: "username = {}"),
    says: #"9:12: error: 'username' is a table; write username = "...", an account inside the guests"#),
  BadInput(
    "an integer for a CA file",
    main: accounts(adding: "ca_file = 1", after: "url"),
    says: "4:11: error: 'ca_file' is an integer; write the path of a PEM file with CA certificates"),
  BadInput(
    "an empty CA file",
    main: accounts(adding: #"ca_file = """#, after: "url"),
    says: "4:11: error: 'ca_file' is empty or holds control characters; write the path of a PEM "
      + "file with CA certificates"),
  BadInput(
    "more requests than a vCenter takes",
    main: accounts(adding: "max_in_flight = 1025", after: "url"),
    says: "4:17: error: 'max_in_flight' is 1025; write an integer from 1 to 1024"),
  BadInput(
    "requests in quotes",
    main: accounts(adding: #"max_in_flight = "64""#, after: "url"),
    says: "4:17: error: 'max_in_flight' is a string; write an integer from 1 to 1024"),
  BadInput(
    "a password of numbers",
    main: accounts(replacing: "password", with: "password = 4711"),
    says: "5:12: error: 'password' is an integer and a secret never stands in this file; write { "
      + #"credential = "NAME" } (systemd) or { file = "/PATH" }"#),
  BadInput(
    "a password in a list",
    main: accounts(replacing: "password", with: #"password = ["secret"]"#),
    says: "5:12: error: 'password' is a list and a secret never stands in this file; write { "
      + #"credential = "NAME" } (systemd) or { file = "/PATH" }"#),
  BadInput(
    "a date for a password",
    main: accounts(replacing: "password", with: "password = 2026-01-01"),
    says: "5:12: error: 'password' is a date and a secret never stands in this file; write { "
      + #"credential = "NAME" } (systemd) or { file = "/PATH" }"#),
  BadInput(
    "an empty file",
    main: accounts(replacing: "password", with: #"password = { file = "" }"#),
    says: "5:21: error: 'file' is empty or holds control characters; write the path of a file that "
      + "holds the secret"),
  BadInput(
    "a number for a credential",
    main: accounts(replacing: "password", with: "password = { credential = 1 }"),
    says: "5:27: error: 'credential' is an integer; write the name of a credential of the service, "
      + "without slashes"),
  BadInput(
    "an empty credential",
    main: accounts(replacing: "password", with: #"password = { credential = "" }"#),
    says: "5:27: error: 'credential' is no name of a credential; write the name of a credential of "
      + "the service, without slashes"),
  BadInput(
    "a hidden credential",
    main: accounts(replacing: "password", with: #"password = { credential = ".x" }"#),
    says: "5:27: error: 'credential' is no name of a credential; write the name of a credential of "
      + "the service, without slashes"),
  BadInput(
    "a password from the environment",
    main: accounts(replacing: "password", with: #"password = { env = "PW" }"#),
    says: #"5:14: error: 'password' has an unknown key; write { credential = "NAME" } (systemd) or "#
      + #"{ file = "/PATH" }"#),
  BadInput(
    "no password",
    main: accounts(without: "password"),
    says: #"1:1: error: [[vcenter]] has no 'password'; write password = { credential = "NAME" } "#
      + #"(systemd) or { file = "/PATH" }"#),
  BadInput(
    "a login without a name",
    main: accounts(without: #"name = "linux""#),
    says: #"main.toml:7:1: error: [[guest_login]] has no 'name'; write name = "...", 1 to 64 of "#
      + "letters, digits, '.', '_' and '-', the first a letter or digit",
    "rules.d/a.toml:3:15: error: no [[guest_login]] is named 'linux'; add one to the main "
      + "file"),
  BadInput(
    "a login without an account",
    main: accounts(without: #"username = "guestwatch""#),
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
      + "saml_token, scope, directory, max_in_flight"),
  BadInput(
    "a fingerprint that is a number",
    main: accounts(adding: "fingerprint_sha256 = 12", after: "url"),
    says: "4:22: error: 'fingerprint_sha256' is an integer; write the SHA-256 of the certificate as 64 hex digits, "
      + "with or without colons"),
  BadInput(
    "no fingerprint",
    main: accounts(adding: "fingerprint_sha256 = []", after: "url"),
    says: "4:22: error: 'fingerprint_sha256' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "a fingerprint whose colons stand anywhere",
    main: accounts(adding: "fingerprint_sha256 = \"a:\(String(repeating: "b", count: 63))\"", after: "url"),
    says: "4:22: error: not the fingerprint of a certificate; write the SHA-256 of the certificate as 64 hex digits, "
      + "with or without colons"),
  BadInput(
    "a SHA-1 fingerprint as the second",
    main: accounts(
      adding: "fingerprint_sha256 = [\"" + String(repeating: "AB", count: 32) + "\", \""
        + String(repeating: "AB", count: 20) + "\"]", after: "url"),
    says: "4:91: error: not the fingerprint of a certificate; write the SHA-256 of the certificate as 64 hex digits, "
      + "with or without colons"),
  BadInput(
    "a fingerprint beside a ca_file",
    main: accounts(
      adding: "ca_file = \"ca.pem\"\nfingerprint_sha256 = \"\(String(repeating: "ab", count: 32))\"", after: "url"),
    says: "4:11: error: the 'ca_file' does not exist; create it or correct the path",
    "5:1: error: 'fingerprint_sha256' replaces the check of who signed the certificate; remove it or 'ca_file'"),
  BadInput(
    "an unknown key of a vCenter",
    main: accounts(adding: "port = 443", after: "url"),
    says: "4:1: error: unknown key 'port' in [[vcenter]]; known: name, url, username, password, "
      + "ca_file, fingerprint_sha256, max_in_flight"),
  BadInput(
    "rules as a table",
    main: accounts + "[rule]\nname = \"x\"\n",
    says: "11:1: error: 'rule' is a table; write [[rule]]"),
  BadInput(
    "a rule that is a number",
    main: "rule = [1]\n" + accounts,
    says: "1:9: error: an element of 'rule' is an integer; write [[rule]]"),
  BadInput(
    "a string for [metrics]",
    main: "metrics = \"/x.prom\"\n" + accounts,
    says: "1:11: error: 'metrics' is a string; write a table: [metrics]"),
  BadInput(
    "[metrics] with keys of elsewhere",
    main: accounts + "[metrics]\ntextfil = \"/x.prom\"\nevery = \"15s\"\n",
    says: "12:1: error: unknown key 'textfil' in [metrics]; did you mean 'textfile'?",
    "13:1: error: unknown key 'every' in [metrics]; known: textfile"),
  BadInput(
    "an integer for a textfile",
    main: accounts + "[metrics]\ntextfile = 1\n",
    says:
      "12:12: error: 'textfile' is an integer; write an absolute path, such as \"/var/lib/prometheus/node-exporter/guestwatchd.prom\""
  ),
  BadInput(
    "an empty textfile",
    main: accounts + "[metrics]\ntextfile = \"\"\n",
    says:
      "12:12: error: 'textfile' is empty or holds control characters; write an absolute path, such as \"/var/lib/prometheus/node-exporter/guestwatchd.prom\""
  ),
  BadInput(
    "a textfile with a line end",
    main: accounts + "[metrics]\ntextfile = \"/x\\n.prom\"\n",
    says:
      "12:12: error: 'textfile' is empty or holds control characters; write an absolute path, such as \"/var/lib/prometheus/node-exporter/guestwatchd.prom\""
  ),
  BadInput(
    "a relative textfile",
    main: accounts + "[metrics]\ntextfile = \"guestwatchd.prom\"\n",
    says:
      "12:12: error: 'textfile' is not an absolute path; write one such as \"/var/lib/prometheus/node-exporter/guestwatchd.prom\""
  ),
  BadInput(
    "a textfile that node_exporter does not read",
    main: accounts + "[metrics]\ntextfile = \"/var/lib/guestwatchd.txt\"\n",
    says:
      "12:12: error: 'textfile' names no file that ends in .prom, and node_exporter reads no other; write one such as "
      + "\"/var/lib/prometheus/node-exporter/guestwatchd.prom\""),
  BadInput(
    "a textfile without a name",
    main: accounts + "[metrics]\ntextfile = \"/var/lib/.prom\"\n",
    says:
      "12:12: error: 'textfile' names no file that ends in .prom, and node_exporter reads no other; write one such as "
      + "\"/var/lib/prometheus/node-exporter/guestwatchd.prom\""),
]
