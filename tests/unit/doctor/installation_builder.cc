#include "tests/unit/doctor/installation_builder.h"

#include "doctor/look.h"
#include "lib/base/text.h"
#include "lib/http/certificates.h"

namespace landwaiter::doctor {
namespace {

using nlohmann::json;

const http::CertificatePair& Authority() {
  static const auto kMade = http::MakeAuthority("test", Now() - std::chrono::hours(24)).value();
  return kMade;
}

json Schema(const std::string& plural) {
  return {{"metadata", {{"name", plural + ".landwaiter.io"}}},
          {"spec", {{"versions", {{{"name", "v1alpha1"}, {"served", true}}}}}},
          {"status", {{"conditions", {{{"type", "Established"}, {"status", "True"}}}}}}};
}

json PodOf(const std::string& role, int number) {
  return {{"metadata",
           {{"name", "landwaiter-" + role + "-" + std::to_string(number)},
            {"labels", {{"app.kubernetes.io/component", role}}}}},
          {"spec",
           {{"serviceAccountName", role},
            {"containers",
             {{{"name", role}, {"image", "r/landwaiter:1"}},
              {{"name", "mesh"}, {"image", "r/mesh:7"}}}}}},
          {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
}

void AddRole(Installation& out, const std::string& role) {
  out.pods.items.push_back(PodOf(role, 0));
  out.pods.items.push_back(PodOf(role, 1));
  out.services.items.push_back(
      {{"metadata",
        {{"name", "landwaiter-" + role}, {"labels", {{"app.kubernetes.io/version", "0.1.0"}}}}}});
  out.slices.items.push_back(
      {{"metadata", {{"labels", {{"kubernetes.io/service-name", "landwaiter-" + role}}}}},
       {"endpoints", {{{"conditions", {{"ready", true}}}}}}});
  out.secrets.items.push_back({{"metadata", {{"name", "landwaiter-" + role + "-tls"}}}});
  SetCertificate(out, role, {});
}

json Configuration() {
  const json client{{"service", {{"namespace", "landwaiter"}, {"name", "landwaiter-webhook"}}},
                    {"caBundle", text::Base64Encode(Authority().certificate_pem)}};
  return {
      {"metadata", {{"name", "landwaiter"}}},
      {"webhooks",
       {{{"name", "pods.landwaiter.io"}, {"failurePolicy", "Fail"}, {"clientConfig", client}}}}};
}

}  // namespace

TimePoint Now() { return ParseTime("2026-11-26T00:00:00Z").value(); }

void SetCertificate(Installation& installation, const std::string& role,
                    const CertificateSettings& settings) {
  const TimePoint made = Now() - std::chrono::hours(12);
  const auto authority =
      settings.new_authority ? http::MakeAuthority("test", made).value() : Authority();
  const auto serving =
      http::MakeServing(authority, {role, {"landwaiter-" + role + "." + settings.ns + ".svc"}, {}},
                        made, settings.ends_in + std::chrono::hours(12))
          .value();
  for (auto& secret : installation.secrets.items) {
    if (secret["metadata"]["name"] != "landwaiter-" + role + "-tls") continue;
    secret["data"] = {{"ca.crt", text::Base64Encode(authority.certificate_pem)},
                      {"tls.crt", text::Base64Encode(serving.certificate_pem)}};
  }
}

Installation Sound() {
  Installation out;
  out.ns = "landwaiter";
  out.name = "landwaiter";
  out.version = "0.1.0";
  out.now = Now();
  out.crds.items = {Schema("imagescans"), Schema("scanpolicies"), Schema("scanexceptions"),
                    Schema("registrywatches")};
  for (const auto role : kRoles) AddRole(out, std::string(role));
  out.validating.items = {Configuration()};
  out.leases.items = {{{"spec",
                        {{"holderIdentity", "controller-0"},
                         {"leaseDurationSeconds", 15},
                         {"renewTime", "2026-11-25T23:59:55.000000Z"}}}}};
  out.guards.items = {{{"metadata", {{"name", "landwaiter-guard"}}}}};
  out.guard_bindings.items = {
      {{"spec", {{"policyName", "landwaiter-guard"}, {"validationActions", {"Deny"}}}}}};
  out.policies.items = {{{"metadata", {{"name", "baseline"}}},
                         {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}}};
  out.scans = {{.name = "sha256-1",
                .image = "r.example/app@sha256:1",
                .ready = true,
                .reason = "Scanned",
                .message = "",
                .since = "2026-11-20T00:00:00Z",
                .database_built_at = "2026-11-25T12:00:00Z"}};
  for (const auto& right : NeededRights()) {
    out.accesses.push_back(
        {right, "system:serviceaccount:landwaiter:" + std::string(right.role), true});
  }
  out.probes.push_back({"https://127.0.0.1:1/validate", Ok()});
  return out;
}

}  // namespace landwaiter::doctor
