// The whole of /validate but the network, with a controller that answers when the test says so.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/unit/webhook/builders.h"
#include "webhook/handler.h"

namespace landwaiter::webhook::testing {

class FixedClock final : public Clock {
 public:
  TimePoint Now() const override { return kNow; }
};

/// Answers with one digest for every reference, an error, or not at all; counts the questions.
class FakeController final : public Controller {
 public:
  Result<resources::EnsureResponse> Ensure(const resources::EnsureRequest& request,
                                           const Cancellation& cancel) override {
    std::unique_lock lock(mutex_);
    asked_.insert(asked_.end(), request.references.begin(), request.references.end());
    last_ = request;
    if (!request.denied_owner.kind.empty()) denials_.push_back(request);
    changed_.notify_all();
    if (!changed_.wait(lock, cancel.stop, [this] { return open_; })) {
      return Unavailable("cancelled");
    }
    if (unreachable_) return Unavailable("connection refused");
    resources::EnsureResponse response;
    for (const auto& reference : request.references) {
      response.images.push_back(
          {reference, reason_.empty() ? kDigest : "", "", reason_, "said so"});
    }
    return response;
  }
  void Close() {
    With([this] { open_ = false; });
  }
  void Open() {
    With([this] { open_ = true; });
  }
  void BeUnreachable() {
    With([this] { unreachable_ = true; });
  }
  void Fail(const std::string& reason) {
    With([&] { reason_ = reason; });
  }
  std::vector<std::string> Asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  resources::EnsureRequest WaitForDenial() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !denials_.empty(); });
    return denials_.back();
  }
  std::size_t Denials() {
    const std::lock_guard lock(mutex_);
    return denials_.size();
  }
  resources::EnsureRequest WaitForQuestion() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !asked_.empty(); });
    return last_;
  }

 private:
  template <class Fn>
  void With(Fn fn) {
    const std::lock_guard lock(mutex_);
    fn();
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool open_ = true;
  bool unreachable_ = false;
  std::string reason_;
  std::vector<std::string> asked_;
  resources::EnsureRequest last_;
  std::vector<resources::EnsureRequest> denials_;
};

class Validate : public ::testing::Test {
 protected:
  Validate() { memory_.PutNamespace("shop", std::make_shared<Labels>(Labels{{"team", "shop"}})); }
  ~Validate() override {
    controller_.Open();
    waiters_.Stop();
    ensurer_.Stop();
  }

  std::future<http::ServerResponse> Post(const std::string& body,
                                         const char* query = "timeout=10s") {
    http::ServerRequest request;
    request.method = "POST";
    request.query = query;
    request.body = body;
    auto promise = std::make_shared<std::promise<http::ServerResponse>>();
    handler_.Handle(std::move(request), http::Responder([promise](http::ServerResponse&& response) {
                      promise->set_value(std::move(response));
                    }));
    return promise->get_future();
  }
  json Answer(std::future<http::ServerResponse> future) {
    if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    return json::parse(future.get().body)["response"];
  }
  json Answer(const AReview& review, const char* query = "timeout=10s") {
    return Answer(Post(review.Text(), query));
  }
  static bool IsReady(const std::future<http::ServerResponse>& future) {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  void Know(const APolicy& policy) { memory_.PutPolicy(policy.Make()); }
  void Know(const AScan& scan) { memory_.PutScan(scan.Make()); }
  std::string Metrics() { return registry_.RenderPrometheus(); }

  metrics::Registry registry_;
  FixedClock clock_;
  FakeController controller_;
  Memory memory_;
  Waiters waiters_{100};
  Ensurer ensurer_{controller_, memory_, registry_};
  Deliberation deliberation_{memory_, waiters_, ensurer_, clock_, registry_};
  AdmissionHandler handler_{deliberation_, ensurer_, {.hold = true, .nudge = true}, registry_};
};

}  // namespace landwaiter::webhook::testing
