// Requests to one registry: authorization, several credentials, redirects, retries. Included by
// this room's sources only.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/guarded.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "lib/http/url.h"
#include "model/image_reference.h"
#include "scanner/image/authenticator.h"
#include "scanner/image/registry.h"

namespace landwaiter::image {

/// What is asked for, as whom. Used by several threads: blobs are read at once.
struct Access {
  Access(ImageReference i, std::vector<RegistryCredential> c)
      : image(std::move(i)), credentials(std::move(c)) {
    if (credentials.empty()) credentials.emplace_back();  // anonymous
  }
  const ImageReference image;
  std::vector<RegistryCredential> credentials;  // at least one
  std::atomic<std::size_t> current{0};          // the one that was let in last
};

struct RegistryRequest {
  std::string method = "GET";
  std::string path;  // below /v2/REPOSITORY/: "manifests/latest"
  std::vector<http::Header> headers = {};
  std::string what;  // for messages: "manifest latest of registry.example/app"
  std::string body = {};
  /// In place of `path`: where the registry said that an upload goes on (a Location header).
  std::string location = {};
  bool push = false;  // the login is for writing
  bool retry = true;  // false: a second time would not be the same
};

class RegistryTransport {
 public:
  RegistryTransport(http::Client& client, RegistryOptions options);

  /// The response that counts, its status in 200..299. Retries, follows, logs in. Errors as
  /// Registry's, any other status among them.
  Result<std::unique_ptr<http::ResponseBody>> Perform(Access& access,
                                                      const RegistryRequest& request,
                                                      const Cancellation& cancel);
  const RegistryOptions& options() const { return options_; }
  /// The wait after failure number `failures` (from 1), with jitter.
  std::chrono::milliseconds Backoff(int failures) const;

 private:
  using Body = std::unique_ptr<http::ResponseBody>;
  /// One try's outcome that is no success.
  struct Refusal {
    Error error;
    bool retry = false;
    std::string retry_after = {};
  };
  struct Attempt {
    Body body;  // null with a refusal
    Refusal refusal = {};
  };
  struct Answer {
    Body body;
    bool elsewhere = false;  // from where a redirect led
  };

  Result<http::Url> BaseUrl(const ImageReference& image, const Cancellation& cancel);
  bool SpeaksTls(const std::string& host, const Cancellation& cancel);
  bool IsTrusted(const http::Url& url, const http::Url& registry) const;
  /// Each credential in turn.
  Attempt TryOnce(Access& access, const RegistryRequest& request, const http::Url& url,
                  const Cancellation& cancel);
  /// As one credential, with a login where the registry asks for one.
  Attempt TryAs(const Access& access, const RegistryCredential& credential,
                const RegistryRequest& request, const http::Url& url, const Cancellation& cancel);
  Result<Answer> Follow(const RegistryRequest& request, const http::Url& registry,
                        const std::optional<Secret>& authorization, const Cancellation& cancel);
  /// Where `location` leads, said by `from`; what it may not lead to is an error.
  Result<http::Url> NextUrl(const http::Url& from, const http::Url& registry,
                            std::string_view location) const;
  /// Waits before the next try; the error to give up with where there is no time for it.
  Status WaitBeforeRetry(const Refusal& refusal, int failures, const Cancellation& cancel) const;

  http::Client& client_;
  const RegistryOptions options_;
  Authenticator authenticator_;
  Guarded<std::map<std::string, bool>> loopback_tls_;  // host -> answered over TLS
};

}  // namespace landwaiter::image
