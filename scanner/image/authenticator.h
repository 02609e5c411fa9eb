// Docker's token authentication (distribution docs/spec/auth/token.md, oauth.md) and Basic: from a
// challenge and a credential to an Authorization header, kept until it ends.
// Included by this room's sources only.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/guarded.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"
#include "lib/http/client.h"
#include "lib/http/url.h"
#include "model/scan_request.h"
#include "scanner/image/challenge.h"

namespace landwaiter::image {

/// Whom the authorization is for: part of the key it is kept under.
struct AuthScope {
  http::Url registry;              // scheme, host and port count
  std::string repository;          // "library/nginx"
  bool push = false;               // writing, too; a token for reading alone does not do
  http::Client* client = nullptr;  // what the realm is asked through; null: the registry's own
};

class Authenticator {
 public:
  /// `trust_registry`: a realm on the registry's own host is beyond the address policy as it is.
  Authenticator(http::Client& client, std::chrono::milliseconds stall_timeout, bool trust_registry)
      : client_(client), stall_timeout_(stall_timeout), trust_registry_(trust_registry) {}

  /// An Authorization value that still holds; nullopt where there is none.
  std::optional<Secret> Kept(const AuthScope& scope, const RegistryCredential& credential);
  void Forget(const AuthScope& scope, const RegistryCredential& credential);

  /// Answers a 401. Errors: Unauthenticated or PermissionDenied, reason PullUnauthorized, where
  /// this credential does not help (the next may); AddressRefused; RegistryUnavailable;
  /// RateLimited.
  Result<Secret> Answer(const std::vector<Challenge>& challenges, const AuthScope& scope,
                        const RegistryCredential& credential, const Cancellation& cancel);

 private:
  struct Entry {
    Secret authorization;
    std::chrono::steady_clock::time_point ends;
  };
  Result<http::Url> CheckRealm(const std::string& realm, const AuthScope& scope) const;
  Result<Entry> FetchToken(const Challenge& challenge, const AuthScope& scope,
                           const RegistryCredential& credential, const Cancellation& cancel);
  void Keep(const std::string& key, const Entry& entry);

  http::Client& client_;
  const std::chrono::milliseconds stall_timeout_;
  const bool trust_registry_;
  Guarded<std::map<std::string, Entry>> kept_;
};

}  // namespace landwaiter::image
