// Fetches one file into a store, with a clock that the waits turn.
#pragma once

#include "scanner/updates/fetch.h"
#include "tests/unit/scanner/updates/feed_server.h"

namespace landwaiter::updates {

using advisories::TemporaryFolder;
using std::chrono::milliseconds;
using std::chrono::seconds;

class FetchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.Hold("/all.zip", bytes_);
    Open();
  }
  /// As the next run does.
  void Open() {
    store_.reset();
    auto store = Store::Open(folder_.Path("store"));
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::make_unique<Store>(*std::move(store));
  }
  Result<Fetcher::Outcome> Fetch(const std::string& path = "/all.zip") {
    options_.stall_timeout = milliseconds(500);
    Fetcher fetcher(*client_, *store_, clock_, options_,
                    [this](milliseconds time, const std::string&, const Cancellation&) {
                      waited_.push_back(time);
                      clock_.now += time;
                      return may_wait_;
                    },
                    {});
    return fetcher.Fetch(server_.File(path), {});
  }
  /// Fetches and keeps, as an update does whose build succeeds.
  void FetchAndKeep() {
    const auto fetched = Fetch();
    ASSERT_TRUE(fetched) << fetched.error().message;
    ASSERT_TRUE(fetched->changed);
    ASSERT_TRUE(store_->Promote("osv.zip", fetched->known));
    ASSERT_TRUE(store_->Save());
  }
  std::string NewBytes() {
    auto bytes = ReadFile(store_->NewPath("osv.zip"), 64u << 20);
    return bytes ? *bytes : "";
  }

  const std::string bytes_ = [] {
    std::string bytes;
    for (int i = 0; i < 40'000; ++i) bytes += std::to_string(i);
    return bytes;
  }();
  TemporaryFolder folder_;
  FeedServer server_;
  std::unique_ptr<http::Client> client_ = *http::Client::Create({});
  std::unique_ptr<Store> store_;
  TurnedClock clock_;
  FetchOptions options_;
  std::vector<milliseconds> waited_;
  bool may_wait_ = true;
};

}  // namespace landwaiter::updates
