#include "scanner/packages/go_modules.h"

#include <algorithm>
#include <array>
#include <set>

#include "lib/base/text.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kNoVersion = "(devel)";
// Names that programs give the variable.
constexpr std::array<std::string_view, 8> kVariables = {
    "version", "gitversion",     "buildversion",   "appversion",
    "ver",     "currentversion", "releaseversion", "programversion"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

GoModule ReadModule(const std::vector<std::string_view>& columns) {
  GoModule module;
  if (columns.size() > 1) module.path = columns[1];
  if (columns.size() > 2) module.version = columns[2];
  if (module.version.empty()) module.version = kNoVersion;
  return module;
}

bool IsFolder(std::string_view path) { return path.starts_with('.') || path.starts_with('/'); }

// "1.2", "v1.2.3-rc1+abc": what can be a release.
bool IsRelease(std::string_view text) {
  if (!IsName(text, 128)) return false;
  if (text.starts_with('v')) text.remove_prefix(1);
  const auto dot = text.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == text.size()) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(dot), IsDigit) &&
         IsDigit(text[dot + 1]);
}

// A build setting may be quoted as a Go string: "-ldflags=\"-s -w\"".
std::string Unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return std::string(text);
  const bool raw = text.front() == '`';
  if (!raw && text.front() != '"') return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (!raw && text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

// Words as cmd/go splits them: parts in single or double quotes keep their blanks.
std::vector<std::string> SplitFlags(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  char quote = '\0';
  for (const char c : text) {
    if (quote != '\0' ? c == quote : c == '\'' || c == '"') {
      quote = quote != '\0' ? '\0' : c;
    } else if (quote == '\0' && (c == ' ' || c == '\t')) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
    } else {
      word += c;
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

// Whose variable it is: the program's own packages come before the libraries that programs keep
// their version in (k8s.io/component-base, prometheus/common).
enum class Rank { kMain, kModule, kOther, kNone };

Rank RankOf(std::string_view variable, std::string_view module) {
  const auto dot = variable.rfind('.');
  if (dot == std::string_view::npos) return Rank::kNone;
  const std::string name = text::ToLower(variable.substr(dot + 1));
  if (std::find(kVariables.begin(), kVariables.end(), name) == kVariables.end()) return Rank::kNone;
  const std::string_view package = variable.substr(0, dot);
  if (package == "main") return Rank::kMain;
  const bool own = !module.empty() && package.starts_with(module) &&
                   (package.size() == module.size() || package[module.size()] == '/');
  return own ? Rank::kModule : Rank::kOther;
}

// The release that the linker's flags set; "" where there is none or the best do not agree.
std::string ReleaseOf(std::string_view flags, std::string_view module) {
  std::array<std::set<std::string>, 3> found;
  const auto words = SplitFlags(flags);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view assignment = words[i];
    if (assignment == "-X" || assignment == "--X") {
      if (++i == words.size()) break;
      assignment = words[i];
    } else if (assignment.starts_with("-X=")) {
      assignment.remove_prefix(3);
    } else {
      continue;
    }
    const auto equals = assignment.find('=');
    if (equals == std::string_view::npos) continue;
    const Rank rank = RankOf(assignment.substr(0, equals), module);
    const std::string_view value = assignment.substr(equals + 1);
    if (rank == Rank::kNone || !IsRelease(value)) continue;
    found[static_cast<std::size_t>(rank)].insert(value.starts_with('v') ? std::string(value)
                                                                        : "v" + std::string(value));
  }
  for (const auto& values : found) {
    if (values.size() == 1) return *values.begin();
    if (!values.empty()) return {};
  }
  return {};
}

}  // namespace

bool IsNoGoRelease(std::string_view version) {
  return version.empty() || version == kNoVersion || version.starts_with("v0.0.0-");
}

GoModules ReadGoModules(std::string_view text) {
  GoModules modules;
  std::string flags;
  Lines lines(text);
  GoModule* last = nullptr;
  // One more than an inventory takes of a file, so that it is seen to be too many.
  const std::size_t most = kMaxPackagesPerFile + 1;
  while (modules.dependencies.size() < most) {
    const auto line = lines.Next();
    if (!line) break;
    const auto columns = text::Split(*line, '\t');
    if (columns[0] == "build" && columns.size() > 1 && columns[1].starts_with("-ldflags=")) {
      flags = Unquoted(columns[1].substr(9));
    } else if (columns[0] == "=>" && last != nullptr) {
      GoModule replacement = ReadModule(columns);
      if (!replacement.path.empty() && !IsFolder(replacement.path)) *last = std::move(replacement);
    } else if (columns[0] == "mod" || columns[0] == "dep") {
      GoModule module = ReadModule(columns);
      last = nullptr;
      if (module.path.empty()) {
        if (modules.bad_line == 0) modules.bad_line = lines.number();
      } else if (columns[0] == "mod") {
        last = &modules.main.emplace(std::move(module));
      } else {
        last = &modules.dependencies.emplace_back(std::move(module));
      }
    }
  }
  if (modules.main && IsNoGoRelease(modules.main->version)) {
    std::string release = ReleaseOf(flags, modules.main->path);
    if (!release.empty()) modules.main->version = std::move(release);
  }
  return modules;
}

}  // namespace landwaiter::packages
