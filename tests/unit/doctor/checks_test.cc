// Each row breaks a sound installation in one way, and says which check finds it and what it says.
#include "doctor/checks.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "doctor/look.h"
#include "doctor/print.h"
#include "tests/unit/doctor/found.h"
#include "tests/unit/doctor/installation_builder.h"

namespace landwaiter::doctor {
namespace {

using nlohmann::json;

TEST(Doctor, FindsNothingInASoundInstallation) {
  for (const auto& check : Checks()) {
    const auto found = check.look(Sound());
    EXPECT_TRUE(found.empty()) << check.name << ": " << found.front().what;
  }
}

struct Case {
  const char* title;
  std::function<void(Installation&)> breaks;
  const char* check;
  Grade grade;
  std::vector<const char*> says;  // parts of the finding and of what to do
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.title; }

class DoctorFinds : public testing::TestWithParam<Case> {};

TEST_P(DoctorFinds, ThatAndNothingElse) {
  auto installation = Sound();
  GetParam().breaks(installation);
  const auto found = FindAll(installation);
  ASSERT_EQ(found.size(), 1u) << (found.empty() ? "nothing" : found[1].finding.what);
  EXPECT_EQ(found[0].check, GetParam().check);
  EXPECT_EQ(found[0].finding.grade, GetParam().grade) << found[0].finding.what;
  const std::string all = found[0].finding.what + "\n" + found[0].finding.todo;
  for (const char* part : GetParam().says) EXPECT_NE(all.find(part), std::string::npos) << all;
  EXPECT_FALSE(found[0].finding.todo.empty()) << all;
}

json& Pod(Installation& i, std::size_t index) { return i.pods.items[index]; }
void NotReady(json& pod) {
  pod["status"]["conditions"] = {{{"type", "Ready"}, {"status", "False"}}};
}

const Case kCases[] = {
    {"a schema that is not there",
     [](Installation& i) { i.crds.items.pop_back(); },
     "schemas",
     Grade::kFault,
     {"registrywatches.landwaiter.io", "is not there", "helm upgrade"}},
    {"a schema of an older version",
     [](Installation& i) { i.crds.items[0]["spec"]["versions"][0]["name"] = "v1alpha0"; },
     "schemas",
     Grade::kFault,
     {"imagescans.landwaiter.io", "does not serve version v1alpha1"}},
    {"a schema whose names clash",
     [](Installation& i) { i.crds.items[0]["status"]["conditions"] = json::array(); },
     "schemas",
     Grade::kFault,
     {"is not established"}},
    {"a right that was taken away",
     [](Installation& i) {
       for (auto& access : i.accesses) access.allowed = access.right.resource != "nodes";
     },
     "rights",
     Grade::kFault,
     {"system:serviceaccount:landwaiter:controller may not: list nodes, watch nodes"}},
    {"rights that may not be asked for",
     [](Installation& i) {
       i.accesses[0].error = Error{Code::kPermissionDenied, "forbidden"};
     },
     "rights",
     Grade::kUnseen,
     {"subjectaccessreviews", "forbidden"}},
    {"an image that cannot be pulled",
     [](Installation& i) {
       NotReady(Pod(i, 0));
       NotReady(Pod(i, 1));
       i.slices.items[0]["endpoints"].push_back({{"conditions", {{"ready", true}}}});
       for (std::size_t n : {0, 1}) {
         Pod(i, n)["status"]["containerStatuses"] = {
             {{"name", "webhook"},
              {"image", "registry.example.com/landwaiter:1"},
              {"state", {{"waiting", {{"reason", "ImagePullBackOff"}, {"message", "no route"}}}}}}};
       }
       i.pods.items.erase(i.pods.items.begin());
     },
     "pods",
     Grade::kFault,
     {"landwaiter-webhook-1", "ImagePullBackOff of registry.example.com/landwaiter:1", "no route",
      "image.repository"}},
    {"one of two pods that ends for its memory",
     [](Installation& i) {
       NotReady(Pod(i, 0));
       Pod(i, 0)["status"]["containerStatuses"] = {
           {{"name", "webhook"},
            {"state", {{"waiting", {{"reason", "CrashLoopBackOff"}}}}},
            {"lastState", {{"terminated", {{"reason", "OOMKilled"}}}}}}};
     },
     "pods",
     Grade::kWarning,
     {"OOMKilled", "resources.limits.memory"}},
    {"a pod that crashes",
     [](Installation& i) {
       NotReady(Pod(i, 2));
       Pod(i, 2)["status"]["containerStatuses"] = {
           {{"name", "controller"}, {"state", {{"waiting", {{"reason", "CrashLoopBackOff"}}}}}}};
     },
     "pods",
     Grade::kWarning,
     {"CrashLoopBackOff of container controller", "logs --previous landwaiter-controller-0"}},
    {"a pod without a node",
     [](Installation& i) {
       NotReady(Pod(i, 4));
       Pod(i, 4)["status"]["conditions"].push_back(
           {{"type", "PodScheduled"}, {"status", "False"}, {"message", "Insufficient memory"}});
     },
     "pods",
     Grade::kWarning,
     {"landwaiter-scanner-0 has no node: Insufficient memory"}},
    {"a role without a pod",
     [](Installation& i) { i.pods.items.resize(4); },
     "pods",
     Grade::kFault,
     {"no pod of the scanner is ready", "there is none in namespace landwaiter"}},
    {"two images at once",
     [](Installation& i) { Pod(i, 0)["spec"]["containers"][0]["image"] = "r/landwaiter:2"; },
     "versions",
     Grade::kWarning,
     {"r/landwaiter:1, r/landwaiter:2"}},
    {"another version than this program's",
     [](Installation& i) { i.version = "9.9.9"; },
     "versions",
     Grade::kWarning,
     {"the installation is 0.1.0, this program is 9.9.9"}},
    {"a Service whose pods are not ready",
     [](Installation& i) { i.slices.items[2]["endpoints"][0]["conditions"]["ready"] = false; },
     "endpoints",
     Grade::kFault,
     {"landwaiter/landwaiter-scanner leads to no ready pod"}},
    {"a Service that is not there",
     [](Installation& i) { i.services.items.pop_back(); },
     "endpoints",
     Grade::kFault,
     {"Service landwaiter/landwaiter-scanner is not there"}},
    {"no leader",
     [](Installation& i) { i.leases.items[0]["spec"] = json::object(); },
     "leader",
     Grade::kFault,
     {"has no holder", "no verdict changes"}},
    {"a leader that is gone",
     [](Installation& i) {
       i.leases.items[0]["spec"]["renewTime"] = "2026-11-25T00:00:00.000000Z";
     },
     "leader",
     Grade::kFault,
     {"last renewed at 2026-11-25T00:00:00.000000Z by controller-0"}},
    {"a certificate that ended",
     [](Installation& i) { SetCertificate(i, "scanner", {.ends_in = -std::chrono::hours(1)}); },
     "certificates",
     Grade::kFault,
     {"landwaiter-scanner-tls", "ended 2026-11-25T23:00:00Z"}},
    {"a certificate that ends soon",
     [](Installation& i) { SetCertificate(i, "scanner", {.ends_in = std::chrono::hours(48)}); },
     "certificates",
     Grade::kWarning,
     {"ends 2026-11-28T00:00:00Z", "should have been renewed"}},
    {"a certificate for another name",
     [](Installation& i) { SetCertificate(i, "scanner", {.ns = "elsewhere"}); },
     "certificates",
     Grade::kFault,
     {"does not name landwaiter-scanner.landwaiter.svc"}},
    {"a Secret that holds no certificate",
     [](Installation& i) { i.secrets.items[2]["data"] = json::object(); },
     "certificates",
     Grade::kFault,
     {"landwaiter-scanner-tls: tls.crt"}},
    {"a Secret that is not there",
     [](Installation& i) { i.secrets.items.pop_back(); },
     "certificates",
     Grade::kFault,
     {"landwaiter-scanner-tls is not there"}},
    {"no configuration",
     [](Installation& i) { i.validating.items.clear(); },
     "armed",
     Grade::kFault,
     {"is not there: no pod is judged"}},
    {"one that nobody armed",
     [](Installation& i) { i.validating.items[0].erase("webhooks"); },
     "armed",
     Grade::kFault,
     {"has no webhooks"}},
    {"one that was disarmed by hand",
     [](Installation& i) {
       i.validating.items[0].erase("webhooks");
       i.validating.items[0]["metadata"]["annotations"]["landwaiter.io/disarmed"] = "by ann";
     },
     "armed",
     Grade::kFault,
     {"disarmed by hand (by ann)", "landwaiter arm"}},
    {"a caBundle of another authority",
     [](Installation& i) { SetCertificate(i, "webhook", {.new_authority = true}); },
     "caBundle",
     Grade::kFault,
     {"does not vouch for the certificate in Secret landwaiter/landwaiter-webhook"}},
    {"no caBundle",
     [](Installation& i) {
       i.validating.items[0]["webhooks"][0]["clientConfig"].erase("caBundle");
     },
     "caBundle",
     Grade::kFault,
     {"webhook pods.landwaiter.io has no caBundle"}},
    {"a caBundle that is none",
     [](Installation& i) {
       i.validating.items[0]["webhooks"][0]["clientConfig"]["caBundle"] = "bm9uZQ==";
     },
     "caBundle",
     Grade::kFault,
     {"its caBundle is no PEM"}},
    {"a configuration that an earlier installation left",
     [](Installation& i) {
       json left = i.validating.items[0];
       left["metadata"]["name"] = "gate";
       left["webhooks"][0]["clientConfig"]["service"]["name"] = "gate-webhook";
       i.mutating.items.push_back(std::move(left));
     },
     "targets",
     Grade::kFault,
     {"MutatingWebhookConfiguration gate", "landwaiter/gate-webhook, which is not there",
      "kubectl delete mutatingwebhookconfiguration gate"}},
    {"a webhook that does not answer",
     [](Installation& i) { i.probes[0].answer = Unavailable("connection refused"); },
     "answer",
     Grade::kFault,
     {"https://127.0.0.1:1/validate: connection refused"}},
    {"no guard",
     [](Installation& i) { i.guards.items.clear(); },
     "guard",
     Grade::kFault,
     {"landwaiter-guard is not there", "another tenant's pull secret"}},
    {"a guard that only audits",
     [](Installation& i) {
       i.guard_bindings.items[0]["spec"]["validationActions"] = json::array({"Audit"});
     },
     "guard",
     Grade::kFault,
     {"bound by no binding that denies"}},
    {"no policy",
     [](Installation& i) { i.policies.items.clear(); },
     "policies",
     Grade::kWarning,
     {"there is no ScanPolicy"}},
    {"a policy that cannot be evaluated",
     [](Installation& i) {
       i.policies.items[0]["status"]["conditions"] = {{{"type", "Ready"},
                                                       {"status", "False"},
                                                       {"reason", "InvalidSpec"},
                                                       {"message", "rule r: \x1b[2Jbad"}}};
     },
     "policies",
     Grade::kFault,
     {"ScanPolicy baseline: InvalidSpec: rule r: "}},
    {"no database",
     [](Installation& i) { i.scans.push_back({.name = "s", .reason = "NoDatabase"}); },
     "database",
     Grade::kFault,
     {"1 scanned images are not matched", "database.source"}},
    {"an old database",
     [](Installation& i) { i.scans[0].database_built_at = "2026-11-01T00:00:00Z"; },
     "database",
     Grade::kWarning,
     {"2026-11-01T00:00:00Z"}},
    {"a database of a time to come",
     [](Installation& i) { i.scans[0].database_built_at = "2046-11-01T00:00:00Z"; },
     "database",
     Grade::kWarning,
     {"2046-11-01T00:00:00Z"}},
    {"a scan that waits",
     [](Installation& i) {
       i.scans.push_back({.name = "s", .reason = "Queued", .since = "2026-11-25T23:00:00Z"});
     },
     "scans",
     Grade::kFault,
     {"1 scans wait", "ImageScan s since 2026-11-25T23:00:00Z"}},
    {"a registry that refuses",
     [](Installation& i) {
       for (const char* name : {"a", "b"}) {
         i.scans.push_back({.name = name,
                            .image = "registry.example.com/shop/app:1",
                            .reason = "PullUnauthorized",
                            .message = "401"});
       }
     },
     "registries",
     Grade::kWarning,
     {"registry registry.example.com: PullUnauthorized for 2 images, ImageScan a: 401",
      "registries.secrets"}},
    {"scans that may not be read",
     [](Installation& i) {
       i.scans_error = Error{Code::kPermissionDenied, "forbidden"};
     },
     "scans",
     Grade::kUnseen,
     {"imagescans: forbidden"}},
};

INSTANTIATE_TEST_SUITE_P(Broken, DoctorFinds, testing::ValuesIn(kCases));

}  // namespace
}  // namespace landwaiter::doctor
