/// Reads faults and hooks, for scenario files and the control endpoint. `ControlEndpoint` documents their JSON.
enum TroubleReader {
  static func fault(_ json: JSON, path: String = "") throws(ShapeError) -> InjectedFault {
    var fields = try JSONFields(json, path: path)
    let calls = try pattern(&fields)
    var troubles: [InjectedFault.Trouble] = []
    if let type = try fields.optionalString("error_type") {
      let status = try fields.optionalInteger("status").map { Int(clamping: $0) }
      troubles.append(.restError(type: type, status: status, pid: try fields.optionalInteger("data_pid")))
    }
    if let name = try fields.optionalString("fault") {
      troubles.append(.viFault(name: name, fields: fields.optional("fields") ?? .object([])))
    }
    if let status = try fields.optionalInteger("gateway") { troubles.append(.gateway(status: Int(clamping: status))) }
    if let when = try moment(&fields, "drop") { troubles.append(when == .before ? .dropBefore : .dropAfter) }
    if let bytes = try fields.optionalInteger("cut") { troubles.append(.cut(afterBytes: Int(clamping: bytes))) }
    if let delay = try fields.optionalSeconds("delay_s") { troubles.append(.delayBefore(.seconds(delay))) }
    if let delay = try fields.optionalSeconds("delay_answer_s") { troubles.append(.delayAfter(.seconds(delay))) }
    if let when = try moment(&fields, "hold") { troubles.append(when == .before ? .holdBefore : .holdAfter) }
    guard troubles.count == 1, let trouble = troubles.first else {
      throw ShapeError(
        path: path,
        .invalid("exactly one of error_type, fault, gateway, drop, cut, delay_s, delay_answer_s, hold must be there"))
    }
    var fault = InjectedFault(trouble, calls: calls)
    fault.vm = try fields.optionalString("vm")
    fault.pid = try fields.optionalInteger("pid")
    fault.skip = Int(clamping: try fields.optionalInteger("skip") ?? 0)
    // 0 means: until it is removed.
    let times = try fields.optionalInteger("times") ?? 1
    fault.times = times == 0 ? nil : Int(clamping: times)
    try fields.close()
    return fault
  }

  static func hook(_ json: JSON, path: String = "") throws(ShapeError) -> Hook {
    var fields = try JSONFields(json, path: path)
    let calls = try pattern(&fields)
    guard let when = try moment(&fields, "at") else { throw ShapeError(path: fields.place("at"), .missing) }
    var actions: [Hook.Action] = []
    if var program = try fields.optionalObject("swap") {
      actions.append(.swap(try ScenarioReader.program(&program)))
      try program.close()
    }
    if var program = try fields.optionalObject("start") {
      actions.append(.start(try ScenarioReader.program(&program)))
      try program.close()
    }
    if try fields.optionalBool("kill") == true { actions.append(.kill) }
    guard actions.count == 1, let action = actions.first else {
      throw ShapeError(path: path, .invalid("exactly one of swap, start, kill must be there"))
    }
    let hook = Hook(
      action, when, calls: calls, vm: try fields.string("vm"), pid: try fields.integer("pid"),
      skip: Int(clamping: try fields.optionalInteger("skip") ?? 0))
    try fields.close()
    return hook
  }

  private static func pattern(_ fields: inout JSONFields) throws(ShapeError) -> CallPattern {
    let text = try fields.string("calls")
    guard let pattern = CallPattern(text) else {
      throw ShapeError(path: fields.place("calls"), .invalid("\(text.debugDescription) fits no call"))
    }
    return pattern
  }

  private static func moment(_ fields: inout JSONFields, _ name: String) throws(ShapeError) -> Hook.Moment? {
    guard let text = try fields.optionalString(name) else { return nil }
    guard let moment = Hook.Moment(rawValue: text) else {
      throw ShapeError(path: fields.place(name), .invalid("\(text.debugDescription) is neither before nor after"))
    }
    return moment
  }
}
