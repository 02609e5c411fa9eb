#include "scanner/versions/composer_version.h"

#include <utility>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

using StabilityWord = std::pair<std::string_view, std::string_view>;

// As written and in full. Longer words stand before those that they start with.
constexpr StabilityWord kStabilities[] = {{"stable", "stable"}, {"beta", "beta"},   {"b", "beta"},
                                          {"rc", "RC"},         {"alpha", "alpha"}, {"a", "alpha"},
                                          {"patch", "patch"},   {"pl", "patch"},    {"p", "patch"}};

// What a wildcard of a branch stands for ("1.x-dev"), so that branches sort behind releases.
constexpr std::string_view kBranchNumber = "9999999";
constexpr std::size_t kMaxFirstNumberDigits = 5;  // more is a date
constexpr int kMaxDateGroups = 6;

bool IsOneOf(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool StartsWithWord(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && text::EqualsIgnoreCase(text.substr(0, lower.size()), lower);
}

// [separator] digits, any number of times; without the first separator.
std::string_view TakeStabilityNumber(std::string_view& rest) {
  const std::string_view before = rest;
  while (true) {
    std::string_view after = rest;
    if (!after.empty() && IsOneOf(after.front(), ".-")) after.remove_prefix(1);
    if (TakeDigits(after).empty()) break;
    rest = after;
  }
  std::string_view number = before.substr(0, before.size() - rest.size());
  if (!number.empty() && !IsDigit(number.front())) number.remove_prefix(1);
  return number;
}

bool TakeDev(std::string_view& rest) {
  std::string_view after = rest;
  if (!after.empty() && IsOneOf(after.front(), ".-")) after.remove_prefix(1);
  if (!StartsWithWord(after, "dev")) return false;
  rest = after.substr(3);
  return true;
}

void TakeModifier(std::string_view& rest, ComposerModifier& modifier) {
  if (!rest.empty() && IsOneOf(rest.front(), "._-")) rest.remove_prefix(1);
  for (const auto& [word, full] : kStabilities) {
    if (!StartsWithWord(rest, word)) continue;
    rest.remove_prefix(word.size());
    modifier.stability = full;
    modifier.number = TakeStabilityNumber(rest);
    break;
  }
  modifier.dev = TakeDev(rest);
}

std::string Suffix(const ComposerModifier& modifier) {
  if (modifier.stability == "stable") return "";
  std::string suffix;
  if (!modifier.stability.empty()) suffix = "-" + modifier.stability + std::string(modifier.number);
  return modifier.dev ? suffix + "-dev" : suffix;
}

// Year and groups of two digits, "2010-01-02" or "20100102203040", and up to three digits more.
bool TakeDate(std::string_view& rest, std::string& date) {
  std::string_view after = rest;
  if (after.starts_with('v') || after.starts_with('V')) after.remove_prefix(1);
  const auto take = [&](std::size_t digits) {
    std::string_view next = after;
    const bool separated = !next.empty() && IsOneOf(next.front(), ".:-");
    if (separated) next.remove_prefix(1);
    if (next.size() < digits || !AllDigits(next.substr(0, digits))) return false;
    if (separated) date += '.';
    date += next.substr(0, digits);
    after = next.substr(digits);
    return true;
  };
  if (after.empty() || !IsDigit(after.front()) || !take(4)) return false;
  int groups = 0;
  while (groups < kMaxDateGroups && take(2)) ++groups;
  if (groups == 0) return false;
  if (!take(3) && !take(2)) take(1);
  rest = after;
  return true;
}

std::string Padded(const ComposerParts& parts) {
  std::string padded(parts.numbers[0]);
  for (std::size_t i = 1; i < parts.numbers.size(); ++i) {
    padded += "." + std::string(i < parts.count ? parts.numbers[i] : "0");
  }
  return padded;
}

// "1.x", "v1.2": nullopt for a branch that is no number.
std::optional<std::string> NormalizeBranch(std::string_view name) {
  std::string_view rest = text::Trim(name);
  if (rest.starts_with('v') || rest.starts_with('V')) rest.remove_prefix(1);
  std::string out(TakeDigits(rest));
  if (out.empty()) return std::nullopt;
  for (int i = 1; i < 4; ++i) {
    std::string_view number = kBranchNumber;
    if (!rest.empty()) {
      if (rest.front() != '.') return std::nullopt;
      rest.remove_prefix(1);
      if (!rest.empty() && IsOneOf(rest.front(), "xX*")) {
        rest.remove_prefix(1);
      } else {
        number = TakeDigits(rest);
        if (number.empty()) return std::nullopt;
      }
    }
    out += "." + std::string(number);
  }
  return rest.empty() ? std::optional(out + "-dev") : std::nullopt;
}

std::optional<std::string> NormalizeNumbers(std::string_view text) {
  ComposerParts parts;
  std::string_view rest = text;
  if (TakeComposerNumbers(rest, parts) && parts.numbers[0].size() <= kMaxFirstNumberDigits) {
    TakeModifier(rest, parts.modifier);
    if (rest.empty()) return Padded(parts) + Suffix(parts.modifier);
  }
  rest = text;
  std::string date;
  ComposerModifier modifier;
  if (!TakeDate(rest, date)) return std::nullopt;
  TakeModifier(rest, modifier);
  return rest.empty() ? std::optional(date + Suffix(modifier)) : std::nullopt;
}

}  // namespace

bool TakeComposerNumbers(std::string_view& rest, ComposerParts& parts) {
  std::string_view after = rest;
  if (after.starts_with('v') || after.starts_with('V')) after.remove_prefix(1);
  while (parts.count < parts.numbers.size()) {
    std::string_view next = after;
    if (parts.count > 0) {
      if (!next.starts_with('.')) break;
      next.remove_prefix(1);
    }
    const std::string_view number = TakeDigits(next);
    if (number.empty()) break;
    parts.numbers[parts.count++] = number;
    after = next;
  }
  if (parts.count == 0) return false;
  rest = after;
  return true;
}

bool ReadComposerParts(std::string_view text, ComposerParts& parts) {
  std::string_view rest = text;
  if (!TakeComposerNumbers(rest, parts)) return false;
  if (rest.size() > 1 && rest.front() == '.' && IsOneOf(rest[1], "xX*")) {
    rest.remove_prefix(2);
    parts.wildcard_dev = true;
    if (!TakeDev(rest)) return false;
  } else {
    TakeModifier(rest, parts.modifier);
  }
  return rest.empty() || (rest.front() == '+' && rest.size() > 1);
}

bool ReadComposerModifier(std::string_view text, ComposerModifier& modifier) {
  TakeModifier(text, modifier);
  return text.empty();
}

std::optional<std::string> NormalizeComposer(std::string_view text) {
  std::string_view version = text::Trim(text);
  TakeStabilityFlag(version);
  if (version == "master" || version == "trunk" || version == "default") {
    return "dev-" + std::string(version);
  }
  if (StartsWithWord(version, "dev-")) return "dev-" + std::string(version.substr(4));
  const auto plus = version.find('+');
  if (plus != std::string_view::npos && plus > 0 && plus + 1 < version.size() &&
      version.find_first_of(" \t,") == std::string_view::npos) {
    version = version.substr(0, plus);
  }
  if (auto normalized = NormalizeNumbers(version)) return normalized;
  if (version.size() < 3 || !StartsWithWord(version.substr(version.size() - 3), "dev")) {
    return std::nullopt;
  }
  version.remove_suffix(3);
  if (!version.empty() && IsOneOf(version.back(), ".-")) version.remove_suffix(1);
  return NormalizeBranch(version);
}

std::string TakeStabilityFlag(std::string_view& text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return {};
  for (const std::string_view flag : {"stable", "RC", "beta", "alpha", "dev"}) {
    if (!text::EqualsIgnoreCase(text.substr(at + 1), flag)) continue;
    text = text.substr(0, at);
    return std::string(flag);
  }
  return {};
}

}  // namespace landwaiter::versions
