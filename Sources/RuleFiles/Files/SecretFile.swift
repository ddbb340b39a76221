/// A file that holds a secret: where it lies, and who may have it open.
public struct SecretFile: Sendable, Hashable {
  /// As the configuration names it.
  public let reference: SecretReference
  let path: String
  /// The groups that are the service's own.
  let serviceGroups: [UInt32]
  /// A token may have several lines, a password may not.
  let holdsToken: Bool

  /// Far above any password or token.
  private static let mostBytes = 65_536

  /// Reads it anew, with all checks that are made when the configuration is loaded.
  /// - Throws: what is wrong with the file, never what stands in it.
  public func read() throws(UnreadableSecret) -> Secret {
    do { return try open() } catch { throw UnreadableSecret(message: message(of: error)) }
  }

  func open() throws(SecretMistake) -> Secret {
    let contents: FileContents
    do { contents = try readFile(path, most: Self.mostBytes) } catch { throw .unreadable(error) }
    if let fault = fault(of: contents.rights) { throw .unsafe(fault) }
    return try secret(contents.bytes)
  }

  /// What is wrong and what would be right.
  func message(of mistake: SecretMistake) -> String {
    switch (mistake, reference) {
    case (.unreadable(.missing), .credential):
      "this credential is not in $CREDENTIALS_DIRECTORY; add LoadCredential= for it to the service"
    case (.unreadable(let mistake), .credential): "the file of this credential \(mistake.message)"
    case (.unreadable(let mistake), .file): "the secret file \(mistake.message)"
    case (.unsafe(let message), _), (.bad(let message), _): message
    }
  }

  private var title: String {
    switch reference {
    case .credential: "this credential"
    case .file: "the secret file"
    }
  }

  private func fault(of rights: FileRights) -> String? {
    switch reference {
    case .credential:
      // systemd lends the file through an access list, which shows as rights of its group; only others are strangers.
      if rights.mode & 0o007 == 0 { return nil }
      return "this credential's file may be used by others (mode \(rights.octal)); give it mode 0400"
    case .file:
      if rights.mode & 0o007 != 0 {
        return "the secret file may be used by others (mode \(rights.octal)); give it mode 0400 or 0440"
      }
      if rights.mode & 0o070 == 0 || serviceGroups.contains(rights.group) { return nil }
      return "the secret file may be used by group \(rights.group), which is not the service's own (mode "
        + "\(rights.octal)); give it mode 0400 or the service's group"
    }
  }

  /// One trailing newline goes; what else is no password is an error, for a wrong one can lock the account.
  private func secret(_ bytes: [UInt8]) throws(SecretMistake) -> Secret {
    let kept = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
    if kept.isEmpty { throw .bad("\(title) is empty; put the secret in it") }
    guard let text = String(validating: kept, as: UTF8.self) else {
      throw .bad("\(title) is not UTF-8; save it as UTF-8")
    }
    if holdsToken {
      // What XML allows between its elements.
      if holdsControls(String(text.unicodeScalars.filter { !["\n", "\r", "\t"].contains($0) })) {
        throw .bad("\(title) holds control characters; keep the token in it as it was issued")
      }
    } else if holdsControls(text) {
      throw .bad("\(title) holds a line end or another control character; keep one line with the secret in it")
    }
    return Secret(text)
  }
}

/// Why a secret cannot be used.
enum SecretMistake: Error, Hashable {
  case unreadable(FileMistake)
  /// Strangers may read or change it. With what is wrong and what would be right, as the next.
  case unsafe(String)
  /// What stands in it is no secret.
  case bad(String)
}

/// A secret that could be read when the configuration was loaded, and cannot any more.
public struct UnreadableSecret: Error, Hashable {
  /// What is wrong and what would be right, without the path and without what stands in the file.
  public let message: String
}
