import RuleFiles
import Testing

/// Mistakes in the main file, each with everything that is said of it.
let badMainFiles: [BadInput] = [
  BadInput(
    "nothing", main: "", rules: nil,
    says: "1:1: error: there is no [[vcenter]]; add one with name, url, username and password",
    "1:1: warning: there are no rules, so that nothing is watched; add a [[rule]] here or in rules.d"),
  BadInput(
    "no vCenter", main: "[daemon]\n", rules: nil,
    says: "1:1: error: there is no [[vcenter]]; add one with name, url, username and password",
    "1:1: warning: there are no rules, so that nothing is watched; add a [[rule]] here or in rules.d"),
  BadInput(
    "an empty list of vCenters", main: "vcenter = []\n", rules: nil,
    says: "1:1: error: there is no [[vcenter]]; add one with name, url, username and password",
    "1:1: warning: there are no rules, so that nothing is watched; add a [[rule]] here or in rules.d"),
  BadInput(
    "a single table for vCenters", main: "[vcenter]\nname = \"lab\"\n", rules: nil,
    says: "1:1: error: 'vcenter' is a table; write [[vcenter]]",
    "1:1: warning: there are no rules, so that nothing is watched; add a [[rule]] here or in rules.d"),
  BadInput(
    "an unknown section", main: accounts + "[deamon]\n",
    says: "11:2: error: unknown key 'deamon' in the main file; did you mean 'daemon'?"),
  BadInput(
    "a string for a section", main: "daemon = \"x\"\n" + accounts,
    says: "1:10: error: 'daemon' is a string; write a table: [daemon]"),
  BadInput(
    "faults of [daemon]",
    main: accounts + "[daemon]\ndry_run = 1\nevery = true\nrules = 5\nlog_commands = \"all\"\n"
      + "time_zone = \"Europe Berlin\"\n",
    says: "12:11: error: 'dry_run' is an integer; write true or false",
    #"13:9: error: 'every' is a boolean; write a duration in quotes, such as "2h30m" or "90s""#,
    "14:9: error: 'rules' is an integer; write the folder of the rule files",
    #"15:16: error: 'log_commands' is neither "name" nor "full"; write one of them"#,
    #"16:13: error: 'time_zone' is not the name of a time zone; write an IANA name such as "Europe/Berlin" or "UTC""#),
  BadInput(
    "a folder of rules that is not there", main: accounts + "[daemon]\nrules = \"rulez.d\"\n",
    says: "1:1: warning: there are no rules, so that nothing is watched; add a [[rule]] here or in rulez.d",
    "12:9: error: the folder of 'rules' does not exist; create it or correct the path"),
  BadInput(
    "an empty path", main: accounts + "[daemon]\nrules = \"\"\n",
    says: "12:9: error: 'rules' is empty or holds control characters; write the folder of the rule files"),
  BadInput(
    "faults of [budget]", main: accounts + "[budget]\nkills = -1\nper_vm = 1.5\nwithin = \"1w\"\n",
    says: "12:9: error: 'kills' is -1; write an integer of 0 or more, such as 3",
    "13:10: error: 'per_vm' is a float; write an integer of 0 or more, such as 3",
    "14:10: error: 'within' is not a duration; write whole numbers with d, h, m, s in this order, such "
      + #"as "2h30m""#),
  BadInput(
    "faults of [protect]",
    main: accounts + "[protect]\nnames = \"\"\nowners = [1]\ncommand = []\nvms = { except = [\"a\"] }\n",
    says: #"12:9: error: 'names' has an empty pattern; write "*" for any text"#,
    #"13:11: error: an element of 'owners' is an integer; write a pattern in quotes such as "db-*", or a "#
      + "list of patterns",
    "14:1: error: unknown key 'command' in [protect]; did you mean 'commands'?",
    #"15:7: error: 'vms' chooses no VM; write names, ids, folders, clusters or tags (all VMs: names = ["*"])"#),
  BadInput(
    "faults of [ledger]", main: accounts + "[ledger]\nkeep = 400\nkep = \"1d\"\n",
    says: #"12:8: error: 'keep' is an integer; write a duration in quotes, such as "2h30m" or "90s""#,
    "13:1: error: unknown key 'kep' in [ledger]; did you mean 'keep'?"),
  BadInput(
    "an empty vCenter", main: "[[vcenter]]\n", rules: nil,
    says: #"1:1: error: [[vcenter]] has no 'name'; write name = "...", 1 to 64 of letters, digits, '.', '_' and "#
      + "'-', the first a letter or digit",
    #"1:1: error: [[vcenter]] has no 'url'; write url = "https://HOST" or "https://HOST:PORT""#,
    #"1:1: error: [[vcenter]] has no 'username'; write username = "...", such as "#
      + #""svc-guestwatch@vsphere.local""#,
    #"1:1: error: [[vcenter]] has no 'password'; write password = { credential = "NAME" } (systemd) or { "#
      + #"file = "/PATH" }"#,
    "1:1: warning: there are no rules, so that nothing is watched; add a [[rule]] here or in rules.d"),
  BadInput(
    "a vCenter twice",
    main: accounts + "[[vcenter]]\nname = \"lab\"\nurl = \"https://b.example.com\"\nusername = \"u\"\n" + passwordLine,
    says: "12:8: error: vCenter 'lab' was defined before, at line 2; give each its own name"),
  BadInput(
    "an address twice",
    main: accounts + rule() + "[[vcenter]]\nname = \"b\"\nurl = \"https://VCENTER.example.com:443\"\nusername = \"u\"\n"
      + passwordLine, rules: nil,
    says: "19:7: warning: vCenter 'lab' has the same address, so its VMs would be looked at twice; keep one of "
      + "the two"),
  BadInput(
    "a login twice", main: accounts + "[[guest_login]]\nname = \"linux\"\nusername = \"u\"\n" + passwordLine,
    says: "12:8: error: guest login 'linux' was defined before, at line 8; give each its own name"),
  BadInput(
    "a password in the file",
    main: accounts.replacing(#"{ file = "secret" }"#, with: #""hunter2""#, maxReplacements: 1),
    says: "5:12: error: 'password' is a string and a secret never stands in this file; write { credential = "
      + #""NAME" } (systemd) or { file = "/PATH" }"#),
  BadInput(
    "a password under a wrong key",
    main:
      accounts
      .replacing(#"{ file = "secret" }"#, with: #"{ hunter2 = "secret" }"#, maxReplacements: 1),
    says: #"5:14: error: 'password' has an unknown key; write { credential = "NAME" } (systemd) or { file = "#
      + #""/PATH" }"#),
  BadInput(
    "an empty table for a password",
    main: accounts.replacing(#"{ file = "secret" }"#, with: "{}", maxReplacements: 1),
    says: #"5:12: error: 'password' is empty; write { credential = "NAME" } (systemd) or { file = "/PATH" }"#),
  BadInput(
    "two sources of a password",
    main:
      accounts
      .replacing(#"{ file = "secret" }"#, with: #"{ file = "secret", credential = "a" }"#, maxReplacements: 1),
    says: #"5:12: error: 'password' has both credential and file; write exactly one: { credential = "NAME" } "#
      + #"(systemd) or { file = "/PATH" }"#),
  BadInput(
    "a credential outside systemd",
    main:
      accounts
      .replacing(#"{ file = "secret" }"#, with: #"{ credential = "a" }"#, maxReplacements: 1),
    says: "5:27: error: there are no credentials: $CREDENTIALS_DIRECTORY is unset; run as a systemd service "
      + #"with LoadCredential=, or use { file = "/PATH" }"#),
  BadInput(
    "a credential that is a path",
    main:
      accounts
      .replacing(#"{ file = "secret" }"#, with: #"{ credential = "../hunter2" }"#, maxReplacements: 1),
    says: "5:27: error: 'credential' is no name of a credential; write the name of a credential of the "
      + "service, without slashes"),
  BadInput(
    "a secret file that is not there",
    main: accounts.replacing(#""secret""#, with: #""/no/hunter2""#, maxReplacements: 1),
    says: "5:21: error: the secret file does not exist; create it or correct the path"),
  BadInput(
    "a folder for a secret file", main: accounts.replacing(#""secret""#, with: #""/""#, maxReplacements: 1),
    says: "5:21: error: the secret file is not a regular file; put a file there"),
  BadInput(
    "an integer for a secret file", main: accounts.replacing(#""secret""#, with: "7", maxReplacements: 1),
    says: "5:21: error: 'file' is an integer; write the path of a file that holds the secret"),
  BadInput(
    "an empty user name", main: accounts.replacing(#""guestwatch""#, with: #""""#),
    says: #"9:12: error: 'username' is empty or holds control characters; write username = "...", an account "#
      + "inside the guests"),
  BadInput(
    "a user name with a line end", main: accounts.replacing(#""guestwatch""#, with: #""a\nb""#),
    says: #"9:12: error: 'username' is empty or holds control characters; write username = "...", an account "#
      + "inside the guests"),
  BadInput(
    "an API that takes what comes", main: accounts + "max_in_flight = 0\n",
    says: "11:17: error: 'max_in_flight' is 0; write an integer from 1 to 1024"),
  BadInput(
    "a directory account in a hurry",
    main: accounts.replacing(#""guestwatch""#, with: #""CORP\\guestwatch""#) + "max_in_flight = 5\n",
    says: "11:17: error: 'max_in_flight' is 5; write an integer from 1 to 4 for a directory account, which can "
      + "be locked"),
  BadInput(
    "directory in quotes", main: accounts + "directory = \"no\"\n",
    says: "11:13: error: 'directory' is a string; write true or false"),
  BadInput(
    "a login scoped by name", main: accounts + "scope = { names = [\"db-*\"] }\n",
    says: "11:11: error: 'names' may not limit a login, for whoever may rename a VM could draw the password; "
      + "use 'ids', 'folders', 'clusters' or 'tags'"),
  BadInput(
    "a login scoped by folder with an exception by name",
    main: accounts + "scope = { ids = [\"vm-1\"], folders = [\"db\"], except = [\"x\"] }\n",
    says: "11:45: error: 'except' may not limit a login, for whoever may rename a VM could draw the password; "
      + "use 'ids', 'folders', 'clusters' or 'tags'"),
  BadInput(
    "a login scoped by a tag without a category", main: accounts + "scope.tags = [\"ok\"]\n",
    says: "11:15: error: an element of 'tags' has no category; write it as \"category:name\""),
  BadInput(
    "VMs that are protected by an empty list", main: accounts + "[protect]\nvms = { names = [\"a\"], tags = [] }\n",
    says: "12:31: error: 'tags' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "a login scoped by nothing", main: accounts + "scope = {}\n",
    says: "11:9: error: 'scope' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "a token beside a password", main: accounts + "saml_token = { file = \"secret\" }\n",
    says: "11:1: error: 'password' and 'saml_token' exclude each other; write exactly one of them"),
  BadInput(
    "a token that stands in the file",
    main: accounts + "[[guest_login]]\nname = \"sso\"\nsaml_token = \"<saml>\"\n",
    says: "13:14: error: 'saml_token' is a string and a secret never stands in this file; write "
      + "{ credential = \"NAME\" } (systemd) or { file = \"/PATH\" }"),
  BadInput(
    "a fingerprint",
    main:
      accounts
      .replacing(#"username = "svc"#, with: "fingerprint_sha256 = \"aa\"\nusername = \"svc"),
    says: "4:22: error: not the fingerprint of a certificate; write the SHA-256 of the certificate as 64 hex digits, "
      + "with or without colons"),
  BadInput(
    "a CA file that is not there",
    main: accounts.replacing(#"username = "svc"#, with: "ca_file = \"ca.pem\"\nusername = \"svc"),
    says: "4:11: error: the 'ca_file' does not exist; create it or correct the path"),
  BadInput(
    "a CA file without a certificate",
    main: accounts.replacing(#"username = "svc"#, with: "ca_file = \"secret\"\nusername = \"svc"),
    says: "4:11: error: the 'ca_file' holds no PEM certificate; give a file with BEGIN CERTIFICATE in it"),
  BadInput(
    "a host without a scheme",
    main: accounts.replacing("https://vcenter.example.com", with: "vcenter.example.com"),
    says: #"3:7: error: 'url' is not a URL of a vCenter; write "https://HOST" or "https://HOST:PORT""#),
  BadInput(
    "plain HTTP to elsewhere",
    main: accounts.replacing("https://vcenter.example.com", with: "http://vcenter.example.com"),
    says: "3:7: error: 'url' would send passwords in the clear; write https:// (http:// only to 127.0.0.0/8, "
      + "::1 and localhost)"),
  BadInput(
    "a path in the URL",
    main: accounts.replacing("https://vcenter.example.com", with: "https://vcenter.example.com/"),
    says: #"3:7: error: 'url' goes on after the host; write "https://HOST" or "https://HOST:PORT" and nothing else"#),
  BadInput(
    "a password in the URL",
    main:
      accounts
      .replacing("https://vcenter.example.com", with: "https://u:hunter2@vcenter.example.com"),
    says: "3:7: error: 'url' holds a user name or password; put them under 'username' and 'password'"),
  BadInput(
    "a port that is none",
    main:
      accounts
      .replacing("https://vcenter.example.com", with: "https://vcenter.example.com:65536"),
    says: #"3:7: error: the port of 'url' is not between 1 and 65535; write "https://HOST:PORT" or leave the "#
      + "port out"),
  BadInput(
    "a host that is none", main: accounts.replacing("https://vcenter.example.com", with: "https://256.1.1.1"),
    says: "3:7: error: the host of 'url' is neither a name nor an address; write a DNS name, an IPv4 address "
      + "or [IPv6 address]"),
  BadInput(
    "references to nothing",
    main: "[[vcenter]]\nname = \"lab\"\nurl = \"https://[::1]\"\nusername = \"u\"\n" + passwordLine
      + rule(#"vcenter = "lap""#), rules: nil,
    says: "8:15: error: no [[guest_login]] is named 'linux'; add one to the main file",
    "12:11: error: no [[vcenter]] is named 'lap'; did you mean 'lab'?"),
  BadInput(
    "a rule in the main file", main: accounts + rule(#"every = "x""#), rules: nil,
    says: "17:9: error: 'every' is not a duration; write whole numbers with d, h, m, s in this order, such as "
      + #""2h30m""#),
]
