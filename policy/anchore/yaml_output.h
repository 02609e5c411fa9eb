// YAML for people out of JSON that we made: blocks, with what fits a line on one.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace landwaiter::policy {

/// One document, "---" before it and a newline behind it; ParsePolicyYaml reads the same JSON.
std::string YamlDocument(const nlohmann::ordered_json& document);

}  // namespace landwaiter::policy
