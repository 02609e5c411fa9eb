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

/// The first pass: depth and duplicated fields. nlohmann's reader with a call-back would see both
/// while it builds, in time quadratic in the length of a list of objects.
class Inspector final : public json::json_sax_t {
 public:
  Error error;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return Open(); }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t) override { return Open(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    if (open_.back().insert(name).second) return true;
    error = InvalidArgument("policy has the field '" + text::Printable(text::Truncate(name, 80)) +
                            "' twice in one object");
    return false;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception& what) override {
    error =
        InvalidArgument("policy is not JSON: " + text::Printable(text::Truncate(what.what(), 200)));
    return false;
  }

 private:
  bool Open() {
    if (open_.size() >= kMaxPolicyDepth) {
      error = ResourceExhausted("policy is nested deeper than " + std::to_string(kMaxPolicyDepth) +
                                " levels");
      return false;
    }
    open_.emplace_back();
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> open_;  // the fields seen of each object that is open
};

}  // namespace

Result<json> ReadJson(std::string_view text) {
  if (text.size() > kMaxPolicyBytes) {
    return ResourceExhausted("policy has " + std::to_string(text.size()) + " bytes, at most " +
                             std::to_string(kMaxPolicyBytes) + " are read");
  }
  try {
    Inspector inspector;
    if (!json::sax_parse(text, &inspector)) return inspector.error;
    return json::parse(text);
  } catch (const json::exception& error) {
    return InvalidArgument("policy is not JSON: " +
                           text::Printable(text::Truncate(error.what(), 200)));
  }
}

}  // namespace landwaiter::policy
