import ArgumentParser

/// What the certificate of a vCenter is checked against that no configuration names.
struct CertificateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The certificates (PEM) that the vCenter is trusted by.", valueName: "file"), completion: .file()
  )
  var caFile: String?

  @Option(help: ArgumentHelp("The SHA-256 of the certificate that the vCenter is trusted by.", valueName: "hex"))
  var fingerprint: String?

  func validate() throws {
    guard caFile == nil || fingerprint == nil else {
      throw ValidationError(
        "--fingerprint replaces the check of who signed the certificate; leave it or --ca-file away")
    }
  }
}
