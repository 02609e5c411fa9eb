// The self-made certificate authority and the serving certificates of the roles (X.509 v3,
// RFC 5280): ECDSA P-256 with SHA-256, made with OpenSSL. Not handled: revocation, intermediate
// authorities.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace landwaiter::http {

/// A clock that is some minutes behind must not see a certificate that is not yet valid.
inline constexpr std::chrono::hours kCertificateBackDating{1};
inline constexpr std::chrono::hours kAuthorityLifetime{24 * 3650};
inline constexpr std::chrono::hours kServingLifetime{24 * 90};

struct CertificatePair {
  std::string certificate_pem;
  Secret key_pem;
};

struct ServingNames {
  std::string common_name;  // the role: "webhook"; what the other side checks
  std::vector<std::string> dns;
  std::vector<std::string> ip;  // textual IPv4 or IPv6
};

/// A new authority that may sign certificates and nothing below it that signs again. It is valid
/// for `lifetime` from `now`, and kCertificateBackDating before.
Result<CertificatePair> MakeAuthority(const std::string& common_name, TimePoint now,
                                      std::chrono::seconds lifetime = kAuthorityLifetime);
/// A certificate for serving and for being a client, signed by `authority`. Errors:
/// InvalidArgument for an address that is none, a name that is none, or an authority whose key
/// does not fit.
Result<CertificatePair> MakeServing(const CertificatePair& authority, const ServingNames& names,
                                    TimePoint now,
                                    std::chrono::seconds lifetime = kServingLifetime);

struct CertificateInfo {
  std::string common_name;
  std::vector<std::string> dns;
  std::vector<std::string> ip;
  TimePoint not_before;
  TimePoint not_after;
  bool authority = false;
};
/// The first certificate of a PEM text. Errors: InvalidArgument.
Result<CertificateInfo> ReadCertificate(const std::string& pem);
/// Ok where `certificate_pem` is signed by `authority_pem` and both are valid at `now`.
Status VerifySignedBy(const std::string& certificate_pem, const std::string& authority_pem,
                      TimePoint now);
/// Errors: InvalidArgument where either is no PEM, or the key is another certificate's.
Status VerifyKeyFits(const CertificatePair& pair);
/// The certificates of a PEM text, each as PEM of its own; what is none is left out. At most
/// kMaxBundle of them.
inline constexpr std::size_t kMaxBundle = 16;  // an authority, its follower, those that they follow
std::vector<std::string> SplitBundle(const std::string& pem);

}  // namespace landwaiter::http
