// Which authority and which certificates should stand, given those that do: a function of them, the
// names and the time, without I/O. The order of a change of authority is that of
// docs/adr/0011: trusted everywhere first, then signing, then still trusted while anything that it
// signed can live.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/http/certificates.h"

namespace landwaiter::controller {

struct RenewalSettings {
  std::vector<http::ServingNames> roles;  // common_name is the role's
  std::chrono::seconds authority_lifetime = http::kAuthorityLifetime;
  std::chrono::seconds serving_lifetime = http::kServingLifetime;
  std::chrono::seconds overlap = std::chrono::minutes(10);
};

struct Authorities {
  std::optional<http::CertificatePair> signing;
  std::optional<http::CertificatePair> next;  // trusted, does not sign yet
  std::vector<std::string> retired;           // PEM, without keys, trusted still; oldest first
};

/// All of them as one PEM text: whom to trust.
std::string BundleOf(const Authorities& authorities);

struct RoleCertificate {
  std::string bundle;
  http::CertificatePair pair;
};

/// What is not there, or is no PEM, is left out.
struct Trust {
  Authorities authorities;
  std::map<std::string, RoleCertificate> roles;
};

/// What should stand at `now`; equal to `found` where nothing is to be done. A certificate or
/// authority is renewed when a third of its life is left, and replaced when it is expired, not yet
/// valid, has not its key, other names than wanted, or was signed by another than the signing one.
/// Errors: InvalidArgument for a name that is none; Internal.
Result<Trust> Renewed(const Trust& found, const RenewalSettings& settings, TimePoint now);

/// Key and certificate fit, and one of its bundle vouches for it at `now`: it can be served.
bool Usable(const RoleCertificate& certificate, TimePoint now);

}  // namespace landwaiter::controller
