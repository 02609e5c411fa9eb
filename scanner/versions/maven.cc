// The order of Maven versions: maven-artifact's ComparableVersion as it is from 3.8.4 to 3.8.6, and
// as the POM reference ("Version Order Specification") describes it; OSV records are ordered so.
//
// A version is a list of numbers and words; '-' and each change between digits and letters open a
// list within it, '.' separates what stands in one. Zeros and the words for a release ("", ga,
// final, release) are dropped at the end of each list. Numbers come after lists, lists after words:
// 1.rc < 1-1 < 1.1. Against nothing, the known words alpha, beta, milestone, rc, snapshot sort
// before it, sp and every unknown word after.
//
// One departure: a list that is left with nothing but a list is that list ("1-ga-1" is "1-1"), as
// the reference says and the code does not.
//
// The order has circles where a word behind a '.' meets a list: 2.9.0.RC1 < 2.9.0 < 2.9.0-1 <
// 2.9.0.RC1. Maven 3.8.7 removed them by reading ".RC1" as "-RC1"; OSV's pairs hold them.
#include <algorithm>
#include <array>
#include <vector>

#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

constexpr std::array<std::string_view, 7> kQualifiers = {"alpha",    "beta", "milestone", "rc",
                                                         "snapshot", "",     "sp"};
constexpr int kRelease = 5;
constexpr int kUnknown = static_cast<int>(kQualifiers.size());

struct Item {
  std::string_view text;  // digits, or a word as written
  bool number = false;
  int rank = 0;  // of a word: its place in kQualifiers, kUnknown behind all of them
};

// A list goes on in the next one, which stands behind its items.
using List = std::vector<Item>;
using MavenVersion = std::vector<List>;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int CompareWords(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    const auto left = static_cast<unsigned char>(Lower(a[i]));
    const auto right = static_cast<unsigned char>(Lower(b[i]));
    if (left != right) return left < right ? -1 : 1;
  }
  return a.size() < b.size() ? -1 : static_cast<int>(a.size() > b.size());
}

bool IsWord(std::string_view text, std::string_view lower) {
  return CompareWords(text, lower) == 0;
}

int RankOf(std::string_view word, bool before_digit) {
  if (before_digit && IsWord(word, "a")) return 0;
  if (before_digit && IsWord(word, "b")) return 1;
  if (before_digit && IsWord(word, "m")) return 2;
  if (IsWord(word, "cr")) return 3;
  for (const std::string_view release : {"ga", "final", "release"}) {
    if (IsWord(word, release)) return kRelease;
  }
  for (std::size_t i = 0; i < kQualifiers.size(); ++i) {
    if (IsWord(word, kQualifiers[i])) return static_cast<int>(i);
  }
  return kUnknown;
}

class Reader {
 public:
  MavenVersion Read(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '.' || text[i] == '-') {
        Add(text, i, false);
        begin_ = i + 1;
        if (text[i] == '-') lists_.emplace_back();
        continue;
      }
      const bool digit = IsDigit(text[i]);
      if (digit != digits_ && i > begin_) {
        Add(text, i, digit);
        begin_ = i;
        lists_.emplace_back();
      }
      digits_ = digit;
    }
    if (text.size() > begin_) Add(text, text.size(), false);
    return Normalized();
  }

 private:
  // What stands from the last separator to `end`; nothing is the number 0.
  void Add(std::string_view text, std::size_t end, bool before_digit) {
    const std::string_view part = text.substr(begin_, end - begin_);
    if (part.empty() || digits_) {
      lists_.back().push_back({part, true, 0});
    } else {
      lists_.back().push_back({part, false, RankOf(part, before_digit)});
    }
  }

  static bool IsNull(const Item& item) {
    return item.number ? CompareNumbers(item.text, "") == 0 : item.rank == kRelease;
  }

  MavenVersion Normalized() {
    for (List& list : lists_) {
      while (!list.empty() && IsNull(list.back())) list.pop_back();
    }
    const auto first_inner = lists_.begin() + 1;
    lists_.erase(std::remove_if(first_inner, lists_.end(), [](const List& l) { return l.empty(); }),
                 lists_.end());
    return std::move(lists_);
  }

  MavenVersion lists_ = MavenVersion(1);
  std::size_t begin_ = 0;
  bool digits_ = false;
};

// An item against nothing.
int Weigh(const Item& item) {
  if (item.number) return CompareNumbers(item.text, "");
  return item.rank < kRelease ? -1 : static_cast<int>(item.rank > kRelease);
}

// The lists from `depth` on against nothing.
int WeighLists(const MavenVersion& version, std::size_t depth) {
  for (; depth < version.size(); ++depth) {
    for (const Item& item : version[depth]) {
      if (const int order = Weigh(item); order != 0) return order;
    }
  }
  return 0;
}

int CompareItems(const Item& a, const Item& b) {
  if (a.number != b.number) return a.number ? 1 : -1;
  if (a.number) return CompareNumbers(a.text, b.text);
  if (a.rank != b.rank) return a.rank < b.rank ? -1 : 1;
  return a.rank == kUnknown ? CompareWords(a.text, b.text) : 0;
}

// `item` against the lists of `other` from `depth` on, of which there may be none.
int CompareItemWithRest(const Item& item, const MavenVersion& other, std::size_t depth) {
  if (depth >= other.size()) return Weigh(item);
  return item.number ? 1 : -1;
}

int CompareVersions(const MavenVersion& a, const MavenVersion& b) {
  for (std::size_t depth = 0; depth < a.size() && depth < b.size(); ++depth) {
    const std::size_t count = std::max(a[depth].size(), b[depth].size());
    for (std::size_t i = 0; i < count; ++i) {
      int order = 0;
      if (i >= a[depth].size()) {
        order = -CompareItemWithRest(b[depth][i], a, depth + 1);
        // The rest of `a` has been weighed against a number or a word, which differs from any list.
      } else if (i >= b[depth].size()) {
        order = CompareItemWithRest(a[depth][i], b, depth + 1);
      } else {
        order = CompareItems(a[depth][i], b[depth][i]);
      }
      if (order != 0) return order;
    }
  }
  return WeighLists(a, b.size()) - WeighLists(b, a.size());
}

Result<MavenVersion> Parse(std::string_view text) {
  if (text.empty()) return BadVersion(Scheme::kMaven, text, "it is empty");
  if (!IsGraphic(text, /*also_utf8=*/true)) {
    return BadVersion(Scheme::kMaven, text, "it has a blank or a control character");
  }
  return Reader().Read(text);
}

}  // namespace

Result<int> CompareMaven(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareVersions);
}

}  // namespace landwaiter::versions
