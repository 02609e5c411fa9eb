// One step of a login: a request to a cloud's service and its small answer. Inside this folder
// only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/http/client.h"

namespace landwaiter::image::cloud {

// Answers are one token or a few; Amazon's have 3 KiB, Azure's tokens up to 8.
inline constexpr std::size_t kMaxAnswer = 256u << 10;
inline constexpr std::size_t kMaxToken = 64u << 10;
inline constexpr std::size_t kMaxSecretFile = 64u << 10;

/// Sends, and gives the body of a 200. `what` names the step in errors. Errors: those of the
/// connection; Unauthenticated or PermissionDenied for 400, 401 and 403, with the service's own
/// words; Unavailable for others.
Result<std::string> Ask(http::Client& client, http::Request request, const std::string& what,
                        const Cancellation& cancel);

/// application/x-www-form-urlencoded.
std::string Form(const std::vector<std::pair<std::string, std::string>>& fields);
http::Request PostForm(const std::string& url,
                       const std::vector<std::pair<std::string, std::string>>& fields);

/// A small file with a token or a key, without white space at its ends. Errors name the path.
Result<std::string> ReadSecretFile(const std::string& path);

}  // namespace landwaiter::image::cloud
