// What a policy says of an image under one name, from what stands in the ImageScan: for everything
// that is told of what runs.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "controller/judge.h"
#include "model/image_reference.h"
#include "model/verdict.h"

namespace landwaiter::controller {

using Scans = std::vector<std::shared_ptr<const ScanRecord>>;

struct Judged {
  Verdict verdict = Verdict::kUnknown;  // rules of references included; Unknown: not judged yet
  /// The judgement of the content: null where there is none yet. Of an older generation of the
  /// policy until the image is judged again.
  const resources::PolicyStatus* content = nullptr;
  PolicyVerdict reference = {};
};

/// nullopt: the policy is not for an image of that name. `policy` has the ScanExceptions that it
/// takes; `ns` is where the image runs ("": nowhere in particular, where only exceptions for all
/// namespaces count). `status` outlives the answer.
std::optional<Judged> JudgedBy(const policy::ScanPolicy& policy,
                               const resources::ImageScanStatus& status,
                               const ImageReference& reference, std::string_view ns, TimePoint now);

/// The names that an image is known by: those of its status, else that of its spec.
std::vector<ImageReference> NamesOf(const resources::ImageScan& scan);

/// By one of its names.
bool FailsByAName(const policy::ScanPolicy& policy, const resources::ImageScan& scan,
                  std::string_view ns, TimePoint now);

}  // namespace landwaiter::controller
