// Whether the API server asks the webhook, and believes its certificate.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/trust/configuration.h"
#include "controller/trust/secrets.h"
#include "doctor/checks.h"
#include "doctor/json_path.h"
#include "lib/base/text.h"
#include "lib/http/certificates.h"

namespace landwaiter::doctor {
namespace {

using nlohmann::json;

/// The controller renews with a third of the life left, 30 of 90 days; cert-manager likewise. One
/// that ends this soon was not renewed.
constexpr std::chrono::hours kSoon{24 * 7};

const json* Configuration(const Installation& installation) {
  for (const json& item : installation.validating.items) {
    if (NameOf(item) == installation.name) return &item;
  }
  return nullptr;
}

std::string Decoded(const json& secret, const char* key) {
  return text::Base64Decode(TextAt(secret, {"data", key})).value_or("");
}

const json* RoleSecret(const Installation& installation, std::string_view role) {
  const auto name = controller::RoleSecretName(installation.name, std::string(role));
  for (const json& item : installation.secrets.items) {
    if (NameOf(item) == name) return &item;
  }
  return nullptr;
}

std::string ControllerLogs(const Installation& installation) {
  return "kubectl -n " + installation.ns + " logs -l app.kubernetes.io/component=controller";
}

bool Names(const http::CertificateInfo& info, const std::string& name) {
  return std::find(info.dns.begin(), info.dns.end(), name) != info.dns.end();
}

void LookAtCertificate(const Installation& installation, std::string_view role, Findings& out) {
  const std::string service = installation.name + "-" + std::string(role);
  const std::string object = "Secret " + installation.ns + "/" +
                             controller::RoleSecretName(installation.name, std::string(role));
  const json* secret = RoleSecret(installation, role);
  if (secret == nullptr) {
    out.push_back({Grade::kFault, object + " is not there: its pods cannot start",
                   "certificates.source in the chart's values says who makes it"});
    return;
  }
  const auto info = http::ReadCertificate(Decoded(*secret, "tls.crt"));
  if (!info) {
    out.push_back({Grade::kFault, object + ": tls.crt: " + info.error().message,
                   "who makes it is silent: " + ControllerLogs(installation)});
    return;
  }
  const std::string ends = object + ": the certificate " +
                           (info->not_after < installation.now ? "ended " : "ends ") +
                           FormatTime(info->not_after);
  if (info->not_after < installation.now) {
    out.push_back(
        {Grade::kFault, ends, "who renews it is silent: " + ControllerLogs(installation)});
  } else if (info->not_after < installation.now + kSoon) {
    out.push_back(
        {Grade::kWarning, ends, "it should have been renewed: " + ControllerLogs(installation)});
  }
  if (info->not_before > installation.now) {
    out.push_back({Grade::kFault,
                   object + ": the certificate begins only " + FormatTime(info->not_before),
                   "compare the clocks of this machine and of the nodes"});
  }
  const std::string name = service + "." + installation.ns + ".svc";
  if (!Names(*info, name)) {
    out.push_back({Grade::kFault, object + ": the certificate does not name " + name,
                   "delete its data, and the controller makes it anew; with cert-manager add the "
                   "name to the Certificate"});
  }
}

/// The bundle of a webhook, or why it has none.
Result<std::string> BundleOf(const json& webhook) {
  const std::string text = TextAt(webhook, {"clientConfig", "caBundle"});
  if (text.empty()) return NotFound("has no caBundle");
  auto pem = text::Base64Decode(text);
  if (!pem || http::SplitBundle(*pem).empty()) return InvalidArgument("its caBundle is no PEM");
  return *std::move(pem);
}

bool VouchesFor(const std::string& bundle, const std::string& certificate, TimePoint now) {
  const auto authorities = http::SplitBundle(bundle);
  return std::any_of(authorities.begin(), authorities.end(), [&](const std::string& authority) {
    return http::VerifySignedBy(certificate, authority, now).has_value();
  });
}

Finding LeadsNowhere(const Installation& installation, const char* kind, const json& configuration,
                     const json& webhook, const std::string& service) {
  const bool fails = TextAt(webhook, {"failurePolicy"}) != "Ignore";
  const std::string name = NameOf(configuration);
  return {fails ? Grade::kFault : Grade::kWarning,
          std::string(kind) + " " + name + ": webhook " + TextAt(webhook, {"name"}) +
              " leads to Service " + installation.ns + "/" + service + ", which is not there" +
              (fails ? ": what it is asked about is refused" : ""),
          name == installation.name
              ? "install it again (helm upgrade)"
              : "where it was left by an earlier installation: kubectl delete " +
                    text::ToLower(kind) + " " + name};
}

}  // namespace

Findings LookAtCertificates(const Installation& installation) {
  Findings out;
  AddUnseen(installation.secrets, "secrets", out);
  if (!out.empty()) return out;
  for (const auto role : kRoles) LookAtCertificate(installation, role, out);
  return out;
}

Findings LookAtArming(const Installation& installation) {
  Findings out;
  AddUnseen(installation.validating, "validatingwebhookconfigurations", out);
  if (!out.empty()) return out;
  const std::string object = "ValidatingWebhookConfiguration " + installation.name;
  const json* configuration = Configuration(installation);
  if (configuration == nullptr) {
    out.push_back({Grade::kFault, object + " is not there: no pod is judged",
                   "install it again (helm upgrade)"});
  } else if (controller::IsMarkedDisarmed(*configuration)) {
    out.push_back(
        {Grade::kFault,
         object + " was disarmed by hand (" +
             TextAt(*configuration, {"metadata", "annotations", controller::kDisarmedAnnotation}) +
             "): no pod is judged",
         "landwaiter arm, or kubectl annotate validatingwebhookconfiguration " + installation.name +
             " " + controller::kDisarmedAnnotation + "-"});
  } else if (!controller::HasWebhooks(*configuration)) {
    out.push_back({Grade::kFault, object + " has no webhooks: no pod is judged",
                   "the controller fills them in when the webhook answers; it says what it waits "
                   "for: " +
                       ControllerLogs(installation)});
  }
  return out;
}

Findings LookAtBundles(const Installation& installation) {
  Findings out;
  const json* configuration = Configuration(installation);
  if (configuration == nullptr || !controller::HasWebhooks(*configuration)) {
    return {{Grade::kNothing, "no webhook is armed", ""}};
  }
  for (const json& webhook : At(*configuration, {"webhooks"})) {
    const std::string object = "webhook " + TextAt(webhook, {"name"});
    const auto bundle = BundleOf(webhook);
    if (!bundle) {
      out.push_back({Grade::kFault, object + " " + bundle.error().message,
                     "take the webhooks away, and the controller fills them in: kubectl patch "
                     "validatingwebhookconfiguration " +
                         installation.name + " --type=merge -p '{\"webhooks\":null}'"});
      continue;
    }
    const json* secret = RoleSecret(installation, "webhook");
    if (secret == nullptr) continue;  // another check says so
    const auto certificate = Decoded(*secret, "tls.crt");
    const auto info = http::ReadCertificate(certificate);
    // Judged at a time when the certificate itself holds: that it ended is another finding.
    const TimePoint when = info ? std::min(installation.now, info->not_after) : installation.now;
    if (!VouchesFor(*bundle, certificate, when)) {
      out.push_back({Grade::kFault,
                     object + ": its caBundle does not vouch for the certificate in Secret " +
                         installation.ns + "/" + NameOf(*secret) +
                         ": the API server refuses the webhook",
                     "the controller mends it while it leads and webhook.arm is on; else apply "
                     "manifests/webhook.yaml with the present ca.crt"});
    }
  }
  return out;
}

Findings LookAtTargets(const Installation& installation) {
  Findings out;
  AddUnseen(installation.mutating, "mutatingwebhookconfigurations", out);
  if (installation.services.error) return out;  // another check says so
  const auto look = [&](const Seen& configurations, const char* kind) {
    for (const json& configuration : configurations.items) {
      for (const json& webhook : At(configuration, {"webhooks"})) {
        const json& service = At(webhook, {"clientConfig", "service"});
        if (TextAt(service, {"namespace"}) != installation.ns) continue;
        const std::string name = TextAt(service, {"name"});
        const auto& services = installation.services.items;
        if (std::any_of(services.begin(), services.end(),
                        [&](const json& each) { return NameOf(each) == name; })) {
          continue;
        }
        out.push_back(LeadsNowhere(installation, kind, configuration, webhook, name));
      }
    }
  };
  look(installation.validating, "ValidatingWebhookConfiguration");
  look(installation.mutating, "MutatingWebhookConfiguration");
  return out;
}

Findings LookAtProbes(const Installation& installation) {
  Findings out;
  if (installation.probes.empty()) {
    return {{Grade::kNothing, "not called: only pods of the cluster reach a Service", ""}};
  }
  for (const auto& probe : installation.probes) {
    if (probe.answer) continue;
    const auto& error = probe.answer.error();
    out.push_back({Grade::kFault, probe.url + ": " + error.message,
                   error.code == Code::kUnauthenticated
                       ? "see the checks \"certificates\" and \"caBundle\""
                       : "see the checks \"pods\" and \"endpoints\"; then NetworkPolicies and the "
                         "cloud's firewall between API server and pods"});
  }
  return out;
}

}  // namespace landwaiter::doctor
