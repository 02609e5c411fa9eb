// A credential that cannot be printed by accident: there is no conversion, no operator<<, and the
// one way to the bytes is named so that a review finds it.
#pragma once

#include <string>
#include <utility>

namespace landwaiter {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  /// Only where the bytes leave for the server they are meant for.
  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  std::string ToString() const { return value_.empty() ? "" : "***"; }

 private:
  std::string value_;
};

}  // namespace landwaiter
