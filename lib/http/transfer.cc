#include "lib/http/transfer.h"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "lib/base/text.h"

namespace landwaiter::http {
namespace {

using Clock = std::chrono::steady_clock;

// Blobs come in hundreds of MB: few, large reads. A pause leaves at most one of them in libcurl.
constexpr long kReceiveBuffer = kBodyPieceBytes;
constexpr std::size_t kPullBuffer = 256u << 10;
constexpr std::size_t kMaxRequestHeaders = 128;

bool IsToken(std::string_view text) {  // RFC 9110, 5.6.2
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool IsFieldValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

}  // namespace

Result<std::unique_ptr<Transfer>> Transfer::Start(Plan plan) {
  std::unique_ptr<Transfer> transfer(new Transfer(std::move(plan)));
  if (auto status = transfer->SetUp(); !status) return std::move(status).error();
  return transfer;
}

Transfer::~Transfer() {
  if (session_) {
    if (in_multi_) curl_multi_remove_handle(session_->multi.get(), session_->easy.get());
    curl_easy_reset(session_->easy.get());
    plan_.pool->Return(std::move(session_));
  }
  curl_slist_free_all(header_list_);
}

Status Transfer::SetUp() {
  const Request& request = plan_.request;
  where_ = text::Printable(text::Truncate(request.method, 16)) + " " + plan_.url.ForMessages();
  const auto now = Clock::now();
  deadline_ = plan_.cancel.deadline;
  if (request.timeout.count() > 0) deadline_ = std::min(deadline_, now + request.timeout);
  last_progress_ = now;
  // Through a proxy the name is resolved there: a literal address is all that can be judged.
  const auto& policy = plan_.options->address_policy;
  if (policy && !plan_.proxy.empty() && !request.trusted_address) {
    if (const auto literal = IpAddress::Parse(plan_.url.host)) {
      if (auto allowed = policy->Check(*literal); !allowed) {
        return std::move(allowed).error().Context(where_);
      }
    }
  }
  auto session = plan_.pool->Take(plan_.url.scheme + "://" + plan_.url.HostPort() + " " +
                                  plan_.proxy + (request.trusted_address ? " trusted" : ""));
  if (!session) return std::move(session).error();
  session_ = std::move(*session);
  if (auto status = ApplyClientOptions(session_->easy.get(), *plan_.options); !status) {
    return status;
  }
  if (request.only_handshake) {
    if (auto status = TrustAnyCertificate(session_->easy.get()); !status) return status;
  }
  if (auto status = SetMethod(); !status) return status;
  if (auto status = SetHeaders(); !status) return status;
  SetCallbacks();
  if (curl_multi_add_handle(session_->multi.get(), session_->easy.get()) != CURLM_OK) {
    return Internal(where_ + ": the exchange cannot be started");
  }
  in_multi_ = true;
  return Ok();
}

Status Transfer::SetMethod() {
  CURL* easy = session_->easy.get();
  const Request& request = plan_.request;
  if (!IsToken(request.method)) return InvalidArgument(where_ + ": bad method");
  curl_easy_setopt(easy, CURLOPT_URL, plan_.url.ToString().c_str());
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return Ok();
  }
  if (request.body.empty() && (request.method == "GET" || request.method == "DELETE")) {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  return Ok();
}

Status Transfer::SetHeaders() {
  const Request& request = plan_.request;
  if (request.headers.size() > kMaxRequestHeaders) {
    return InvalidArgument(where_ + ": more than 128 headers");
  }
  bool has_type = false;
  const auto append = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(header_list_, line.c_str());
    if (longer != nullptr) header_list_ = longer;
    return longer != nullptr;
  };
  bool stored = append("Expect:");  // no 100-continue: one round trip more, and proxies that hang
  for (const Header& header : request.headers) {
    if (!IsToken(header.name) || !IsFieldValue(header.value)) {
      // The value may be a credential.
      return InvalidArgument(where_ + ": header '" +
                             text::Printable(text::Truncate(header.name, 60)) +
                             "' holds a character that no header may hold");
    }
    has_type = has_type || text::EqualsIgnoreCase(header.name, "Content-Type");
    stored = stored &&
             append(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  if (!has_type) stored = stored && append("Content-Type:");
  if (!stored) return ResourceExhausted(where_ + ": out of memory");
  curl_easy_setopt(session_->easy.get(), CURLOPT_HTTPHEADER, header_list_);
  return Ok();
}

void Transfer::SetCallbacks() {
  CURL* easy = session_->easy.get();
  const Request& request = plan_.request;
  curl_easy_setopt(easy, CURLOPT_PROXY,
                   plan_.proxy.c_str());  // "" is none, whatever the environment
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl_message_);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::max<std::int64_t>(request.connect_timeout.count(), 1)));
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_HEADERFUNCTION,
      +[](char* data, std::size_t size, std::size_t count, void* self) {
        return static_cast<Transfer*>(self)->OnHeader({data, size * count});
      });
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_WRITEFUNCTION,
      +[](char* data, std::size_t size, std::size_t count, void* self) {
        return static_cast<Transfer*>(self)->OnBody({data, size * count});
      });
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_OPENSOCKETFUNCTION, +[](void* self, curlsocktype, curl_sockaddr* address) {
        return static_cast<Transfer*>(self)->OnSocket(address);
      });
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_PREREQFUNCTION, +[](void* self, char*, char*, int, int) {
        return static_cast<Transfer*>(self)->OnConnected() ? CURL_PREREQFUNC_OK
                                                           : CURL_PREREQFUNC_ABORT;
      });
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(
      easy, CURLOPT_XFERINFOFUNCTION,
      +[](void* self, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) {
        auto* transfer = static_cast<Transfer*>(self);
        if (down + up != transfer->moved_) {
          transfer->moved_ = down + up;
          transfer->last_progress_ = Clock::now();
        }
        return 0;
      });
}

void Transfer::Fail(Error error) {
  if (!failure_) failure_ = std::move(error);
}

bool Transfer::OnConnected() {
  connected_ = true;
  last_progress_ = Clock::now();
  // The process may have slept since it was last looked at: what is late is not sent at all, since
  // a writer's deadline may be the end of its right to write.
  if (Status in_time = CheckTime(last_progress_); !in_time) {
    Fail(std::move(in_time).error());
    return false;
  }
  if (plan_.request.only_handshake && plan_.url.scheme == "https") {
    Fail({Code::kCancelled, where_ + ": TLS is spoken", "TlsSpoken"});
    return false;
  }
  return true;
}

curl_socket_t Transfer::OnSocket(curl_sockaddr* address) {
  const auto& policy = plan_.options->address_policy;
  if (policy && plan_.proxy.empty() && !plan_.request.trusted_address) {
    const auto ip = IpAddress::FromSockaddr(&address->addr);
    const Status allowed = ip ? policy->Check(*ip) : Status(ip.error());
    if (!allowed) {
      refused_ = Error{Code::kPermissionDenied, allowed.error().message, "AddressRefused"};
      return CURL_SOCKET_BAD;
    }
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t Transfer::OnHeader(std::string_view line) {
  last_progress_ = Clock::now();
  if (head_done_) return line.size();  // trailers
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    Fail({Code::kResourceExhausted, where_ + ": the response's headers are above 64 KiB",
          "TooLarge"});
    return 0;
  }
  const std::string_view text = text::Trim(line);
  if (line.substr(0, 5) == "HTTP/") {
    head_ = Response();
    const std::string_view code = line.substr(std::min(line.find(' ') + 1, line.size()));
    std::from_chars(code.data(), code.data() + code.size(), head_.status);
  } else if (text.empty()) {
    if (head_.status >= 200) EndHead();  // what is below is informational: a head follows
    if (failure_) return 0;
  } else if ((line.front() == ' ' || line.front() == '\t') && !head_.headers.empty()) {
    head_.headers.back().value += " " + std::string(text);  // obsolete folding, RFC 9112, 5.2
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    head_.headers.push_back({std::string(text::Trim(text.substr(0, colon))),
                             std::string(text::Trim(text.substr(colon + 1)))});
  }
  return line.size();
}

void Transfer::EndHead() {
  head_done_ = true;
  if (on_head_ && !on_head_(head_)) {
    Fail({Code::kCancelled, where_ + ": ended by its reader"});
  }
}

std::size_t Transfer::OnBody(std::string_view bytes) {
  const std::size_t limit = plan_.request.max_body_bytes;
  if (!on_data_ && pending_.size() - pending_at_ >= kPullBuffer) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (limit != 0 && bytes.size() > limit - body_bytes_) {
    Fail({Code::kResourceExhausted,
          where_ + ": the body is above the limit of " + std::to_string(limit) + " bytes",
          "TooLarge"});
    return 0;
  }
  body_bytes_ += bytes.size();
  if (on_data_) {
    const bool go_on = on_data_(bytes);
    last_progress_ = Clock::now();  // a slow reader is no stalled server
    if (go_on) return bytes.size();
    Fail({Code::kCancelled, where_ + ": ended by its reader"});
    return 0;
  }
  last_progress_ = Clock::now();
  const std::size_t direct = std::min(bytes.size(), wanted_left_);
  if (direct > 0) {
    std::memcpy(wanted_, bytes.data(), direct);
    wanted_ += direct;
    wanted_left_ -= direct;
  }
  pending_.append(bytes.substr(direct));
  return bytes.size();
}

Status Transfer::Run(HeadSink on_head, DataSink on_data) {
  on_head_ = std::move(on_head);
  on_data_ = std::move(on_data);
  if (auto status = Drive([] { return false; }); !status) return status;
  if (!head_done_) return Unavailable(where_ + ": the server gave no response");
  return Ok();
}

Status Transfer::AwaitHead() {
  // Pulling pauses the connection, and libcurl 7.88 mishandles that on HTTP/2.
  curl_easy_setopt(session_->easy.get(), CURLOPT_HTTP_VERSION,
                   static_cast<long>(CURL_HTTP_VERSION_1_1));
  auto status = Drive([this] { return head_done_; });
  if (head_done_) return Ok();  // what came after it is for Read to say
  if (!status) return status;
  return Unavailable(where_ + ": the server gave no response");
}

Result<std::size_t> Transfer::Read(char* buffer, std::size_t size) {
  if (size == 0) return InvalidArgument(where_ + ": read into an empty buffer");
  if (const std::size_t held = pending_.size() - pending_at_; held > 0) {
    const std::size_t taken = std::min(held, size);
    std::memcpy(buffer, pending_.data() + pending_at_, taken);
    pending_at_ += taken;
    if (pending_at_ == pending_.size()) {
      pending_.clear();
      pending_at_ = 0;
    }
    return taken;
  }
  if (failure_) return *failure_;
  wanted_ = buffer;
  wanted_left_ = size;
  last_progress_ = Clock::now();
  if (paused_ && !done_) {
    paused_ = false;
    curl_easy_pause(session_->easy.get(), CURLPAUSE_CONT);  // may call OnBody at once
  }
  auto status = Drive([&] { return wanted_left_ < size; });
  const std::size_t got = size - wanted_left_;
  wanted_ = nullptr;
  wanted_left_ = 0;
  if (got > 0) return got;  // an error is kept and comes with the next call
  if (!status) return std::move(status).error();
  return std::size_t{0};
}

}  // namespace landwaiter::http
