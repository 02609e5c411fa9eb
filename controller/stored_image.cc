#include "controller/stored_image.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/base/binary.h"
#include "lib/base/json.h"
#include "lib/base/program.h"
#include "model/inventory_codec.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxPlatforms = 64;
constexpr std::size_t kMaxCoverage = 4096;
constexpr std::size_t kMaxReason = 64u << 10;

CoverageState StateNamed(const std::string& name) {
  for (const CoverageState state :
       {CoverageState::kRead, CoverageState::kFailed, CoverageState::kUnsupported,
        CoverageState::kSkipped, CoverageState::kEndOfLife}) {
    if (CoverageStateName(state) == name) return state;
  }
  return CoverageState::kFailed;  // a word of another version is no "Read"
}

std::vector<store::PackageKey> PackagesOf(const ImageInventory& inventory) {
  std::set<store::PackageKey> unique;
  for (const Inventory& platform : inventory.platforms) {
    for (const Package& package : platform.packages) {
      unique.insert({package.type, package.name, package.version});
    }
  }
  return {unique.begin(), unique.end()};
}

/// Earlier versions stored JSON.
Result<ImageInventory> InventoryFrom(const std::string& document) {
  return document.starts_with('{') ? ImageInventoryFromJson(document)
                                   : DecodeImageInventory(document);
}

constexpr std::size_t kSealChars = 64;
/// In place of words, each of which has eight bytes.
constexpr std::string_view kNotKnown = "?";

/// Stands before what was asked and holds for one row alone: whoever writes other findings over it
/// and does not know of it (an earlier version, on a shared store) breaks it.
/// And the words themselves: a row that was cut must not read as one that asked for less.
std::string SealOf(const std::string& database_id, const std::string& built_at,
                   TimePoint matched_at, std::string_view words) {
  BinaryWriter writer;
  for (const std::string* text : {&ProgramIdentity(), &database_id, &built_at}) writer.Text(*text);
  writer.Fixed(static_cast<std::uint64_t>(matched_at.time_since_epoch().count()));
  writer.Text(words);
  return std::string(Sha256::Of(writer.Take()).Hex());
}

std::string Sealed(const StoredMatch& match, std::string_view words) {
  return SealOf(match.database_id, match.database_built_at, match.matched_at, words).append(words);
}

template <class Words>
std::string SealedWords(const StoredMatch& match, const Words& each) {
  BinaryWriter writer;
  each([&](std::uint64_t word) { writer.Fixed(word); });
  return Sealed(match, writer.Take());
}

}  // namespace

std::string MatchToJson(const std::vector<PlatformMatch>& platforms) {
  // The findings are a text inside the text: their own codec reads them back, field by field.
  json out{{"platforms", json::array()}};
  for (const PlatformMatch& platform : platforms) {
    json coverage = json::array();
    for (const Coverage& line : platform.coverage) {
      coverage.push_back({{"source", line.source},
                          {"state", CoverageStateName(line.state)},
                          {"reason", line.reason},
                          {"packages", line.packages}});
    }
    out["platforms"].push_back(
        {{"findings", FindingsToJson(platform.findings)}, {"coverage", std::move(coverage)}});
    if (!platform.os_end_of_life.empty()) {
      out["platforms"].back()["osEndOfLife"] = platform.os_end_of_life;
    }
  }
  return DumpJson(out);
}

Result<std::vector<PlatformMatch>> MatchFromJson(std::string_view text) {
  auto parsed = ParseJson(text, {.max_bytes = store::kMaxDocumentBytes, .max_depth = 16});
  if (!parsed) return std::move(parsed).error();
  std::vector<PlatformMatch> out;
  JsonFields fields(*parsed, "match");
  fields.Objects("platforms", kMaxPlatforms, [&](JsonFields& item) -> Status {
    PlatformMatch& platform = out.emplace_back();
    std::string findings;
    item.String("findings", findings, store::kMaxDocumentBytes);
    item.String("osEndOfLife", platform.os_end_of_life);
    item.Objects("coverage", kMaxCoverage, [&](JsonFields& line) {
      Coverage& coverage = platform.coverage.emplace_back();
      std::string state;
      line.String("source", coverage.source);
      line.String("state", state);
      line.String("reason", coverage.reason, kMaxReason);
      line.Uint("packages", coverage.packages);
      coverage.state = StateNamed(state);
      return line.Done();
    });
    if (Status done = item.Done(); !done) return done;
    auto read = FindingsFromJson(findings);
    if (!read) return std::move(read).error();
    platform.findings = std::move(*read);
    return Ok();
  });
  if (Status done = fields.Done(); !done) return std::move(done).error();
  return out;
}

Result<std::optional<StoredImage>> LoadImage(store::Store& store, const Digest& digest,
                                             LoadFindings wanted) {
  auto record = store.GetInventory(digest);
  if (!record) return std::move(record).error();
  if (!*record) return std::optional<StoredImage>();
  auto inventory = InventoryFrom((*record)->document);
  if (!inventory) {
    std::string message = "stored inventory: " + inventory.error().message;
    const bool later = inventory.error().code == Code::kUnsupported;
    return later ? Unsupported(std::move(message)) : DataLoss(std::move(message));
  }
  StoredImage image{std::move(*inventory), (*record)->scanned_at, std::nullopt};
  if (wanted == LoadFindings::kNo) return std::optional(std::move(image));
  auto findings = store.GetFindings(digest);
  if (!findings) return std::move(findings).error();
  if (!*findings) return std::optional(std::move(image));
  auto platforms = MatchFromJson((*findings)->json);
  if (!platforms || platforms->size() != image.inventory.platforms.size()) {
    return std::optional(std::move(image));  // made again from the inventory
  }
  image.match = StoredMatch{(*findings)->database_id,      (*findings)->database_built_at,
                            (*findings)->matched_at,       std::move(*platforms),
                            Sha256::Of((*findings)->json), (*findings)->json.size()};
  return std::optional(std::move(image));
}

Result<std::optional<MatchBasis>> LoadBasis(store::Store& store, const Digest& digest) {
  auto stored = store.GetFindingsBasis(digest);
  if (!stored) return std::move(stored).error();
  if (!*stored) return std::optional<MatchBasis>();
  MatchBasis basis{**std::move(stored), false, {}};
  const store::FindingsBasis& row = basis.stored;
  const std::string_view words =
      std::string_view(row.asked).substr(std::min<std::size_t>(kSealChars, row.asked.size()));
  BinaryReader reader(row.asked);
  basis.own = reader.Skip(SealOf(row.database_id, row.database_built_at, row.matched_at, words));
  if (basis.own && words != kNotKnown) {
    auto& asked = basis.asked.emplace();
    while (!reader.AtEnd() && !reader.failed()) asked.push_back(reader.Fixed());
    if (reader.failed()) basis.asked.reset();
  }
  return std::optional(std::move(basis));
}

Result<bool> RenewMatch(store::Store& store, const Digest& digest, const MatchBasis& basis,
                        const StoredMatch& match) {
  if (!basis.asked) return false;
  const auto each = [&](const auto& put) {
    std::for_each(basis.asked->begin(), basis.asked->end(), put);
  };
  return store.RenewFindings(
      digest, basis.stored,
      {match.database_id, match.database_built_at, match.matched_at, SealedWords(match, each)});
}

Status SaveInventory(store::Store& store, const ImageInventory& inventory, TimePoint now) {
  return store.PutInventory(inventory.digest, {EncodeImageInventory(inventory), now},
                            PackagesOf(inventory));
}

Status SaveMatch(store::Store& store, const Digest& digest, StoredMatch& match) {
  std::string document = MatchToJson(match.platforms);
  const Digest report_digest = Sha256::Of(document);
  const std::size_t report_bytes = document.size();
  const auto each = [&](const auto& put) {
    for (const PlatformMatch& platform : match.platforms) {
      std::for_each(platform.asked.begin(), platform.asked.end(), put);
    }
  };
  const bool known = std::all_of(match.platforms.begin(), match.platforms.end(),
                                 [](const auto& platform) { return platform.asked_known; });
  Status saved = store.PutFindings(
      digest, {match.database_id, match.database_built_at, std::move(document), match.matched_at,
               known ? SealedWords(match, each) : Sealed(match, kNotKnown)});
  if (!saved) return saved;
  match.report_digest = report_digest;
  match.report_bytes = report_bytes;
  return saved;
}

}  // namespace landwaiter::controller
