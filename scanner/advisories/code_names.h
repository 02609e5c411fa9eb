// Code names of releases, where feeds and images use them in place of numbers.
#pragma once

#include <string_view>

namespace landwaiter::advisories {

/// "bookworm" → "12"; "" for names without a number (sid, experimental).
std::string_view DebianRelease(std::string_view codename);
/// "jammy" → "22.04:LTS", "mantic" → "23.10": as OSV writes them; "" for an unknown name.
std::string_view UbuntuRelease(std::string_view codename);

}  // namespace landwaiter::advisories
