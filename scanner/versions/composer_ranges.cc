// Composer's ranges (getcomposer.org, "Versions and constraints"; composer/semver, VersionParser):
// alternatives "|" or "||", each constraints separated by blanks or commas: comparators, "~", "^",
// wildcards, "1.0 - 2.0", branches ("dev-main"), stability flags ("1.0@beta").
//
// Each is put down to comparators on normalized versions, compared as version_compare does. Lower
// bounds without a stability begin at the pre-releases of that version ("^1.2" at 1.2.0.0-dev),
// upper ones leave them out. A branch that is no number is in a range that names it, and in no
// other.
#include <algorithm>
#include <vector>

#include "lib/base/text.h"
#include "scanner/versions/composer_version.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

struct Constraint {
  std::string_view op;
  std::string version;  // normalized
};

// All must hold.
using Constraints = std::vector<Constraint>;

bool IsBranch(std::string_view version) { return version.starts_with("dev-"); }

bool Holds(const Constraint& constraint, const std::string& version) {
  const bool not_equal = constraint.op == "!=" || constraint.op == "<>";
  if (IsBranch(version) || IsBranch(constraint.version)) {
    if (not_equal) return version != constraint.version;
    const bool equal = constraint.op.empty() || constraint.op == "=" || constraint.op == "==";
    return equal && version == constraint.version;
  }
  const auto order = ComparePackagist(version, constraint.version);
  return order && HoldsComparator(not_equal ? "!=" : constraint.op, *order);
}

// The numbers with the one at `position` (from 1) counted up by `step`, zeros behind it, and the
// lowest pre-release: "1.3.0.0-dev".
std::string FirstOf(const ComposerParts& parts, std::size_t position, bool next) {
  std::string out;
  for (std::size_t i = 0; i < parts.numbers.size(); ++i) {
    if (i > 0) out += '.';
    if (i >= position) {
      out += '0';
    } else if (next && i + 1 == position) {
      out += Increment(parts.numbers[i]);
    } else {
      out += parts.numbers[i];
    }
  }
  return out + "-dev";
}

bool AddBounds(std::string_view text, const ComposerParts& parts, std::size_t position,
               Constraints& out) {
  const bool bare = parts.modifier.Empty() && !parts.wildcard_dev;
  auto lower = NormalizeComposer(std::string(text) + (bare ? "-dev" : ""));
  if (!lower) return false;
  out.push_back({">=", *std::move(lower)});
  out.push_back({"<", FirstOf(parts, position, true)});
  return true;
}

bool AddTilde(std::string_view text, Constraints& out) {
  ComposerParts parts;
  if (!ReadComposerParts(text, parts)) return false;
  const std::size_t written = parts.count + (parts.wildcard_dev ? 1 : 0);
  return AddBounds(text, parts, written > 2 ? written - 1 : 1, out);
}

bool AddCaret(std::string_view text, Constraints& out) {
  ComposerParts parts;
  if (!ReadComposerParts(text, parts)) return false;
  std::size_t position = 1;
  while (position < 3 && position < parts.count && parts.numbers[position - 1] == "0") ++position;
  return AddBounds(text, parts, position, out);
}

// "1.x", "1.2.*"; false where no wildcard ends it.
bool AddWildcard(std::string_view text, Constraints& out) {
  ComposerParts parts;
  std::string_view rest = text;
  if (!TakeComposerNumbers(rest, parts) || parts.count > 3 || rest.empty()) return false;
  while (!rest.empty()) {
    if (rest.size() < 2 || rest[0] != '.' || std::string_view("xX*").find(rest[1]) == rest.npos) {
      return false;
    }
    rest.remove_prefix(2);
  }
  std::string lower = FirstOf(parts, parts.count, false);
  if (lower != "0.0.0.0-dev") out.push_back({">=", std::move(lower)});
  out.push_back({"<", FirstOf(parts, parts.count, true)});
  return true;
}

bool AddHyphen(std::string_view from, std::string_view to, Constraints& out) {
  ComposerParts lower_parts;
  ComposerParts upper_parts;
  if (!ReadComposerParts(from, lower_parts) || !ReadComposerParts(to, upper_parts)) return false;
  const auto lower = NormalizeComposer(from);
  const auto upper = NormalizeComposer(to);
  if (!lower || !upper) return false;
  const bool bare = lower_parts.modifier.Empty() && !lower_parts.wildcard_dev;
  out.push_back({">=", *lower + (bare ? "-dev" : "")});
  if (upper_parts.count > 2 || !upper_parts.modifier.Empty() || upper_parts.wildcard_dev) {
    out.push_back({"<=", *upper});
  } else {
    out.push_back({"<", FirstOf(upper_parts, upper_parts.count, true)});
  }
  return true;
}

// Whether a bound names its stability behind a hyphen. "RC" does not count: VersionParser looks
// for it in capitals in a text in small letters.
bool NamesStability(std::string_view text) {
  for (auto hyphen = text.find('-'); hyphen != text.npos; hyphen = text.find('-', hyphen + 1)) {
    ComposerModifier modifier;
    const bool named = ReadComposerModifier(text.substr(hyphen + 1), modifier);
    if (named && modifier.stability != "RC") return true;
  }
  return false;
}

bool IsStable(std::string_view normalized) {
  return !IsBranch(normalized) && (normalized.find('-') == std::string_view::npos ||
                                   normalized.find("-patch") != std::string_view::npos);
}

bool AddComparator(std::string_view text, const std::string& flag, Constraints& out) {
  std::string_view rest = text;
  const std::string_view op = TakeOperator(rest, {"<>", "!=", ">=", "<=", "==", ">", "<", "="});
  rest = text::Trim(rest);
  auto version = NormalizeComposer(rest);
  if (!version && rest.ends_with("-dev") && rest.find_first_of(" ,@+") == rest.npos) {
    version = "dev-" + std::string(rest.substr(0, rest.size() - 4));
  }
  if (!version) return false;
  const bool equal = op.empty() || op == "=" || op == "==";
  if (!equal && !flag.empty() && IsStable(*version)) {
    *version += "-" + flag;
  } else if ((op == "<" || op == ">=") && !IsBranch(rest) && !NamesStability(rest)) {
    *version += "-dev";
  }
  out.push_back({op, *std::move(version)});
  return true;
}

bool IsWildcard(std::string_view word) {
  if (word.starts_with('v') || word.starts_with('V')) word.remove_prefix(1);
  for (std::size_t i = 0; i < word.size(); ++i) {
    const std::string_view wanted = i % 2 == 0 ? "xX*" : ".";
    if (wanted.find(word[i]) == std::string_view::npos) return false;
  }
  return word.size() % 2 == 1;
}

bool AddWord(std::string_view word, Constraints& out) {
  // As there, a blank behind the operator hides the flag ("> 1.0@beta").
  std::string flag = word.find(' ') == word.npos ? TakeStabilityFlag(word) : "";
  if (flag == "stable") flag.clear();
  if (word.empty() && !flag.empty()) return true;  // "@dev"
  if (const auto ref = word.find('#'); ref != word.npos && ref + 1 < word.size() &&
                                       (IsBranch(word) || word.substr(0, ref).ends_with("-dev"))) {
    word = word.substr(0, ref);
  }
  if (IsWildcard(word)) {
    if (word.size() > 1) out.push_back({">=", "0.0.0.0-dev"});
    return true;
  }
  if (word.starts_with('~')) return AddTilde(word.substr(1), out);
  if (word.starts_with('^')) return AddCaret(word.substr(1), out);
  return AddWildcard(word, out) || AddComparator(word, flag, out);
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const auto begin = text.find_first_not_of(" \t,");
    if (begin == std::string_view::npos) return words;
    const auto end = std::min(text.find_first_of(" \t,", begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const bool after_operator =
        !words.empty() && words.back().find_first_not_of("<>=!") == std::string::npos;
    if (after_operator) {
      words.back() += " " + std::string(word);
    } else {
      words.emplace_back(word);
    }
    text.remove_prefix(end);
  }
}

bool ReadAlternative(std::string_view text, Constraints& out) {
  const std::vector<std::string> words = Words(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool more = i + 2 < words.size();
    if (more && words[i + 1] == "-") {
      if (!AddHyphen(words[i], words[i + 2], out)) return false;
      i += 2;
      continue;
    }
    if (!AddWord(words[i], out)) return false;
    if (more && words[i + 1] == "as") i += 2;  // an alias says nothing of what is held
  }
  return !words.empty();
}

}  // namespace

Result<bool> SatisfiesComposer(Scheme scheme, std::string_view range, std::string_view version,
                               const RangeOptions& /*options*/) {
  const auto normalized = NormalizeComposer(version);
  if (!normalized) return BadVersion(scheme, version, "Composer cannot read it");
  bool any = false;
  std::string_view rest = range;
  while (true) {
    const auto bar = rest.find('|');
    Constraints constraints;
    if (!ReadAlternative(rest.substr(0, bar), constraints)) {
      return BadRange(scheme, range, "a constraint cannot be read");
    }
    bool all = true;
    for (const Constraint& constraint : constraints) all = all && Holds(constraint, *normalized);
    any = any || all;
    if (bar == std::string_view::npos) return any;
    rest.remove_prefix(rest.substr(bar).starts_with("||") ? bar + 2 : bar + 1);
  }
}

}  // namespace landwaiter::versions
