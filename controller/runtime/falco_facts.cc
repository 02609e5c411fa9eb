#include "controller/runtime/falco_facts.h"

#include <algorithm>
#include <set>

#include "controller/plan.h"
#include "policy/evaluate.h"

namespace landwaiter::controller {
namespace {

report::FalcoNamespaces InForceIn(const policy::ScanPolicy& policy,
                                  const NamespaceLabels& namespaces) {
  const auto& selector = policy.match.namespace_selector;
  if (selector.match_labels.empty() && selector.match_expressions.empty()) return {true, {}};
  report::FalcoNamespaces out;
  for (const auto& [name, labels] : namespaces) {
    if (policy::MatchesNamespace(policy, labels)) out.names.push_back(name);
  }
  return out;
}

void Add(const report::FalcoNamespaces& more, report::FalcoNamespaces& to) {
  if (to.all) return;
  if (more.all) {
    to = {true, {}};
    return;
  }
  std::vector<std::string> both;
  std::set_union(to.names.begin(), to.names.end(), more.names.begin(), more.names.end(),
                 std::back_inserter(both));
  to.names = std::move(both);
}

/// Where the policy is in force and no exception of the namespace excuses the image.
report::FalcoNamespaces WhereItFails(const policy::ScanPolicy& policy,
                                     const resources::ImageScan& scan,
                                     const report::FalcoNamespaces& in_force,
                                     const NamespaceLabels& namespaces, TimePoint now) {
  const bool by_teams =
      std::any_of(policy.exceptions.begin(), policy.exceptions.end(),
                  [](const policy::PolicyException& exception) { return !exception.key.empty(); });
  if (!by_teams) return in_force;
  std::vector<std::string> names = in_force.names;
  if (in_force.all) {
    for (const auto& [name, labels] : namespaces) names.push_back(name);
  }
  const auto excused = std::erase_if(
      names, [&](const std::string& ns) { return !FailsByAName(policy, scan, ns, now); });
  return excused == 0 ? in_force : report::FalcoNamespaces{false, std::move(names)};
}

/// The index first. Runtimes name an image by any of them.
std::vector<Digest> DigestsOf(const Digest& canonical, const resources::ImageScanStatus& status) {
  std::vector<Digest> out{canonical};
  const auto add = [&](const std::string& text) {
    auto digest = Digest::Parse(text);
    if (digest && std::find(out.begin(), out.end(), *digest) == out.end()) {
      out.push_back(std::move(*digest));
    }
  };
  for (const auto& platform : status.platforms) {
    add(platform.manifest_digest);
    add(platform.image_id);
  }
  return out;
}

std::array<std::uint64_t, 3> BadnessOf(const resources::ImageScanStatus& status) {
  if (!status.vulnerabilities) return {};
  return {status.vulnerabilities->known_exploited, status.vulnerabilities->Of(Severity::kCritical),
          status.vulnerabilities->Of(Severity::kHigh)};
}

}  // namespace

report::FalcoInput FalcoFacts(const Policies& policies, const Scans& scans,
                              const NamespaceLabels& namespaces, TimePoint now) {
  report::FalcoInput input;
  std::vector<report::FalcoNamespaces> in_force;
  for (const auto& record : policies) {
    in_force.push_back(InForceIn(record->policy, namespaces));
    if (policy::NeedsScan(record->policy)) Add(in_force.back(), input.watched);
  }
  for (const auto& record : scans) {
    const auto canonical = CanonicalDigest(record->scan);
    if (!canonical) continue;
    report::FalcoImage image;
    for (std::size_t i = 0; i < policies.size(); ++i) {
      if (!FailsByAName(policies[i]->policy, record->scan, "", now)) continue;
      image.fails = true;
      Add(WhereItFails(policies[i]->policy, record->scan, in_force[i], namespaces, now),
          image.where);
    }
    if (!image.fails && record->scan.status.scanned_at.empty()) continue;
    image.digests = DigestsOf(*canonical, record->scan.status);
    image.badness = BadnessOf(record->scan.status);
    input.images.push_back(std::move(image));
  }
  return input;
}

}  // namespace landwaiter::controller
