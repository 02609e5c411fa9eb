// The words of an answer: the denial's message, the warnings, the audit annotations. What others
// wrote (image names, findings) is made printable; every bound is one that kubectl or the API
// server was seen to cut at.
#pragma once

#include <string>
#include <string_view>

#include "admission/decide.h"
#include "webhook/review.h"

namespace landwaiter::webhook {

using admission::Decision;
using admission::Facts;
using admission::Ground;
using admission::ImageDecision;
using admission::ImageFacts;
using admission::Judgement;

/// kubectl, Events and audit logs cut longer ones.
inline constexpr std::size_t kMaxMessageBytes = 2000;
/// The API server cuts a warning at 256 bytes, and all of them at about 4 KiB.
inline constexpr std::size_t kMaxWarningBytes = 250;
inline constexpr std::size_t kMaxWarningsBytes = 4000;
inline constexpr std::size_t kMaxAnnotationBytes = 4096;

enum class Manner {
  kJudge,     // a pod: the decision is the answer
  kWarnOnly,  // workloads and mirror pods: what would be denied is a warning
};

/// A policy with denyWorkloads denies this workload: one that a person made, since what a
/// controller made would only be made again.
bool DeniesWorkload(const ReviewRequest& request, const Decision& decision);

/// The answer to a decided request. `note` goes into the audit annotation "note" (why nothing was
/// judged, dry run, …); empty: none.
ReviewAnswer MakeAnswer(const ReviewRequest& request, const Facts& facts, const Decision& decision,
                        Manner manner, const std::string& note);

/// Allowed with a note and nothing judged.
ReviewAnswer AllowWithNote(const std::string& uid, const std::string& note);
/// Allowed although it cannot be judged: with a warning where `action`, the policies' answer, is
/// not Allow.
ReviewAnswer AllowUnreadable(const std::string& uid, const std::string& why, Action action);
/// Denied: the scan gate of a pod is not for others to take off.
ReviewAnswer DenyGateRemoval(const std::string& uid);
/// Denied because the request cannot be judged at all.
ReviewAnswer DenyUnreadable(const std::string& uid, const std::string& why);

}  // namespace landwaiter::webhook
