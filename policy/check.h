// Checks a JSON value against the policy language's table: unknown fields, types, enums, bounds and
// formats. Every complaint starts with the path of what is wrong.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "policy/schema.h"

namespace landwaiter::policy {

/// Complaints are "path: what, expected …". At most kMaxComplaints are kept: a hostile policy may
/// have a million, a person reads the first few.
class Complaints {
 public:
  static constexpr std::size_t kMaxComplaints = 16;

  void Add(std::string_view path, std::string_view what);
  bool empty() const { return list_.empty(); }
  std::string Joined() const;
  /// The complaints as lines; the last one says how many more there were.
  std::vector<std::string> Lines() const;
  void Append(const Complaints& other);

 private:
  std::vector<std::string> list_;
  std::size_t left_out_ = 0;
};

void CheckObject(const nlohmann::json& value, const ObjectSchema& schema, const std::string& path,
                 Complaints& complaints);
void CheckField(const nlohmann::json& value, const Field& field, const std::string& path,
                Complaints& complaints);
/// Unknown and missing fields only, the fields themselves are not looked into.
void CheckFieldNames(const nlohmann::json& object, const ObjectSchema& schema,
                     const std::string& path, Complaints& complaints);

}  // namespace landwaiter::policy
