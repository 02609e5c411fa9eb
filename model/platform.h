// Platforms as the OCI image index writes them: os/architecture[/variant].
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter {

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant = {};

  /// "linux/amd64", "linux/arm64/v8"; Docker's aliases (x86_64, aarch64) become Go's names.
  /// Errors: InvalidArgument.
  static Result<Platform> Parse(std::string_view text);
  std::string ToString() const;
  /// True where `offered` (an entry of an index) runs on this platform: os and architecture equal
  /// and the variant equal, or absent on one side (arm64 means arm64/v8).
  bool Accepts(const Platform& offered) const;

  friend bool operator==(const Platform&, const Platform&) = default;
  friend auto operator<=>(const Platform&, const Platform&) = default;
};

/// The machine's own, always with os linux.
Platform HostPlatform();

}  // namespace landwaiter
