// Api over HTTP. Answers are bounded, nested no deeper than kMaxAnswerDepth; writes are limited to
// a rate of the client's own, so that a mistake here never becomes a flood there; 429 is waited out
// as long as the server asks (at most kMaxRetryAfter, three times), whatever the call.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "lib/kube/api.h"
#include "lib/kube/config.h"

namespace landwaiter::http {
class Client;
}

namespace landwaiter::kube {

/// etcd holds no object above 1.5 MiB; JSON escapes may make six times of it.
inline constexpr std::size_t kMaxObjectBytes = 16u << 20;
/// 500 objects of 128 KiB, far more than pods have (10 KiB), and one of any size. A page above it
/// is asked for anew with half as many objects, down to one: nobody's large objects keep the others
/// from being listed.
inline constexpr std::size_t kMaxPageBytes = 64u << 20;
inline constexpr std::size_t kMaxAnswerDepth = 128;
inline constexpr std::chrono::seconds kMaxRetryAfter{30};

struct ClientOptions {
  std::string user_agent = "landwaiter";
  double writes_per_second = 100;
  double write_burst = 200;
  std::chrono::milliseconds timeout{30'000};  // of one request that is no watch
  std::size_t max_page_bytes = kMaxPageBytes;
};

class Client final : public Api {
 public:
  /// Errors: those of http::Client::Create.
  static Result<std::unique_ptr<Client>> Create(const ClusterConfig& config,
                                                ClientOptions options = {});
  ~Client() override;

  Result<nlohmann::json> Get(const Resource& resource, const ObjectKey& key,
                             const Cancellation& cancel) override;
  Result<std::string> List(const Resource& resource, const ListOptions& options,
                           const ItemHandler& on_item, const Cancellation& cancel) override;
  Result<nlohmann::json> Create(const Resource& resource, const nlohmann::json& object,
                                const Cancellation& cancel) override;
  Result<nlohmann::json> Update(const Resource& resource, const nlohmann::json& object,
                                const Cancellation& cancel) override;
  Result<nlohmann::json> UpdateStatus(const Resource& resource, const nlohmann::json& object,
                                      const Cancellation& cancel) override;
  Result<nlohmann::json> Patch(const Resource& resource, const ObjectKey& key,
                               const PatchOptions& options, const nlohmann::json& patch,
                               const Cancellation& cancel) override;
  Status Delete(const Resource& resource, const ObjectKey& key, const DeleteOptions& options,
                const Cancellation& cancel) override;
  Status Watch(const Resource& resource, const WatchOptions& options, const EventHandler& on_event,
               const Cancellation& cancel) override;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace landwaiter::kube
