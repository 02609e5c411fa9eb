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
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "model/image_reference.h"
#include "model/verdict.h"
#include "policy/policy.h"
#include "resources/image_scan.h"

namespace landwaiter::admission {

inline constexpr std::string_view kReasonControllerUnreachable = "ControllerUnreachable";

/// What asking the controller for an image came to.
struct EnsureFailure {
  std::string reason;  // "PullUnauthorized", "NotFound", …
  std::string message;
  bool unreachable = false;  // no answer: the same question may be answered in a moment
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

/// Whether what is asked about can wait behind the scheduling gate for its verdict.
enum class Holding {
  kNo,     // onUnscanned Hold is answered as Deny
  kCan,    // the gate can still be put on, when the time to wait is up
  kGated,  // it is on: nobody has to wait here
  kHeld,   // the pod was let in and waits: what would have been denied at the door is waited for
};

struct Facts {
  std::string ns;  // where the pod is to run
  /// Those whose namespaceSelector matches.
  std::vector<std::shared_ptr<const policy::ScanPolicy>> policies;
  std::vector<ImageFacts> images;
  TimePoint now;
  std::chrono::milliseconds elapsed{0};  // since the request came
  /// How long the request may wait at all; 0 where nothing is waited for (dry run, workloads).
  std::chrono::milliseconds budget{0};
  Holding holding = Holding::kNo;
  std::chrono::milliseconds held_for{0};  // kHeld: since the pod was made
};

enum class Ground {
  kPassed,
  kReference,       // row 2
  kContent,         // row 3: rules of content
  kAlreadyRunning,  // row 3: they fail, and it ran in the namespace before it turned bad
  kUnscanned,       // rows 4, 6, 8 at the deadline
  kIncomplete,      // row 7
};

/// What one policy says of one image.
struct Judgement {
  std::string policy;
  std::int64_t generation = 0;
  Action action = Action::kAllow;
  Ground ground = Ground::kPassed;
  Verdict verdict = Verdict::kPass;
  bool held = false;              // the pod waits for this verdict; until then the action is Allow
  bool denies_workloads = false;  // the policy's denyWorkloads
  std::string text;               // why, one line, printable
  std::vector<std::string> exceptions;
};

struct ImageDecision {
  std::size_t image = 0;  // index into Facts::images
  Action action = Action::kAllow;
  std::vector<Judgement> judgements;  // worst first
  bool held = false;                  // by one of them
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
  /// True: the pod has to wait behind its gate, or goes on waiting; nothing denies it so far.
  bool held = false;
  /// When held: until the first holdFor is over.
  std::chrono::milliseconds hold_left{0};
};

/// Of a reference alone: its digest where it has one, or why it cannot be parsed.
ImageFacts FactsOfReference(std::string written, std::string where);

Decision Decide(const Facts& facts);

}  // namespace landwaiter::admission
