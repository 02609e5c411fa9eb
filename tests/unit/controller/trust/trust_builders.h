// Settings and comparisons that the tests of certificates share.
#pragma once

#include <string>

#include "controller/trust/renewal.h"

namespace landwaiter::controller {

inline RenewalSettings Settings() {
  RenewalSettings settings;
  for (const char* role : {"webhook", "controller", "scanner"}) {
    settings.roles.push_back(
        {role, {"landwaiter-" + std::string(role) + ".landwaiter.svc"}, {"127.0.0.1"}});
  }
  return settings;
}

inline bool Same(const std::optional<http::CertificatePair>& a,
                 const std::optional<http::CertificatePair>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->certificate_pem == b->certificate_pem && a->key_pem.Reveal() == b->key_pem.Reveal();
}

inline bool Same(const Trust& a, const Trust& b) {
  bool same = Same(a.authorities.signing, b.authorities.signing) &&
              Same(a.authorities.next, b.authorities.next) &&
              a.authorities.retired == b.authorities.retired && a.roles.size() == b.roles.size();
  for (const auto& [role, certificate] : a.roles) {
    const auto other = b.roles.find(role);
    same = same && other != b.roles.end() && certificate.bundle == other->second.bundle &&
           Same(certificate.pair, other->second.pair);
  }
  return same;
}

}  // namespace landwaiter::controller
