// npm's ranges, as node-semver documents them ("Ranges", "Advanced Range Syntax"): alternatives
// "||", hyphen ranges, x-ranges, "~" and "^", comparators; options loose and includePrerelease.
//
// A range is put down to alternatives of comparators on three numbers and a pre-release. A version
// with a pre-release is in a range only where a comparator of the same three numbers has one
// too, unless includePrerelease is set. Numbers are bounded by 2^53 - 1 as there.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scanner/versions/orders.h"
#include "scanner/versions/semver.h"

namespace landwaiter::versions {
namespace {

constexpr std::uint64_t kMaxNumber = 9007199254740991;  // Number.MAX_SAFE_INTEGER
constexpr std::string_view kLowest = "0";               // the lowest pre-release

struct Version {
  std::array<std::uint64_t, 3> number{};
  std::string_view prerelease;
};

struct Comparator {
  std::string_view op;  // "", "<", "<=", ">", ">="
  Version version;
};

using Alternative = std::vector<Comparator>;  // all must hold; empty holds for every version

// "1.2.x-pre" in parts: nullopt for x, X, * and for what is not written.
struct Partial {
  std::array<std::optional<std::uint64_t>, 3> number;
  std::array<bool, 3> written{};
  std::string_view prerelease;
  std::string_view prefix;  // "v", "=", …

  bool Full() const { return number[0] && number[1] && number[2]; }
};

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view TrimSpace(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> ParseNumber(std::string_view digits, bool loose) {
  if (!loose && digits.size() > 1 && digits.front() == '0') return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
    if (value > kMaxNumber) return std::nullopt;
  }
  return value;
}

bool IsPrerelease(std::string_view text, bool loose) {
  SemverParts parts;
  const std::string probe = "0-" + std::string(text);
  if (text.find('+') != std::string_view::npos || !SplitSemver(probe, false, parts)) return false;
  if (loose) return true;
  while (!text.empty()) {
    const std::string_view id = text.substr(0, text.find('.'));
    if (id.size() > 1 && id.front() == '0' && id.find_first_not_of("0123456789") == id.npos) {
      return false;
    }
    text.remove_prefix(std::min(id.size() + 1, text.size()));
  }
  return true;
}

// What may follow the third number. Build metadata has been stripped before. Loosely, the hyphen
// may be missing, or be the first identifier itself ("1.2.3-").
bool ParseTail(std::string_view tail, bool loose, std::string_view& prerelease) {
  if (tail.empty()) return true;
  if (tail.front() == '-' && IsPrerelease(tail.substr(1), loose)) {
    prerelease = tail.substr(1);
    return true;
  }
  prerelease = tail;
  return loose && IsPrerelease(tail, loose);
}

std::optional<Partial> ParsePartial(std::string_view text, bool loose) {
  Partial partial;
  const auto begin = text.find_first_not_of("v= \t");
  if (begin == std::string_view::npos) return std::nullopt;
  partial.prefix = text.substr(0, begin);
  std::string_view rest = text.substr(begin);
  for (std::size_t i = 0; i < 3; ++i) {
    if (rest.empty()) return std::nullopt;
    partial.written[i] = true;
    if (rest.front() == 'x' || rest.front() == 'X' || rest.front() == '*') {
      rest.remove_prefix(1);
    } else {
      const std::string_view digits = TakeDigits(rest);
      if (digits.empty()) return std::nullopt;
      partial.number[i] = ParseNumber(digits, loose);
      if (!partial.number[i]) return std::nullopt;
    }
    if (i == 2) break;
    if (rest.empty()) return partial;
    if (rest.front() != '.') return std::nullopt;
    rest.remove_prefix(1);
  }
  if (!ParseTail(rest, loose, partial.prerelease)) return std::nullopt;
  return partial;
}

std::string StripBuild(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && i + 1 < text.size() && (IsAlnum(text[i + 1]) || text[i + 1] == '-')) {
      while (i + 1 < text.size() && (IsAlnum(text[i + 1]) || text[i + 1] == '-' ||
                                     (text[i + 1] == '.' && i + 2 < text.size() &&
                                      (IsAlnum(text[i + 2]) || text[i + 2] == '-')))) {
        ++i;
      }
      continue;
    }
    out += text[i];
  }
  return out;
}

std::optional<Version> ParseVersion(std::string_view text, bool loose) {
  const auto partial = ParsePartial(TrimSpace(text), loose);
  if (!partial || !partial->Full()) return std::nullopt;
  if (!loose && !partial->prefix.empty() && partial->prefix != "v") return std::nullopt;
  return Version{{*partial->number[0], *partial->number[1], *partial->number[2]},
                 partial->prerelease};
}

int CompareVersions(const Version& a, const Version& b) {
  if (a.number != b.number) return a.number < b.number ? -1 : 1;
  return ComparePrerelease(a.prerelease, b.prerelease);
}

// Reads the comparators of one alternative. Each Add… is false where what it is given is no range.
class AlternativeReader {
 public:
  AlternativeReader(const RangeOptions& options, Alternative& out) : options_(options), out_(out) {}

  bool AddHyphen(const Partial& from, const Partial& to) {
    const auto& lower = from.number;
    const bool strict_prefix = options_.loose || from.prefix.empty() || from.prefix == "v";
    if (lower[0]) {
      const bool whole = from.Full();
      if (whole && !strict_prefix) return false;
      const std::string_view pre = whole && !from.prerelease.empty() ? from.prerelease : Floor();
      Push(">=", {*lower[0], lower[1].value_or(0), lower[1] ? lower[2].value_or(0) : 0}, pre);
    }
    const auto& upper = to.number;
    if (!upper[0]) return true;
    if (!upper[1]) return PushBelow(*upper[0], std::nullopt, std::nullopt);
    if (!upper[2]) return PushBelow(*upper[0], *upper[1], std::nullopt);
    if (to.prerelease.empty() && options_.include_prerelease) {
      return PushBelow(*upper[0], *upper[1], *upper[2]);
    }
    if (to.prerelease.empty() && !options_.loose && !to.prefix.empty() && to.prefix != "v") {
      return false;
    }
    Push("<=", {*upper[0], *upper[1], *upper[2]}, to.prerelease);
    return true;
  }

  bool AddTilde(const Partial& partial) {
    const auto& n = partial.number;
    if (!n[0]) return true;
    PushLower(partial);
    return PushBelow(*n[0], n[1], std::nullopt);
  }

  bool AddCaret(const Partial& partial) {
    const auto& n = partial.number;
    if (!n[0]) return true;
    PushLower(partial);
    if (*n[0] != 0 || !n[1]) return PushBelow(*n[0], std::nullopt, std::nullopt);
    if (*n[1] != 0 || !n[2]) return PushBelow(*n[0], *n[1], std::nullopt);
    return PushBelow(*n[0], *n[1], *n[2]);
  }

  bool AddComparator(std::string_view op, const Partial& partial) {
    const auto& n = partial.number;
    if (partial.Full()) {
      if (!options_.loose && !partial.prefix.empty() && partial.prefix != "v") return false;
      Push(op == "=" ? "" : op, {*n[0], *n[1], *n[2]}, partial.prerelease);
      return true;
    }
    // "x.1" and "1.x.2" are nothing.
    if ((!n[0] && n[1]) || (!n[1] && n[2])) return false;
    if (!n[0]) {
      if (op == "<" || op == ">") Push("<", {0, 0, 0}, kLowest);  // nothing is below
      return true;
    }
    const std::uint64_t minor = n[1].value_or(0);
    if (op == ">") return PushAbove(*n[0], n[1]);
    if (op == "<=") return PushBelow(*n[0], n[1], std::nullopt);
    if (op == "<") {
      Push("<", {*n[0], minor, 0}, kLowest);
      return true;
    }
    Push(">=", {*n[0], minor, 0}, Floor());
    return op == ">=" || PushBelow(*n[0], n[1], std::nullopt);
  }

 private:
  // The pre-release of a lower bound that none was written for.
  std::string_view Floor() const { return options_.include_prerelease ? kLowest : ""; }

  void Push(std::string_view op, std::array<std::uint64_t, 3> number, std::string_view pre) {
    out_.push_back({op, {number, pre}});
  }

  // The lower bound of "~" and "^": whole versions as written, others from their first release.
  void PushLower(const Partial& partial) {
    const auto& n = partial.number;
    if (n[1] && n[2]) {
      Push(">=", {*n[0], *n[1], *n[2]}, partial.prerelease);
    } else {
      Push(">=", {*n[0], n[1].value_or(0), 0}, Floor());
    }
  }

  // Below the next version of the last number that is given.
  bool PushBelow(std::uint64_t major, std::optional<std::uint64_t> minor,
                 std::optional<std::uint64_t> patch) {
    std::array<std::uint64_t, 3> number = {major, minor.value_or(0), patch.value_or(0)};
    std::uint64_t& last = number[patch ? 2 : (minor ? 1 : 0)];
    if (++last > kMaxNumber) return false;
    Push("<", number, kLowest);
    return true;
  }

  bool PushAbove(std::uint64_t major, std::optional<std::uint64_t> minor) {
    std::array<std::uint64_t, 3> number = {major, minor.value_or(0), 0};
    if (++number[minor ? 1 : 0] > kMaxNumber) return false;
    Push(">=", number, Floor());
    return true;
  }

  const RangeOptions& options_;
  Alternative& out_;
};

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t i = 0;
  while (i < text.size()) {
    while (i < text.size() && IsSpace(text[i])) ++i;
    const std::size_t begin = i;
    while (i < text.size() && !IsSpace(text[i])) ++i;
    if (i > begin) words.push_back(text.substr(begin, i - begin));
  }
  return words;
}

// The text from the first word to the last, blanks between them included.
std::string_view Joined(std::vector<std::string_view>::const_iterator begin,
                        std::vector<std::string_view>::const_iterator end) {
  if (begin == end) return {};
  const char* const last = (end - 1)->data() + (end - 1)->size();
  return {begin->data(), static_cast<std::size_t>(last - begin->data())};
}

std::string_view TakeOperator(std::string_view& word) {
  for (const std::string_view op : {"~>", "<=", ">=", "~", "^", "<", ">", "="}) {
    if (!word.starts_with(op)) continue;
    word.remove_prefix(op.size());
    return op;
  }
  return {};
}

bool StartsVersion(std::string_view word) {
  const auto begin = word.find_first_not_of("v=");
  return begin != std::string_view::npos &&
         (IsDigit(word[begin]) || std::string_view("xX*").find(word[begin]) != std::string::npos);
}

// One word, with the operator that stood alone before it.
bool AddWord(std::string_view op, std::string_view word, bool loose, AlternativeReader& reader) {
  const auto partial = ParsePartial(word, loose);
  if (!partial) return false;
  if (op == "~" || op == "~>") return reader.AddTilde(*partial);
  if (op == "^") return reader.AddCaret(*partial);
  return reader.AddComparator(op, *partial);
}

// False where it is no range. `words` empty: every version. `out` gets nothing of a word that the
// loose mode drops; `kept` counts the others.
bool ReadAlternative(const std::vector<std::string_view>& words, const RangeOptions& options,
                     Alternative& out, std::size_t& kept) {
  AlternativeReader reader(options, out);
  if (const auto hyphen = std::find(words.begin(), words.end(), "-"); hyphen != words.end()) {
    const auto from = ParsePartial(Joined(words.begin(), hyphen), options.loose);
    const auto to = ParsePartial(Joined(hyphen + 1, words.end()), options.loose);
    if (from && to) {
      kept = 1;
      return reader.AddHyphen(*from, *to);
    }
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    std::string_view op = TakeOperator(word);
    const bool sticky = op == "~" || op == "~>" || op == "^";
    if (word.empty() && !op.empty() && i + 1 < words.size() &&
        (sticky || StartsVersion(words[i + 1]))) {
      word = words[++i];
      if ((op == "<" || op == ">") && word.front() == '=') {
        op = op == "<" ? "<=" : ">=";  // "< =1.2.3"
        word.remove_prefix(1);
      }
    }
    if (sticky && word == "=" && i + 1 < words.size() && StartsVersion(words[i + 1])) {
      word = words[++i];  // "^ = 1"
    }
    const std::size_t before = out.size();
    if (AddWord(op, word, options.loose, reader)) {
      ++kept;
      continue;
    }
    if (!options.loose) return false;
    out.resize(before);
  }
  if (words.empty()) kept = 1;
  return true;
}

bool Holds(const Comparator& comparator, const Version& version) {
  const int order = CompareVersions(version, comparator.version);
  if (comparator.op == "<") return order < 0;
  if (comparator.op == "<=") return order <= 0;
  if (comparator.op == ">") return order > 0;
  if (comparator.op == ">=") return order >= 0;
  return order == 0;
}

bool HoldsAll(const Alternative& alternative, const Version& version, bool include_prerelease) {
  bool same_numbers = false;
  for (const Comparator& comparator : alternative) {
    if (!Holds(comparator, version)) return false;
    same_numbers = same_numbers || (!comparator.version.prerelease.empty() &&
                                    comparator.version.number == version.number);
  }
  return version.prerelease.empty() || include_prerelease || same_numbers;
}

}  // namespace

Result<bool> SatisfiesNpm(Scheme scheme, std::string_view range, std::string_view version,
                          const RangeOptions& options) {
  const std::string text = StripBuild(range);
  std::vector<Alternative> alternatives;
  bool any = false;
  std::string_view rest = text;
  while (true) {
    const auto bar = rest.find("||");
    Alternative alternative;
    std::size_t kept = 0;
    if (!ReadAlternative(Words(rest.substr(0, bar)), options, alternative, kept)) {
      return BadRange(scheme, range, "a comparator cannot be read");
    }
    if (kept > 0) {
      any = any || alternative.empty();
      alternatives.push_back(std::move(alternative));
    }
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 2);
  }
  if (alternatives.empty()) return BadRange(scheme, range, "no comparator can be read");
  const std::string stripped = StripBuild(version);
  const auto wanted = ParseVersion(stripped, options.loose);
  if (!wanted) return false;  // as node-semver says: no version is in no range
  // One alternative for everything leaves no other to ask, whatever pre-releases they name.
  if (any) return HoldsAll({}, *wanted, options.include_prerelease);
  for (const Alternative& alternative : alternatives) {
    if (HoldsAll(alternative, *wanted, options.include_prerelease)) return true;
  }
  return false;
}

}  // namespace landwaiter::versions
