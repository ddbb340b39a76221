package import GuestWatchCore

/// Reads the rows of guest answers. The one place that knows their fields, so that a faster reader can take its place.
enum GuestRows {
  /// A REST listing: `name`, `pid`, `owner`, `command`, `started`, all required (vsphere-api.md, 3.8).
  static func restListing(_ body: JSON) throws(Fault) -> Listing {
    if body.isNull { return Listing(rows: [], showsEnds: false) }
    guard let values = body.array else { throw badAnswer("the listing is not an array") }
    var rows: [Process] = []
    rows.reserveCapacity(min(values.count, Listing.rowCap + 1))
    for value in values {
      guard let pid = value["pid"].int else { throw badAnswer("a row of the listing has no pid") }
      rows.append(try row(value, pid: pid, fields: rest))
    }
    return Listing(rows: rows, showsEnds: false)
  }

  /// A REST `get`: it carries no pid of its own (3.9).
  static func restLook(_ body: JSON, pid: Int64) throws(Fault) -> Look {
    let process = try row(body, pid: pid, fields: rest)
    return process.finished == nil ? .running(process) : .finished(process)
  }

  /// `[GuestProcessInfo]`, or null for none (5.4).
  static func viListing(_ body: JSON) throws(Fault) -> Listing {
    if body.isNull { return Listing(rows: [], showsEnds: true) }
    guard let values = body.array else { throw badAnswer("the listing is not an array") }
    var rows: [Process] = []
    rows.reserveCapacity(min(values.count, Listing.rowCap + 1))
    for value in values {
      guard let pid = value["pid"].int else { throw badAnswer("a row of the listing has no pid") }
      rows.append(try row(value, pid: pid, fields: vi))
    }
    return Listing(rows: rows, showsEnds: true)
  }

  private struct Fields {
    var name: String
    var command: String
    var started: String
    var finished: String
  }

  private static let rest = Fields(name: "name", command: "command", started: "started", finished: "finished")
  private static let vi = Fields(name: "name", command: "cmdLine", started: "startTime", finished: "endTime")

  private static func row(_ value: JSON, pid: Int64, fields: Fields) throws(Fault) -> Process {
    guard let name = value[fields.name].guestText, let owner = value["owner"].guestText,
      let command = value[fields.command].guestText
    else { throw badAnswer("process \(pid) lacks name, owner or command") }
    guard let started = value[fields.started].string.flatMap(secondsSince1970(rfc3339:)) else {
      throw badAnswer("process \(pid) has no start time that can be read")
    }
    var finished: Int64?
    if !value[fields.finished].isNull {
      guard let end = value[fields.finished].string.flatMap(secondsSince1970(rfc3339:)) else {
        throw badAnswer("process \(pid) has an end time that cannot be read")
      }
      finished = end
    }
    return Process(pid: pid, started: started, owner: owner, name: name, command: command, finished: finished)
  }
}

/// Reads a listing that was saved: the answer of the REST `list` or of `ListProcessesInGuest`, by the same readers.
package func savedListing(_ bytes: [UInt8]) throws(Fault) -> Listing {
  let body: JSON
  do { body = try JSONReader.read(bytes) } catch { throw badAnswer("it is not JSON") }
  // Their fields tell them apart; where there are no rows there is nothing to tell.
  let isVI = body.array?.first.map { !$0["startTime"].isNull } ?? false
  return isVI ? try GuestRows.viListing(body) : try GuestRows.restListing(body)
}
