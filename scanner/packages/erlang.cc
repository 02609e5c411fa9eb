// Applications of Erlang, Elixir and other languages of the BEAM, as releases and runtimes hold
// them: NAME-VERSION/ebin/NAME.app (OTP's app(4), "application resource file"), and the runtime
// system of a release by releases/start_erl.data ("ERTS-VERSION RELEASE-VERSION", OTP's embedded
// systems guide).
//
// OTP's own applications and those of Elixir have purl type otp. Any other was most likely fetched
// from Hex, the one registry there is, whose packages advisories name: type hex, as the purl
// specification prefers. A release does not say so itself; its own application is listed likewise.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "erlang";
// The largest of OTP lists its modules in 20 KB.
constexpr std::uint64_t kMaxFileBytes = 4u << 20;

// Applications of OTP (its source tree, lib/, from R16 to 28), of Elixir, and the two archives of
// Mix that the purl specification has for examples.
constexpr std::array<std::string_view, 62> kOtp = {"appmon",
                                                   "asn1",
                                                   "common_test",
                                                   "compiler",
                                                   "cosEvent",
                                                   "cosEventDomain",
                                                   "cosFileTransfer",
                                                   "cosNotification",
                                                   "cosProperty",
                                                   "cosTime",
                                                   "cosTransactions",
                                                   "crypto",
                                                   "debugger",
                                                   "dialyzer",
                                                   "diameter",
                                                   "edoc",
                                                   "eex",
                                                   "eldap",
                                                   "elixir",
                                                   "erl_docgen",
                                                   "erl_interface",
                                                   "erts",
                                                   "et",
                                                   "eunit",
                                                   "ex_unit",
                                                   "ftp",
                                                   "gs",
                                                   "hex",
                                                   "hipe",
                                                   "ic",
                                                   "iex",
                                                   "inets",
                                                   "inviso",
                                                   "jinterface",
                                                   "kernel",
                                                   "logger",
                                                   "megaco",
                                                   "mix",
                                                   "mnesia",
                                                   "nteventlog",
                                                   "observer",
                                                   "odbc",
                                                   "orber",
                                                   "os_mon",
                                                   "otp_mibs",
                                                   "parsetools",
                                                   "percept",
                                                   "public_key",
                                                   "rebar",
                                                   "reltool",
                                                   "runtime_tools",
                                                   "sasl",
                                                   "snmp",
                                                   "ssh",
                                                   "ssl",
                                                   "stdlib",
                                                   "syntax_tools",
                                                   "test_server",
                                                   "tftp",
                                                   "tools",
                                                   "wx",
                                                   "xmerl"};

Need Wants(const FileFacts& facts) {
  return IsErlangApplication(facts.path) || IsErlangRelease(facts.path) ? Need::kContent
                                                                        : Need::kNothing;
}

enum class TokenKind { kEnd, kSign, kAtom, kText, kOther };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  // a sign's one byte; atoms and texts without their quotes
};

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '@' || c == '#';
}

// The tokens of Erlang terms (Erlang reference manual, "Terms") as far as reading one takes.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  Token Next() {
    SkipBlanks();
    if (rest_.empty()) return {};
    const char first = rest_.front();
    if (first == '"') return Quoted(TokenKind::kText);
    if (first == '\'') return Quoted(TokenKind::kAtom);
    if (IsWordByte(first)) {
      const bool atom = first >= 'a' && first <= 'z';
      const auto end = std::find_if_not(rest_.begin(), rest_.end(), IsWordByte);
      return Take(atom ? TokenKind::kAtom : TokenKind::kOther,
                  static_cast<std::size_t>(end - rest_.begin()));
    }
    if (first == '$') {  // $c, $\n: a character, which may be a quote or a bracket
      const bool escaped = rest_.size() > 1 && rest_[1] == '\\';
      return Take(TokenKind::kOther, std::min<std::size_t>(escaped ? 3 : 2, rest_.size()));
    }
    return Take(TokenKind::kSign, 1);
  }

 private:
  void SkipBlanks() {
    for (;;) {
      rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
      if (!rest_.starts_with('%')) return;
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    }
  }
  Token Take(TokenKind kind, std::size_t size) {
    const Token token{kind, rest_.substr(0, size)};
    rest_.remove_prefix(size);
    return token;
  }
  Token Quoted(TokenKind kind) {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != rest_.front()) end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) {
      rest_ = {};
      return {};
    }
    const Token token{kind, rest_.substr(1, end - 1)};
    rest_.remove_prefix(end + 1);
    return token;
  }

  std::string_view rest_;
};

bool IsSign(const Token& token, char sign) {
  return token.kind == TokenKind::kSign && token.text.front() == sign;
}

struct Application {
  std::string_view name;
  std::string_view version;
};

// {application, NAME, [{vsn, "VERSION"}, …]}. nullopt where that is not what it is.
std::optional<Application> ReadApplication(std::string_view text) {
  Tokens tokens(text);
  if (!IsSign(tokens.Next(), '{')) return std::nullopt;
  if (tokens.Next().text != "application" || !IsSign(tokens.Next(), ',')) return std::nullopt;
  const Token name = tokens.Next();
  if (name.kind != TokenKind::kAtom || !IsSign(tokens.Next(), ',')) return std::nullopt;
  if (!IsSign(tokens.Next(), '[')) return std::nullopt;
  Application application{.name = name.text, .version = {}};
  std::size_t depth = 1;  // of brackets, the list's own counted
  while (depth > 0) {
    const Token token = tokens.Next();
    if (token.kind == TokenKind::kEnd) return std::nullopt;
    if (IsSign(token, ']') || IsSign(token, '}')) --depth;
    if (!IsSign(token, '[') && !IsSign(token, '{')) continue;
    if (++depth != 2 || !IsSign(token, '{')) continue;
    Tokens ahead = tokens;
    if (ahead.Next().text != "vsn" || !IsSign(ahead.Next(), ',')) continue;
    const Token version = ahead.Next();
    if (version.kind == TokenKind::kText) application.version = version.text;
  }
  if (!IsSign(tokens.Next(), '}') || !IsSign(tokens.Next(), '.')) return std::nullopt;
  return application;
}

void AddPackage(std::string_view name, std::string_view version, ReadingBuilder& out) {
  const bool otp = std::find(kOtp.begin(), kOtp.end(), name) != kOtp.end();
  Package package{
      .type = otp ? "otp" : "hex", .name = std::string(name), .version = std::string(version)};
  package.source_name = package.name;
  package.source_version = package.version;
  out.Add(std::move(package));
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  if (IsErlangRelease(facts.path)) {
    const auto words = text::Split(text::Trim(content.bytes), ' ');
    if (words.size() != 2) {
      out.Fail("does not hold two versions");
    } else {
      AddPackage("erts", words[0], out);
    }
    return out.Take();
  }
  const auto application = ReadApplication(content.bytes);
  if (!application) {
    out.Fail("is no whole application resource");
  } else if (application->version.empty()) {
    out.Fail("has no version (vsn)");
  } else {
    AddPackage(application->name, application->version, out);
  }
  return out.Take();
}

}  // namespace

PackageSource ErlangSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxFileBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
