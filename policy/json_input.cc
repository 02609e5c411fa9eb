// JSON (RFC 8259) by nlohmann/json, whose exceptions stop here.
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "policy/policy.h"
#include "policy/text_input.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

/// nlohmann's reader keeps a stack on the heap, but copies and destroys recursively in places; so
/// depth is counted on the bytes before anything is built.
Status CheckDepth(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxPolicyDepth) {
        return ResourceExhausted("policy is nested deeper than " + std::to_string(kMaxPolicyDepth) +
                                 " levels");
      }
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return Ok();
}

}  // namespace

Result<json> ReadJson(std::string_view text) {
  if (text.size() > kMaxPolicyBytes) {
    return ResourceExhausted("policy has " + std::to_string(text.size()) + " bytes, at most " +
                             std::to_string(kMaxPolicyBytes) + " are read");
  }
  if (Status depth = CheckDepth(text); !depth) return depth.error();
  std::vector<std::set<std::string>> open;  // the fields seen of each object that is open
  std::string duplicate;
  const auto watch = [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) {
      open.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      open.pop_back();
    } else if (event == json::parse_event_t::key) {
      const auto& name = value.get_ref<const std::string&>();
      if (!open.back().insert(name).second && duplicate.empty()) duplicate = name;
    }
    return true;
  };
  try {
    json value = json::parse(text, watch);
    if (!duplicate.empty()) {
      return InvalidArgument("policy has the field '" +
                             text::Printable(text::Truncate(duplicate, 80)) +
                             "' twice in one object");
    }
    return value;
  } catch (const json::exception& error) {
    return InvalidArgument("policy is not JSON: " +
                           text::Printable(text::Truncate(error.what(), 200)));
  }
}

}  // namespace landwaiter::policy
