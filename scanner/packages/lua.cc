// Lua packages that LuaRocks installed: TREE/lib/luarocks/rocks-5.1/NAME/VERSION/ with the rockspec
// in it (LuaRocks' path.lua, "File locations").
//
// LuaRocks itself takes name and version from the folders: the rockspec is the author's Lua program
// and may compute them. Of it, only a licence that is written as a literal is read. The tree's
// `manifest` repeats the folders. Rockspecs elsewhere are sources, not installed.
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "lua";
// A list of the package's modules: 10,000 of 100 bytes.
constexpr std::uint64_t kMaxRockspecBytes = 1u << 20;

Need Wants(const FileFacts& facts) {
  return RockAt(facts.path).name.empty() ? Need::kNothing : Need::kContent;
}

// The first line `license = "…"`.
std::string_view LicenseIn(std::string_view rockspec) {
  Lines lines(rockspec);
  while (const auto line = lines.Next()) {
    std::string_view text = text::Trim(*line);
    if (!text.starts_with("license")) continue;
    text = text::Trim(text.substr(std::string_view("license").size()));
    if (!text.starts_with('=')) continue;
    text = text::Trim(text.substr(1));
    if (!text.starts_with('"') && !text.starts_with('\'')) continue;
    const auto end = text.find(text.front(), 1);
    return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
  }
  return {};
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  const PathRecord rock = RockAt(facts.path);
  Package package{
      .type = "luarocks", .name = std::string(rock.name), .version = std::string(rock.version)};
  package.source_name = package.name;
  package.source_version = package.version;
  const std::string_view license = LicenseIn(content.bytes);
  if (!license.empty()) package.licenses.push_back(FreeText(license));
  out.Add(std::move(package));
  return out.Take();
}

}  // namespace

PackageSource LuaSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxRockspecBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
