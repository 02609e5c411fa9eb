#include "scanner/image/registry_blob.h"

#include <algorithm>
#include <charconv>

#include "scanner/image/failure.h"
#include "scanner/image/registry_errors.h"

namespace landwaiter::image {
namespace {

// A registry that breaks off after every few bytes must not hold a scan for ever.
constexpr int kMaxInterruptions = 64;
constexpr std::size_t kSkipChunk = 64u << 10;

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "bytes 100-199/200" starts at the offset that was asked for.
bool StartsAt(std::string_view content_range, std::uint64_t offset) {
  constexpr std::string_view kUnit = "bytes ";
  if (content_range.substr(0, kUnit.size()) != kUnit) return false;
  content_range.remove_prefix(kUnit.size());
  const auto dash = content_range.find('-');
  return dash != std::string_view::npos && Number(content_range.substr(0, dash)) == offset;
}

}  // namespace

RegistryBlob::RegistryBlob(RegistryTransport& transport, std::shared_ptr<Access> access,
                           const Descriptor& descriptor, const Cancellation& cancel)
    : transport_(transport),
      access_(std::move(access)),
      digest_(descriptor.digest),
      size_(descriptor.size),
      cancel_(cancel),
      what_("blob " + digest_.ToString() + " of " + access_->image.Name()) {}

Result<std::unique_ptr<BlobReader>> RegistryBlob::Open(RegistryTransport& transport,
                                                       std::shared_ptr<Access> access,
                                                       const Descriptor& descriptor,
                                                       const Cancellation& cancel) {
  std::unique_ptr<RegistryBlob> blob(
      new RegistryBlob(transport, std::move(access), descriptor, cancel));
  if (auto asked = blob->Ask(); !asked) return std::move(asked).error();
  return std::unique_ptr<BlobReader>(std::move(blob));
}

Error RegistryBlob::WrongSize(const std::string& why) const {
  return Failure(Code::kDataLoss, scan_reason::kDigestMismatch,
                 what_ + ": the manifest says " + std::to_string(size_) + " bytes, " + why +
                     access_->FromGivers());
}

Status RegistryBlob::Ask() {
  RegistryRequest request;
  request.path = "blobs/" + digest_.ToString();
  request.what = what_;
  if (offset_ > 0) {
    request.headers.push_back({"Range", "bytes=" + std::to_string(offset_) + "-"});
  }
  auto body = transport_.Perform(*access_, request, cancel_);
  if (!body) return std::move(body).error();
  body_ = std::move(*body);
  const http::Response& head = body_->Head();
  if (head.status == 206 && offset_ > 0) {
    if (StartsAt(head.HeaderValue("Content-Range"), offset_)) return Ok();
    return Failure(Code::kUnavailable, scan_reason::kRegistryUnavailable,
                   what_ + ": answered another range than was asked for");
  }
  if (head.status != 200) {
    return Failure(Code::kUnavailable, scan_reason::kRegistryUnavailable,
                   what_ + ": answered " + std::to_string(head.status));
  }
  const auto length = Number(head.HeaderValue("Content-Length"));
  if (length && *length != size_) {
    return WrongSize("the registry has " + std::to_string(*length));
  }
  return offset_ > 0 ? SkipTo(offset_) : Ok();
}

Status RegistryBlob::SkipTo(std::uint64_t offset) {
  std::string chunk(kSkipChunk, '\0');
  for (std::uint64_t at = 0; at < offset;) {
    const auto want = std::min<std::uint64_t>(chunk.size(), offset - at);
    const auto got = body_->Read(chunk.data(), static_cast<std::size_t>(want));
    if (!got) return FromTransport(got.error(), cancel_);
    if (*got == 0) return WrongSize("the registry now has " + std::to_string(at));
    at += *got;
  }
  return Ok();
}

Status RegistryBlob::TakeUpAgain(const Error& why) {
  body_.reset();
  Error last = why;
  while (++failures_ < transport_.options().max_tries && ++interruptions_ < kMaxInterruptions) {
    if (!WaitFor(transport_.Backoff(failures_), cancel_)) break;
    auto asked = Ask();
    if (asked) return Ok();
    last = asked.error();
    if (last.code != Code::kUnavailable) break;
  }
  if (cancel_.Stopped()) return Error{Code::kCancelled, what_ + ": cancelled"};
  if (cancel_.Expired()) return Error{Code::kDeadlineExceeded, last.message};
  return std::move(last).Context("after " + std::to_string(offset_) + " of " +
                                 std::to_string(size_) + " bytes");
}

Result<std::size_t> RegistryBlob::Read(char* buffer, std::size_t size) {
  for (;;) {
    const auto got = body_
                         ? body_->Read(buffer, size)
                         : Result<std::size_t>(Unavailable(what_ + ": its body broke off before"));
    if (got && *got > 0) {
      offset_ += *got;
      failures_ = 0;
      if (offset_ <= size_) return *got;
      return Failure(
          Code::kResourceExhausted, scan_reason::kTooLarge,
          what_ + ": more bytes than the " + std::to_string(size_) + " that the manifest says");
    }
    if (offset_ == size_) return std::size_t{0};
    if (got) return WrongSize("its body ends after " + std::to_string(offset_));
    const Error error = FromTransport(got.error(), cancel_);
    if (error.code != Code::kUnavailable) return error;
    if (auto again = TakeUpAgain(error); !again) return std::move(again).error();
  }
}

}  // namespace landwaiter::image
