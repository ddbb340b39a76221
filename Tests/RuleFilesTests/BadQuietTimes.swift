/// Mistakes in `not_during`, each with everything that is said of it.
let badQuietTimes: [BadInput] =
  [
    BadInput(
      "not a list", rules: rule(#"not_during = "sat,sun""#),
      says: #"7:14: error: 'not_during' is a string; write a list such as ["sat,sun", "mon-fri 22:00-06:00"]"#),
    BadInput(
      "no text in it", rules: rule(#"not_during = ["sat", 22:00:00]"#),
      says: "7:22: error: an element of 'not_during' is a time; write an entry in quotes such as "
        + #""mon-fri 22:00-06:00""#),
    BadInput(
      "an offset and several faults", rules: rule("not_during = [\n  \"fun\",\n  \"sat\",\n  \"9:00-17:00\",\n]"),
      says: "8:3: error: 'not_during' has 'fun' where a day belongs; did you mean 'sun'?",
      "10:3: error: 'not_during' has '9:00' where a time belongs; write \"00:00\" to \"23:59\", two digits each, or "
        + "\"24:00\" as the end"),
    BadInput(
      "more entries than anybody reads",
      rules: rule("not_during = [" + String(repeating: "\"sat\", ", count: 101) + "]"),
      says: "7:14: error: 'not_during' has 101 entries; write at most 100"),
  ]
  + entries.map { text, problem in
    BadInput(
      "not_during = [\"\(text)\"]", rules: rule("not_during = [\"\(text)\"]"),
      says: "7:15: error: 'not_during' has \(problem)")
  }

private let oneTime = #"where a time belongs; write "00:00" to "23:59", two digits each, or "24:00" as the end"#
private let order =
  #"write the days without blanks, then one time: "mon-fri 22:00-06:00", each other time as an entry of its own"#

private let entries: [(text: String, problem: String)] = [
  ("", #"an empty entry; write "sat,sun", "22:00-06:00" or "mon-fri 22:00-06:00""#),
  ("  ", #"an empty entry; write "sat,sun", "22:00-06:00" or "mon-fri 22:00-06:00""#),
  ("Mon", "'Mon' where a day belongs; did you mean 'mon'?"),
  ("monday", "'monday' where a day belongs; did you mean 'mon'?"),
  ("mo-fr", "'mo' where a day belongs; did you mean 'mon'?"),
  ("weekend", "'weekend' where a day belongs; write mon, tue, wed, thu, fri, sat or sun"),
  ("holidays", "'holidays' where a day belongs; write mon, tue, wed, thu, fri, sat or sun"),
  ("mon,,tue", "'' where a day belongs; write mon, tue, wed, thu, fri, sat or sun"),
  ("mon-", "'' where a day belongs; write mon, tue, wed, thu, fri, sat or sun"),
  ("mon-wed-fri", "'mon-wed-fri'; write one range of days, such as 'mon-fri'"),
  ("mon-mon", "'mon-mon', a range from a day to itself; write 'mon', or no days for all"),
  ("mon, tue", "'mon, tue'; \(order)"),
  ("22:00-06:00 mon", "'22:00-06:00 mon'; \(order)"),
  ("mon 22:00-06:00 08:00-09:00", "'mon 22:00-06:00 08:00-09:00'; \(order)"),
  ("22:00", #"'22:00' where a time belongs; write from when to when: "22:00-06:00""#),
  ("mon 22:00-06:00-07:00", #"'22:00-06:00-07:00' where a time belongs; write from when to when: "22:00-06:00""#),
  (
    "22:00-22:00",
    #"'22:00-22:00', which is no time at all; write an end other than the beginning, or "00:00-24:00" for "#
      + "whole days"
  ),
  (
    "00:00-00:00",
    #"'00:00-00:00', which is no time at all; write an end other than the beginning, or "00:00-24:00" for "#
      + "whole days"
  ),
  ("24:00-06:00", #"'24:00' as a beginning; write "00:00" on the day after"#),
  ("22:00-24:01", "'24:01' \(oneTime)"),
  ("25:00-06:00", "'25:00' \(oneTime)"),
  ("22:60-06:00", "'22:60' \(oneTime)"),
  ("22.00-06.00", "'22.00' \(oneTime)"),
  ("22-06", "'22' \(oneTime)"),
  ("22:00-6:00", "'6:00' \(oneTime)"),
  ("22:00\u{2013}06:00", "'22:00\u{2013}06:00' where a time belongs; write from when to when: \"22:00-06:00\""),
  ("\\u0001\\u001b[31m", #"'\u{1}\u{1b}[31m' "# + #"where a time belongs; write from when to when: "22:00-06:00""#),
]
