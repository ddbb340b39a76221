/// Folders, clusters and tags that can be none.
let badPlaces: [BadInput] = [
  BadInput(
    "empty lists of places", rules: rule(#"scope = { folders = [], clusters = [], tags = [] }"#),
    says: "4:21: error: 'folders' is empty and would choose nothing; fill it or remove the key",
    "4:36: error: 'clusters' is empty and would choose nothing; fill it or remove the key",
    "4:47: error: 'tags' is empty and would choose nothing; fill it or remove the key"),
  BadInput(
    "empty names of places", rules: rule(#"scope = { folders = "", clusters = [""], tags = [""] }"#),
    says: "4:21: error: an element of 'folders' is empty; write a name or remove it",
    "4:37: error: an element of 'clusters' is empty; write a name or remove it",
    "4:50: error: an element of 'tags' is empty; write a name or remove it"),
  BadInput(
    "numbers for places", rules: rule(#"scope = { folders = 7, clusters = [true], tags = { a = 1 } }"#),
    says:
      #"4:21: error: 'folders' is an integer; write names of VM folders, or their paths, such as ["db", "/Datacenter/vm/db"]"#,
    #"4:36: error: an element of 'clusters' is a boolean; write names of clusters, such as ["production"]"#,
    #"4:50: error: 'tags' is a table; write tags as "category:name", such as ["env:production"]"#),
  BadInput(
    "a path from nowhere", rules: rule(#"scope = { folders = ["vm/db"] }"#),
    says:
      #"4:22: error: an element of 'folders' has a slash; write the path from the root, such as "/Datacenter/vm/db", "#
      + "or %2f for a slash within a name, as vCenter does"),
  BadInput(
    "a path that ends in a slash", rules: rule(#"scope = { folders = ["/DC/vm/db/"] }"#),
    says: "4:22: error: an element of 'folders' ends in a slash; write the path without it"),
  BadInput(
    "the root", rules: rule(#"scope = { folders = ["/"] }"#),
    says:
      #"4:22: error: an element of 'folders' is the root, which holds everything; write names = ["*"] if that is meant"#
  ),
  BadInput(
    "a path with an empty name", rules: rule(#"scope = { folders = ["/DC//db"] }"#),
    says: "4:22: error: an element of 'folders' has a name that is empty (//); write one slash between names"),
  BadInput(
    "a folder with control characters", rules: rule(#"scope = { folders = ["d\u0007b", "/a/b\n"] }"#),
    says: "4:22: error: an element of 'folders' holds control characters; write the name as vCenter shows it",
    "4:34: error: an element of 'folders' holds control characters; write the name as vCenter shows it"),
  BadInput(
    "a cluster with a slash", rules: rule(#"scope = { clusters = ["/DC/host/c", "a/b"] }"#),
    says: "4:23: error: an element of 'clusters' is a path; write the cluster's name alone",
    "4:37: error: an element of 'clusters' has a slash; write %2f for a slash within a name, as vCenter does"),
  BadInput(
    "tags that are none", rules: rule(#"scope = { tags = ["prod", ":prod", "env:", ":", "a:\t"] }"#),
    says: #"4:19: error: an element of 'tags' has no category; write it as "category:name""#,
    #"4:27: error: an element of 'tags' has an empty category; write it as "category:name""#,
    #"4:36: error: an element of 'tags' has an empty name; write it as "category:name""#,
    #"4:44: error: an element of 'tags' has an empty category; write it as "category:name""#,
    "4:49: error: an element of 'tags' holds control characters; write the name as vCenter shows it"),
  BadInput(
    "a misspelt key of a scope", rules: rule(#"scope = { folder = ["db"], tag = ["a:b"] }"#),
    says: "4:11: error: unknown key 'folder' in 'scope'; did you mean 'folders'?",
    "4:28: error: unknown key 'tag' in 'scope'; did you mean 'tags'?"),
]
