/// Mistakes in `[[notify]]`. The accounts take lines 1 to 10.
let badNotify: [BadInput] = [
  BadInput(
    "neither a program nor a webhook", main: accounts + "[[notify]]\nname = \"x\"\n",
    says: "11:1: error: [[notify]] has neither 'exec' nor 'webhook'; write exec = [\"/PATH\"] or webhook = "
      + "\"https://HOST/PATH\""),
  BadInput(
    "a slip is told once", main: accounts + "[[notify]]\nwebhok = \"https://a.example\"\n",
    says: "12:1: error: unknown key 'webhok' in [[notify]]; did you mean 'webhook'?"),
  BadInput(
    "both", main: accounts + "[[notify]]\nexec = [\"/bin/true\"]\nwebhook = \"https://a.example\"\n",
    says: "13:1: error: 'exec' and 'webhook' exclude each other; write exactly one of them, and another [[notify]] for "
      + "the other"),
  BadInput(
    "one table", main: accounts + "[notify]\nexec = [\"/bin/true\"]\n",
    says: "11:1: error: 'notify' is a table; write [[notify]]"),
  BadInput(
    "a second one of a name",
    main: accounts + String(repeating: "[[notify]]\nname = \"a\"\nexec = [\"/bin/true\"]\n", count: 2),
    says: "15:8: error: notify 'a' was defined before, at line 12; give each its own name"),
  BadInput(
    "the name that another has by its place",
    main: accounts + "[[notify]]\nexec = [\"/bin/true\"]\n[[notify]]\nname = \"notify-1\"\nexec = [\"/bin/true\"]\n",
    says: "14:8: error: notify 'notify-1' was defined before, at line 11; give each its own name"),
  BadInput(
    "too many",
    main: accounts + String(repeating: "[[notify]]\nexec = [\"/bin/true\"]\n", count: 17),
    says: "43:1: error: there are more than 16 [[notify]]; let one program or receiver tell the others"),
  BadInput(
    "an event that is none", main: accounts + "[[notify]]\non = [\"killed\", \"kiled\"]\nexec = [\"/bin/true\"]\n",
    says: "12:17: error: 'on' has no such event; did you mean 'killed'?"),
  BadInput(
    "the events of the log itself", main: accounts + "[[notify]]\non = \"notify-failed\"\nexec = [\"/bin/true\"]\n",
    says: "12:6: error: 'on' has no such event; known: runaway, terminating, waiting, would-kill, spared, killed, "
      + "kill-asked, short-lived, still-listed, login-quarantined, login-stopped, login-tried, login-believed, login-unreadable, "
      + "login-readable, vm-parked, vm-watched, epoch-ended, starts-doubted, vcenter-up, vcenter-down, "
      + "vcenter-login-refused, watch-only, scope-empty and 14 more"),
  BadInput(
    "no event at all", main: accounts + "[[notify]]\non = []\nexec = [\"/bin/true\"]\n",
    says: "12:6: error: 'on' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "events that are no text", main: accounts + "[[notify]]\non = true\nexec = [\"/bin/true\"]\n",
    says: "12:6: error: 'on' is a boolean; write an event in quotes such as \"killed\", or a list of events"),
  BadInput(
    "a command line", main: accounts + "[[notify]]\nexec = \"/bin/echo killed\"\n",
    says: "12:8: error: 'exec' is a string; write a list such as [\"/usr/local/bin/page\", \"--urgent\"]; no shell "
      + "reads it"),
  BadInput(
    "no words", main: accounts + "[[notify]]\nexec = []\n",
    says: "12:8: error: 'exec' is empty; write a list such as [\"/usr/local/bin/page\", \"--urgent\"]; no shell "
      + "reads it"),
  BadInput(
    "a word that is a number", main: accounts + "[[notify]]\nexec = [\"/bin/sleep\", 3]\n",
    says: "12:23: error: an element of 'exec' is an integer; write text in quotes"),
  BadInput(
    "a program without its folder", main: accounts + "[[notify]]\nexec = [\"mail\", \"root\"]\n",
    says: "12:9: error: 'exec' does not begin with an absolute path, and no folder is searched; write a list such as "
      + "[\"/usr/local/bin/page\", \"--urgent\"]; no shell reads it"),
  BadInput(
    "a word with a NUL", main: accounts + "[[notify]]\nexec = [\"/bin/true\", \"a\\u0000b\"]\n",
    says: "12:22: error: a word of 'exec' holds a NUL or more than 4095 bytes; put it into a program"),
  BadInput(
    "a word that is data",
    main: accounts + "[[notify]]\nexec = [\"/bin/true\", \"\(String(repeating: "x", count: 4096))\"]\n",
    says: "12:22: error: a word of 'exec' holds a NUL or more than 4095 bytes; put it into a program"),
  BadInput(
    "too many words",
    main: accounts + "[[notify]]\nexec = [\(String(repeating: "\"/bin/true\", ", count: 65))]\n",
    says: "12:8: error: 'exec' has more than 64 words; put them into a program"),
  BadInput(
    "what a program has no use for",
    main: accounts + "[[notify]]\nexec = [\"/bin/true\"]\nca_file = \"ca.pem\"\ntoken = { file = \"secret\" }\n",
    says: "13:1: error: 'ca_file' goes only with 'webhook'; remove it",
    "14:1: error: 'token' goes only with 'webhook'; remove it"),
  BadInput(
    "a time limit of hours", main: accounts + "[[notify]]\nexec = [\"/bin/true\"]\ntimeout = \"1h\"\n",
    says: "13:11: error: 'timeout' is longer than 10 minutes; write at most \"10m\""),
  BadInput(
    "no time limit", main: accounts + "[[notify]]\nexec = [\"/bin/true\"]\ntimeout = \"0s\"\n",
    says: "13:11: error: 'timeout' is 0; write \"1s\" or more"),
  webhook("in the clear", "http://a.example/hunter2", "'webhook' would send everything in the clear; write https://"),
  webhook("no URL", "hooks.example.com/hunter2", "'webhook' is not a URL; write \"https://HOST/PATH\""),
  webhook(
    "with a password", "https://me:hunter2@a.example/",
    "'webhook' holds a user name or password; put a token under 'token'"),
  webhook(
    "without a host", "https:///hunter2",
    "the host of 'webhook' is neither a name nor an address; write \"https://HOST/PATH\""),
  webhook(
    "with a port too high", "https://a.example:65536/hunter2",
    "the port of 'webhook' is not between 1 and 65535; write \"https://HOST:PORT/PATH\" or leave it out"),
  webhook(
    "with a fragment", "https://a.example/x#hunter2",
    "'webhook' has a '#', and what follows one is never sent; write the URL without it"),
  webhook("with a blank", "https://a.example/hunter2 x", characters),
  webhook("with a letter beyond ASCII", "https://a.example/hunter2é", characters),
  webhook("with half an escape", "https://a.example/hunter2%4", characters),
  webhook("with a bracket", "https://a.example/[hunter2]", characters),
  webhook(
    "too long", "https://a.example/hunter2" + String(repeating: "x", count: 4096),
    "'webhook' is longer than 4096 bytes; write the URL of the receiver"),
  BadInput(
    "a webhook that is a number", main: accounts + "[[notify]]\nwebhook = 1\n",
    says: "12:11: error: 'webhook' is an integer; write \"https://HOST/PATH\", or { credential = \"NAME\" } or "
      + "{ file = \"/PATH\" } with the URL in it"),
  BadInput(
    "a webhook's file that holds no URL", main: accounts + "[[notify]]\nwebhook = { file = \"secret\" }\n",
    says: "12:11: error: 'webhook' is not a URL; write \"https://HOST/PATH\""),
  BadInput(
    "a webhook's file that is not there", main: accounts + "[[notify]]\nwebhook = { file = \"none\" }\n",
    says: "12:20: error: the secret file does not exist; create it or correct the path"),
  BadInput(
    "a token in the file itself",
    main: accounts + "[[notify]]\nwebhook = \"https://a.example\"\ntoken = \"hunter2\"\n",
    says: "13:9: error: 'token' is a string and a secret never stands in this file; write { credential = \"NAME\" } "
      + "(systemd) or { file = \"/PATH\" }"),
  BadInput(
    "authorities and fingerprint",
    main: accounts
      + "[[notify]]\nwebhook = \"https://a.example\"\nca_file = \"none.pem\"\nfingerprint_sha256 = \"ab\"\n",
    says: "13:11: error: the 'ca_file' does not exist; create it or correct the path",
    "14:1: error: 'fingerprint_sha256' replaces the check of who signed the certificate; remove it or 'ca_file'",
    "14:22: error: not the fingerprint of a certificate; write the SHA-256 of the certificate as 64 hex digits, with or "
      + "without colons"),
]

private let characters =
  "'webhook' holds characters that no URL may have as they are; write them as % and two hex digits"

private func webhook(_ what: String, _ url: String, _ says: String) -> BadInput {
  BadInput("a webhook \(what)", main: accounts + "[[notify]]\nwebhook = \"\(url)\"\n", says: "12:11: error: \(says)")
}
