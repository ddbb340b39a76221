import GuestWatchCore
import NIOCore
import NIOSSL

/// What a vCenter's certificate is checked against: `ca_file` or the system's roots, always with its name, never less.
///
/// The file is read here, once: whoever reads it at the first connection learns of a missing or broken one only then.
func trust(caFile: String?) throws(Fault) -> TLSConfiguration {
  var tls = TLSConfiguration.makeClientConfiguration()
  tls.minimumTLSVersion = .tlsv12
  tls.certificateVerification = .fullVerification
  // How long a connection that is closed waits for the other side to say goodbye too. By default 5 s: a vCenter that
  // hangs would double the time that the end of the daemon has for logging out.
  tls.shutdownTimeout = .milliseconds(500)
  guard let caFile else { return tls }
  let certificates: [NIOSSLCertificate]
  do {
    certificates = try NIOSSLCertificate.fromPEMFile(caFile)
  } catch {
    throw Fault(
      .untrusted, code: "ca_file",
      detail: shown("ca_file \(caFile) cannot be read as PEM certificates (\(error)); give it the vCenter's CA"))
  }
  guard !certificates.isEmpty else {
    throw Fault(
      .untrusted, code: "ca_file", detail: shown("ca_file \(caFile) holds no certificate; give it the vCenter's CA"))
  }
  tls.trustRoots = .certificates(certificates)
  return tls
}
