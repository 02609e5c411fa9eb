// Reading of API objects whose fields may be missing: they come from a server, checks must not
// stumble.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace landwaiter::doctor {

/// The value under these names, or null.
const nlohmann::json& At(const nlohmann::json& object, std::initializer_list<const char*> path);
/// "" where it is no text.
std::string TextAt(const nlohmann::json& object, std::initializer_list<const char*> path);
std::string NameOf(const nlohmann::json& object);
std::string LabelOf(const nlohmann::json& object, const char* label);

}  // namespace landwaiter::doctor
