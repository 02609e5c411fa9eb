#include "controller/trust/keeper.h"

#include <nlohmann/json.hpp>

#include "controller/trust/secrets.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr int kMaxConflicts = 3;  // then at the next look

metrics::Gauge& ExpiryGauge(metrics::Registry& metrics, const std::string& certificate) {
  return metrics.AddGauge("landwaiter_certificate_expiry_timestamp_seconds",
                          "When a certificate runs out, in Unix time; 0 before it is known.",
                          {{"certificate", certificate}});
}

void SetExpiry(metrics::Gauge& gauge, const std::string& pem) {
  const auto info = http::ReadCertificate(pem);
  if (!info) return;
  gauge.Set(static_cast<double>(
      std::chrono::floor<std::chrono::seconds>(info->not_after).time_since_epoch().count()));
}

/// Null where there is none.
Result<json> GetSecret(kube::Api& api, const kube::ObjectKey& key, const Cancellation& cancel) {
  auto secret = api.Get(kube::kSecrets, key, cancel);
  if (!secret && secret.error().code == Code::kNotFound) return json();
  return secret;
}

/// Creates or updates where the data differ.
Status Write(kube::Api& api, const json& found, const json& wanted, const Cancellation& cancel) {
  const bool there = found.is_object();
  if (there && found.value("data", json::object()) == wanted["data"]) return Ok();
  auto written = there ? api.Update(kube::kSecrets, wanted, cancel)
                       : api.Create(kube::kSecrets, wanted, cancel);
  const std::string name = kube::KeyOf(wanted).ToString();
  if (!written) return std::move(written).error();
  log::Info(there ? "certificates renewed" : "certificates made", {{"secret", name}});
  return Ok();
}

}  // namespace

struct CertificateKeeper::Found {
  json authority;
  std::map<std::string, json> roles;
};

CertificateKeeper::CertificateKeeper(const Clock& clock, KeeperOptions options,
                                     metrics::Registry& metrics)
    : clock_(clock),
      options_(std::move(options)),
      authority_expiry_(ExpiryGauge(metrics, "authority")) {
  for (const auto& names : options_.settings.roles) {
    role_expiry_[names.common_name] = &ExpiryGauge(metrics, names.common_name);
  }
}

Result<CertificateKeeper::Found> CertificateKeeper::Gather(kube::Api& api,
                                                           const Cancellation& cancel) const {
  Found found;
  auto authority = GetSecret(api, {options_.ns, AuthoritySecretName(options_.prefix)}, cancel);
  if (!authority) return std::move(authority).error();
  found.authority = *std::move(authority);
  for (const auto& names : options_.settings.roles) {
    const std::string& role = names.common_name;
    auto secret = GetSecret(api, {options_.ns, RoleSecretName(options_.prefix, role)}, cancel);
    if (!secret) return std::move(secret).error();
    found.roles[role] = *std::move(secret);
  }
  return found;
}

Status CertificateKeeper::KeepOnce(kube::Api& api, const Cancellation& cancel) {
  auto found = Gather(api, cancel);
  if (!found) return std::move(found).error();
  Trust trust{ReadAuthorities(found->authority), {}};
  for (const auto& [role, secret] : found->roles) {
    if (auto certificate = ReadRole(secret)) trust.roles[role] = *std::move(certificate);
  }
  auto wanted = Renewed(trust, options_.settings, clock_.Now());
  if (!wanted) return std::move(wanted).error();
  // First: nobody is to serve what no stored authority vouches for.
  Status authority = Write(
      api, found->authority,
      WithAuthorities(found->authority, options_.ns, options_.prefix, wanted->authorities), cancel);
  if (!authority) return authority;
  Status first;
  for (const auto& [role, secret] : found->roles) {
    Status written =
        Write(api, secret,
              WithRole(secret, options_.ns, options_.prefix, role, wanted->roles.at(role)), cancel);
    if (!written && first) first = std::move(written);
  }
  if (first) Report(*wanted);
  return first;
}

Status CertificateKeeper::Keep(kube::Api& api, const Cancellation& cancel) {
  for (int conflicts = 0;; ++conflicts) {
    Status kept = KeepOnce(api, cancel);
    const bool raced = !kept && kept.error().code == Code::kConflict &&
                       kept.error().reason != kube::kReasonNotLeader;
    if (!raced || conflicts == kMaxConflicts) return kept;
  }
}

Result<RoleCertificate> CertificateKeeper::Read(kube::Api& api, const std::string& role,
                                                const Cancellation& cancel) const {
  const std::string name = RoleSecretName(options_.prefix, role);
  auto secret = api.Get(kube::kSecrets, {options_.ns, name}, cancel);
  if (!secret) return std::move(secret).error();
  auto certificate = ReadRole(*secret);
  if (!certificate || !Usable(*certificate, clock_.Now())) {
    return NotFound("secret " + name + ": holds no certificate that could be served");
  }
  return *std::move(certificate);
}

void CertificateKeeper::Report(const Trust& trust) {
  if (trust.authorities.signing) {
    SetExpiry(authority_expiry_, trust.authorities.signing->certificate_pem);
  }
  for (const auto& [role, certificate] : trust.roles) {
    if (const auto gauge = role_expiry_.find(role); gauge != role_expiry_.end()) {
      SetExpiry(*gauge->second, certificate.pair.certificate_pem);
    }
  }
}

}  // namespace landwaiter::controller
