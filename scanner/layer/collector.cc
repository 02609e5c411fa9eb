#include "scanner/layer/collector.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace landwaiter::layer {
namespace {

constexpr std::size_t kMaxNames = 64;
constexpr std::uint64_t kSetuid = 04000;
constexpr std::uint64_t kSetgid = 02000;
constexpr std::uint64_t kWritableByAll = 0002;

bool StandsAtOrBelow(std::string_view path, std::string_view folder) {
  if (folder.empty()) return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string Renamed(std::string_view path, const PathAlias& alias) {
  std::string_view rest = path.substr(alias.real.size());
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (alias.name.empty()) return std::string(rest);
  return rest.empty() ? alias.name : alias.name + "/" + std::string(rest);
}

}  // namespace

std::vector<std::string> NamesOf(std::string_view path, const std::vector<PathAlias>& aliases) {
  std::vector<std::string> names = {std::string(path)};
  for (std::size_t i = 0; i < names.size() && names.size() < kMaxNames; ++i) {
    for (const PathAlias& alias : aliases) {
      if (names.size() == kMaxNames || !StandsAtOrBelow(names[i], alias.real)) continue;
      std::string name = Renamed(names[i], alias);
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
  }
  return names;
}

bool IsSpecial(std::uint64_t mode, bool capabilities) {
  return capabilities || (mode & (kSetuid | kSetgid | kWritableByAll)) != 0;
}

bool MarkNeed::Within(const MarkNeed& other) const {
  return (!keep || other.keep) && (!sha256 || other.sha256) &&
         std::includes(other.expressions.begin(), other.expressions.end(), expressions.begin(),
                       expressions.end());
}

FileMark MarkOf(const TarEntry& entry, CollectedKind kind) {
  FileMark mark;
  mark.kind = kind;
  mark.mode = entry.mode;
  mark.uid = entry.uid;
  mark.gid = entry.gid;
  mark.size = entry.size;
  mark.capabilities = entry.capabilities;
  return mark;
}

Collector::Collector(const Collection& collection, std::vector<PathAlias> aliases)
    : aliases_(std::move(aliases)) {
  const auto all = collection.Expressions();
  for (const std::string& expression : all) {
    auto compiled = Regex::Compile(expression, Regex::Unit::kLines);
    expressions_.push_back(compiled ? std::optional<Regex>(*std::move(compiled)) : std::nullopt);
  }
  for (const FileWish& wish : collection.files) {
    Wish& own = wishes_.emplace_back();
    own.pattern = wish.pattern;
    own.special_only = wish.special_only;
    own.sha256 = wish.sha256;
    for (const std::string& expression : wish.content) {
      own.expressions.push_back(static_cast<std::uint64_t>(
          std::lower_bound(all.begin(), all.end(), expression) - all.begin()));
    }
  }
}

MarkNeed Collector::NeedOf(const std::vector<std::string>& names, const TarEntry& entry) const {
  MarkNeed need;
  if (wishes_.empty()) return need;
  const bool special = IsSpecial(entry.mode, entry.capabilities);
  std::vector<std::string> all;
  if (!aliases_.empty()) {
    for (const auto& name : names) {
      for (auto& alias : NamesOf(name, aliases_)) all.push_back(std::move(alias));
    }
  }
  for (const Wish& wish : wishes_) {
    if (wish.special_only && !special) continue;
    const auto& tried = all.empty() ? names : all;
    const bool named = std::any_of(tried.begin(), tried.end(), [&](const std::string& name) {
      return text::GlobMatch(wish.pattern, name);
    });
    if (!named) continue;
    need.keep = true;
    need.sha256 = need.sha256 || wish.sha256;
    need.expressions.insert(need.expressions.end(), wish.expressions.begin(),
                            wish.expressions.end());
  }
  std::sort(need.expressions.begin(), need.expressions.end());
  need.expressions.erase(std::unique(need.expressions.begin(), need.expressions.end()),
                         need.expressions.end());
  return need;
}

std::vector<LineMatch> Collector::Matches(const MarkNeed& need, std::string_view bytes) const {
  std::vector<LineMatch> matches;
  for (const std::uint64_t index : need.expressions) {
    const auto& expression = expressions_[index];
    const auto found = expression ? expression->Find(bytes) : std::nullopt;
    if (!found) continue;
    const auto line = 1 + std::count(bytes.data(), found->data(), '\n');
    matches.push_back({index, static_cast<std::uint64_t>(line)});
  }
  return matches;
}

}  // namespace landwaiter::layer
