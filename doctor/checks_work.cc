// What the installation does: policies, database, scans, registries.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "doctor/checks.h"
#include "doctor/json_path.h"
#include "lib/base/text.h"
#include "model/database_age.h"
#include "model/image_reference.h"
#include "model/scan_request.h"

namespace landwaiter::doctor {
namespace {

using nlohmann::json;

/// A scan has 15 minutes by default; one that has waited for twice that waits for something else.
constexpr std::chrono::minutes kLongWait{30};
/// Feeds change daily. maxDatabaseAge of policies may ask for less.
constexpr std::chrono::hours kOldDatabase{24 * 3};

constexpr std::string_view kWaiting[] = {"Queued", "Scanning", "Resolving"};

bool IsWaiting(const ScanSeen& scan) {
  return !scan.ready && (scan.reason.empty() || std::find(std::begin(kWaiting), std::end(kWaiting),
                                                          scan.reason) != std::end(kWaiting));
}

struct Remedy {
  std::string_view reason;
  std::string_view todo;
};
// docs/registries.md, "When it fails".
constexpr Remedy kRemedies[] = {
    {scan_reason::kPullUnauthorized,
     "name a pull secret that may read it in the pod or its service account, and let the "
     "controller read it (values: registries.secrets)"},
    {scan_reason::kRegistryUnavailable,
     "from a pod of the controller and of the scanner: name, network policy, proxy (values: "
     "proxy), "
     "authority (values: registries.caBundle)"},
    {scan_reason::kAddressRefused,
     "allow it where it is yours (values: registries.allowAddresses, registries.plainHttp)"},
    {scan_reason::kRateLimited, "give it credentials, or a mirror"},
};

struct Failing {
  std::size_t count = 0;
  const ScanSeen* example = nullptr;
};

std::string HostOf(const std::string& image) {
  const auto reference = ImageReference::Parse(image);
  return reference ? reference->registry : "?";
}

}  // namespace

Findings LookAtPolicies(const Installation& installation) {
  Findings out;
  AddUnseen(installation.policies, "scanpolicies", out);
  if (!out.empty()) return out;
  if (installation.policies.items.empty()) {
    out.push_back(
        {Grade::kWarning, "there is no ScanPolicy: nothing is judged",
         "kubectl apply -f manifests/policies/audit-everything.yaml (docs/install.md, step 3)"});
  }
  for (const json& policy : installation.policies.items) {
    for (const json& condition : At(policy, {"status", "conditions"})) {
      if (TextAt(condition, {"type"}) != "Ready" || TextAt(condition, {"status"}) != "False") {
        continue;
      }
      out.push_back({Grade::kFault,
                     "ScanPolicy " + NameOf(policy) + ": " + TextAt(condition, {"reason"}) + ": " +
                         TextAt(condition, {"message"}),
                     "kubectl describe scanpolicy " + NameOf(policy) +
                         "; landwaiter policy check FILE says the same before it is applied"});
    }
  }
  return out;
}

Findings LookAtDatabase(const Installation& installation) {
  Findings out;
  std::string newest;
  std::size_t without = 0;
  for (const auto& scan : installation.scans) {
    newest = std::max(newest, scan.database_built_at);  // RFC 3339 in UTC: its order is the time's
    without += scan.reason == "NoDatabase" ? 1 : 0;
  }
  const std::string todo =
      "values: database.source; where it is \"update\" or \"oci\": kubectl -n " + installation.ns +
      " logs -l app.kubernetes.io/component=controller -c database";
  if (without > 0) {
    out.push_back({Grade::kFault,
                   "the controller has no advisory database: " + std::to_string(without) +
                       " scanned images are not matched",
                   todo});
    return out;
  }
  const auto built = ParseTime(newest);
  if (!built) {
    return {{Grade::kNothing, "no image was matched yet, so nothing shows what there is", ""}};
  }
  // Of a time to come, too, which says of no day what is known.
  if (AgeOfDatabase(*built, installation.now, kOldDatabase) != DatabaseAge::kYoung) {
    out.push_back({Grade::kWarning, "the newest matches rest on a database of " + newest, todo});
  }
  return out;
}

Findings LookAtScans(const Installation& installation) {
  Findings out;
  if (installation.scans_error) {
    AddUnseen({{}, installation.scans_error}, "imagescans", out);
    return out;
  }
  std::size_t waiting = 0;
  const ScanSeen* oldest = nullptr;
  for (const auto& scan : installation.scans) {
    const auto since = ParseTime(scan.since);
    if (!IsWaiting(scan) || !since || *since + kLongWait > installation.now) continue;
    ++waiting;
    if (oldest == nullptr || scan.since < oldest->since) oldest = &scan;
  }
  if (oldest != nullptr) {
    out.push_back({Grade::kFault,
                   std::to_string(waiting) + " scans wait for more than 30 minutes, ImageScan " +
                       oldest->name + " since " + oldest->since +
                       (oldest->message.empty() ? "" : ": " + oldest->message),
                   "see the checks \"leader\" and \"pods\" of the scanner"});
  }
  return out;
}

Findings LookAtRegistries(const Installation& installation) {
  Findings out;
  if (installation.scans.empty()) return {{Grade::kNothing, "no image was asked for yet", ""}};
  std::map<std::pair<std::string, std::string_view>, Failing> failing;  // by host and reason
  for (const auto& scan : installation.scans) {
    if (scan.ready) continue;
    for (const auto& remedy : kRemedies) {
      if (scan.reason != remedy.reason) continue;
      auto& group = failing[{HostOf(scan.image), remedy.reason}];
      if (group.count++ == 0) group.example = &scan;
    }
  }
  for (const auto& [key, group] : failing) {
    const std::string_view reason = key.second;
    const auto* remedy = std::find_if(std::begin(kRemedies), std::end(kRemedies),
                                      [&](const Remedy& r) { return r.reason == reason; });
    out.push_back({Grade::kWarning,
                   "registry " + key.first + ": " + std::string(reason) + " for " +
                       std::to_string(group.count) + " images, ImageScan " + group.example->name +
                       ": " + group.example->message,
                   std::string(remedy->todo)});
  }
  return out;
}

}  // namespace landwaiter::doctor
