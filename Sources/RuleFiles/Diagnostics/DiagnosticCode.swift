extension Diagnostic {
  /// What kind of mistake it is, for editors and scripts: the words of a message may change, its code stays.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    // Files and folders.
    /// A file or folder cannot be opened.
    case unreadableFile = "unreadable-file"
    /// Group or others may write a file or folder of the configuration.
    case unsafeMode = "unsafe-mode"

    // The text as TOML.
    /// The file cannot be parsed; only its first such mistake is known.
    case notTOML = "not-toml"

    // Tables and keys.
    /// No such key here.
    case unknownKey = "unknown-key"
    /// A key of a later version.
    case unsupportedKey = "unsupported-key"
    /// A key that may not stand here.
    case misplacedKey = "misplaced-key"
    /// A key that must be there is not.
    case missingKey = "missing-key"
    /// Keys that exclude each other, or one that goes only with another.
    case keysConflict = "keys-conflict"
    /// A value of another type than the key wants.
    case wrongType = "wrong-type"

    // Values.
    /// Not a NAME.
    case badName = "bad-name"
    /// A NAME that something else has.
    case duplicateName = "duplicate-name"
    /// A reference to a vCenter or guest login that is not there.
    case unknownReference = "unknown-reference"
    /// A number out of its range.
    case badNumber = "bad-number"
    /// Not a DURATION, or out of its range.
    case badDuration = "bad-duration"
    /// None of the words that the key knows.
    case badWord = "bad-word"
    /// Text that is empty or holds control characters.
    case badText = "bad-text"
    /// Not the path of a file that could be written.
    case badPath = "bad-path"
    /// Not a GLOB.
    case badPattern = "bad-pattern"
    /// Not the id of a VM.
    case badID = "bad-id"
    /// Not the name of a folder, cluster or tag.
    case badSelector = "bad-selector"
    /// A start time that no process can have.
    case badTime = "bad-time"
    /// Not an entry of `not_during`.
    case badQuietTime = "bad-quiet-time"
    /// A time zone that cannot be used.
    case badTimeZone = "bad-time-zone"
    /// Not the URL of a vCenter, or of a webhook.
    case badURL = "bad-url"
    /// A `ca_file` that cannot be used.
    case badCAFile = "bad-ca-file"
    /// Not the command line of a program.
    case badProgram = "bad-program"
    /// Not the SHA-256 fingerprint of a certificate.
    case badFingerprint = "bad-fingerprint"

    // Secrets.
    /// A secret that stands in the file itself.
    case literalSecret = "literal-secret"
    /// A secret that cannot be opened.
    case unreadableSecret = "unreadable-secret"
    /// A secret that somebody else may use.
    case unsafeSecret = "unsafe-secret"
    /// What was read is no secret.
    case badSecret = "bad-secret"

    // What chooses, and what is missing as a whole.
    /// An empty list or table where one chooses.
    case emptySelector = "empty-selector"
    /// A scope that chooses no VM.
    case noSelector = "no-selector"
    /// A `match` that chooses nothing in particular.
    case matchesEverything = "matches-everything"
    /// A rule without a limit.
    case noLimit = "no-limit"
    /// No `[[vcenter]]`.
    case noVCenter = "no-vcenter"

    // Warnings.
    /// No rule at all.
    case noRules = "no-rules"
    /// A credential that this check could not see.
    case unreadSecret = "unread-secret"
    /// Others may write the `ca_file`.
    case writableCAFile = "writable-ca-file"
    /// The folder of a file that is to be written is not there.
    case noFolder = "no-folder"
    /// A program that is not there or may not be executed.
    case unusableProgram = "unusable-program"
    /// Two vCenters at one address.
    case sharedAddress = "shared-address"
    /// `every` below 10 s.
    case shortEvery = "short-every"
    /// `lasting` above 0 and below `every`.
    case shortLasting = "short-lasting"
    /// A rule that terminates in VMs chosen by name alone.
    case scopeByNameAlone = "scope-by-name-alone"
    /// A rule, limit or condition that can never have an effect.
    case neverActs = "never-acts"
    /// An entry of `not_during` that the others cover.
    case redundantQuietTime = "redundant-quiet-time"
  }
}
