import AsyncHTTPClient
import GuestWatchCore
import NIOCore
import NIOHTTP1
import NIOSSL

/// What an error of the connection means. `answering`: the head of an answer was there already.
func wireFault(_ error: any Error, answering: Bool) -> Fault {
  let code = wireCode(error)
  switch error {
  case is CancellationError:
    return Fault(.unanswered, code: "cancelled", detail: "the call was given up")
  case let error as OtherFingerprint:
    return Fault(.untrusted, code: "fingerprint_sha256", detail: error.detail)
  case let error as HTTPClientError where [.deadlineExceeded, .cancelled, .readTimeout].contains(error):
    return Fault(.unanswered, code: code)
  case is NIOTooManyBytesError:
    return Fault(.badAnswer, code: code, detail: "the answer is longer than \(HTTPAnswer.cap) bytes")
  case is HTTPParserError:
    return Fault(.badAnswer, code: code, detail: "the answer is cut or not HTTP")
  case NIOSSLError.handshakeFailed(.sslError(let stack)) where stack == [.eofDuringHandshake]:
    return Fault(.unreachable, code: code, detail: "the connection was closed during the TLS handshake")
  case NIOSSLError.uncleanShutdown where !answering:
    return Fault(.unreachable, code: code, detail: "the connection was closed")
  case is NIOSSLError where !answering, is NIOSSLExtraError where !answering, is BoringSSLError where !answering:
    return Fault(
      .untrusted, code: code,
      detail: shown("the certificate or TLS is not acceptable; check ca_file and the host in url (\(error))"))
  default:
    return answering
      ? Fault(.badAnswer, code: code, detail: "the connection was lost in the middle of the answer")
      : Fault(.unreachable, code: code, detail: shown("no connection to vCenter (\(error))"))
  }
}

/// A name for an error of a library: short, the same every time, free of anything that was sent.
private func wireCode(_ error: any Error) -> String {
  switch error {
  case let error as HTTPClientError: "\(error.shortDescription)"
  case let error as IOError: "errno \(error.errnoCode)"
  default: "\(type(of: error))"
  }
}
