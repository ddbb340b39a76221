/// The account inside guests that a call looks or kills with (vsphere-api.md, sections 3.8 and 4).
///
/// It is given to each call: whoever holds a token that is renewed from time to time reads it anew for each.
public enum GuestCredential: Sendable, CustomStringConvertible {
  case password(userName: String, Secret)
  /// A SAML bearer token; without a name the guest's own mapping of aliases finds the account.
  case samlToken(Secret, userName: String?)

  public init(userName: String, password: Secret) { self = .password(userName: userName, password) }

  public var description: String {
    switch self {
    case .password(let userName, _), .samlToken(_, let userName?): "guest login \(shown(userName))"
    case .samlToken(_, nil): "guest login by SAML token"
    }
  }

  /// As the Automation API takes it.
  var rest: JSONOut {
    var members: [(String, JSONOut)]
    switch self {
    case .password(let userName, let password):
      members = [
        ("type", .string("USERNAME_PASSWORD")), ("interactive_session", .bool(false)),
        ("user_name", .string(userName)), ("password", .string(password.revealed)),
      ]
    case .samlToken(let token, let userName):
      members = [
        ("type", .string("SAML_BEARER_TOKEN")), ("interactive_session", .bool(false)),
        ("saml_token", .string(token.revealed)),
      ]
      if let userName { members.append(("user_name", .string(userName))) }
    }
    return .object(members)
  }

  /// As VI JSON takes it; `_typeName` is needed because the declared type is abstract.
  var vi: JSONOut {
    var members: [(String, JSONOut)]
    switch self {
    case .password(let userName, let password):
      members = [
        ("_typeName", .string("NamePasswordAuthentication")), ("interactiveSession", .bool(false)),
        ("username", .string(userName)), ("password", .string(password.revealed)),
      ]
    case .samlToken(let token, let userName):
      members = [
        ("_typeName", .string("SAMLTokenAuthentication")), ("interactiveSession", .bool(false)),
        ("token", .string(token.revealed)),
      ]
      if let userName { members.append(("username", .string(userName))) }
    }
    return .object(members)
  }
}
