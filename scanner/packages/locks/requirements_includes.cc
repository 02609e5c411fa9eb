// Requirement files that name each other (pip, "Requirements File Format" and "Constraints Files").
//
// What an included list ("-r") requires stands in that list, whose name need not say what it is:
// it is asked for. Constraints ("-c") require nothing, they say which version is taken of what a
// list of the same call of pip requires: of the list that names them, of those that include it, and
// of those that these include. A list that is named like one is one even where others take it for
// constraints, as pip-tools lays out its lists; none is taken away but by its own name.
//
// A list that cannot be followed hides packages: that is a failed reading. Constraints that cannot
// leave versions open, which are counted as left out: that is told.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/locks/beside.h"
#include "scanner/packages/locks/requirements.h"
#include "scanner/packages/purl.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

// Of all files together. A monorepo of 500 services has some 1,500.
constexpr std::size_t kMaxIncludes = 4096;
// Open names held against constraints; the same monorepo needs a tenth.
constexpr std::uint64_t kMaxLookups = 10'000'000;
// One file can name a hundred that are not there; a reason is for a person to read.
constexpr std::size_t kMaxTold = 3;
constexpr std::size_t kMaxToldBytes = 128;

using Versions = std::set<std::string>;

struct Include {
  std::size_t to = 0;  // index of the file
  bool constrains = false;
};

struct List {
  FileReading* reading = nullptr;
  std::vector<Include> includes = {};
  std::vector<std::string> open = {};  // names as written
  bool included = false;               // by "-r"
  bool constrains = false;             // by "-c"
  std::map<std::string, Versions> pins = {};
  std::map<std::string, Versions> found = {};  // for open names, normalised
  std::vector<std::string> faults = {};
  std::vector<std::string> notes = {};
};

class Requirements {
 public:
  Requirements(std::vector<FileReading>& readings, const RealPath& real_path);

  std::vector<std::string> Combine();

 private:
  void ReadResidue(List& list);
  void Follow(List& list, std::string_view written, bool constrains);
  std::optional<std::size_t> IndexAt(const std::string& path) const;
  void Constrain(std::size_t root);
  void Pin(List& list, const List& constraints);
  static void AddFound(List& list);
  static void Close(List& list);
  static bool OnlyConstrains(const List& list);

  const RealPath& real_path_;
  std::vector<List> lists_;  // sorted by path
  std::vector<std::string> asked_;
  std::size_t include_count_ = 0;
  std::uint64_t lookups_ = 0;
  std::set<std::pair<std::size_t, std::size_t>> pinned_;  // list and constraints
};

Requirements::Requirements(std::vector<FileReading>& readings, const RealPath& real_path)
    : real_path_(real_path) {
  lists_.reserve(readings.size());
  for (FileReading& reading : readings) lists_.push_back({.reading = &reading});
  std::stable_sort(lists_.begin(), lists_.end(),
                   [](const List& a, const List& b) { return a.reading->path < b.reading->path; });
}

std::optional<std::size_t> Requirements::IndexAt(const std::string& path) const {
  const auto at = std::lower_bound(
      lists_.begin(), lists_.end(), path,
      [](const List& list, const std::string& wanted) { return list.reading->path < wanted; });
  if (at == lists_.end() || at->reading->path != path) return {};
  return static_cast<std::size_t>(at - lists_.begin());
}

bool IsAddress(std::string_view written) {
  const std::string lower = text::ToLower(written.substr(0, 6));
  return lower.starts_with("http:") || lower.starts_with("https:") || lower.starts_with("file:");
}

void Requirements::Follow(List& list, std::string_view written, bool constrains) {
  const auto fault = [&](std::string_view what) {
    std::string told = "\"" + text::Truncate(text::Printable(written), kMaxToldBytes) +
                       "\", which it " + (constrains ? "is constrained by" : "includes") + ", " +
                       std::string(what);
    (constrains ? list.notes : list.faults).push_back(std::move(told));
  };
  if (++include_count_ > kMaxIncludes) {
    return fault("is one too many: at most " + std::to_string(kMaxIncludes) + " are followed");
  }
  if (IsAddress(written)) return fault("is an address");
  if (written.find("${") != std::string_view::npos) return fault("depends on the environment");
  const auto beside = PathBeside(list.reading->path, written);
  if (!beside) return fault("is outside of what is scanned");
  const std::string path = real_path_(*beside);
  const auto index = IndexAt(path);
  if (!index) {
    if (!path.empty()) asked_.push_back(path);
    return fault("was not read");
  }
  list.includes.push_back({*index, constrains});
  (constrains ? lists_[*index].constrains : lists_[*index].included) = true;
}

void Requirements::ReadResidue(List& list) {
  Lines lines(list.reading->residue);
  while (const auto line = lines.Next()) {
    if (line->empty()) continue;
    const std::string_view value = line->substr(1);
    if (line->front() == kOpenName) {
      list.open.emplace_back(value);
    } else {
      Follow(list, value, line->front() == kConstraintList);
    }
  }
}

bool Requirements::OnlyConstrains(const List& list) {
  if (!list.constrains || list.included) return false;
  const std::string_view path = list.reading->path;
  return !IsRequirementsFile(path) || BaseName(path).find("constraint") != std::string_view::npos;
}

void Requirements::Pin(List& list, const List& constraints) {
  for (const std::string& written : list.open) {
    if (++lookups_ > kMaxLookups) {
      if (list.notes.empty()) list.notes.emplace_back("has more constraints than are looked up");
      return;
    }
    std::string name = NormalizePypiName(written);
    const auto pin = constraints.pins.find(name);
    if (pin == constraints.pins.end()) continue;
    list.found[std::move(name)].insert(pin->second.begin(), pin->second.end());
  }
}

// What a call of pip with this list takes together.
void Requirements::Constrain(std::size_t root) {
  std::set<std::size_t> seen = {root};
  std::set<std::size_t> required = {root};
  std::set<std::size_t> constraints;
  std::vector<std::size_t> next = {root};
  while (!next.empty()) {
    const std::size_t at = next.back();
    next.pop_back();
    for (const Include& include : lists_[at].includes) {
      (include.constrains ? constraints : required).insert(include.to);
      if (seen.insert(include.to).second) next.push_back(include.to);
    }
  }
  for (const std::size_t list : required) {
    for (const std::size_t by : constraints) {
      if (pinned_.emplace(list, by).second) Pin(lists_[list], lists_[by]);
    }
  }
}

std::string Told(const FileReading& reading, const std::vector<std::string>& what) {
  const auto end = what.begin() + static_cast<std::ptrdiff_t>(std::min(what.size(), kMaxTold));
  std::string told = text::Truncate(text::Printable(reading.path), 256) + ": " +
                     text::Join({what.begin(), end}, "; ");
  if (what.size() > kMaxTold) told += "; and " + std::to_string(what.size() - kMaxTold) + " more";
  return told;
}

// What constraints say of open names, each version once.
void Requirements::AddFound(List& list) {
  FileReading& reading = *list.reading;
  std::set<std::pair<std::string, std::string>> known;
  for (const Package& package : reading.packages) known.emplace(package.name, package.version);
  ReadingBuilder added(reading.source, reading.path, reading.kind);
  for (const std::string& name : list.open) {
    const auto found = list.found.find(NormalizePypiName(name));
    if (found == list.found.end()) continue;
    if (reading.left_out > 0) --reading.left_out;
    for (const std::string& version : found->second) {
      if (!known.emplace(name, version).second) continue;
      added.Add({.type = "pypi",
                 .name = name,
                 .version = version,
                 .source_name = name,
                 .source_version = version});
    }
  }
  if (added.failed()) list.faults.push_back("declares too much: " + added.reading().reason);
  FileReading taken = added.Take();
  reading.packages.insert(reading.packages.end(), std::make_move_iterator(taken.packages.begin()),
                          std::make_move_iterator(taken.packages.end()));
  std::sort(reading.packages.begin(), reading.packages.end(),
            [](const Package& a, const Package& b) {
              return std::tie(a.name, a.version) < std::tie(b.name, b.version);
            });
}

void Requirements::Close(List& list) {
  FileReading& reading = *list.reading;
  if (OnlyConstrains(list)) {
    reading.packages.clear();
    reading.left_out = 0;
  } else {
    AddFound(list);
  }
  if (reading.state == ReadingState::kRead && !list.faults.empty()) {
    reading.state = ReadingState::kFailed;
    reading.reason = Told(reading, list.faults);
  } else if (reading.state == ReadingState::kRead && !list.notes.empty()) {
    reading.reason = Told(reading, list.notes);
  }
}

std::vector<std::string> Requirements::Combine() {
  for (List& list : lists_) ReadResidue(list);
  for (List& list : lists_) {
    if (!list.constrains) continue;
    for (const Package& package : list.reading->packages) {
      list.pins[NormalizePypiName(package.name)].insert(package.version);
    }
  }
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    if (!lists_[i].includes.empty()) Constrain(i);
  }
  for (List& list : lists_) Close(list);
  std::sort(asked_.begin(), asked_.end());
  asked_.erase(std::unique(asked_.begin(), asked_.end()), asked_.end());
  return std::move(asked_);
}

}  // namespace

std::vector<std::string> CombineRequirements(std::vector<FileReading>& readings,
                                             const RealPath& real_path) {
  return Requirements(readings, real_path).Combine();
}

}  // namespace landwaiter::packages
