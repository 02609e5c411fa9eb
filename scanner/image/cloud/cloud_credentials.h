// Logins to the clouds' own registries as the role's own identity in the cloud, in place of the
// helper programs that nodes and people have: Amazon ECR, Google Artifact Registry and Container
// Registry, Azure Container Registry. One file and one row of a table for each.
//
// What is got goes to hosts of that cloud alone, by the exact names in its file. Metadata addresses
// are reached through a client of its own that may connect to those and to nothing else.
//
// Not handled: public.ecr.aws and other public registries (anonymous), identities that are chained
// or impersonated, Google's external_account files.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "model/image_reference.h"
#include "model/scan_request.h"

namespace landwaiter::image {

/// What the logins reach the world by.
struct CloudPorts {
  http::Client* client = nullptr;    // the clouds' services: the registries' own client
  http::Client* metadata = nullptr;  // metadata addresses alone, never through a proxy
  const Clock* clock = nullptr;
  /// An environment variable's value, "" where it is not set.
  std::function<std::string(const char* name)> environment;
  /// An instance's own role may be asked for (ECR: IMDSv2; it is that of the node).
  bool instance_metadata = false;
};

/// Options of a client for CloudPorts::metadata: the clouds' addresses for workloads and instances
/// (Amazon 169.254.170.2, 169.254.170.23, fd00:ec2::23; 169.254.169.254), no proxy.
http::ClientOptions MetadataClientOptions();

/// Thread-safe. Logins are kept until shortly before they end, failures for half a minute; the same
/// login is asked for once, however many wait for it.
class CloudCredentials {
 public:
  /// `clouds`: of "ecr", "gar", "acr". What `ports` point to outlives it. Errors: InvalidArgument
  /// naming the one that is none.
  static Result<std::unique_ptr<CloudCredentials>> Create(const std::vector<std::string>& clouds,
                                                          CloudPorts ports);
  ~CloudCredentials();

  /// A login for the image's registry; nullopt where that is none of the clouds'. Errors:
  /// Unavailable, Unauthenticated and so on, naming the step that failed; never a secret.
  Result<std::optional<RegistryCredential>> For(const ImageReference& image,
                                                const Cancellation& cancel);

 private:
  struct Slot;
  class Turn;
  CloudCredentials(std::vector<std::size_t> clouds, CloudPorts ports);
  std::shared_ptr<Slot> SlotOf(const std::string& key);

  const std::vector<std::size_t> clouds_;  // rows of the table
  const CloudPorts ports_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Slot>> slots_;  // by cloud and identity
};

}  // namespace landwaiter::image
