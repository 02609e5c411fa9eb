#include "lib/kube/answer.h"

#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/kube/client.h"

namespace landwaiter::kube {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxErrorMessage = 2048;

Code CodeOf(int status) {
  switch (status) {
    case 400:
    case 405:
    case 406:
    case 415:
    case 422:
      return Code::kInvalidArgument;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 409:
      return Code::kConflict;
    case 413:
      return Code::kResourceExhausted;
    case 410:
    case 429:
      return Code::kUnavailable;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kInternal;
  }
}

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// `status` is a metav1.Status (or something that claims to be one).
Error ErrorOfStatus(const json& status, int code, const std::string& what) {
  std::string message = TextOf(status, "message");
  std::string reason = TextOf(status, "reason");
  if (message.empty()) message = "the API server answered " + std::to_string(code);
  if (code == 410 || reason == "Expired") reason = kReasonGone;
  return Error{CodeOf(code),
               what + ": " + text::Printable(text::Truncate(message, kMaxErrorMessage)),
               text::Printable(text::Truncate(reason, 64))};
}

std::optional<WatchEventType> TypeOf(std::string_view name) {
  if (name == "ADDED") return WatchEventType::kAdded;
  if (name == "MODIFIED") return WatchEventType::kModified;
  if (name == "DELETED") return WatchEventType::kDeleted;
  if (name == "BOOKMARK") return WatchEventType::kBookmark;
  return std::nullopt;
}

}  // namespace

Error ErrorOfAnswer(int http_status, std::string_view body, const std::string& what) {
  auto status = ParseJson(body, {.max_bytes = 1u << 20, .max_depth = kMaxAnswerDepth});
  const json none = json::object();
  return ErrorOfStatus(status && status->is_object() ? *status : none, http_status, what);
}

WatchDecoder::WatchDecoder(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

Status WatchDecoder::Feed(std::string_view bytes, const Api::EventHandler& on_event) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > max_line_bytes_) {
      return ResourceExhausted("watch: an event is larger than " + std::to_string(max_line_bytes_) +
                               " bytes");
    }
    if (end == std::string_view::npos) {
      line_.append(piece);
      return Ok();
    }
    bytes.remove_prefix(end + 1);
    std::string whole;
    std::string_view line = piece;
    if (!line_.empty()) {
      whole = std::move(line_);
      line_.clear();
      whole.append(piece);
      line = whole;
    }
    if (text::Trim(line).empty()) continue;
    if (Status status = Line(line, on_event); !status) return status;
  }
  return Ok();
}

Status WatchDecoder::Line(std::string_view line, const Api::EventHandler& on_event) {
  auto event = ParseJson(line, {.max_bytes = max_line_bytes_, .max_depth = kMaxAnswerDepth});
  if (!event) return DataLoss("watch: a line is no JSON: " + event.error().message);
  const auto object = event->is_object() ? event->find("object") : event->end();
  if (!event->is_object() || object == event->end() || !object->is_object()) {
    return DataLoss("watch: a line is no event with type and object");
  }
  const std::string type = TextOf(*event, "type");
  if (type == "ERROR") {
    const auto code = object->find("code");
    const int number = code != object->end() && code->is_number_integer() ? code->get<int>() : 500;
    return ErrorOfStatus(*object, number, "watch");
  }
  const auto known = TypeOf(type);
  if (!known) {
    return DataLoss("watch: event type '" + text::Printable(text::Truncate(type, 32)) +
                    "' is not known");
  }
  if (!on_event(*known, *object)) return Error{Code::kCancelled, "watch: ended by the reader"};
  return Ok();
}

}  // namespace landwaiter::kube
