import VCenterModel

/// Writes what the lists of places and the tagging calls answer (vsphere-api.md, 3.13 and 3.14).
enum PlaceWriter {
  static func places(_ places: [PlaceSummary], to kind: CallKind) -> JSON {
    .array(
      places.map { place in
        switch kind {
        case .listFolders:
          .fields([
            "folder": .string(place.moid), "name": .string(place.name),
            "type": place.kind.map { .string($0.rawValue) },
          ])
        case .listClusters:
          [
            "cluster": .string(place.moid), "name": .string(place.name), "ha_enabled": false, "drs_enabled": true,
          ]
        case .listHosts:
          [
            "host": .string(place.moid), "name": .string(place.name), "connection_state": "CONNECTED",
            "power_state": "POWERED_ON",
          ]
        case .listResourcePools: ["resource_pool": .string(place.moid), "name": .string(place.name)]
        default: ["datacenter": .string(place.moid), "name": .string(place.name)]
        }
      })
  }

  static func tagging(_ answer: TagAnswer) -> JSON {
    switch answer {
    case .ids(let ids): .array(ids.map(JSON.string))
    case .category(let category):
      [
        "id": .string(category.id), "name": .string(category.name), "description": "",
        "cardinality": category.isMultiple ? "MULTIPLE" : "SINGLE", "associable_types": [], "used_by": [],
      ]
    case .tag(let tag):
      [
        "id": .string(tag.id), "category_id": .string(tag.category), "name": .string(tag.name), "description": "",
        "used_by": [],
      ]
    case .objects(let objects): .array(objects.map(object))
    case .objectsOnTags(let entries):
      .array(entries.map { ["tag_id": .string($0.tag), "object_ids": .array($0.objects.map(object))] })
    case .tagsOnObjects(let entries):
      .array(entries.map { ["object_id": object($0.object), "tag_ids": .array($0.tags.map(JSON.string))] })
    }
  }

  private static func object(_ object: ObjectID) -> JSON { ["type": .string(object.type), "id": .string(object.id)] }
}
