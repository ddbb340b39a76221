import GuestWatchCore

extension LoadedConfiguration {
  /// Of a webhook's URL that stands in the file itself, only what leads to the host: the rest is most often a secret. It reads
  /// back, to the same host.
  func show(notify index: Int, _ page: inout Page) {
    let entry = notify[index]
    let references = wording.notifyReferences.indices.contains(index) ? wording.notifyReferences[index] : .init()
    page.header("[[notify]]", from: origins(wording.origins.notify, index))
    page.value("name", tomlText(entry.name))
    page.value("on", tomlList(entry.events.map(\.rawValue)))
    switch entry.way {
    case .program(let words): page.value("exec", tomlList(words))
    case .webhook(let webhook):
      if let url = references.url {
        page.secret("webhook", [url], 0, absolute)
      } else {
        let isWhole = webhook.url.reveal() == webhook.origin + "/"
        page.value("webhook", tomlText(webhook.origin), also: isWhole ? "" : ", without what follows the host")
      }
      if let token = references.token { page.secret("token", [token], 0, absolute) }
      if let file = webhook.caFile { page.value("ca_file", tomlText(absolute(file))) }
      if !webhook.fingerprints.isEmpty { page.value("fingerprint_sha256", tomlOneOrMore(webhook.fingerprints)) }
    }
    page.value("timeout", tomlText(durationText(entry.timeout)))
  }
}
