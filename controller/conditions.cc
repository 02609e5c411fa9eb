#include "controller/conditions.h"

#include <algorithm>

#include "controller/names.h"
#include "controller/plan.h"
#include "lib/store/store.h"
#include "model/database_age.h"
#include "model/scan_request.h"
#include "scanner/image/manifest.h"

namespace landwaiter::controller {
namespace {

using resources::ImageScanStatus;

/// The first line of coverage that is not Read, over all platforms.
const Coverage* FirstGap(const ImageScanStatus& status, std::string* platform) {
  for (const auto& line : status.platforms) {
    for (const Coverage& coverage : line.coverage) {
      if (coverage.state == CoverageState::kRead) continue;
      *platform = line.platform;
      return &coverage;
    }
  }
  return nullptr;
}

bool UnsupportedOs(const ImageScanStatus& status) {
  for (const auto& platform : status.platforms) {
    for (const Coverage& coverage : platform.coverage) {
      if ((coverage.source == "advisories" || coverage.source == "os") &&
          coverage.state == CoverageState::kUnsupported) {
        return true;
      }
    }
  }
  return false;
}

/// In a row: a registry that is away for a moment is no news of each of its images.
constexpr std::uint32_t kToldFailures = 3;

/// Where the store is, and what a connection met, is for the log.
constexpr const char* kNotKept = "; the last result could not be kept, the store was not reached";

/// Why it is at it again: a pause between two tries may be too short for anybody to have seen.
std::string LastTry(const ScanProgress& progress) {
  if (progress.failures == 0 || progress.error.message.empty()) return {};
  const std::string& reason = progress.error.reason;
  if (reason == store::kReasonStoreUnreachable) return kNotKept;
  return "; the last try failed: " + reason + (reason.empty() ? "" : ": ") + progress.error.message;
}

}  // namespace

Condition CompleteCondition(const JudgeInput& input, const ImageScanStatus& status) {
  std::string platform;
  const Coverage* gap = FirstGap(status, &platform);
  if (gap == nullptr && !input.platforms_left_out.empty() &&
      image::IsIndexType(input.stored->inventory.media_type)) {
    return {"Complete",
            "False",
            "TooManyPlatforms",
            "not looked at for nodes of " + input.platforms_left_out.front().ToString() + " (and " +
                std::to_string(input.platforms_left_out.size() - 1) + " more platforms): " +
                std::to_string(resources::kMaxPlatforms) + " platforms are looked at",
            0,
            ""};
  }
  if (gap == nullptr) {
    return {"Complete", "True", "AllRead", "every source of the image was read", 0, ""};
  }
  return {"Complete",
          "False",
          std::string(UnsupportedOs(status) ? scan_reason::kUnsupportedOS
                                            : CoverageStateName(gap->state)),
          platform + " " + gap->source + ": " + gap->reason,
          0,
          ""};
}

Condition FreshCondition(const JudgeInput& input, const ImageScanStatus& status, TimePoint now) {
  std::chrono::milliseconds limit = policy::kDefaultDatabaseAge;
  for (const auto& record : *input.policies) {
    if (record->policy.max_database_age) limit = std::min(limit, *record->policy.max_database_age);
  }
  if (status.database_id.empty()) {
    return {"DatabaseFresh",
            "False",
            std::string(kReasonNoDatabase),
            "no advisory database has been matched",
            0,
            ""};
  }
  const auto built = ParseTime(status.database_built_at);
  const DatabaseAge age = built ? AgeOfDatabase(*built, now, limit) : DatabaseAge::kUnknown;
  if (age == DatabaseAge::kYoung) {
    return {"DatabaseFresh", "True", "Fresh", "database of " + status.database_built_at, 0, ""};
  }
  if (age == DatabaseAge::kUnknown) {
    return {"DatabaseFresh",
            "False",
            "Stale",
            "database of " + status.database_built_at +
                ": no time that has been, so its age is not known",
            0,
            ""};
  }
  return {"DatabaseFresh",
          "False",
          "Stale",
          "database of " + status.database_built_at + " is older than " +
              std::to_string(std::chrono::duration_cast<std::chrono::hours>(limit).count()) + "h",
          0,
          ""};
}

Condition ReadyOfScanned(const JudgeInput& input, const ImageScanStatus& status) {
  if (!input.stored->match) {
    return {"Ready",
            "False",
            std::string(kReasonNoDatabase),
            "scanned, but there is no advisory database to match with: landwaiter db build makes "
            "one",
            0,
            ""};
  }
  if (UnsupportedOs(status)) {
    return {"Ready",
            "False",
            std::string(scan_reason::kUnsupportedOS),
            CompleteCondition(input, status).message,
            0,
            ""};
  }
  return {"Ready", "True", std::string(kReasonScanned), MatchedMessage(status), 0, ""};
}

std::string MatchedMessage(const ImageScanStatus& status) {
  return "scanned, matched with the database of " + status.database_built_at + " and judged";
}

/// Stored is there only where it is False: a verdict does not need the store.
void SetStored(const JudgeInput& input, TimePoint now, std::vector<Condition>& conditions) {
  if (!input.store_fault) {
    std::erase_if(conditions, [](const Condition& c) { return c.type == "Stored"; });
    return;
  }
  const Error& fault = *input.store_fault;
  resources::SetCondition(
      conditions,
      {"Stored", "False", fault.reason.empty() ? std::string(kReasonStoreFailed) : fault.reason,
       "judged, but what was found could not be kept: " + fault.message, input.scan->generation,
       ""},
      now);
}

void SetRescanned(const JudgeInput& input, TimePoint now, std::vector<Condition>& conditions) {
  const ScanProgress& progress = input.progress;
  if (progress.state == ScanProgress::State::kNone) {
    std::erase_if(conditions, [](const Condition& c) { return c.type == "Rescanned"; });
    return;
  }
  // One that no scanner took has not failed, and one fault is mended by the next try.
  const bool told = progress.state == ScanProgress::State::kFailed &&
                    !NoScannerTookIt(progress.error) &&
                    (!progress.retry_in || progress.failures >= kToldFailures);
  if (!told) return;
  const std::string& reason = progress.error.reason;
  const bool away = reason == store::kReasonStoreUnreachable;
  resources::SetCondition(
      conditions,
      {"Rescanned", "False", reason.empty() ? std::string(scan_reason::kScannerFailed) : reason,
       "what was judged stands, but the image is to be read again, which failed: " +
           (away ? std::string("the store was not reached") : progress.error.message) +
           (progress.retry_in ? "; it is tried again by itself"
                              : "; it is tried again when something asks for it anew"),
       input.scan->generation, ""},
      now);
}

Condition ReadyOfPending(const ScanProgress& progress) {
  switch (progress.state) {
    case ScanProgress::State::kRunning:
      return {"Ready",
              "False",
              std::string(kReasonScanning),
              "a scanner is reading the image" + LastTry(progress),
              0,
              ""};
    case ScanProgress::State::kFailed: {
      // Nothing was learnt of the image: it waits, and the webhook treats it so.
      if (NoScannerTookIt(progress.error)) {
        return {"Ready",
                "False",
                std::string(kReasonQueued),
                progress.error.message + "; it is tried again by itself",
                0,
                ""};
      }
      if (progress.error.reason == store::kReasonStoreUnreachable) {
        return {"Ready",
                "False",
                std::string(kReasonQueued),
                std::string("it is tried again by itself") + kNotKept,
                0,
                ""};
      }
      std::string message = progress.error.message;
      message += progress.retry_in ? "; it is tried again by itself"
                                   : "; it is tried again when something asks for it anew";
      const std::string reason = progress.error.reason.empty()
                                     ? std::string(scan_reason::kScannerFailed)
                                     : progress.error.reason;
      return {"Ready", "False", reason, message, 0, ""};
    }
    case ScanProgress::State::kNone:
    case ScanProgress::State::kQueued:
      break;
  }
  return {"Ready", "False", std::string(kReasonQueued), "waits for a scanner" + LastTry(progress),
          0,       ""};
}

}  // namespace landwaiter::controller
