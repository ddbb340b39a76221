extension Findings {
  /// `[metrics] textfile`: the file for node_exporter; nil: absent, or wrong.
  mutating func textfile(in file: Section, isCheck: Bool) -> String? {
    let example = "\"/var/lib/prometheus/node-exporter/guestwatchd.prom\""
    guard let entry = file.unlessEmpty("metrics"),
      let metrics = section(entry, title: "[metrics]", keys: Keys(known: ["textfile"]), hint: "a table: [metrics]"),
      let entry = metrics["textfile"], let path = path(entry, from: ".", hint: "an absolute path, such as \(example)")
    else { return nil }
    let place = entry.value.place
    // Relative to what the daemon happens to run in it would be written where nobody looks.
    guard path.hasPrefix("/") else {
      error(place, .badPath, "'textfile' is not an absolute path; write one such as \(example)")
      return nil
    }
    guard path.hasSuffix(".prom"), !path.hasSuffix("/.prom") else {
      error(
        place, .badPath,
        "'textfile' names no file that ends in .prom, and node_exporter reads no other; write one such as \(example)")
      return nil
    }
    // The daemon does not look: on a disk that hangs, metrics must hold up neither its start nor a reload.
    if isCheck { lookAt(path, at: place) }
    return path
  }

  private mutating func lookAt(_ path: String, at place: Place) {
    if (try? folderRights(path)) != nil {
      error(
        place, .badPath, "'textfile' is a folder; write the path of a file that ends in .prom, or remove the folder")
    } else if (try? folderRights(folder(of: path))) == nil {
      // It may be made later, and what is killed does not depend on it.
      warning(
        place, .noFolder,
        "the folder of 'textfile' is not there, or this user may not look at it; make it or correct the path, for without "
          + "it no metrics are written")
    }
  }
}
