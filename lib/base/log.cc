#include "lib/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "lib/base/clock.h"
#include "lib/base/text.h"

namespace landwaiter::log {
namespace {

std::atomic<Format> g_format{Format::kText};

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> kLogger = [] {
    auto made = std::make_shared<spdlog::logger>("landwaiter",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *kLogger;
}

std::string ValueText(const Field& field, bool json) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    return json || text->find_first_of(" =\"\\\n\t") != std::string::npos || text->empty()
               ? text::JsonQuote(*text)
               : text::Printable(*text);
  }
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&field.value)) return *flag ? "true" : "false";
  return fmt::format("{}", std::get<double>(field.value));
}

void Write(spdlog::level::level_enum level, std::string_view name, std::string_view message,
           std::initializer_list<Field> fields) {
  spdlog::logger& logger = Logger();
  if (!logger.should_log(level)) return;
  const std::string time = FormatMicroTime(SystemClock().Now());
  const bool json = g_format.load(std::memory_order_relaxed) == Format::kJson;
  std::string line;
  if (json) {
    line = "{\"time\":\"" + time + "\",\"level\":\"" + std::string(name) +
           "\",\"message\":" + text::JsonQuote(message);
    for (const Field& field : fields) {
      line += "," + text::JsonQuote(field.key) + ":" + ValueText(field, true);
    }
    line += "}";
  } else {
    line = std::string(name) + ": " + std::string(message);
    for (const Field& field : fields) {
      line += " " + std::string(field.key) + "=" + ValueText(field, false);
    }
  }
  logger.log(level, line);
}

}  // namespace

void Configure(Level level, Format format) {
  g_format = format;
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err};
  Logger().set_level(kLevels[static_cast<int>(level)]);
}

Result<Level> ParseLevel(std::string_view text) {
  if (text == "debug") return Level::kDebug;
  if (text == "info") return Level::kInfo;
  if (text == "warn") return Level::kWarn;
  if (text == "error") return Level::kError;
  return InvalidArgument("log level '" + std::string(text) +
                         "' is none of debug, info, warn, error");
}

void Debug(std::string_view message, std::initializer_list<Field> fields) {
  Write(spdlog::level::debug, "debug", message, fields);
}
void Info(std::string_view message, std::initializer_list<Field> fields) {
  Write(spdlog::level::info, "info", message, fields);
}
void Warn(std::string_view message, std::initializer_list<Field> fields) {
  Write(spdlog::level::warn, "warning", message, fields);
}
void Error(std::string_view message, std::initializer_list<Field> fields) {
  Write(spdlog::level::err, "error", message, fields);
}

}  // namespace landwaiter::log
