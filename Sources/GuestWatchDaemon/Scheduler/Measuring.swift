import GuestWatchCore

/// What is counted, and how writing it down goes.
struct Measuring {
  var tally = Tally()
  /// Where the metrics are written; nil: nowhere.
  var path: String?
  /// When they are written next.
  var next = Instant.never
  /// Where a write has not ended.
  var underWay: Set<String> = []
  var writes = MetricsWrites()
  /// The path that was said to fail, until one works.
  var saidFailing: String?
}

/// The metrics: every 15 s a picture of the state is handed to whoever writes it. Nothing here waits for a disk.
extension Scheduler {
  /// Prometheus usually asks node_exporter once in 15 s or in a minute: more often would show nobody anything.
  static var pictureEvery: Duration { .seconds(15) }

  /// A configuration says where the metrics are written. What stood elsewhere goes: nobody would know how old it is.
  func measure(at path: String?) {
    guard let metrics, path != measuring.path else { return }
    if let before = measuring.path { removeMetrics(before, metrics) }
    measuring.path = path
    guard let path else {
      measuring.next = .never
      measuring.saidFailing = nil
      return
    }
    let now = clock.now().continuous
    // Where a write is under way there from before, the next one comes in its time.
    if measuring.underWay.contains(path) { measuring.next = now + Self.pictureEvery } else { measure(now) }
  }

  /// A picture is due.
  func measure(_ now: Instant) {
    guard let metrics, let path = measuring.path else { return }
    measuring.next = now + Self.pictureEvery
    guard measuring.underWay.insert(path).inserted else {
      measuring.writes.skipped += 1
      return metricsFail(
        "a write of \(path) has not ended after \(Self.pictureEvery.wholeSeconds) s; look whether its disk hangs")
    }
    metrics.put(picture(), at: path) { [mailbox] in mailbox.yield(.measured(path, $0)) }
  }

  /// A write has ended.
  func measured(_ path: String, _ result: Result<Void, MetricsFailure>) {
    measuring.underWay.remove(path)
    switch result {
    case .success: measuring.writes.ok += 1
    case .failure: measuring.writes.failed += 1
    }
    // How it went elsewhere, before a reload, helps nobody now.
    guard path == measuring.path else { return }
    switch result {
    case .success:
      guard measuring.saidFailing != nil else { return }
      measuring.saidFailing = nil
      say(Report(.metricsWork, .info, detail: path))
    case .failure(let failure): metricsFail(failure.message)
    }
  }

  /// At the end. A file that stays would show for ever what was true now.
  func removeMetrics() {
    guard let metrics, let path = measuring.path else { return }
    measuring.path = nil
    removeMetrics(path, metrics)
  }

  private func removeMetrics(_ path: String, _ metrics: any MetricsFile) {
    metrics.remove(path) { [line, clock] result in
      guard case .failure(let failure) = result else { return }
      line.report(
        Report(
          .metricsFailing, .warning,
          detail: "\(failure.message); remove it by hand, or node_exporter goes on to show what is in it"),
        at: clock.now())
    }
  }

  /// Said once until it works, or until the file is another.
  private func metricsFail(_ why: String) {
    guard measuring.saidFailing != measuring.path else { return }
    measuring.saidFailing = measuring.path
    say(Report(.metricsFailing, .warning, detail: why))
  }

  private func picture() -> MetricsPicture {
    let now = clock.now()
    return MetricsPicture(
      at: now, started: asking.started, loaded: asking.loadedAt, isRefused: asking.refusedAt != nil,
      logins: asking.configuration?.logins.map(\.id) ?? [], figures: decision.figures(at: now), tally: measuring.tally,
      ledgerFailing: ledgerFails, pauses: decision.pausesInForce.count, writes: measuring.writes)
  }
}
