// The decision of admission.md, "Decision, per container image", as a pure function: facts and
// elapsed time in, answer or what to wait for out. No I/O, no clock, no lock.
//
// Rows of that table: 1 no policy matches; 2 a reference rule fails; 3 scanned and judged under the
// policy's generation; 4 judged under an older one; 5 a tag that was resolved lately; 6 not scanned
// or not resolved; 7 failed, incomplete, unsupported or database too old; 8 controller unreachable.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "model/image_reference.h"
#include "model/verdict.h"
#include "policy/policy.h"
#include "resources/image_scan.h"

namespace landwaiter::webhook {

/// What asking the controller for an image came to.
struct EnsureFailure {
  std::string reason;  // "PullUnauthorized", "NotFound", …
  std::string message;
  bool unreachable = false;  // the controller itself gave no answer
};

struct ImageFacts {
  std::string written;                      // the reference as the object has it
  std::string where;                        // "container web"
  std::optional<ImageReference> reference;  // absent: cannot be parsed
  std::string parse_error;
  std::optional<Digest> digest;  // of the reference, or what its tag was resolved to lately
  std::shared_ptr<const resources::ImageScan> scan;  // of that digest, null where there is none
  std::optional<EnsureFailure> failure;
};

struct Facts {
  /// Those whose namespaceSelector matches.
  std::vector<std::shared_ptr<const policy::ScanPolicy>> policies;
  std::vector<ImageFacts> images;
  TimePoint now;
  std::chrono::milliseconds elapsed{0};  // since the request came
  /// How long the request may wait at all; 0 where nothing is waited for (dry run, workloads).
  std::chrono::milliseconds budget{0};
};

enum class Ground {
  kPassed,
  kReference,   // row 2
  kContent,     // row 3: rules of content
  kUnscanned,   // rows 4, 6, 8 at the deadline
  kIncomplete,  // row 7
};

/// What one policy says of one image.
struct Judgement {
  std::string policy;
  std::int64_t generation = 0;
  Action action = Action::kAllow;
  Ground ground = Ground::kPassed;
  Verdict verdict = Verdict::kPass;
  std::string text;  // why, one line, printable
  std::vector<std::string> exceptions;
};

struct ImageDecision {
  std::size_t image = 0;  // index into Facts::images
  Action action = Action::kAllow;
  std::vector<Judgement> judgements;  // worst first
  bool pending = false;
  /// The controller is to be asked: no scan, none that succeeded, or not yet judged. Whoever asks
  /// sees to it that the same is not asked all the time.
  bool ask = false;
};

struct Decision {
  Action action = Action::kAllow;  // the worst over the images
  std::vector<ImageDecision> images;
  /// True: an answer now could turn out better or worse if waited for.
  bool pending = false;
  /// Elapsed time at which to decide again if nothing has happened, when pending.
  std::chrono::milliseconds decide_again{0};
};

Decision Decide(const Facts& facts);

}  // namespace landwaiter::webhook
