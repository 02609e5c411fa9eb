// Small facts for policy tests, made by modifiers: AFinding("CVE-1").In("openssl", "3.0.1").
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/evaluate.h"
#include "policy/policy.h"

namespace landwaiter::policy {

inline TimePoint At(std::string_view text) { return *ParseTime(text); }
inline const TimePoint kNow = At("2026-11-24T12:00:00Z");

struct AFinding {
  Finding finding;
  explicit AFinding(std::string id) {
    finding.id = std::move(id);
    finding.severity = Severity::kCritical;
    finding.package = "openssl";
    finding.package_type = "deb";
    finding.installed_version = "3.0.1-1";
    finding.path = "var/lib/dpkg/status";
  }
  AFinding& Of(Severity severity) {
    finding.severity = severity;
    return *this;
  }
  AFinding& In(std::string package, std::string type = "deb") {
    finding.package = std::move(package);
    finding.package_type = std::move(type);
    return *this;
  }
  AFinding& From(std::string source) {
    finding.source_package = std::move(source);
    return *this;
  }
  AFinding& FixedIn(std::string version) {
    finding.fixed_version = std::move(version);
    finding.state = FindingState::kFixed;
    return *this;
  }
  AFinding& With(FindingState state) {
    finding.state = state;
    return *this;
  }
  AFinding& Scored(double score) {
    finding.cvss_score = score;
    return *this;
  }
  AFinding& Alias(std::string alias) {
    finding.aliases.push_back(std::move(alias));
    return *this;
  }
  AFinding& Path(std::string path) {
    finding.path = std::move(path);
    return *this;
  }
  AFinding& Published(const std::string& when) {
    finding.published = when;
    return *this;
  }
  AFinding& Exploited(bool exploited) {
    finding.known_exploited = exploited;
    return *this;
  }
  AFinding& HostKernel() {
    finding.host_kernel = true;
    return *this;
  }
  AFinding& ByCpe() {
    finding.confidence = Confidence::kCpe;
    return *this;
  }
  operator Finding() const { return finding; }  // NOLINT(google-explicit-constructor)
};

/// One image of one platform, all of it read.
struct AnImage {
  Inventory inventory;
  std::vector<Finding> findings;
  std::vector<Coverage> coverage;
  std::vector<ImageReference> references;
  std::optional<TimePoint> database = At("2026-11-24T00:00:00Z");

  AnImage() {
    inventory.platform = {"linux", "amd64"};
    inventory.config.user = "1000";
    inventory.config.uid = 1000;
  }
  AnImage& Has(Finding finding) {
    findings.push_back(std::move(finding));
    return *this;
  }
  AnImage& Holds(std::string type, std::string name, std::string version) {
    Package package;
    package.type = std::move(type);
    package.name = std::move(name);
    package.version = std::move(version);
    inventory.packages.push_back(std::move(package));
    return *this;
  }
  AnImage& User(std::string user, std::optional<std::uint64_t> uid) {
    inventory.config.user = std::move(user);
    inventory.config.uid = uid;
    return *this;
  }
  AnImage& Exposes(std::string port) {
    inventory.config.exposed_ports.push_back(std::move(port));
    return *this;
  }
  AnImage& Label(const std::string& name, std::string value) {
    inventory.config.labels[name] = std::move(value);
    return *this;
  }
  AnImage& Healthcheck() {
    inventory.config.healthcheck = true;
    return *this;
  }
  AnImage& NotRead(std::string source, CoverageState state, std::string reason) {
    inventory.coverage.push_back({std::move(source), state, std::move(reason), 0});
    return *this;
  }
  AnImage& NotMatched(CoverageState state, std::string reason) {
    coverage.push_back({"advisories", state, std::move(reason), 0});
    return *this;
  }
  AnImage& KnownAs(std::string_view reference) {
    references.push_back(*ImageReference::Parse(reference));
    return *this;
  }
  AnImage& DatabaseBuilt(std::optional<TimePoint> time) {
    database = time;
    return *this;
  }
  ContentInput Input() const {
    return {{{&inventory, &findings, &coverage}}, references, database};
  }
};

/// A policy of the YAML of its spec, indented by two.
inline ScanPolicy APolicy(const std::string& spec) {
  auto policies = ParsePolicyYaml(
      "apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nmetadata: {name: test}\nspec:\n" +
      spec);
  if (!policies) {
    ADD_FAILURE() << policies.error().message;
    return {};
  }
  return policies->front();
}

/// A policy with one rule, written as flow YAML without its name.
inline ScanPolicy ARule(const std::string& rule) {
  return APolicy("  rules:\n  - {name: rule, " + rule + "}\n");
}

inline PolicyVerdict Judge(const ScanPolicy& policy, const AnImage& image) {
  return EvaluateContent(policy, image.Input(), kNow);
}

inline std::string Messages(const PolicyVerdict& verdict) {
  std::string all;
  for (const Violation& violation : verdict.violations) all += violation.message + "\n";
  for (const std::string& unknown : verdict.unknown) all += "unknown: " + unknown + "\n";
  return all;
}

}  // namespace landwaiter::policy
