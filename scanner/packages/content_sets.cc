// The content sets of Red Hat images: which repositories the packages of a layer came from, by
// which Red Hat's advisories are told apart. Each build of theirs leaves one JSON file behind, in
// root/buildinfo/content_manifests/ or, in images that keep /root elsewhere, usr/share/buildinfo/
// (containerbuildsystem/atomic-reactor, schemas/content_manifest.json).
//
// They speak of the layer that they stand in, whatever upper layers do to them. Other JSON files of
// these folders (labels, lists of contents) are no manifests. Not handled: from_dnf_hint, by which
// a manifest without sets refers to dnf's own history.
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "content-sets";
constexpr std::string_view kManifests = "root/buildinfo/content_manifests";
constexpr std::string_view kBuildInfo = "usr/share/buildinfo";
// Manifests that list all contents of an image have some hundred KB.
constexpr std::uint64_t kMaxManifestBytes = 4u << 20;
constexpr std::size_t kMaxDepth = 32;

Need Wants(const FileFacts& facts) {
  if (!facts.path.ends_with(".json")) return Need::kNothing;
  const std::string_view folder = DirName(facts.path);
  return folder == kManifests || folder == kBuildInfo ? Need::kContent : Need::kNothing;
}

void TakeSets(const nlohmann::json& sets, ReadingBuilder& out) {
  if (!sets.is_array()) return out.Fail("has content_sets that are no list");
  for (const nlohmann::json& set : sets) {
    const auto* name = set.get_ptr<const std::string*>();
    if (name == nullptr || !IsName(*name, kMaxContentSetBytes)) {
      return out.Fail("has a content set that is no name");
    }
    if (!out.AddContentSet(*name)) return;
  }
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  // Tools that slim images down leave a line of text in the place of such files.
  if (!text::Trim(content.bytes).starts_with('{')) {
    out.NotOurs();
    return out.Take();
  }
  auto json = ParseJson(content.bytes, {kMaxManifestBytes, kMaxDepth});
  if (!json) {
    out.Fail(json.error().message);
    return out.Take();
  }
  const auto sets = json->find("content_sets");
  if (sets == json->end()) {
    out.NotOurs();
  } else {
    TakeSets(*sets, out);
  }
  return out.Take();
}

}  // namespace

PackageSource ContentSetsSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxManifestBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {},
          .combine = nullptr,
          .speaks_of = SpeaksOf::kLayer};
}

}  // namespace landwaiter::packages
