#include "controller/trust/secrets.h"

#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "lib/base/text.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

/// "" where it is missing or no base64.
std::string Data(const json& secret, const char* key) {
  const auto data = secret.is_object() ? secret.find("data") : secret.end();
  if (!secret.is_object() || data == secret.end() || !data->is_object()) return {};
  const auto value = data->find(key);
  if (value == data->end() || !value->is_string()) return {};
  return text::Base64Decode(value->get_ref<const std::string&>()).value_or("");
}

std::optional<http::CertificatePair> Pair(const json& secret, const char* certificate,
                                          const char* key) {
  std::string certificate_pem = Data(secret, certificate);
  // A certificate whose key is lost still counts: it is trusted and signs no more.
  if (certificate_pem.empty()) return std::nullopt;
  return http::CertificatePair{std::move(certificate_pem), Secret(Data(secret, key))};
}

void PutPair(json& data, const char* certificate, const char* key,
             const http::CertificatePair& pair) {
  data[certificate] = text::Base64Encode(pair.certificate_pem);
  data[key] = text::Base64Encode(pair.key_pem.Reveal());
}

json Fresh(const std::string& ns, const std::string& name, const char* type) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"type", type},
          {"metadata",
           {{"namespace", ns},
            {"name", name},
            {"labels",
             {{"app.kubernetes.io/name", "landwaiter"},
              {"app.kubernetes.io/component", "certificates"},
              {kManagedByLabel, kManagedBy}}}}}};
}

}  // namespace

std::string AuthoritySecretName(const std::string& prefix) { return prefix + "-ca"; }
std::string RoleSecretName(const std::string& prefix, const std::string& role) {
  return prefix + "-" + role + "-tls";
}

Authorities ReadAuthorities(const json& secret) {
  return {.signing = Pair(secret, "ca.crt", "ca.key"),
          .next = Pair(secret, "next.crt", "next.key"),
          .retired = http::SplitBundle(Data(secret, "retired.crt"))};
}

std::optional<RoleCertificate> ReadRole(const json& secret) {
  auto pair = Pair(secret, "tls.crt", "tls.key");
  if (!pair) return std::nullopt;
  return RoleCertificate{Data(secret, "ca.crt"), *std::move(pair)};
}

json WithAuthorities(json secret, const std::string& ns, const std::string& prefix,
                     const Authorities& authorities) {
  if (!secret.is_object()) secret = Fresh(ns, AuthoritySecretName(prefix), "Opaque");
  json data = json::object();
  if (authorities.signing) PutPair(data, "ca.crt", "ca.key", *authorities.signing);
  if (authorities.next) PutPair(data, "next.crt", "next.key", *authorities.next);
  std::string retired;
  for (const auto& pem : authorities.retired) retired += pem;
  if (!retired.empty()) data["retired.crt"] = text::Base64Encode(retired);
  secret["data"] = std::move(data);
  return secret;
}

json WithRole(json secret, const std::string& ns, const std::string& prefix,
              const std::string& role, const RoleCertificate& certificate) {
  if (!secret.is_object()) secret = Fresh(ns, RoleSecretName(prefix, role), "kubernetes.io/tls");
  json data = {{"ca.crt", text::Base64Encode(certificate.bundle)}};
  PutPair(data, "tls.crt", "tls.key", certificate.pair);
  secret["data"] = std::move(data);
  return secret;
}

}  // namespace landwaiter::controller
