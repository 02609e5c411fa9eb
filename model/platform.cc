#include "model/platform.h"

#include <sys/utsname.h>

#include <algorithm>

#include "lib/base/text.h"

namespace landwaiter {
namespace {

bool IsWord(std::string_view word) {
  return !word.empty() && word.size() <= 32 && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

void Normalize(Platform& platform) {
  if (platform.architecture == "x86_64" || platform.architecture == "x86-64") {
    platform.architecture = "amd64";
  } else if (platform.architecture == "aarch64") {
    platform.architecture = "arm64";
  } else if (platform.architecture == "i386" || platform.architecture == "i686") {
    platform.architecture = "386";
  } else if (platform.architecture == "armhf") {
    platform.architecture = "arm";
    platform.variant = "v7";
  }
}

std::string_view EffectiveVariant(const Platform& platform) {
  if (platform.architecture == "arm64" && platform.variant == "v8") return {};
  return platform.variant;
}

}  // namespace

Result<Platform> Platform::Parse(std::string_view text) {
  const auto parts = text::Split(text, '/');
  const bool good =
      (parts.size() == 2 || parts.size() == 3) && std::all_of(parts.begin(), parts.end(), IsWord);
  if (!good) {
    return InvalidArgument("platform '" + text::Printable(text::Truncate(text, 64)) +
                           "' must be os/architecture[/variant], e.g. linux/amd64");
  }
  Platform platform{std::string(parts[0]), std::string(parts[1]),
                    parts.size() == 3 ? std::string(parts[2]) : std::string()};
  Normalize(platform);
  return platform;
}

std::string Platform::ToString() const {
  return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

bool Platform::Accepts(const Platform& offered) const {
  const std::string_view mine = EffectiveVariant(*this);
  const std::string_view theirs = EffectiveVariant(offered);
  return os == offered.os && architecture == offered.architecture &&
         (mine.empty() || theirs.empty() || mine == theirs);
}

Platform HostPlatform() {
  utsname name{};
  Platform platform{"linux", "amd64"};
  if (::uname(&name) == 0) platform.architecture = name.machine;
  Normalize(platform);
  return platform;
}

}  // namespace landwaiter
