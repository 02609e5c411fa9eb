// What a subscription was told of an image last, and what has changed since: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/notify/subscription.h"
#include "model/finding.h"
#include "resources/image_scan.h"

namespace landwaiter::controller {

/// More of one image are told once, with the first.
inline constexpr std::size_t kMaxNotedFindings = 8192;

struct ImageState {
  /// It was there before the subscription was, and had no result yet: the first one is no change.
  bool awaited = false;
  std::string verdict;                  // "" for none yet
  std::string failure;                  // why it could not be scanned, "" where it could
  std::string report;                   // digest of the findings that are meant, "" for none yet
  std::vector<std::uint64_t> findings;  // FindingKey of each that counts, sorted
  friend bool operator==(const ImageState&, const ImageState&) = default;
};

/// Of one finding in one image, whatever its severity or words become.
std::uint64_t FindingKey(const Finding& finding);

std::string NoteOf(const ImageState& state);
/// nullopt for what is no note.
std::optional<ImageState> StateFromNote(std::string_view note);

/// What the status says, without findings (`report` is the status's all the same).
ImageState StateOf(const resources::ImageScanStatus& status);
/// Scanned and judged, or failed: there is something that may have changed.
bool HasResult(const ImageState& state);

struct Change {
  ChangeType type = ChangeType::kVerdictChanged;
  std::string from;                      // verdict or failure before, "" for none
  std::string to;                        // and now
  std::vector<std::uint64_t> keys = {};  // kFindingsNew: those that were not there
};

/// From `before` (nullopt: the image is new) to `after`, whose findings are filled in.
std::vector<Change> ChangesBetween(const std::optional<ImageState>& before,
                                   const ImageState& after);
/// What is noted then: a verdict or findings that are away for a while are no change.
ImageState Merged(const std::optional<ImageState>& before, ImageState after);

}  // namespace landwaiter::controller
