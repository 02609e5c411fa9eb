#include "policy/anchore/path_pattern.h"

namespace landwaiter::policy::anchore {
namespace {

constexpr std::string_view kAny = "**";

bool TakeIf(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void AddAny(std::string& glob) {
  if (!glob.ends_with(kAny)) glob += kAny;
}

}  // namespace

bool RegexAsGlob(std::string_view regex, std::string& glob) {
  constexpr std::string_view kSpecial = "[](){}|+*?^$\\";
  if (regex.empty()) return false;
  std::string out;
  TakeIf(regex, "^");
  const bool from_root = TakeIf(regex, "/");
  bool ended = false;
  while (!regex.empty() && !ended) {
    if (TakeIf(regex, ".*")) {
      AddAny(out);
    } else if (TakeIf(regex, "[^/]*")) {
      out += '*';
    } else if (regex == "$") {
      ended = true;
    } else if (regex.size() > 1 && regex[0] == '\\' &&
               std::string_view("./-_+@ ").find(regex[1]) != std::string_view::npos) {
      out += regex[1];
      regex.remove_prefix(2);
    } else if (TakeIf(regex, ".")) {
      out += '?';
    } else if (kSpecial.find(regex[0]) != std::string_view::npos) {
      return false;
    } else {
      out += regex[0];
      regex.remove_prefix(1);
    }
    // A count behind a single character: "a+", ".?".
    if (!regex.empty() && std::string_view("+*?{").find(regex[0]) != std::string_view::npos) {
      return false;
    }
  }
  if (!ended) AddAny(out);
  // What does not begin at the root can only match there if it begins with "anything".
  if (out.empty() || (!from_root && !out.starts_with(kAny))) return false;
  if (out.find("***") != std::string::npos) return false;
  glob = std::move(out);
  return true;
}

}  // namespace landwaiter::policy::anchore
