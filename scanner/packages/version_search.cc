#include "scanner/packages/version_search.h"

#include <algorithm>
#include <array>
#include <string>

#include "lib/base/text.h"

namespace landwaiter::packages {
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;
constexpr std::size_t kMaxNumbers = 5;
// LuaJIT has seconds since 1970 as a number, others dates.
constexpr std::size_t kMaxDigits = 10;
constexpr std::size_t kMaxNumbersBytes = kMaxNumbers * (kMaxDigits + 1);
constexpr std::size_t kMaxSuffixBytes = 40;
constexpr std::size_t kMaxGapBytes = 1000;
constexpr std::size_t kHostNameBytes = 12;
// The table's longest has 40.
constexpr std::size_t kMaxPatternBytes = 64;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWord(char c) { return IsDigit(c) || IsLetter(c); }

template <class Predicate>
std::size_t RunAtFront(std::string_view text, Predicate holds) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), holds) - text.begin());
}

template <class Predicate>
std::size_t RunAtBack(std::string_view text, Predicate holds) {
  return static_cast<std::size_t>(std::find_if_not(text.rbegin(), text.rend(), holds) -
                                  text.rbegin());
}

// Where the numbers around the dot at `dot` begin and end; nullopt where it is none between
// numbers, or not the first.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};
std::optional<Span> NumbersAround(std::string_view text, std::size_t dot) {
  const std::size_t first = RunAtBack(text.substr(0, dot), IsDigit);
  if (first == 0 || first > kMaxDigits) return std::nullopt;
  const std::size_t begin = dot - first;
  if (begin > 0 && text[begin - 1] == '.' && begin > 1 && IsDigit(text[begin - 2])) {
    return std::nullopt;
  }
  std::size_t end = dot;
  for (std::size_t numbers = 1; numbers < kMaxNumbers; ++numbers) {
    if (end >= text.size() || text[end] != '.') break;
    const std::size_t digits = RunAtFront(text.substr(end + 1), IsDigit);
    if (digits == 0 || digits > kMaxDigits) break;
    end += 1 + digits;
  }
  return end == dot ? std::nullopt : std::optional(Span{begin, end});
}

// Length of the pre-release at the front of `text`.
std::size_t PrereleaseLength(std::string_view text) {
  constexpr std::array<std::string_view, 10> kWords = {"alpha", "beta", "preview", "pre", "rc",
                                                       "RC",    "dev",  "a",       "b",   "p"};
  const std::size_t separator = !text.empty() && (text[0] == '-' || text[0] == '.') ? 1 : 0;
  for (const std::string_view word : kWords) {
    if (!text.substr(separator).starts_with(word)) continue;
    std::size_t length = separator + word.size();
    if (text.substr(length).starts_with('.')) {
      const std::size_t digits = RunAtFront(text.substr(length + 1), IsDigit);
      return digits == 0 ? length : length + 1 + digits;
    }
    const std::size_t digits = RunAtFront(text.substr(length), IsDigit);
    if (digits == 0 && word.size() == 1) continue;  // "1.0a" is a letter, not an alpha
    return length + digits;
  }
  return 0;
}

std::size_t SuffixLength(VersionSuffix suffix, std::string_view text) {
  text = text.substr(0, kMaxSuffixBytes);
  switch (suffix) {
    case VersionSuffix::kNone:
      return 0;
    case VersionSuffix::kLetter:
      return !text.empty() && IsLetter(text[0]) && (text.size() < 2 || !IsWord(text[1])) ? 1 : 0;
    case VersionSuffix::kPrerelease:
      return PrereleaseLength(text);
    case VersionSuffix::kBuild:
      return RunAtFront(
          text, [](char c) { return IsWord(c) || c == '.' || c == '+' || c == '_' || c == '-'; });
  }
  return 0;
}

// One element of a pattern: an escape with its letter, or a literal byte.
struct Element {
  bool escape = false;
  char byte = 0;
};

Element TakeFront(std::string_view& pattern) {
  const bool escape = pattern[0] == '%' && pattern.size() > 1;
  const Element element{escape && pattern[1] != '%', escape ? pattern[1] : pattern[0]};
  pattern.remove_prefix(escape ? 2 : 1);
  return element;
}

bool IsNull(char c) { return c == '\0'; }
bool IsBlank(char c) { return c == ' '; }

// How many bytes the escape takes, where `run` says how many of a kind stand there; nullopt where
// it does not fit.
template <class Run>
std::optional<std::size_t> LengthOf(char escape, Run run) {
  const auto some = [](std::size_t length) {
    return length > 0 ? std::optional(length) : std::nullopt;
  };
  switch (escape) {
    case '0':
      return some(run(IsNull));
    case 'd':
      return some(run(IsDigit));
    case '_':
      return some(run(IsBlank));
    case 'w':
      return run(IsWord);
    case 'h':
      return run(IsWord) >= kHostNameBytes ? std::optional(kHostNameBytes) : std::nullopt;
    default:
      return std::nullopt;
  }
}

bool FitsBefore(std::string_view pattern, std::string_view text, bool first_bytes) {
  // An escape is only told from a literal when read from the left.
  std::array<Element, kMaxPatternBytes> elements;
  std::size_t count = 0;
  while (!pattern.empty() && count < elements.size()) elements[count++] = TakeFront(pattern);
  while (count > 0) {
    const Element element = elements[--count];
    if (element.escape && element.byte == '^') return first_bytes && text.empty();
    std::size_t length = 1;
    if (element.escape) {
      const auto taken = LengthOf(element.byte, [&](auto kind) { return RunAtBack(text, kind); });
      if (!taken) return false;
      length = *taken;
    } else if (text.empty() || text.back() != element.byte) {
      return false;
    }
    text.remove_suffix(length);
  }
  return pattern.empty();
}

bool FitsAfter(std::string_view pattern, std::string_view text) {
  while (!pattern.empty()) {
    const Element element = TakeFront(pattern);
    if (element.escape && element.byte == '*') {
      return text.substr(0, kMaxGapBytes).find(pattern) != std::string_view::npos;
    }
    std::size_t length = 1;
    if (element.escape) {
      const auto taken = LengthOf(element.byte, [&](auto kind) { return RunAtFront(text, kind); });
      if (!taken) return false;
      length = *taken;
    } else if (text.empty() || text.front() != element.byte) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

// The file in pieces, each with the end of the one before, so that no version and none of its
// context is cut.
class Pieces {
 public:
  Pieces(RandomAccessFile& file, std::uint64_t size) : file_(file), size_(size) {}

  bool done() const { return read_ == size_; }
  std::string_view text() const { return text_; }
  /// Where the first dot that was not looked at may be, and where the last that can be told is.
  std::size_t from() const { return from_; }
  std::size_t to() const {
    return done() ? text_.size() : text_.size() - std::min(kMargin, text_.size());
  }
  bool at_beginning() const { return read_ == text_.size(); }
  Status Next();

 private:
  // A version that is told at its first dot needs what is before and behind it.
  static constexpr std::size_t kMargin = kMaxContextBytes + kMaxNumbersBytes;

  RandomAccessFile& file_;
  std::uint64_t size_;
  std::string text_;
  std::uint64_t read_ = 0;  // how many bytes of the file end with the text
  std::size_t from_ = 0;
};

Status Pieces::Next() {
  from_ = to();
  if (text_.size() > 2 * kMargin) {
    const std::size_t drop = text_.size() - 2 * kMargin;
    text_.erase(0, drop);
    from_ -= drop;
  }
  const std::size_t kept = text_.size();
  const std::uint64_t wanted = std::min<std::uint64_t>(kPieceBytes, size_ - read_);
  text_.resize(kept + static_cast<std::size_t>(wanted));
  auto got = file_.ReadAt(read_, text_.data() + kept, static_cast<std::size_t>(wanted));
  if (!got) return std::move(got).error();
  if (*got == 0) return DataLoss("ends at byte " + std::to_string(read_));
  text_.resize(kept + *got);
  read_ += *got;
  return Ok();
}

}  // namespace

Status ForEachVersion(RandomAccessFile& file, std::uint64_t max_bytes,
                      const std::function<void(std::string_view)>& piece,
                      const std::function<bool(const VersionSpot&)>& visit) {
  Pieces pieces(file, std::min(file.size(), max_bytes));
  while (!pieces.done()) {
    if (auto read = pieces.Next(); !read) return read;
    const std::string_view text = pieces.text();
    piece(text);
    for (std::size_t dot = text.find('.', pieces.from()); dot < pieces.to();
         dot = text.find('.', dot + 1)) {
      const auto span = NumbersAround(text, dot);
      if (!span) continue;
      const std::size_t from = span->begin - std::min(span->begin, kMaxContextBytes);
      const VersionSpot spot{.before = text.substr(from, span->begin - from),
                             .numbers = text.substr(span->begin, span->end - span->begin),
                             .after = text.substr(span->end, kMaxContextBytes),
                             .first_bytes = from == 0 && pieces.at_beginning()};
      if (!visit(spot)) return Ok();
    }
  }
  return Ok();
}

std::optional<std::string_view> MatchVersion(std::string_view pattern, VersionSuffix suffix,
                                             const VersionSpot& spot) {
  const std::size_t hole = pattern.find("{}");
  if (hole == std::string_view::npos) return std::nullopt;
  if (!FitsBefore(pattern.substr(0, hole), spot.before, spot.first_bytes)) return std::nullopt;
  const std::string_view behind = pattern.substr(hole + 2);
  const char* const begin = spot.numbers.data();
  // The longest first. `numbers` and `after` are neighbours in one window.
  const std::string_view all(begin, spot.numbers.size() + spot.after.size());
  const std::size_t longest = SuffixLength(suffix, spot.after);
  for (const std::size_t length : {longest, std::size_t{0}}) {
    const std::size_t end = spot.numbers.size() + length;
    if (FitsAfter(behind, all.substr(end))) return all.substr(0, end);
  }
  if (!behind.starts_with("%h")) return std::nullopt;
  // A host name may begin with digits, which then look like the version's.
  const std::size_t last = spot.numbers.rfind('.') + 2;
  for (std::size_t end = spot.numbers.size() - 1; end >= last; --end) {
    if (FitsAfter(behind, all.substr(end))) return all.substr(0, end);
  }
  return std::nullopt;
}

std::string_view NumbersInName(std::string_view name) {
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
       dot = name.find('.', dot + 1)) {
    const auto span = NumbersAround(name, dot);
    if (!span) continue;
    const std::string_view numbers = name.substr(span->begin, span->end - span->begin);
    return numbers.substr(0, numbers.find('.', numbers.find('.') + 1));
  }
  return {};
}

}  // namespace landwaiter::packages
