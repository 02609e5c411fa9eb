// Errors as values. The subset of std::expected's interface that the project uses, so that a move
// to C++23 is an alias. Exceptions stop at the adapters of throwing libraries and at thread
// entries.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace landwaiter {

/// The closed set of failure kinds.
enum class Code {
  kInvalidArgument,
  kNotFound,
  kUnauthenticated,
  kPermissionDenied,
  kConflict,
  kResourceExhausted,  // a limit was met: size, depth, count, time of a bounded input
  kDeadlineExceeded,
  kCancelled,
  kUnavailable,
  kDataLoss,  // bytes that are not what their digest says, or a record that breaks off
  kUnsupported,
  kInternal,
};

/// "InvalidArgument", "NotFound", …
std::string_view CodeName(Code code);
/// True where the same call may succeed later without anybody changing anything.
bool IsRetryable(Code code);

/// Message: lower case, no full stop, subject first, expected against actual.
struct Error {
  Code code = Code::kInternal;
  std::string message;
  /// A CamelCase API constant where one applies ("RateLimited", "TooLarge"), else empty.
  std::string reason = {};

  /// The same error seen from further out: "what: message".
  Error Context(std::string_view what) && {
    message.insert(0, std::string(what) + ": ");
    return std::move(*this);
  }
  Error Context(std::string_view what) const& { return Error(*this).Context(what); }
  Error WithReason(std::string_view why) && {
    reason = why;
    return std::move(*this);
  }
};

Error InvalidArgument(std::string message);
Error NotFound(std::string message);
Error ResourceExhausted(std::string message);
Error Unavailable(std::string message);
Error DataLoss(std::string message);
Error Unsupported(std::string message);
Error Internal(std::string message);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    assert(has_value());
    return std::get<0>(state_);
  }
  const T& value() const& {
    assert(has_value());
    return std::get<0>(state_);
  }
  T&& value() && {
    assert(has_value());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    assert(!has_value());
    return std::get<1>(state_);
  }
  Error&& error() && {
    assert(!has_value());
    return std::get<1>(std::move(state_));
  }
  /// Drops an error on purpose; greppable, and says why.
  void IgnoreError(std::string_view /*why*/) && {}

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error)
      : error_(std::move(error)), ok_(false) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const& {
    assert(!ok_);
    return error_;
  }
  Error&& error() && {
    assert(!ok_);
    return std::move(error_);
  }
  void IgnoreError(std::string_view /*why*/) && {}

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;
inline Status Ok() { return {}; }

}  // namespace landwaiter
