// The words of an answer: the denial's message, the warnings, the audit annotations. What others
// wrote (image names, findings) is made printable; every bound is one that kubectl or the API
// server was seen to cut at.
#pragma once

#include <string>
#include <string_view>

#include "webhook/decide.h"
#include "webhook/review.h"

namespace landwaiter::webhook {

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

/// The answer to a decided request. `note` goes into the audit annotation "note" (why nothing was
/// judged, dry run, …); empty: none.
ReviewAnswer MakeAnswer(const ReviewRequest& request, const Facts& facts, const Decision& decision,
                        Manner manner, const std::string& note);

/// Allowed with a note and nothing judged.
ReviewAnswer AllowWithNote(const std::string& uid, const std::string& note);
/// Allowed although it cannot be judged: with a warning where `action`, the policies' answer, is
/// not Allow.
ReviewAnswer AllowUnreadable(const std::string& uid, const std::string& why, Action action);
/// Denied because the request cannot be judged at all.
ReviewAnswer DenyUnreadable(const std::string& uid, const std::string& why);

}  // namespace landwaiter::webhook
