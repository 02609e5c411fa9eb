// Gates about the image's configuration: always, dockerfile, metadata.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/anchore/path_pattern.h"
#include "policy/anchore/translators.h"
#include "policy/facts.h"

namespace landwaiter::policy::anchore {
namespace {

using nlohmann::json;

std::string ToUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

}  // namespace

void Always(const Params&, Translation& out) { out.Add("always", json::object()); }

void EffectiveUser(const Params& params, Translation& out) {
  const auto users = params.List("users");
  if (params.Is("type", "whitelist")) {
    return Lose(out,
                "a list of users that alone are allowed has no counterpart: name those that "
                "are denied, or runsAsRoot");
  }
  const bool root = std::find(users.begin(), users.end(), "root") != users.end();
  if (root) Note(out, "root is asked by uid: USER 0, 0:0 and no USER count, too");
  if (root && users.size() == 1) return out.Add("image", {{"runsAsRoot", true}});
  out.Add("image", {{"deniedUsers", users}});
}

void ExposedPorts(const Params& params, Translation& out) {
  const bool allowed = params.Is("type", "whitelist");
  out.Add("image", {{allowed ? "allowedPorts" : "deniedPorts", Numbers(params.List("ports"))}});
}

void Instruction(const Params& params, Translation& out) {
  const std::string name = ToUpper(params.Text("instruction"));
  const std::string& check = params.Text("check");
  if (name == "HEALTHCHECK" && check == "not_exists") {
    return out.Add("image", {{"healthcheckRequired", true}});
  }
  json body = {{"name", name}};
  const auto add = [&](const char* op, const std::string& pattern = "") {
    body["op"] = op;
    if (!pattern.empty()) body["value"] = pattern;
    out.Add("image", {{"instructions", json::array({body})}});
  };
  const std::string& value = params.Text("value");
  std::string glob;
  if (check == "exists") return add("Exists");
  if (check == "not_exists") return add("Missing");
  if (check == "=") return add("Matches", value);
  if (check == "!=") return add("Differs", value);
  if (check == "in") {
    for (const std::string& one : params.List("value")) add("Matches", one);
    return;
  }
  if (check == "like" || check == "not_like") {
    // Paths are written without the slash that they begin with, arguments are not.
    const bool is_path = value.starts_with("/") || value.starts_with("^/");
    if (RegexAsGlob(value, glob)) {
      return add(check == "like" ? "Matches" : "Differs", (is_path ? "/" : "") + glob);
    }
    return Lose(out, "the expression '" + Shown(value) + "' is no pattern that a glob can say");
  }
  if (check == "not_in") {
    return Lose(out, "a list of arguments that alone are allowed has no counterpart");
  }
  Lose(out, "check '" + Shown(check) + "' is unknown");
}

void NoDockerfile(const Params&, Translation& out) {
  Lose(out,
       "Dockerfiles are not taken in: what is asked of one is asked of the image's own history");
}

void Metadata(const Params& params, Translation& out) {
  const std::string& attribute = params.Text("attribute");
  const std::string& check = params.Text("check");
  const std::string& value = params.Text("value");
  const bool above = check == ">" || check == ">=";
  if (attribute == "size" && above) return out.Add("image", {{"maxSize", value}});
  if (attribute == "layer_count" && above && !value.empty() &&
      value.find_first_not_of("0123456789") == std::string::npos && value.size() < 6) {
    return out.Add("image", {{"maxLayers", std::stol(value)}});
  }
  if (attribute == "architecture" && (check == "not_in" || check == "!=")) {
    json platforms = json::array();
    for (const std::string& one : params.List("value")) platforms.push_back("linux/" + one);
    return out.Add("image", {{"platforms", platforms}});
  }
  if (attribute == "distro" && (check == "not_in" || check == "!=")) {
    json allowed = json::array();
    for (const std::string& one : params.List("value")) allowed.push_back({{"family", one}});
    return out.Add("os", {{"allowed", allowed}});
  }
  Lose(out, "attribute " + Shown(attribute) + " " + Shown(check) + " '" + Shown(value) +
                "' has no counterpart");
}

}  // namespace landwaiter::policy::anchore
