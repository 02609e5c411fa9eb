// One HTTP exchange on one libcurl session: set up, driven on the calling thread until the head is
// there, then pushed to a sink or pulled. Included by this room's sources only.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "lib/http/curl_session.h"
#include "lib/http/url.h"

namespace landwaiter::http {

class Transfer final : public ResponseBody {
 public:
  using HeadSink = std::function<bool(const Response&)>;
  using DataSink = std::function<bool(std::string_view)>;

  struct Plan {
    const ClientOptions* options = nullptr;  // outlive the transfer
    SessionPool* pool = nullptr;
    Url url;
    std::string proxy;  // "" for none
    Request request;
    Cancellation cancel;
  };

  /// Everything that can be refused without the network is refused here.
  static Result<std::unique_ptr<Transfer>> Start(Plan plan);
  ~Transfer() override;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Pushes the whole body. Call once, instead of AwaitHead and Read.
  Status Run(HeadSink on_head, DataSink on_data);
  /// Drives until the head is there.
  Status AwaitHead();
  Result<std::size_t> Read(char* buffer, std::size_t size) override;
  const Response& Head() const override { return head_; }
  Response TakeHead() { return std::move(head_); }

 private:
  explicit Transfer(Plan plan) : plan_(std::move(plan)) {}
  Status SetUp();
  Status SetHeaders();
  Status SetMethod();
  void SetCallbacks();
  /// Drives until `ready` or the end of the exchange; the error of a failed one.
  Status Drive(const std::function<bool()>& ready);
  Status CheckTime(std::chrono::steady_clock::time_point now);
  std::chrono::milliseconds LongestWait(std::chrono::steady_clock::time_point now) const;
  void TakeOutcome();
  Error OutcomeError(CURLcode code) const;
  void Fail(Error error);

  /// Right before the request is sent; false: it is not to be.
  bool OnConnected();
  std::size_t OnHeader(std::string_view line);
  std::size_t OnBody(std::string_view bytes);
  curl_socket_t OnSocket(curl_sockaddr* address);
  void EndHead();

  Plan plan_;
  std::unique_ptr<Session> session_;
  curl_slist* header_list_ = nullptr;
  std::string where_;  // "GET https://host/path", for messages
  char curl_message_[CURL_ERROR_SIZE] = {};
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point last_progress_;
  bool connected_ = false;
  bool in_multi_ = false;
  curl_off_t moved_ = 0;  // bytes both ways, as last seen

  Response head_;
  std::size_t header_bytes_ = 0;
  bool head_done_ = false;
  std::size_t body_bytes_ = 0;
  std::optional<Error> failure_;  // what a callback found
  std::optional<Error> refused_;  // an address that was refused; the name may have others
  bool done_ = false;
  CURLcode outcome_ = CURLE_OK;

  HeadSink on_head_;
  DataSink on_data_;
  // Pulling: the reader's buffer first, the rest waits here, the rest of that in the network.
  char* wanted_ = nullptr;
  std::size_t wanted_left_ = 0;
  std::string pending_;
  std::size_t pending_at_ = 0;
  bool paused_ = false;
};

}  // namespace landwaiter::http
