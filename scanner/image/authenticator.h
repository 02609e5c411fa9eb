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
#include "scanner/image/host_pace.h"
#include "scanner/image/registry.h"

namespace landwaiter::image {

/// Whom the authorization is for: part of the key it is kept under.
struct AuthScope {
  http::Url registry;              // scheme, host and port count
  std::string repository;          // "library/nginx"; "": the registry's catalogue
  bool push = false;               // writing, too; a token for reading alone does not do
  http::Client* client = nullptr;  // what the realm is asked through; null: the registry's own
  std::chrono::milliseconds patience{0};  // with a realm that has asked for a pause
};

/// Tells logins apart; says nothing of what is in them.
std::string LoginKey(const RegistryCredential& credential);

class Authenticator {
 public:
  /// The options' are kept by reference. A realm is asked at the pace of its own host.
  Authenticator(http::Client& client, const RegistryOptions& options, HostPace& pace)
      : client_(client), options_(options), pace_(pace) {}

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
  const RegistryOptions& options_;
  HostPace& pace_;
  Guarded<std::map<std::string, Entry>> kept_;
};

}  // namespace landwaiter::image
