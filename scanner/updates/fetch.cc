#include "scanner/updates/fetch.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <optional>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::updates {
namespace {

using std::chrono::milliseconds;

/// Whoever asks for more is asked again tomorrow.
constexpr milliseconds kLongestPause = std::chrono::hours(24);
constexpr int kMaxRedirects = 5;
constexpr std::size_t kBlockBytes = 256u << 10;

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The whole length where "bytes 100-199/200" is all from the offset that was asked for to the end
/// (RFC 9110, 14.4); nullopt for any other part, and where the length is not said.
std::optional<std::uint64_t> LengthOfRest(std::string_view content_range, std::uint64_t offset) {
  constexpr std::string_view kUnit = "bytes ";
  if (!content_range.starts_with(kUnit)) return std::nullopt;
  content_range.remove_prefix(kUnit.size());
  const auto dash = content_range.find('-');
  const auto slash = content_range.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) {
    return std::nullopt;
  }
  const auto length = Number(content_range.substr(slash + 1));
  const auto last = Number(content_range.substr(dash + 1, slash - dash - 1));
  const bool rest = Number(content_range.substr(0, dash)) == offset && length && last &&
                    *last < *length && *last + 1 == *length;
  return rest ? length : std::nullopt;
}

/// Whether a part's answer names another file than the one that was begun. What it does not say is
/// no difference: If-Range lets a server leave the date out.
bool IsOther(const KnownFile& begun, const Validators& now, std::uint64_t length) {
  const auto differs = [](const std::string& before, const std::string& after) {
    return !after.empty() && before != after;
  };
  return differs(begun.validators.etag, now.etag) ||
         differs(begun.validators.last_modified, now.last_modified) ||
         (begun.bytes != 0 && begun.bytes != length);
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// If-Range takes a strong ETag, else a date (RFC 9110, 13.1.5). "": neither, a part is of no use.
std::string RangeValidator(const Validators& validators) {
  const bool strong = !validators.etag.empty() && !validators.etag.starts_with("W/");
  return strong ? validators.etag : validators.last_modified;
}

Validators ValidatorsOf(const http::Response& head) {
  return {std::string(head.HeaderValue("ETag")), std::string(head.HeaderValue("Last-Modified"))};
}

Error StatusError(const FeedFile& file, int status) {
  const std::string message = Shown(file) + ": answered " + std::to_string(status);
  if (status == 401) return {Code::kUnauthenticated, message};
  if (status == 403) return {Code::kPermissionDenied, message};
  if (status == 404 || status == 410) return NotFound(message);
  const bool passing = status == 429 || status == 408 || status >= 500;
  return passing ? Unavailable(message) : Unsupported(message);
}

Error CannotWrite(const std::string& path) {
  return Internal("cannot write " + path + ": " + std::strerror(errno));
}

Status WriteAll(const FileDescriptor& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return CannotWrite(path);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return Ok();
}

std::string HostOf(const std::string& url) {
  const auto parsed = http::Url::Parse(url);
  return parsed ? parsed->HostPort() : url;
}

}  // namespace

/// `done` without an error: new/NAME or, unchanged, files/NAME is what the server has.
struct Fetcher::Try {
  bool done = false;
  Outcome outcome = {};
  Error error = {};
  bool again = false;  // may succeed after a pause
  bool host = false;   // it is the host, not the file: no connection, 429, 503
  std::string retry_after = {};
  static Try Failed(Error error, bool again = false) {
    Try failed;
    failed.again = again && error.code == Code::kUnavailable;
    failed.error = std::move(error);
    return failed;
  }
};

Fetcher::Fetcher(http::Client& client, Store& store, const Clock& clock, FetchOptions options,
                 Wait wait, Progress progress)
    : client_(client),
      store_(store),
      clock_(clock),
      options_(options),
      wait_(std::move(wait)),
      progress_(std::move(progress)) {}

Status Fetcher::AwaitHost(const std::string& host, const Cancellation& cancel) {
  const auto found = store_.state.hosts.find(host);
  if (found == store_.state.hosts.end()) return Ok();
  const auto left = std::chrono::duration_cast<milliseconds>(found->second - clock_.Now());
  // Nobody is left alone for longer: the clock was wrong when that was noted.
  if (left > kLongestPause) {
    store_.state.hosts.erase(found);
    return Ok();
  }
  if (left > options_.max_wait) {
    return ResourceExhausted(host + " asks to be left alone until " + FormatTime(found->second) +
                             "; run the update again then");
  }
  if (left.count() > 0 && !wait_(left, host, cancel)) {
    return Error{Code::kCancelled, "stopped while waiting for " + host};
  }
  store_.state.hosts.erase(host);
  return Ok();
}

void Fetcher::Pause(const std::string& host, milliseconds wait) {
  store_.state.hosts[host] = clock_.Now() + wait;
}

http::Request Fetcher::RequestFor(const FeedFile& file, std::uint64_t* offset) const {
  http::Request request;
  request.url = file.url;
  request.max_body_bytes = 0;  // counted as it comes
  request.stall_timeout = options_.stall_timeout;
  *offset = 0;
  const auto part = store_.state.parts.find(file.name);
  const std::uint64_t there = SizeOf(store_.PartPath(file.name));
  if (part != store_.state.parts.end() && part->second.url == file.url && there > 0) {
    const std::string validator = RangeValidator(part->second.validators);
    if (!validator.empty()) {
      request.headers.push_back({"Range", "bytes=" + std::to_string(there) + "-"});
      request.headers.push_back({"If-Range", validator});
      *offset = there;
      return request;
    }
  }
  const auto good = store_.state.files.find(file.name);
  if (good == store_.state.files.end() || good->second.url != file.url ||
      SizeOf(store_.GoodPath(file.name)) == 0) {
    return request;
  }
  const Validators& known = good->second.validators;
  if (!known.etag.empty()) request.headers.push_back({"If-None-Match", known.etag});
  if (!known.last_modified.empty()) {
    request.headers.push_back({"If-Modified-Since", known.last_modified});
  }
  return request;
}

Result<std::unique_ptr<http::ResponseBody>> Fetcher::Follow(http::Request request,
                                                            const Cancellation& cancel) {
  const auto origin = http::Url::Parse(request.url);
  if (!origin) return origin.error();
  http::Url url = *origin;
  for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
    request.url = url.ToString();
    // Only the host that a person named is beyond the address policy.
    request.trusted_address = url.HostPort() == origin->HostPort();
    auto body = client_.Open(request, cancel);
    if (!body || !IsRedirect((*body)->Head().status)) return body;
    auto next = url.Resolve((*body)->Head().HeaderValue("Location"));
    if (!next) return std::move(next).error().Context(url.ForMessages());
    if (url.scheme == "https" && next->scheme != "https") {
      return Error{Code::kPermissionDenied, url.ForMessages() + ": redirects to " +
                                                next->ForMessages() + ", which is plain HTTP"};
    }
    url = *std::move(next);
  }
  return Unsupported(origin->ForMessages() + ": more than " + std::to_string(kMaxRedirects) +
                     " redirects");
}

Fetcher::Try Fetcher::TryOnce(const FeedFile& file, const Cancellation& cancel) {
  std::uint64_t offset = 0;
  const http::Request request = RequestFor(file, &offset);
  auto body = Follow(request, cancel);
  if (!body) {
    Error error = std::move(body).error();
    if (error.code == Code::kDeadlineExceeded && !cancel.Expired()) error.code = Code::kUnavailable;
    Try failed = Try::Failed(std::move(error), true);
    failed.host = failed.again;
    return failed;
  }
  const http::Response& head = (*body)->Head();
  if (head.status == 304 && offset == 0 && request.headers.size() > 0) {
    store_.state.files[file.name].checked_at = clock_.Now();
    Try same;
    same.done = true;
    return same;
  }
  if (head.status == 416 && offset > 0) {
    // The file is another, and shorter: what is there of it is of no use.
    store_.state.parts.erase(file.name);
    return Try::Failed(Unavailable(Shown(file) + ": no longer has what was begun"), true);
  }
  if (head.status != 200 && head.status != 206) {
    Try failed = Try::Failed(StatusError(file, head.status), true);
    failed.retry_after = head.HeaderValue("Retry-After");
    failed.host = head.status == 429 || head.status == 503;
    return failed;
  }
  return Take(file, **body, offset, cancel);
}

Fetcher::Try Fetcher::Take(const FeedFile& file, http::ResponseBody& body, std::uint64_t offset,
                           const Cancellation& cancel) {
  const http::Response& head = body.Head();
  const std::string_view encoding = head.HeaderValue("Content-Encoding");
  if (!encoding.empty() && !text::EqualsIgnoreCase(encoding, "identity")) {
    return Try::Failed(Unsupported(Shown(file) + ": comes encoded, which was not asked for"));
  }
  Validators validators = ValidatorsOf(head);
  std::uint64_t bytes = Number(head.HeaderValue("Content-Length")).value_or(0);
  if (head.status == 206) {
    const auto length = LengthOfRest(head.HeaderValue("Content-Range"), offset);
    if (offset == 0 || !length) {
      store_.state.parts.erase(file.name);
      return Try::Failed(Unavailable(Shown(file) + ": answered another range than was asked for"),
                         true);
    }
    const KnownFile begun = store_.state.parts[file.name];
    if (IsOther(begun, validators, *length)) {
      store_.state.parts.erase(file.name);
      return Try::Failed(Unavailable(Shown(file) + ": has the rest of another file"), true);
    }
    validators = begun.validators;
    bytes = *length;
  } else {
    offset = 0;  // the whole file: it has changed, or the server knows no ranges
  }
  const KnownFile known{file.url, validators, bytes, clock_.Now()};
  store_.state.parts[file.name] = known;
  Try copied = Copy(file, body, offset, known);
  if (!copied.done && cancel.Stopped()) copied.again = false;
  return copied;
}

Fetcher::Try Fetcher::Copy(const FeedFile& file, http::ResponseBody& body, std::uint64_t offset,
                           const KnownFile& known) {
  const std::string path = store_.PartPath(file.name);
  const int mode = offset > 0 ? O_APPEND : O_TRUNC;
  const FileDescriptor out(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | mode, 0644));
  if (!out) return Try::Failed(CannotWrite(path));
  const std::uint64_t most =
      file.index == Index::kNone ? options_.max_file_bytes : std::uint64_t{kMaxIndexBytes};
  std::vector<char> block(kBlockBytes);
  for (;;) {
    const auto got = body.Read(block.data(), block.size());
    if (!got) {
      Error error = got.error();
      if (error.code == Code::kDeadlineExceeded) error.code = Code::kUnavailable;
      return Try::Failed(std::move(error), true);
    }
    if (*got == 0) break;
    offset += *got;
    if (offset > most) {
      store_.state.parts.erase(file.name);
      return Try::Failed(
          ResourceExhausted(Shown(file) + ": is larger than " + std::to_string(most) + " bytes"));
    }
    Status written = WriteAll(out, {block.data(), *got}, path);
    if (!written) return Try::Failed(written.error());
    if (progress_) progress_(file, offset, known.bytes);
  }
  store_.state.parts.erase(file.name);
  if (::fsync(out.get()) != 0 || ::rename(path.c_str(), store_.NewPath(file.name).c_str()) != 0) {
    return Try::Failed(CannotWrite(store_.NewPath(file.name)));
  }
  Try whole;
  whole.done = true;
  whole.outcome = {true, known};
  return whole;
}

Result<Fetcher::Outcome> Fetcher::Fetch(const FeedFile& file, const Cancellation& cancel) {
  if (Status made = store_.MakeFolderOf(file.name); !made) return made.error();
  const std::string host = HostOf(file.url);
  if (const auto why = given_up_.find(host); why != given_up_.end()) {
    return Unavailable(Shown(file) + ": not asked for, after " + why->second);
  }
  for (int tries = 1;; ++tries) {
    if (Status status = AwaitHost(host, cancel); !status) return status.error();
    if (cancel.Stopped()) return Error{Code::kCancelled, "stopped"};
    Try tried = TryOnce(file, cancel);
    const bool wanted = !tried.done && tried.again;
    if (wanted) Pause(host, PauseAfter(tried.retry_after, clock_.Now(), options_.retry_floor));
    // After each try: what was begun, and who wants to be left alone, outlives this run.
    if (Status saved = store_.Save(); !saved) return saved.error();
    if (tried.done) return tried.outcome;
    if (cancel.Stopped()) return Error{Code::kCancelled, "stopped"};
    if (wanted && tries < options_.max_tries) continue;
    if (tried.host) given_up_[host] = tried.error.message;
    return tried.error;
  }
}

std::string Shown(const FeedFile& file) {
  const auto url = http::Url::Parse(file.url);
  return url ? url->ForMessages() : file.name;
}

bool WaitFor(milliseconds time, const std::string& /*host*/, const Cancellation& cancel) {
  if (cancel.Stopped() || time > cancel.Left()) return false;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, cancel.stop, time, [] { return false; });
  return !cancel.Stopped();
}

milliseconds PauseAfter(std::string_view value, TimePoint now, milliseconds floor) {
  const std::string trimmed(text::Trim(value));
  milliseconds asked{0};
  std::tm date{};
  const bool digits =
      !trimmed.empty() && trimmed.find_first_not_of("0123456789") == std::string::npos;
  if (digits) {
    const auto seconds = Number(trimmed);  // none: more than fit in 64 bits
    asked =
        seconds ? std::chrono::seconds(std::min<std::uint64_t>(*seconds, 86'400)) : kLongestPause;
  } else if (const char* const rest = strptime(trimmed.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
             rest != nullptr && *rest == '\0') {
    // Not a time_point of the system's clock, which ends in the year 2262.
    asked = TimePoint(std::chrono::seconds(timegm(&date))) - now;
  }
  return std::max(floor, std::min(asked, kLongestPause));
}

}  // namespace landwaiter::updates
