#include "doctor/json_path.h"

#include <nlohmann/json.hpp>

namespace landwaiter::doctor {

using nlohmann::json;

const json& At(const json& object, std::initializer_list<const char*> path) {
  static const json kNothing;
  const json* here = &object;
  for (const char* name : path) {
    if (!here->is_object()) return kNothing;
    const auto found = here->find(name);
    if (found == here->end()) return kNothing;
    here = &*found;
  }
  return *here;
}

std::string TextAt(const json& object, std::initializer_list<const char*> path) {
  const json& found = At(object, path);
  return found.is_string() ? found.get<std::string>() : "";
}

std::string NameOf(const json& object) { return TextAt(object, {"metadata", "name"}); }

std::string LabelOf(const json& object, const char* label) {
  return TextAt(object, {"metadata", "labels", label});
}

}  // namespace landwaiter::doctor
