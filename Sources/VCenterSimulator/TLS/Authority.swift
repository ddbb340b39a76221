import Crypto
import NIOSSL
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A certificate authority that lives as long as the simulator, and the one server certificate it signed.
struct Authority: Sendable {
  /// The CA's certificate, for the `ca_file` of a client.
  let certificatePEM: String
  /// What the server presents itself with.
  let serverContext: NIOSSLContext

  /// - Parameters:
  ///   - names: DNS names of the server. An IP address is never added by itself: NIOSSL accepts a certificate whose IP SAN is
  ///     the peer's address whatever name was asked for, so such a certificate would prove nothing about name checks.
  ///   - addresses: IP addresses (4 or 16 bytes) that are added all the same.
  ///   - days: How long both certificates are valid.
  init(names: [String], addresses: [[UInt8]] = [], days: Int = 90, now: WallTime) throws {
    // An hour back, for clients whose clock is a little slow.
    let start = Date(timeIntervalSince1970: Double(now.seconds - 3600))
    let end = Date(timeIntervalSince1970: Double(now.seconds + Int64(days) * 86_400))

    let rootKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let rootName = try DistinguishedName { CommonName("vcenter-simulator CA") }
    let root = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: rootKey.publicKey, notValidBefore: start, notValidAfter: end,
      issuer: rootName, subject: rootName, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: rootKey.publicKey)
      },
      issuerPrivateKey: rootKey)

    let serverKey = P256.Signing.PrivateKey()
    let serverPublicKey = Certificate.PublicKey(serverKey.publicKey)
    let alternatives =
      names.map { GeneralName.dnsName($0) } + addresses.map { GeneralName.ipAddress(.init(contentBytes: $0[...])) }
    let server = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: serverPublicKey, notValidBefore: start, notValidAfter: end,
      issuer: rootName, subject: try DistinguishedName { CommonName(names.first ?? "vcenter-simulator") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(alternatives)
        SubjectKeyIdentifier(hash: serverPublicKey)
        AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: rootKey.publicKey).keyIdentifier)
      },
      issuerPrivateKey: rootKey)

    certificatePEM = try root.serializeAsPEM().pemString
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [
        .certificate(try NIOSSLCertificate(bytes: Array(try server.serializeAsPEM().pemString.utf8), format: .pem))
      ],
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(serverKey.pemRepresentation.utf8), format: .pem)))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    serverContext = try NIOSSLContext(configuration: configuration)
  }
}
