#include "scanner/versions/table.h"

#include <algorithm>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"
#include "scanner/versions/vers.h"

namespace landwaiter::versions {
namespace {

constexpr std::string_view kVers = "vers";
constexpr std::string_view kNativeToVers = "native-to-vers";
constexpr std::string_view kRanges = "-ranges";
constexpr std::string_view kDigits = "0123456789";
/// What ranges count up: the widest of the known tables, Composer's, have four numbers.
constexpr std::size_t kMaxCountedNumbers = 4;
/// Versions that a row's two ranges may name; the longest known row has 15.
constexpr std::size_t kMaxNamed = 256;
constexpr std::string_view kNoScheme = "the table has no scheme, and the row names none";

std::string OrderName(int order) { return order < 0 ? "<" : (order > 0 ? ">" : "="); }

std::string BoolName(bool value) { return value ? "true" : "false"; }

// Empty where the row is right.
std::string CheckPair(Scheme scheme, std::string_view a, std::string_view op, std::string_view b) {
  auto there = Compare(scheme, a, b);
  if (!there) return there.error().message;
  auto back = Compare(scheme, b, a);
  if (!back) return back.error().message;
  if (*there != -*back) return OrderName(*there) + ", but turned round " + OrderName(*back);
  const std::string got = OrderName(*there);
  return got == op ? "" : got;
}

std::string CheckAnswer(std::string_view wanted, const Result<bool>& satisfied) {
  const bool answer = satisfied && *satisfied;
  if ((wanted == "true") == answer) return "";
  return satisfied ? BoolName(answer) : satisfied.error().message;
}

std::string CheckRange(Scheme scheme, const std::vector<std::string_view>& columns) {
  RangeOptions options;
  if (columns.size() > 3) {
    options.loose = columns[3].find("loose") != std::string_view::npos;
    options.include_prerelease = columns[3].find("includePrerelease") != std::string_view::npos;
  }
  return CheckAnswer(columns[2], Satisfies(scheme, columns[0], columns[1], options));
}

std::string CheckVers(const std::vector<std::string_view>& columns) {
  const auto range = ParseVers(columns[0]);
  if (!range) return CheckAnswer(columns[2], range.error());
  return CheckAnswer(columns[2], InVersRange(*range, columns[1]));
}

// Whether ranges of the scheme know `text` for a version: npm's do not know "1.1", its order does.
bool IsVersion(Scheme scheme, std::string_view text) {
  if (!Validate(scheme, text)) return false;
  const auto any = Satisfies(scheme, "*", text, {.include_prerelease = true});
  return !any || *any;
}

// The numbers one above and one below; "0" has none below.
std::vector<std::string> NextTo(std::string_view digits) {
  std::vector<std::string> numbers = {Increment(digits)};
  if (CompareNumbers(digits, "") == 0) return numbers;
  std::string less(digits);
  for (std::size_t i = less.size(); i-- > 0;) {
    less[i] = less[i] == '0' ? '9' : static_cast<char>(less[i] - 1);
    if (less[i] != '9') break;
  }
  if (less.size() > 1 && less.front() == '0') less.erase(0, 1);
  numbers.push_back(std::move(less));
  return numbers;
}

// `version` with its last number one more and one less, "1.0-rc2" -> "1.0-rc3", "1.0-rc1".
void AddLastNumber(std::string_view version, std::vector<std::string>& out) {
  const auto last = version.find_last_of(kDigits);
  if (last == std::string_view::npos) return;
  const auto before = version.find_last_not_of(kDigits, last);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  for (const std::string& number : NextTo(version.substr(begin, last + 1 - begin))) {
    std::string next(version.substr(0, begin));
    out.push_back(next + number + std::string(version.substr(last + 1)));
  }
}

// Each of the first numbers one more and one less, zeros behind it: "1.2.3-rc2" -> "2.0.0",
// "0.0.0", "1.3.0", "1.1.0", "1.2.4", "1.2.2".
void AddReleases(std::string_view version, std::vector<std::string>& out) {
  const std::string_view release = version.substr(0, version.find_first_not_of("0123456789."));
  const auto numbers = text::Split(release, '.');
  std::string before;
  for (std::size_t i = 0; i < std::min(numbers.size(), kMaxCountedNumbers); ++i) {
    for (const std::string& number : NextTo(numbers[i])) {
      std::string next = before + number;
      for (std::size_t rest = i + 1; rest < numbers.size(); ++rest) next += ".0";
      out.push_back(std::move(next));
    }
    before += std::string(numbers[i]) + ".";
  }
}

// Every version that either range names.
std::vector<std::string> Named(Scheme scheme, std::string_view native, const VersRange& vers) {
  std::vector<std::string> named;
  for (const VersConstraint& constraint : vers.constraints) named.push_back(constraint.version);
  std::size_t i = 0;
  while (i < native.size()) {
    const auto end = std::min(native.find_first_of(" \t,|<>=~^", i), native.size());
    const std::string_view word = native.substr(i, end - i);
    if (word.find_first_of(kDigits) != word.npos && IsVersion(scheme, word)) {
      named.emplace_back(word);
    }
    i = end + 1;
  }
  return named;
}

// The named versions and those next to them.
std::vector<std::string> Probes(Scheme scheme, const std::vector<std::string>& named) {
  std::vector<std::string> probes = named;
  for (const std::string& version : named) {
    AddReleases(version, probes);
    AddLastNumber(version, probes);
  }
  std::erase_if(probes, [&](const std::string& probe) { return !IsVersion(scheme, probe); });
  if (probes.empty()) probes.emplace_back("1.0.0");
  return probes;
}

std::string CheckNative(std::string_view scheme_name, std::string_view native,
                        std::string_view vers) {
  const auto scheme = ParseScheme(scheme_name);
  if (!scheme) return "scheme \"" + text::Printable(scheme_name) + "\" is unknown";
  const auto range = ParseVers(vers);
  if (!range) return range.error().message;
  if (range->scheme != *scheme) return "the range is one of another scheme";
  const auto named = Named(*scheme, native, *range);
  if (named.size() > kMaxNamed) return "the row names more versions than are checked";
  for (const std::string& probe : Probes(*scheme, named)) {
    const auto here = InVersRange(*range, probe);
    if (!here) return here.error().message;
    bool agree = false;
    for (const bool pre_releases : {false, true}) {
      const auto there = Satisfies(*scheme, native, probe, {.include_prerelease = pre_releases});
      if (!there) return there.error().message;
      agree = agree || *there == *here;
    }
    if (!agree) return text::Printable(probe) + " is in one of the ranges only";
  }
  return "";
}

std::string CheckRow(std::optional<Scheme> scheme, std::string_view line) {
  const auto columns = text::Split(line, '\t');
  if (columns.size() >= 3 && (columns[1] == "<" || columns[1] == "=" || columns[1] == ">")) {
    return scheme ? CheckPair(*scheme, columns[0], columns[1], columns[2]) : std::string(kNoScheme);
  }
  if (columns.size() >= 3 && (columns[2] == "true" || columns[2] == "false")) {
    if (columns[0].starts_with("vers:")) return CheckVers(columns);
    return scheme ? CheckRange(*scheme, columns) : std::string(kNoScheme);
  }
  if (columns.size() >= 3 && columns[2].starts_with("vers:")) {
    return CheckNative(columns[0], columns[1], columns[2]);
  }
  return "the row is neither left, op, right nor range, version, satisfied";
}

}  // namespace

std::optional<TableScheme> ParseTableScheme(std::string_view name) {
  if (name == kNativeToVers) return TableScheme{kNativeToVers, std::nullopt};
  if (name.ends_with(kRanges)) name.remove_suffix(kRanges.size());
  if (name == kVers) return TableScheme{kVers, std::nullopt};
  const auto scheme = ParseScheme(name);
  if (!scheme) return std::nullopt;
  return TableScheme{SchemeName(*scheme), scheme};
}

TableReport CheckTable(std::optional<Scheme> scheme, std::string_view table) {
  TableReport report;
  std::size_t number = 0;
  for (std::string_view line : text::Split(table, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    ++report.rows;
    if (std::string got = CheckRow(scheme, line); !got.empty()) {
      std::string shown;
      for (const char c : line) shown += c == '\t' ? ' ' : c;
      report.wrong.push_back({number, text::Printable(shown), std::move(got)});
    }
  }
  return report;
}

}  // namespace landwaiter::versions
