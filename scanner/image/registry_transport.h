// Requests to one registry: authorization, several credentials, redirects, retries. Included by
// this room's sources only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/guarded.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "lib/http/url.h"
#include "model/image_reference.h"
#include "scanner/image/authenticator.h"
#include "scanner/image/host_pace.h"
#include "scanner/image/mirrors.h"
#include "scanner/image/registry.h"

namespace landwaiter::image {

/// What is asked for, as whom. Used by several threads: blobs are read at once.
class Access {
 public:
  Access(ImageReference i, std::vector<RegistryCredential> credentials)
      : image(std::move(i)), credentials_(std::move(credentials)) {}

  /// The hosts to ask, found once: what was opened is read to its end as it began.
  Result<std::shared_ptr<const ImageHosts>> Hosts(Mirrors& mirrors);
  /// Those that are for this host (ImageHost::key), the one that was let in last first; anonymous
  /// where there is none.
  std::vector<RegistryCredential> For(const std::string& host) const;
  void LetIn(const RegistryCredential& credential);
  /// A mirror that nothing was heard from is not waited for again.
  void SetSilent(const std::string& host, const Error& error);
  std::optional<Error> Silent(const std::string& host) const;
  /// "mirror m.example" for each mirror that gave something; "" where the registry gave all.
  std::string Givers() const;
  /// " from mirror m.example", or "".
  std::string FromGivers() const;
  void Gave(const std::string& host);

  const ImageReference image;

 private:
  struct State {
    std::shared_ptr<const ImageHosts> hosts;
    bool looked = false;
    std::map<std::string, Error> silent;
    std::set<std::string> givers;
  };
  Guarded<std::vector<RegistryCredential>> credentials_;
  Guarded<State> state_;
};

/// "REPOSITORY/", or "" for the registry itself.
std::string FolderOf(const std::string& repository);

struct RegistryRequest {
  std::string method = "GET";
  /// Below /v2/REPOSITORY/: "manifests/latest"; below /v2/ where the image has no repository.
  std::string path;
  std::vector<http::Header> headers = {};
  std::string what;  // for messages: "manifest latest of registry.example/app"
  std::string body = {};
  /// In place of `path`: where the registry said that an upload goes on (a Location header).
  std::string location = {};
  bool push = false;     // the login is for writing
  bool resolve = false;  // a tag's meaning: only of a host that is trusted with that
  bool retry = true;     // false: a second time would not be the same
};

class RegistryTransport {
 public:
  RegistryTransport(http::Client& client, RegistryOptions options);

  /// The response that counts, its status in 200..299. Retries, follows, logs in. Errors as
  /// Registry's, any other status among them.
  Result<std::unique_ptr<http::ResponseBody>> Perform(Access& access,
                                                      const RegistryRequest& request,
                                                      const Cancellation& cancel);
  /// Registry's.
  std::chrono::milliseconds PauseLeft(const ImageReference& image,
                                      const std::vector<RegistryCredential>& credentials);
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
    bool answered = false;  // it was a host's own word

    /// Of what went wrong before there was an answer.
    static Refusal Of(Error error);
  };
  struct Attempt {
    Body body;  // null with a refusal
    Refusal refusal = {};
  };
  struct Answer {
    Body body;
    bool elsewhere = false;  // from where a redirect led
  };
  /// One host that may have the image.
  struct Route {
    http::Url url;      // "https://mirror.example/v2/REPOSITORY/"
    std::string name;   // for messages: "" for the registry itself without mirrors
    std::string key;    // ImageHost::key
    std::string query;  // "ns=…" or ""
    http::Client* client;
    std::vector<http::Header> headers;
    std::chrono::milliseconds connect_timeout;
    bool mirror = false;
    std::chrono::milliseconds patience{0};  // with a pause that the host has asked for
  };

  /// In the order to ask; `access` keeps alive what they point to.
  Result<std::vector<Route>> Routes(Access& access, const RegistryRequest& request,
                                    const Cancellation& cancel);
  Result<Route> RouteTo(const ImageHost& host, const ImageReference& image,
                        const Cancellation& cancel);
  /// One host, with retries.
  Attempt AskAt(Access& access, const RegistryRequest& request, const Route& route, int tries,
                const Cancellation& cancel);
  Result<http::Url> BaseUrl(const ImageReference& image, const Cancellation& cancel);
  bool SpeaksTls(const std::string& host, const Cancellation& cancel);
  bool IsTrusted(const http::Url& url, const http::Url& registry) const;
  /// Each credential in turn.
  Attempt TryOnce(Access& access, const RegistryRequest& request, const Route& route,
                  const Cancellation& cancel);
  /// As one credential, with a login where the registry asks for one.
  Attempt TryAs(const Access& access, const RegistryCredential& credential,
                const RegistryRequest& request, const Route& route, const Cancellation& cancel);
  Result<Answer> Follow(const RegistryRequest& request, const Route& route,
                        const RegistryCredential& credential,
                        const std::optional<Secret>& authorization, const Cancellation& cancel);
  /// One request at the registry's own host, in its turn, or at one that a redirect leads to.
  Result<Body> Send(const http::Request& request, const Route& route, bool at_registry,
                    const RegistryCredential& credential, const Cancellation& cancel);
  /// Where `location` leads, said by `from`; what it may not lead to is an error.
  Result<http::Url> NextUrl(const http::Url& from, const http::Url& registry,
                            std::string_view location) const;
  /// Waits before the next try; the error to give up with where there is no time for it.
  Status WaitBeforeRetry(const Refusal& refusal, int failures, const Cancellation& cancel) const;

  http::Client& client_;
  const RegistryOptions options_;
  HostPace pace_;
  Authenticator authenticator_;
  Guarded<std::map<std::string, bool>> loopback_tls_;  // host -> answered over TLS
};

}  // namespace landwaiter::image
