// Conan's ranges (docs.conan.io, "Version ranges"; conan, VersionRange): alternatives "||", each
// conditions separated by blanks: < <= = > >=, "~" and "^", "*", a version alone. Behind a comma
// stand options, of which "include_prerelease" lets pre-releases in, as does
// RangeOptions::include_prerelease.
//
// ">=1.0" begins at the pre-releases of 1.0 and "<2.0" leaves those of 2.0 out, as the tool has it.
#include <algorithm>
#include <optional>
#include <string>

#include "lib/base/text.h"
#include "scanner/versions/conan.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

// Whether `op bound` holds for `version`; false in `readable` where the bound is no version.
bool HoldsBound(std::string_view op, std::string bound, const ConanVersion& version,
                bool& readable) {
  if ((op == ">=" || op == "<") && bound.find_first_of("-+") == std::string::npos) bound += '-';
  const auto parsed = ParseConan(bound);
  readable = readable && parsed.has_value();
  return parsed && HoldsComparator(op, CompareConanVersions(version, *parsed));
}

// The first version behind those that share the numbers up to `index`: "1.2.3", 1 -> "1.3.0-".
// Empty where there is no number to count up.
std::string UpperBound(std::string_view text, std::size_t index) {
  std::string bound;
  const auto items = text::Split(text.substr(0, text.find_first_of("-+")), '.');
  if (index >= items.size() || !AllDigits(items[index])) return {};
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) bound += '.';
    if (i == index) {
      bound += Increment(items[i]);
    } else {
      bound += i < index ? std::string(items[i]) : "0";
    }
  }
  return bound + "-";
}

std::size_t FirstNotZero(std::string_view text) {
  const auto items = text::Split(text.substr(0, text.find_first_of("-+")), '.');
  std::size_t index = 0;
  while (index < items.size() && AllDigits(items[index]) && CompareNumbers(items[index], "") == 0) {
    ++index;
  }
  return index;
}

bool HoldsCondition(std::string_view condition, const ConanVersion& version, bool& readable) {
  std::string_view rest = condition;
  if (rest == "*" || rest == "*-") return HoldsBound(">=", "0.0.0", version, readable);
  const std::string_view op = TakeOperator(rest, {">=", "<=", ">", "<", "=", "~", "^"});
  if (op != "~" && op != "^") return HoldsBound(op, std::string(rest), version, readable);
  std::string lower(rest);
  if (op == "~" && lower.find('-') == std::string::npos) lower += '-';
  const bool one = rest.substr(0, rest.find_first_of("-+")).find('.') == std::string_view::npos;
  std::string upper = UpperBound(rest, op == "^" ? FirstNotZero(rest) : (one ? 0 : 1));
  if (upper.empty()) readable = false;
  const bool above = HoldsBound(">=", std::move(lower), version, readable);
  return HoldsBound("<", std::move(upper), version, readable) && above;
}

// The words of one alternative, all of which must hold; none is "*".
bool HoldsAll(std::string_view text, const ConanVersion& version, bool& readable) {
  bool all = true;
  bool none = true;
  while (true) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) break;
    const auto end = std::min(text.find_first_of(" \t", begin), text.size());
    none = false;
    all = HoldsCondition(text.substr(begin, end - begin), version, readable) && all;
    text.remove_prefix(end);
  }
  return none ? HoldsCondition("*", version, readable) : all;
}

// What stands behind the commas. nullopt where it is no option.
std::optional<bool> AdmitsPrereleases(std::string_view options) {
  bool admits = false;
  for (const std::string_view option : text::Split(options, ',')) {
    const std::string_view word = text::Trim(option);
    if (word.empty() || !IsAlpha(word.front())) return std::nullopt;
    admits = admits || word.find("include_prerelease") != std::string_view::npos;
  }
  return admits;
}

}  // namespace

Result<bool> SatisfiesConan(Scheme scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options) {
  const auto wanted = ParseConan(version);
  if (!wanted) return wanted.error();
  bool admits = options.include_prerelease;
  const auto comma = range.find(',');
  if (comma != std::string_view::npos) {
    const auto said = AdmitsPrereleases(range.substr(comma + 1));
    if (!said) return BadRange(scheme, range, "what stands behind a comma is no option");
    admits = admits || *said;
  }
  bool any = false;
  bool readable = true;
  std::string_view rest = range.substr(0, comma);
  while (true) {
    const auto bar = rest.find("||");
    any = HoldsAll(rest.substr(0, bar), *wanted, readable) || any;
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 2);
  }
  if (!readable) return BadRange(scheme, range, "a condition cannot be read");
  return any && (admits || !wanted->prerelease);
}

}  // namespace landwaiter::versions
