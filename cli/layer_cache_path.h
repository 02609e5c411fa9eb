// Where `landwaiter scan` keeps what it read of layers.
#pragma once

#include <cstdlib>
#include <string>

namespace landwaiter::cli {

/// The flag's value, else $LANDWAITER_LAYER_CACHE, else ~/.cache/landwaiter/layers (by
/// $XDG_CACHE_HOME where that is set); "" (none) for "off", and where there is no home.
inline std::string LayerCachePath(const std::string& flag) {
  const auto variable = [](const char* name) -> std::string {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  std::string path = flag.empty() ? variable("LANDWAITER_LAYER_CACHE") : flag;
  if (path == "off") return "";
  if (!path.empty()) return path;
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty()) {
    return cache + "/landwaiter/layers";
  }
  const std::string home = variable("HOME");
  return home.empty() ? "" : home + "/.cache/landwaiter/layers";
}

}  // namespace landwaiter::cli
