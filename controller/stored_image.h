// What the store holds of one image, as structs, and the way there and back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "lib/store/store.h"
#include "model/finding.h"
#include "model/inventory.h"

namespace landwaiter::controller {

struct PlatformMatch {
  std::vector<Finding> findings;
  std::vector<Coverage> coverage;  // of the matching
  std::string os_end_of_life = {};
  /// MatchResult::asked. Not part of the stored document.
  std::vector<std::uint64_t> asked = {};
  bool asked_known = true;
};

/// What the findings of an image rest on, known without reading them or its inventory.
struct MatchBasis {
  store::FindingsBasis stored;
  /// Made by this very program: another version may ask otherwise, or make something else of the
  /// answers, so its findings are not taken for what this one would find.
  bool own = false;
  /// What the database was asked for, for all platforms; nullopt where that is not known, or not
  /// own.
  std::optional<std::vector<std::uint64_t>> asked;
};

/// The findings of one image under one database, in the order of the inventory's platforms.
struct StoredMatch {
  std::string database_id;
  std::string database_built_at;
  TimePoint matched_at{};
  std::vector<PlatformMatch> platforms;
  Digest report_digest;  // of the stored document
  std::uint64_t report_bytes = 0;
};

struct StoredImage {
  ImageInventory inventory;
  TimePoint scanned_at{};
  std::optional<StoredMatch> match;
};

std::string MatchToJson(const std::vector<PlatformMatch>& platforms);
Result<std::vector<PlatformMatch>> MatchFromJson(std::string_view json);

enum class LoadFindings { kYes, kNo };

/// nullopt where the image has not been scanned. Errors: the store's; DataLoss for documents that
/// cannot be read (the caller scans again); Unsupported for those of a later version of the
/// program, which are whole to that one.
Result<std::optional<StoredImage>> LoadImage(store::Store& store, const Digest& digest,
                                             LoadFindings findings = LoadFindings::kYes);
/// nullopt where there are no findings. Errors: the store's.
Result<std::optional<MatchBasis>> LoadBasis(store::Store& store, const Digest& digest);
/// The findings that rest on `basis` are from now on those of `match`'s database, which says the
/// same of the image. False where they rest on something else by now. Errors: the store's.
Result<bool> RenewMatch(store::Store& store, const Digest& digest, const MatchBasis& basis,
                        const StoredMatch& match);
/// Replaces the inventory; the findings go with the old one.
Status SaveInventory(store::Store& store, const ImageInventory& inventory, TimePoint now);
/// Fills report_digest and report_bytes of `match`; they stay empty where it is not saved.
Status SaveMatch(store::Store& store, const Digest& digest, StoredMatch& match);

}  // namespace landwaiter::controller
