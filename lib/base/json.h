// Bounded JSON: a parse that refuses size and depth before a document is built, and typed reading
// of fields that names the field it stumbles over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter {

struct JsonLimits {
  std::size_t max_bytes = 16u << 20;
  std::size_t max_depth = 64;
  /// Objects, lists and what is in them. A value of two bytes of text ("0,") takes 16 in a document
  /// and some 100 as an object's member: whoever reads a stranger's text sets a bound.
  std::size_t max_values = std::numeric_limits<std::size_t>::max();
};

/// One whole JSON text (RFC 8259). Depth and values are counted before anything is built, so that
/// 100,000 brackets cost no stack and a million zeros no memory. Errors: InvalidArgument with the
/// byte offset, ResourceExhausted.
Result<nlohmann::json> ParseJson(std::string_view text, const JsonLimits& limits = {});

/// Dumps with invalid UTF-8 replaced instead of thrown at.
std::string DumpJson(const nlohmann::json& json);

/// Reads the fields of one object. The first fault sticks: read everything, then ask Done().
/// An absent or null field leaves the target as it is.
class JsonFields {
 public:
  /// `json` must outlive the reader. `path` names it in messages ("status.platforms[0]").
  JsonFields(const nlohmann::json& json, std::string path);

  void String(const char* name, std::string& out, std::size_t max_bytes = 4096);
  void Int(const char* name, std::int64_t& out);
  void Uint(const char* name, std::uint64_t& out);
  void Bool(const char* name, bool& out);
  void Number(const char* name, double& out);
  void Strings(const char* name, std::vector<std::string>& out, std::size_t max_items = 4096,
               std::size_t max_bytes = 4096);
  void Uints(const char* name, std::vector<std::uint64_t>& out, std::size_t max_items = 4096);
  void StringMap(const char* name, std::map<std::string, std::string>& out,
                 std::size_t max_items = 4096, std::size_t max_bytes = 1u << 18);
  /// Calls `each` for every element of an array of objects.
  void Objects(const char* name, std::size_t max_items,
               const std::function<Status(JsonFields&)>& each);
  /// Calls `read` when the field is an object.
  void Object(const char* name, const std::function<Status(JsonFields&)>& read);
  bool Has(const char* name) const;
  /// Records a fault of a field from outside ("digest: …").
  void Fail(const char* name, const std::string& why);

  const std::string& path() const { return path_; }
  Status Done() const;

 private:
  const nlohmann::json* Find(const char* name) const;
  std::string PathOf(const char* name) const;
  void WrongType(const char* name, std::string_view expected, const nlohmann::json& value);

  const nlohmann::json& json_;
  std::string path_;
  Status status_;
};

}  // namespace landwaiter
