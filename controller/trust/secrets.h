// The Secrets (core/v1) that hold authority and certificates, read and written. The keys of a
// role's Secret are those that cert-manager uses, so that a mounted folder looks the same either
// way.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "controller/trust/renewal.h"

namespace landwaiter::controller {

std::string AuthoritySecretName(const std::string& prefix);
std::string RoleSecretName(const std::string& prefix, const std::string& role);

/// Parts that are missing or no base64 are left out: they are made anew.
Authorities ReadAuthorities(const nlohmann::json& secret);
std::optional<RoleCertificate> ReadRole(const nlohmann::json& secret);

/// `secret` as it was read, or null where there is none, with this and nothing else for its data.
/// Its type, labels and annotations stay.
nlohmann::json WithAuthorities(nlohmann::json secret, const std::string& ns,
                               const std::string& prefix, const Authorities& authorities);
nlohmann::json WithRole(nlohmann::json secret, const std::string& ns, const std::string& prefix,
                        const std::string& role, const RoleCertificate& certificate);

}  // namespace landwaiter::controller
