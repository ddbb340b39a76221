import GuestWatchCore
import RuleFiles
import Systemd
import VSphere

/// Tells a receiver by posting JSON to it.
struct WebhookDelivery: Delivery {
  private let webhook: Webhook
  private let limit: Duration
  private let clock: any DaemonClock

  init(_ settings: WebhookSettings, trusting trust: WebhookTrust?, limit: Duration, clock: any DaemonClock) {
    guard let trust else { preconditionFailure("a webhook is loaded with what it trusts") }
    webhook = Webhook(
      url: VSphere.Secret(settings.url.reveal()), token: settings.token.map { VSphere.Secret($0.reveal()) },
      trusting: trust, agent: "guestwatchd/\(version)", clock: CallClock(clock))
    self.limit = limit
    self.clock = clock
  }

  func deliver(_ notice: Notice) async -> Delivered {
    let deadline = clock.now().continuous + limit
    return switch await webhook.post(Array(notice.json.utf8), by: deadline) {
    case .success(let answer): judge(answer)
    case .failure(let trouble): .again(words(trouble, limit), after: nil)
    }
  }

  func close() async { await webhook.shutDown() }
}

/// What an answer means: only what may be better later is tried again.
func judge(_ answer: Webhook.Answer) -> Delivered {
  let line = firstLine(answer.beginning)
  let why = "it answered with status \(answer.status)" + (line.isEmpty ? "" : ", saying \(quoted(line, cap: 200))")
  switch answer.status {
  case 200..<300: return .done
  case 300..<400: return .failed(why + "; a redirect is not followed: write the URL that it leads to")
  // Too many requests, and what is wrong over there.
  case 429, 500..<600: return .again(why, after: answer.retryAfter)
  default: return .failed(why)
  }
}

func words(_ trouble: Webhook.Trouble, _ limit: Duration) -> String {
  switch trouble {
  case .unreachable(let code): "there is no connection (\(shown(code)))"
  case .untrusted(let code): "its certificate is not accepted (\(shown(code))); see ca_file and fingerprint_sha256"
  case .unanswered: "it did not answer within \(words(limit))"
  case .badAnswer(let code): "its answer makes no sense (\(shown(code)))"
  }
}

/// The first line that is not blank, without the blanks around it.
func firstLine(_ text: String) -> String {
  for line in text.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }) {
    let kept = line.drop { $0 == " " || $0 == "\t" }
    if !kept.isEmpty { return String(String.UnicodeScalarView(kept)) }
  }
  return ""
}
