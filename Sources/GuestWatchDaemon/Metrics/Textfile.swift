import Dispatch
import Glibc
import GuestWatchCore
import Synchronization

/// The metrics as a file for the textfile collector of node_exporter.
///
/// Each path has a queue of its own: a disk that hangs holds up neither the scheduler nor another path.
public final class Textfile: MetricsFile {
  private let queues = Mutex<[String: DispatchQueue]>([:])
  private let work = DispatchGroup()
  /// Writes all bytes to a descriptor, or returns false and leaves `errno`.
  private let write: @Sendable ([UInt8], Int32) -> Bool

  public convenience init() { self.init(write: writeAll) }

  init(write: @escaping @Sendable ([UInt8], Int32) -> Bool) { self.write = write }

  public func put(
    _ picture: MetricsPicture, at path: String, done: @escaping @Sendable (Result<Void, MetricsFailure>) -> Void
  ) {
    queue(path).async(group: work) { [write] in
      let text = metricsText(picture, daemon: daemonLabel(path))
      done(Result { () throws(MetricsFailure) in try replace(path, with: Array(text.utf8), write) })
    }
  }

  public func remove(_ path: String, done: @escaping @Sendable (Result<Void, MetricsFailure>) -> Void) {
    queue(path).async(group: work) {
      let isGone = unlink(path) == 0 || errno == ENOENT
      done(isGone ? .success(()) : .failure(failure("\(path) cannot be removed")))
    }
  }

  /// Blocks the calling thread until all that was asked for is done, for at most `limit`: for the end of the process.
  public func finish(within limit: Duration) {
    _ = work.wait(timeout: .now() + .nanoseconds(Int(limit.nanoseconds)))
  }

  private func queue(_ path: String) -> DispatchQueue {
    queues.withLock { queues in
      let queue = queues[path] ?? DispatchQueue(label: "guestwatchd.metrics")
      queues[path] = queue
      return queue
    }
  }
}

/// What tells this file's daemon from others: the name of the file without `.prom`. Two files of one folder never have the
/// same, so that node_exporter never meets a series twice.
func daemonLabel(_ path: String) -> String {
  let name = path.split(separator: "/").last ?? ""
  return String(name.hasSuffix(".prom") ? name.dropLast(".prom".count) : name)
}

/// Whoever reads the file sees all of it, or all of the one before. Nothing of it needs to outlive a crash of the machine, so
/// that the disk is not made to sync.
private func replace(
  _ path: String, with bytes: [UInt8], _ write: ([UInt8], Int32) -> Bool
) throws(MetricsFailure) {
  // The collector reads what ends in .prom and nothing else.
  let draft = path + ".new"
  // One that a crash left. Never opened: where others may write to the folder it can be a link to anywhere. Whatever keeps it
  // from being removed keeps the new one from being made, and that is said.
  unlink(draft)
  let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw failure("\(draft) cannot be made") }
  do throws(MetricsFailure) {
    // node_exporter is somebody else, and the umask of the service leaves nobody else anything.
    let isWritten = fchmod(descriptor, 0o644) == 0 && write(bytes, descriptor)
    let why = errno
    let isClosed = close(descriptor) == 0
    guard isWritten else { throw failure("\(draft) cannot be written", why) }
    guard isClosed else { throw failure("\(draft) cannot be written") }
    guard rename(draft, path) == 0 else { throw failure("\(path) cannot be replaced") }
  } catch {
    unlink(draft)
    throw error
  }
}

private func failure(_ what: String, _ why: Int32 = errno) -> MetricsFailure {
  let mend =
    switch why {
    case EROFS: "; leave its folder open in the sandbox of the service (ReadWritePaths=) and restart it"
    case EACCES, EPERM: "; let the account of the service write to its folder"
    case ENOENT, ENOTDIR: "; make its folder and restart the service"
    case EEXIST: "; remove it by hand"
    case ENOSPC, EDQUOT: "; make room"
    default: ""
    }
  return MetricsFailure("\(what): \(String(cString: strerror(why)))\(mend)")
}
