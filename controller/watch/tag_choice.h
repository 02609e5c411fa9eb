// Which of a repository's tags a RegistryWatch is about: pure.
#pragma once

#include <string>
#include <vector>

#include "resources/registry_watch.h"

namespace landwaiter::controller {

/// The tags that the rule takes: versions first, the highest before the lower, then the others by
/// name. With `rule.newest` so many versions and nothing else. What is cut for want of room is cut
/// from the end.
std::vector<std::string> ChooseTags(const std::vector<std::string>& tags,
                                    const resources::TagRule& rule);

/// '*' any text, '?' one character; a tag has no parts.
bool MatchesTag(const std::string& pattern, const std::string& tag);

}  // namespace landwaiter::controller
