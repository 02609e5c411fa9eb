// Package databases that this version knows by their path alone. An image that has one is not
// clean because nothing was found in it: each is kUnsupported coverage.
#include <array>
#include <utility>

#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

bool IsYarn(std::string_view path) {
  return BaseName(path) == ".pnp.cjs" || BaseName(path) == ".pnp.data.json";
}

struct Row {
  std::string_view name;
  bool (*is_database)(std::string_view path);
  std::string_view what;
};

constexpr std::array<Row, kUnreadSources> kRows = {{
    {"yarn", IsYarn, "a Yarn Plug'n'Play map, whose packages stay zipped"},
}};

template <std::size_t I>
Need Wants(const FileFacts& facts) {
  return facts.size > 0 && kRows[I].is_database(facts.path) ? Need::kPresence : Need::kNothing;
}

template <std::size_t I>
FileReading Parse(const FileFacts& facts, const FileContent& /*content*/) {
  ReadingBuilder out(kRows[I].name, facts.path, ReadingKind::kDatabase);
  out.Unsupported(std::string(kRows[I].what) + ", which this version cannot read");
  return out.Take();
}

template <std::size_t... I>
std::array<PackageSource, kUnreadSources> MakeSources(std::index_sequence<I...>) {
  return {{{.name = kRows[I].name,
            .version = 1,
            .max_bytes = 0,
            .wants = Wants<I>,
            .wants_head = nullptr,
            .parse = Parse<I>,
            .well_known = {}}...}};
}

}  // namespace

std::span<const PackageSource, kUnreadSources> UnreadSources() {
  static const auto kSources = MakeSources(std::make_index_sequence<kUnreadSources>());
  return kSources;
}

}  // namespace landwaiter::packages
