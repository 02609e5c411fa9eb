// The order of Alpine versions (apk-tools, apk-package(5), "Package metadata": version):
// number{.number}...{letter}{_suffix{number}}...{~hash}{-r#}.
//
// A version is read as a list of tokens and the lists are compared token by token. Where the kinds
// of two tokens differ, a pre-release suffix (_alpha _beta _pre _rc) comes before everything, also
// before the end; then malformed text, the end, and the kinds from the last (-r) to the first
// (.number), so that the longer version is the newer one. Numbers after a '.' with a leading zero
// are fractions and compared as text.
//
// Alpine's own indexes hold versions outside this grammar (6.6.2p1-r0), and apk compares them all
// the same: digits may follow a letter, an empty number is 0, an unknown suffix sorts before
// _alpha, and what cannot be read at all counts as revision 0 followed by malformed text.
#include <array>

#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

// In the order of their weight where kinds differ (kPreSuffix lowest).
enum class Kind {
  kPreSuffix,
  kMalformed,
  kEnd,
  kRevision,
  kHash,
  kSuffixNumber,
  kPostSuffix,
  kLetter,
  kNumber,
};

struct Token {
  Kind kind = Kind::kEnd;
  std::string_view text = {};  // digits, letter, hash
  int suffix = 0;              // rank of a suffix
  bool fraction = false;       // a number after '.'
};

constexpr std::array<std::string_view, 4> kPreSuffixes = {"alpha", "beta", "pre", "rc"};
constexpr std::array<std::string_view, 5> kPostSuffixes = {"cvs", "svn", "git", "hg", "p"};

std::string_view TakeWhile(std::string_view& text, bool (*wanted)(char)) {
  std::size_t n = 0;
  while (n < text.size() && wanted(text[n])) ++n;
  const std::string_view taken = text.substr(0, n);
  text.remove_prefix(n);
  return taken;
}

bool IsHashDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); }

Token SuffixToken(std::string_view name) {
  for (std::size_t i = 0; i < kPreSuffixes.size(); ++i) {
    if (kPreSuffixes[i] == name) return {Kind::kPreSuffix, name, static_cast<int>(i) + 1};
  }
  for (std::size_t i = 0; i < kPostSuffixes.size(); ++i) {
    if (kPostSuffixes[i] == name) return {Kind::kPostSuffix, name, static_cast<int>(i)};
  }
  return {Kind::kPreSuffix, name, 0};
}

class Reader {
 public:
  explicit Reader(std::string_view version) : rest_(version) {}

  Token Next() {
    if (malformed_) return {Kind::kMalformed};
    const Token token = last_ ? Following() : First();
    last_ = token.kind;
    return token;
  }

 private:
  Token First() {
    // ".1" and "a": the first number is there, empty.
    return {Kind::kNumber, TakeDigits(rest_)};
  }

  Token Following() {
    if (rest_.empty()) return {Kind::kEnd};
    const char c = rest_.front();
    if (IsLower(c) && *last_ == Kind::kNumber && !after_letter_) return Letter();
    if (c == '.' && *last_ == Kind::kNumber) {
      rest_.remove_prefix(1);
      return {Kind::kNumber, TakeDigits(rest_), 0, /*fraction=*/true};
    }
    if (IsDigit(c) && *last_ == Kind::kLetter) return {Kind::kNumber, TakeDigits(rest_)};
    if (IsDigit(c) && IsSuffix()) return {Kind::kSuffixNumber, TakeDigits(rest_)};
    if (c == '_' && *last_ != Kind::kHash && *last_ != Kind::kRevision) {
      rest_.remove_prefix(1);
      return SuffixToken(TakeWhile(rest_, IsLower));
    }
    if (c == '~' && *last_ != Kind::kHash && *last_ != Kind::kRevision) {
      rest_.remove_prefix(1);
      return {Kind::kHash, TakeWhile(rest_, IsHashDigit)};
    }
    if (rest_.starts_with("-r") && *last_ != Kind::kRevision) {
      rest_.remove_prefix(2);
      return {Kind::kRevision, TakeDigits(rest_)};
    }
    return Malformed();
  }

  bool IsSuffix() const { return *last_ == Kind::kPreSuffix || *last_ == Kind::kPostSuffix; }

  Token Letter() {
    const std::string_view letter = rest_.substr(0, 1);
    rest_.remove_prefix(1);
    after_letter_ = true;
    return {Kind::kLetter, letter};
  }

  // Read as revision 0 and then malformed text, so that the order stays total.
  Token Malformed() {
    malformed_ = true;
    if (*last_ == Kind::kRevision) return {Kind::kMalformed};
    return {Kind::kRevision};
  }

  std::string_view rest_;
  std::optional<Kind> last_;
  bool after_letter_ = false;
  bool malformed_ = false;
};

int CompareTokens(const Token& a, const Token& b) {
  if (a.kind != b.kind) return a.kind < b.kind ? -1 : 1;
  switch (a.kind) {
    case Kind::kPreSuffix:
    case Kind::kPostSuffix:
      return a.suffix < b.suffix ? -1 : static_cast<int>(a.suffix > b.suffix);
    case Kind::kLetter:
    case Kind::kHash:
      return CompareText(a.text, b.text);
    case Kind::kNumber:
      if (a.fraction && b.fraction && (a.text.starts_with('0') || b.text.starts_with('0'))) {
        return CompareText(a.text, b.text);
      }
      return CompareNumbers(a.text, b.text);
    case Kind::kSuffixNumber:
    case Kind::kRevision:
      return CompareNumbers(a.text, b.text);
    case Kind::kMalformed:
    case Kind::kEnd:
      return 0;
  }
  return 0;
}

Status Check(std::string_view version) {
  if (version.empty()) return BadVersion(Scheme::kApk, version, "it is empty");
  for (const char c : version) {
    if (IsAlnum(c) || c == '.' || c == '_' || c == '-' || c == '~' || c == '+' || c == ':') {
      continue;
    }
    return BadVersion(Scheme::kApk, version,
                      "it has a character other than letters, digits and "
                      "._~+:-");
  }
  return Ok();
}

// `fuzzy`: a version that goes on where `b` ends is equal to it ("~3.6").
int CompareTokenwise(std::string_view a, std::string_view b, bool fuzzy) {
  Reader left(a);
  Reader right(b);
  while (true) {
    const Token l = left.Next();
    const Token r = right.Next();
    if (fuzzy && r.kind == Kind::kEnd) return 0;
    if (const int order = CompareTokens(l, r); order != 0) return order;
    if (l.kind == Kind::kEnd || l.kind == Kind::kMalformed) return 0;
  }
}

}  // namespace

Result<int> CompareApk(std::string_view a, std::string_view b) {
  if (auto status = Check(a); !status) return std::move(status).error();
  if (auto status = Check(b); !status) return std::move(status).error();
  return CompareTokenwise(a, b, /*fuzzy=*/false);
}

// One dependency of apk (apk-world(5)): an operator out of '<', '=', '>' and '~', and a version.
Result<bool> SatisfiesApk(Scheme scheme, std::string_view range, std::string_view version,
                          const RangeOptions& options) {
  if (range.find('~') == std::string_view::npos || range.find_first_of(", |") != range.npos) {
    return SatisfiesComparators(scheme, range, version, options);
  }
  const auto end = range.find_first_not_of("<=>~");
  const std::string_view op = range.substr(0, end);
  if (op.empty() || end == std::string_view::npos) {
    return SatisfiesComparators(scheme, range, version, options);
  }
  const std::string_view wanted = range.substr(end);
  if (auto status = Check(version); !status) return std::move(status).error();
  if (!Check(wanted)) return BadRange(scheme, range, "its version cannot be read");
  const bool fuzzy = op.find('~') != std::string_view::npos;
  const int order = CompareTokenwise(version, wanted, fuzzy);
  if (order < 0) return op.find('<') != std::string_view::npos;
  if (order > 0) return op.find('>') != std::string_view::npos;
  return fuzzy || op.find('=') != std::string_view::npos;
}

}  // namespace landwaiter::versions
