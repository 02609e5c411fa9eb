// Logs: a constant message and typed keys, one JSON object a line ("json") or one readable line
// ("text", the command line's way), always to standard error. Secrets are never given to it:
// credentials are lib/base/secret.h's Secret, which prints as "***".
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "lib/base/result.h"

namespace landwaiter::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kText, kJson };

struct Field {
  std::string_view key;
  std::variant<std::string, std::int64_t, double, bool> value;

  Field(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  template <class T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
  Field(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
  Field(std::string_view k, const Error& e) : key(k), value(e.message) {}
};

/// Called once by a role's start-up. Default: text, info.
void Configure(Level level, Format format);
/// Errors: InvalidArgument for anything but debug, info, warn, error.
Result<Level> ParseLevel(std::string_view text);

void Debug(std::string_view message, std::initializer_list<Field> fields = {});
void Info(std::string_view message, std::initializer_list<Field> fields = {});
void Warn(std::string_view message, std::initializer_list<Field> fields = {});
/// A human is needed.
void Error(std::string_view message, std::initializer_list<Field> fields = {});

}  // namespace landwaiter::log
