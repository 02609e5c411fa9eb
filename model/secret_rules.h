// What policy and scanner share of the rules for secrets.
#pragma once

#include <cstdint>

namespace landwaiter {

/// Of the table in scanner/secrets: raised with every change of what it finds, so that images are
/// looked at again.
inline constexpr std::uint64_t kSecretRulesVersion = 1;

}  // namespace landwaiter
