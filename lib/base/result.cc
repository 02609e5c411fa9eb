#include "lib/base/result.h"

namespace landwaiter {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return "InvalidArgument";
    case Code::kNotFound:
      return "NotFound";
    case Code::kUnauthenticated:
      return "Unauthenticated";
    case Code::kPermissionDenied:
      return "PermissionDenied";
    case Code::kConflict:
      return "Conflict";
    case Code::kResourceExhausted:
      return "ResourceExhausted";
    case Code::kDeadlineExceeded:
      return "DeadlineExceeded";
    case Code::kCancelled:
      return "Cancelled";
    case Code::kUnavailable:
      return "Unavailable";
    case Code::kDataLoss:
      return "DataLoss";
    case Code::kUnsupported:
      return "Unsupported";
    case Code::kInternal:
      return "Internal";
  }
  return "Internal";
}

bool IsRetryable(Code code) {
  switch (code) {
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
    case Code::kResourceExhausted:
    case Code::kConflict:
    case Code::kDataLoss:
    case Code::kInternal:
      return true;
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kUnauthenticated:
    case Code::kPermissionDenied:
    case Code::kUnsupported:
    case Code::kCancelled:
      return false;
  }
  return false;
}

Error InvalidArgument(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }
Error NotFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
Error ResourceExhausted(std::string message) {
  return {Code::kResourceExhausted, std::move(message)};
}
Error Unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }
Error DataLoss(std::string message) { return {Code::kDataLoss, std::move(message)}; }
Error Unsupported(std::string message) { return {Code::kUnsupported, std::move(message)}; }
Error Internal(std::string message) { return {Code::kInternal, std::move(message)}; }

}  // namespace landwaiter
