// Programs that no package manager knows of, by their content: the interpreters, databases and
// servers that base images compile from source. A row of binary_classifiers.cc asks for a file by
// its name and finds the version by what stands around it; one file is one package, that of the
// first row that fits. Package::cpe says under which names the NVD has it.
//
// These are guesses. They give way to the OS package that owns the file (yields_to_owner), and a
// file whose name is right and whose content is not says nothing: it is something else of that
// name. Not handled: programs under other names, versions that are put together when they run.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "scanner/packages/binary_classifiers.h"
#include "scanner/packages/go_build_info.h"
#include "scanner/packages/go_modules.h"
#include "scanner/packages/program_formats.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "binaries";
constexpr std::uint64_t kMaxFileBytes = 2ull << 30;
// Node has 120 MB, Chrome 250.
constexpr std::uint64_t kMaxSearchedBytes = 256u << 20;

Need Wants(const FileFacts& facts) {
  return facts.size > 0 && IsClassifiedFile(facts.path) ? Need::kHead : Need::kNothing;
}

// A row that asks for the file, and what was seen of it.
struct Candidate {
  const BinaryClassifier* row = nullptr;
  std::string version = {};
  bool has_needs = false;

  bool Fits() const { return !version.empty() && has_needs; }
};

bool HasNumbers(const BinaryClassifier& row, std::string_view numbers, std::string_view file) {
  const auto dots = static_cast<std::size_t>(std::count(numbers.begin(), numbers.end(), '.'));
  if (dots + 1 < row.numbers) return false;
  if (!row.numbered) return true;
  const std::string_view in_name = NumbersInName(file);
  return !in_name.empty() && numbers.starts_with(in_name) &&
         numbers.substr(in_name.size()).starts_with('.');
}

Result<std::optional<Candidate>> Search(RandomAccessFile& file, std::string_view path) {
  std::vector<Candidate> candidates;
  for (const BinaryClassifier* row : ClassifiersFor(path)) {
    candidates.push_back({.row = row, .has_needs = row->needs.empty()});
  }
  const std::string_view base = BaseName(path);
  const auto piece = [&](std::string_view bytes) {
    for (Candidate& c : candidates) {
      c.has_needs = c.has_needs || bytes.find(c.row->needs) != std::string_view::npos;
    }
  };
  const auto spot = [&](const VersionSpot& found) {
    for (Candidate& c : candidates) {
      if (!c.version.empty() || !HasNumbers(*c.row, found.numbers, base)) continue;
      if (const auto version = MatchVersion(c.row->pattern, c.row->suffix, found)) {
        c.version = *version;
      }
    }
    return !candidates.front().Fits();  // no row comes before the first
  };
  auto searched = ForEachVersion(file, kMaxSearchedBytes, piece, spot);
  if (!searched) return std::move(searched).error();
  const auto best = std::find_if(candidates.begin(), candidates.end(),
                                 [](const Candidate& c) { return c.Fits(); });
  if (best == candidates.end()) return std::optional<Candidate>();
  return std::optional(std::move(*best));
}

// What a Go program's own record says of it; the "go" source lists it where it is a release.
std::optional<GoModule> MainModule(RandomAccessFile& file) {
  auto program = OpenProgram(file);
  if (!program) return std::nullopt;
  auto info = ReadGoBuildInfo(*program);
  if (!info || !*info) return std::nullopt;
  return ReadGoModules((*info)->modules).main;
}

// Name of CPE 2.3, "Formatted String Binding". The updates of Java 8 have a field of their own.
std::string Cpe(std::string_view names, std::string_view version) {
  std::string update = "*";
  if (const auto bar = version.find('_'); bar != std::string_view::npos) {
    update = "update" + std::string(version.substr(bar + 1, version.find('-', bar) - bar - 1));
    version = version.substr(0, bar);
  }
  std::string out = "cpe:2.3:a:" + std::string(names) + ":";
  for (const char c : version) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!plain && c != '.' && c != '-' && c != '_') out += '\\';
    out += c;
  }
  return out + ":" + update + ":*:*:*:*:*:*";
}

void Add(const Candidate& found, RandomAccessFile& file, ReadingBuilder& out) {
  const BinaryClassifier& row = *found.row;
  Package package{
      .type = std::string(row.type), .name = std::string(row.name), .version = found.version};
  if (row.type == "golang") {
    const auto main = MainModule(file);
    if (main && !IsNoGoRelease(main->version)) return out.NotOurs();
    if (main) package.name = main->path;
    package.version = "v" + package.version;
  }
  package.source_name = package.name;
  package.source_version = package.version;
  if (!row.cpe.empty()) package.cpe = Cpe(row.cpe, found.version);
  out.Add(std::move(package));
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  if (content.file == nullptr) {
    out.Fail("was not spooled");
    return out.Take();
  }
  if (!IsClassifiedFile(facts.path)) {
    out.NotOurs();
    return out.Take();
  }
  auto found = Search(*content.file, facts.path);
  if (!found) {
    out.Fail(found.error().message);
  } else if (*found) {
    Add(**found, *content.file, out);
  } else if (content.file->size() > kMaxSearchedBytes) {
    out.Fail("was searched for its version in its first " + std::to_string(kMaxSearchedBytes) +
             " bytes only, and there is none");
  } else {
    out.NotOurs();
  }
  return out.Take();
}

}  // namespace

PackageSource BinariesSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxFileBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {},
          .yields_to_owner = true};
}

}  // namespace landwaiter::packages
