// Content judged with a chosen set of exceptions. Inside this room only.
#pragma once

#include <cstddef>
#include <vector>

#include "policy/evaluate.h"

namespace landwaiter::policy {

/// As EvaluateContent, with these exceptions (indexes, ascending) whatever the image's names are.
PolicyVerdict EvaluateContentWith(const ScanPolicy& policy, const ContentInput& input,
                                  const std::vector<std::size_t>& applicable, TimePoint now);

/// Indexes of the exceptions that would excuse something of this content under some name.
std::vector<std::size_t> ExceptionsMet(const ScanPolicy& policy, const ContentInput& input,
                                       TimePoint now);

}  // namespace landwaiter::policy
