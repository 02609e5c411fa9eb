// The order and the requirements of Hex packages: Elixir's Version
// (hexdocs.pm/elixir/Version.html).
//
// Semantic versioning, exact as there: no prefix, no leading zeros, no fourth number; what is
// missing is 0, since advisories leave it out. Build metadata does not count. A requirement is
// comparisons joined by "and", which binds closer, and "or", each with a whole version; "~> 2.1"
// and "~> 2.1.0" hold what may follow compatibly, and leave out pre-releases of their upper bound.
// Pre-releases are in a range as the order puts them, as Version.match?/2 has it.
#include <algorithm>
#include <string>
#include <vector>

#include "scanner/versions/orders.h"
#include "scanner/versions/semver.h"

namespace landwaiter::versions {
namespace {

constexpr std::string_view kFirstPrerelease = "0";
constexpr std::string_view kMarks = " ~<>=!";

Result<SemverParts> Parse(std::string_view text) {
  SemverParts parts;
  if (SplitShortSemver(text, parts)) return parts;
  return BadVersion(Scheme::kHex, text, "it does not read as 1.2.3-pre.1+build");
}

// Operators, versions and the words "and" and "or".
std::vector<std::string_view> Tokens(std::string_view text) {
  std::vector<std::string_view> tokens;
  while (true) {
    const auto begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return tokens;
    text.remove_prefix(begin);
    std::string_view rest = text;
    std::string_view token = TakeOperator(rest, {"~>", ">=", "<=", "==", "!=", ">", "<", "!"});
    // A lone '=' or '~' is no operator; it stays a token, to be refused.
    if (token.empty()) token = text.substr(0, std::max<std::size_t>(1, text.find_first_of(kMarks)));
    tokens.push_back(text.substr(0, token.size()));
    text.remove_prefix(token.size());
  }
}

bool IsOperator(std::string_view token) { return token.find_first_of(kMarks) == 0; }

// "~> 1.2" and "~> 1.2.3" may leave out the third number. Below 2.0.0 and 1.3.0.
bool HoldsCompatible(std::string_view bound_text, const SemverParts& version, bool& holds) {
  const std::string_view release = bound_text.substr(0, bound_text.find_first_of("-+"));
  const bool short_form = CountNumbers(release) == 2;
  const std::string whole =
      short_form ? std::string(release) + ".0" + std::string(bound_text.substr(release.size()))
                 : std::string(bound_text);
  SemverParts bound;
  if (!SplitStrictSemver(whole, bound)) return false;
  std::string_view rest = bound.release;
  const std::string_view major = TakeDotted(rest);
  const std::string next = short_form
                               ? Increment(major) + ".0.0"
                               : std::string(major) + "." + Increment(TakeDotted(rest)) + ".0";
  const SemverParts limit{next, kFirstPrerelease, {}};
  holds = CompareParts(version, bound) >= 0 && CompareParts(version, limit) < 0;
  return true;
}

// False where it is no comparison.
bool HoldsComparison(std::string_view op, std::string_view bound_text, const SemverParts& version,
                     bool& holds) {
  if (op == "=" || op == "~") return false;
  if (op == "~>") return HoldsCompatible(bound_text, version, holds);
  SemverParts bound;
  if (!SplitStrictSemver(bound_text, bound)) return false;
  holds = HoldsComparator(op == "!" ? "!=" : op, CompareParts(version, bound));
  return true;
}

}  // namespace

Result<int> CompareHex(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareParts);
}

Result<bool> SatisfiesHex(Scheme scheme, std::string_view range, std::string_view version,
                          const RangeOptions& /*options*/) {
  const auto wanted = Parse(version);
  if (!wanted) return wanted.error();
  const auto tokens = Tokens(range);
  bool any = false;
  bool all = true;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view op = IsOperator(tokens[i]) ? tokens[i++] : "==";
    bool holds = false;
    if (i >= tokens.size() || !HoldsComparison(op, tokens[i], *wanted, holds)) {
      return BadRange(scheme, range, "a comparison cannot be read");
    }
    all = all && holds;
    if (++i == tokens.size()) return any || all;
    if (tokens[i] == "or") {
      any = any || all;
      all = true;
    } else if (tokens[i] != "and") {
      return BadRange(scheme, range, "neither \"and\" nor \"or\" stands between comparisons");
    }
  }
  return BadRange(scheme, range, "it ends without a comparison");
}

}  // namespace landwaiter::versions
