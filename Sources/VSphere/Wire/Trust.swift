import Crypto
import GuestWatchCore
import NIOCore
import NIOSSL

/// What a vCenter's certificate is checked against, never less: its name and `ca_file` or the system's roots; or, where
/// fingerprints are given, one of these in place of chain and name.
struct Trust: Sendable {
  var tls: TLSConfiguration
  /// SHA-256 of the whole certificate (DER): 64 lower-case hex digits each.
  var fingerprints: [String]

  /// The file is read here, once: whoever reads it at the first connection learns of a missing or broken one only then.
  init(caFile: String? = nil, fingerprints: [String] = []) throws(Fault) {
    self.fingerprints = fingerprints
    // Of a certificate that is named, `check` is what verifies, before anything is sent.
    tls = .vcenter(verifying: fingerprints.isEmpty ? .fullVerification : .none)
    guard fingerprints.isEmpty, let caFile else { return }
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
  }

  /// Throws where fingerprints are asked for and the certificate of a connection has none of them. To be called on the event
  /// loop of the channel, when its TLS handshake is over.
  func check(_ channel: any Channel) throws {
    guard !fingerprints.isEmpty else { return }
    let handler = try channel.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
    let found = try handler.peerCertificate.map(fingerprint)
    guard let found, fingerprints.contains(found) else { throw OtherFingerprint(found: found) }
  }
}

extension TLSConfiguration {
  /// What every connection to a vCenter keeps to, whatever its certificate is checked against.
  static func vcenter(verifying verification: CertificateVerification) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    // How long a connection that is closed waits for the other side to say goodbye too. By default 5 s: a vCenter that
    // hangs would double the time that the end of the daemon has for logging out.
    tls.shutdownTimeout = .milliseconds(500)
    tls.certificateVerification = verification
    return tls
  }
}

extension NIOSSLClientHandler {
  /// An address has no name to ask for; its certificate must carry the address itself.
  convenience init(context: NIOSSLContext, host: String) throws {
    let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
    try self.init(context: context, serverHostname: isAddress ? nil : host)
  }
}

/// The certificate is not the one that the configuration names.
struct OtherFingerprint: Error {
  /// nil: there was no certificate at all.
  var found: String?

  /// For an operator, with what to do about it.
  var detail: String {
    guard let found else { return "vCenter showed no certificate" }
    return "vCenter shows a certificate with the SHA-256 fingerprint \(found), and fingerprint_sha256 has another; "
      + "where the certificate was replaced, ask whoever did that and enter the new one"
  }
}

/// SHA-256 of the whole certificate (DER): 64 lower-case hex digits.
func fingerprint(of certificate: NIOSSLCertificate) throws -> String {
  SHA256.hash(data: try certificate.toDERBytes()).map(hexDigits).joined()
}

private func hexDigits(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16)
  return byte < 16 ? "0\(digits)" : digits
}
