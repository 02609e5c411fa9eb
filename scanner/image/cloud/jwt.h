// JSON Web Tokens (RFC 7519) as far as logins need them: signed with RSA and SHA-256 (RFC
// 7518, 3.3), and read for when they end. Inside this folder and its tests only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace landwaiter::image::cloud {

/// `claims` is a JSON object. Errors: InvalidArgument for a PEM that holds no RSA key.
Result<std::string> SignJwt(const std::string& claims, const Secret& private_key_pem);

/// "exp" of a token, unverified: whoever gave it to us for somebody else is not doubted. nullopt
/// where it is none or says nothing.
std::optional<TimePoint> JwtExpiry(std::string_view token);

}  // namespace landwaiter::image::cloud
