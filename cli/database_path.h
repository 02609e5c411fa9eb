// Where the advisory database is looked for.
#pragma once

#include <cstdlib>
#include <string>

namespace landwaiter::cli {

/// The flag's value, else $LANDWAITER_DB, else ~/.local/share/landwaiter/db (by $XDG_DATA_HOME
/// where that is set); relative to the working folder where there is no home.
inline std::string DatabasePath(const std::string& flag) {
  const auto variable = [](const char* name) -> std::string {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (!flag.empty()) return flag;
  if (std::string path = variable("LANDWAITER_DB"); !path.empty()) return path;
  if (const std::string data = variable("XDG_DATA_HOME"); !data.empty()) {
    return data + "/landwaiter/db";
  }
  const std::string home = variable("HOME");
  return (home.empty() ? "." : home) + "/.local/share/landwaiter/db";
}

}  // namespace landwaiter::cli
