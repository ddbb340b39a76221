import VCenterModel

/// Reads the property collector's and the view manager's parameters (vsphere-api.md, 5.6).
///
/// A vCenter can do more with them than the simulator: whatever goes beyond is refused, never ignored.
enum ViQueryReader {
  /// `CreateContainerView` of all objects of some types below a container.
  static func containerView(_ call: HTTPCall) throws(Malformed) -> ViewQuery {
    let (container, types, recursive) = try ViReader.parameters(call, of: "CreateContainerView") {
      fields throws(ShapeError) in
      let container = try ViReader.reference(fields.required("container"), at: "container")
      let types = try fields.optionalStrings("type") ?? []
      return (container, types, try fields.bool("recursive"))
    }
    guard ViewQuery.knownTypes.contains(container.type), container.type != "VirtualMachine" else {
      throw .wrongTypeName(place: "container", expected: "Folder", found: container.type)
    }
    for type in types where !ViewQuery.knownTypes.contains(type) {
      throw .notSimulated("container views of \(type)")
    }
    guard recursive else { throw .notSimulated("container views of what lies directly in a container") }
    return ViewQuery(container: ObjectID(type: container.type, id: container.value), types: types)
  }

  /// `RetrievePropertiesEx` of objects that are named one by one or through one container view.
  static func query(_ call: HTTPCall) throws(Malformed) -> PropertyQuery {
    let (specs, maxObjects) = try ViReader.parameters(call, of: "RetrievePropertiesEx") {
      fields throws(ShapeError) in
      var specs: [Spec] = []
      for element in try fields.array("specSet") { specs.append(try Spec(element.value, path: element.path)) }
      var options = try fields.object("options")
      try ViReader.typeName(&options, "RetrieveOptions")
      let maxObjects = try options.optionalInteger("maxObjects")
      try options.close()
      return (specs, maxObjects)
    }
    guard specs.count == 1, let spec = specs.first else { throw .notSimulated("other than one filter spec a call") }
    if let maxObjects, !(1...Int64(Int32.max)).contains(maxObjects) { throw .badParameter("options.maxObjects") }
    var paths = try spec.named()
    var query = PropertyQuery(
      objects: try spec.chosen(), paths: paths.removeValue(forKey: "VirtualMachine") ?? [],
      maxObjects: maxObjects.map(Int.init), skipsMissing: spec.skipsMissing)
    query.otherPaths = paths
    return query
  }

  /// A `PropertyFilterSpec` as it stands.
  private struct Spec {
    var properties: [(type: String, all: Bool, paths: [String])] = []
    var objects: [(type: String, value: String, skip: Bool, traversals: [Traversal])] = []
    var skipsMissing: Bool

    struct Traversal {
      var type: String
      var path: String
      var skip: Bool
      var goesOn: Bool
    }

    init(_ json: JSON, path: String) throws(ShapeError) {
      var fields = try JSONFields(json, path: path)
      try ViReader.typeName(&fields, "PropertyFilterSpec")
      for element in try fields.array("propSet") {
        var property = try JSONFields(element.value, path: element.path)
        try ViReader.typeName(&property, "PropertySpec")
        let type = try property.string("type")
        let all = try property.optionalBool("all") ?? false
        properties.append((type, all, try property.optionalStrings("pathSet") ?? []))
        try property.close()
      }
      for element in try fields.array("objectSet") {
        var object = try JSONFields(element.value, path: element.path)
        try ViReader.typeName(&object, "ObjectSpec")
        let reference = try ViReader.reference(object.required("obj"), at: object.place("obj"))
        let skip = try object.optionalBool("skip") ?? false
        var traversals: [Traversal] = []
        for selection in try object.optionalArray("selectSet") ?? [] {
          traversals.append(try Self.traversal(selection.value, path: selection.path))
        }
        try object.close()
        objects.append((reference.type, reference.value, skip, traversals))
      }
      skipsMissing = try fields.optionalBool("reportMissingObjectsInResults") ?? false
      try fields.close()
    }

    /// A subtype of the declared `SelectionSpec`, so it must say what it is.
    private static func traversal(_ json: JSON, path: String) throws(ShapeError) -> Traversal {
      var fields = try JSONFields(json, path: path)
      let typeName = try fields.string("_typeName")
      guard typeName == "TraversalSpec" else {
        throw ShapeError(path: fields.place("_typeName"), .invalid("\(typeName.debugDescription) is not TraversalSpec"))
      }
      _ = try fields.optionalString("name")
      let type = try fields.string("type")
      let property = try fields.string("path")
      let skip = try fields.optionalBool("skip") ?? false
      let goesOn = try fields.optionalArray("selectSet")?.isEmpty == false
      try fields.close()
      return Traversal(type: type, path: property, skip: skip, goesOn: goesOn)
    }

    /// Paths by type.
    func named() throws(Malformed) -> [String: [String]] {
      var paths: [String: [String]] = [:]
      for property in properties {
        guard ViewQuery.knownTypes.contains(property.type), !property.all, !property.paths.isEmpty,
          paths.updateValue(property.paths, forKey: property.type) == nil
        else { throw .notSimulated("properties other than named ones of a few types, each once") }
      }
      guard !paths.isEmpty else { throw .notSimulated("a read of no properties") }
      return paths
    }

    func chosen() throws(Malformed) -> PropertyQuery.Objects {
      if objects.allSatisfy({ ViewQuery.knownTypes.contains($0.type) && !$0.skip && $0.traversals.isEmpty }) {
        return .objects(objects.map { ObjectID(type: $0.type, id: $0.value) })
      }
      guard objects.count == 1, let view = objects.first, view.type == "ContainerView", view.skip,
        view.traversals.count == 1, let way = view.traversals.first, way.type == "ContainerView", way.path == "view",
        !way.skip, !way.goesOn
      else { throw .notSimulated("this way to find objects") }
      return .view(view.value)
    }
  }
}
