// Where a Swift package comes from, as its name. Inside this room only.
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::packages {

/// "https://user@github.com:443/apple/swift-nio.git" and "git@github.com:apple/swift-nio.git" are
/// "github.com/apple/swift-nio"; a registry's "apple.swift-nio" stays as it is.
std::string NameOfSwiftLocation(std::string_view location);

}  // namespace landwaiter::packages
