#include "scanner/secrets/find.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lib/base/text.h"

namespace landwaiter::secrets {
namespace {

// As git and grep tell text from other files.
constexpr std::size_t kHeadBytes = 8000;
// A piece is searched when it is so long; what may be cut at its end comes again with the next.
constexpr std::size_t kPieceBytes = 1u << 20;
constexpr std::size_t kOverlapBytes = 4096;
// How far from the keyword's end an expression sees. Longer tokens are known by their beginning.
constexpr std::size_t kBefore = 256;
constexpr std::size_t kAfter = 1024;
// Keywords that stand so close behind one that was looked at are in what it saw.
constexpr std::size_t kSeenAfter = 256;
constexpr std::size_t kMaxInWindow = 8;
constexpr std::size_t kShownCharacters = 4;

// Test keys of libraries, and what a package manager has put there: of no use to a thief, mostly.
constexpr std::string_view kLowered[] = {
    "usr/share/**",   "usr/lib/**",         "usr/include/**",      "usr/lib64/**",
    "**/test/**",     "**/tests/**",        "**/testdata/**",      "**/__tests__/**",
    "**/examples/**", "**/node_modules/**", "**/site-packages/**", "**/dist-packages/**",
    "**/gems/**",     "**/fixtures/**"};

// What documentation writes in a secret's place.
constexpr std::string_view kPlaceholders[] = {
    "example", "changeme", "change_me", "placeholder", "your_",    "your-",    "yourpassword",
    "xxxx",    "****",     "....",      "password",    "passwd",   "1234567",  "abcdefgh",
    "dummy",   "sample",   "redacted",  "insert",      "00000000", "test1234", "todo"};

bool IsPlaceholder(std::string_view value) {
  const std::string lower = text::ToLower(value);
  return std::any_of(std::begin(kPlaceholders), std::end(kPlaceholders),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

// Shannon's, in bits a byte.
double Entropy(std::string_view value) {
  std::array<std::size_t, 256> counts{};
  for (const char c : value) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const std::size_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(value.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

/// "**/x" names x at the root, too.
bool Names(std::string_view pattern, std::string_view path) {
  return text::GlobMatch(pattern, path) ||
         (pattern.starts_with("**/") && text::GlobMatch(pattern.substr(3), path));
}

/// A glob is dear where it is asked of every file: of most the end of the path says no.
struct PathPattern {
  std::string_view glob;
  std::string_view end;  // what every path ends with that it names
};

PathPattern PatternOf(std::string_view glob) {
  std::string_view end = glob.substr(glob.find_last_of("*?") + 1);  // npos: the whole
  if (end.starts_with('/')) end.remove_prefix(1);
  return {glob, end};
}

/// By rule; empty: every path.
const std::vector<std::vector<PathPattern>>& PathPatterns() {
  static const std::vector<std::vector<PathPattern>> kAll = [] {
    std::vector<std::vector<PathPattern>> all;
    for (const SecretRule& rule : Rules()) {
      auto& patterns = all.emplace_back();
      for (std::string_view left = rule.paths; !left.empty();) {
        const std::size_t blank = std::min(left.find(' '), left.size());
        patterns.push_back(PatternOf(left.substr(0, blank)));
        left.remove_prefix(std::min(blank + 1, left.size()));
      }
    }
    return all;
  }();
  return kAll;
}

bool AppliesTo(std::size_t rule, std::string_view path) {
  const auto& patterns = PathPatterns()[rule];
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [&](const PathPattern& pattern) {
           return path.ends_with(pattern.end) && Names(pattern.glob, path);
         });
}

bool IsLowered(std::string_view path) {
  return std::any_of(std::begin(kLowered), std::end(kLowered),
                     [&](std::string_view pattern) { return Names(pattern, path); });
}

std::vector<std::pair<std::string_view, std::uint16_t>> Keywords() {
  std::vector<std::pair<std::string_view, std::uint16_t>> keywords;
  const auto rules = Rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (const std::string_view keyword : rules[i].keywords) {
      if (!keyword.empty()) keywords.emplace_back(keyword, static_cast<std::uint16_t>(i));
    }
  }
  return keywords;
}

bool HasKeywords(const SecretRule& rule) { return !rule.keywords.front().empty(); }

}  // namespace

Finder::Finder(Hash hash)
    : hash_(std::move(hash)),
      prefilter_(Keywords()),
      expressions_(Rules().size()),
      applies_(Rules().size()),
      looked_until_(Rules().size()) {}

void Finder::Begin(std::string_view path) {
  path_ = path;
  buffer_.clear();
  seen_ = lines_before_ = 0;
  text_ = true;
  known_.clear();
  finds_ = {};
  std::fill(applies_.begin(), applies_.end(), Applies::kNotAsked);
  lowered_.reset();
}

bool Finder::AppliesHere(std::size_t rule) {
  Applies& known = applies_[rule];
  if (known == Applies::kNotAsked) {
    known = AppliesTo(rule, path_) ? Applies::kYes : Applies::kNo;
  }
  return known == Applies::kYes;
}

void Finder::Feed(std::string_view bytes) {
  if (!text_) return;
  if (seen_ < kHeadBytes) {
    const auto head = bytes.substr(0, static_cast<std::size_t>(kHeadBytes - seen_));
    text_ = head.find('\0') == std::string_view::npos;
    if (!text_) return;
  }
  seen_ += bytes.size();
  if (seen_ > kMaxTextBytes) {
    if (finds_.left_out.empty()) {
      finds_.left_out = path_ + " has more than " + std::to_string(kMaxTextBytes) +
                        " bytes of text; the rest was not searched for secrets";
    }
    return;
  }
  buffer_ += bytes;
  if (buffer_.size() >= kPieceBytes) Search();
}

Finder::Finds Finder::Finish() {
  if (text_) {
    Search();
    LookAtWholeFile();
  }
  buffer_.clear();
  std::stable_sort(finds_.secrets.begin(), finds_.secrets.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  return std::move(finds_);
}

void Finder::Search() {
  std::fill(looked_until_.begin(), looked_until_.end(), 0);
  prefilter_.Search(buffer_, [&](std::uint16_t rule, std::size_t end) {
    if (end > looked_until_[rule] && AppliesHere(rule)) Look(rule, buffer_, end);
  });
  if (buffer_.size() < kPieceBytes) return;
  const std::size_t gone = buffer_.size() - kOverlapBytes;
  lines_before_ += static_cast<std::uint64_t>(
      std::count(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(gone), '\n'));
  buffer_.erase(0, gone);
}

void Finder::Look(std::size_t rule, std::string_view text, std::size_t end_of_keyword) {
  std::size_t begin = end_of_keyword - std::min(end_of_keyword, kBefore);
  // From its line's beginning where that is near: what stands before does not belong to it.
  const std::size_t newline = text.substr(begin, end_of_keyword - begin).rfind('\n');
  if (newline != std::string_view::npos) begin += newline + 1;
  const std::size_t end = std::min(text.size(), end_of_keyword + kAfter);
  looked_until_[rule] = end_of_keyword + kSeenAfter;
  LookIn(rule, text.substr(begin, end - begin));
}

void Finder::LookIn(std::size_t rule, std::string_view window) {
  const Regex& expression = Expression(rule);
  for (std::size_t i = 0; i < kMaxInWindow; ++i) {
    const auto value = expression.Find(window);
    if (!value || value->empty()) return;
    Tell(Rules()[rule], *value);
    window.remove_prefix(static_cast<std::size_t>(value->data() + value->size() - window.data()));
  }
}

// Rules that know their files by name and have no keyword; such files are small.
void Finder::LookAtWholeFile() {
  const auto rules = Rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (HasKeywords(rules[i]) || !AppliesHere(i)) continue;
    std::string_view rest = buffer_;
    while (finds_.secrets.size() < kMaxPerFile) {
      const auto value = Expression(i).Find(rest);
      if (!value || value->empty()) break;
      Tell(rules[i], *value);
      rest.remove_prefix(static_cast<std::size_t>(value->data() + value->size() - rest.data()));
    }
  }
}

const Regex& Finder::Expression(std::size_t rule) {
  auto& slot = expressions_[rule];
  if (!slot) {
    auto compiled = Regex::Compile(Rules()[rule].pattern);
    if (!compiled) compiled = Regex::Compile("[^\\x00-\\xff]");  // a test compiles them all
    slot = *std::move(compiled);
  }
  return *slot;
}

void Finder::Tell(const SecretRule& rule, std::string_view value) {
  if (IsPlaceholder(value) || Entropy(value) < rule.min_entropy) return;
  const auto line =
      lines_before_ + 1 +
      static_cast<std::uint64_t>(std::count(std::as_const(buffer_).data(), value.data(), '\n'));
  std::string hash = hash_(value);
  if (!known_.emplace(rule.id, line, hash).second) return;
  if (finds_.secrets.size() >= kMaxPerFile) {
    finds_.left_out = path_ + " holds more than " + std::to_string(kMaxPerFile) + " secrets";
    return;
  }
  SecretFound& secret = finds_.secrets.emplace_back();
  secret.rule = rule.id;
  secret.path = path_;
  secret.line = line;
  if (!lowered_) lowered_ = IsLowered(path_);
  secret.confidence = *lowered_ ? SecretConfidence::kLow : rule.confidence;
  secret.redacted =
      text::Printable(value.substr(0, std::min(kShownCharacters, value.size() / 4))) + "…";
  secret.hash = std::move(hash);
}

}  // namespace landwaiter::secrets
