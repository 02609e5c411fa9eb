// Small facts for policy tests, made by modifiers: AFinding("CVE-1").In("openssl", "3.0.1").
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "policy/evaluate.h"
#include "policy/policy.h"

namespace landwaiter::policy {

inline TimePoint At(std::string_view text) { return *ParseTime(text); }
inline const TimePoint kNow = At("2026-11-24T12:00:00Z");
/// `c`: a hex digit.
inline Digest DigestOf(char c) { return *Digest::Parse("sha256:" + std::string(64, c)); }
inline Digest LayerId(char c) { return Sha256::Of(std::string(1, c)); }

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
  AFinding& Due(const std::string& day) {
    finding.known_exploited = true;
    finding.exploited_due = day;
    return *this;
  }
  AFinding& FirstSeen(const std::string& when) {
    finding.first_seen = when;
    return *this;
  }
  AFinding& FixPublished(const std::string& when) {
    finding.fix_published = when;
    return *this;
  }
  AFinding& ByNvd(Severity severity, std::optional<double> score = {}) {
    finding.nvd_severity = severity;
    finding.nvd_score = score;
    return *this;
  }
  AFinding& Highest(Severity severity, std::optional<double> score = {}) {
    finding.highest_severity = severity;
    finding.highest_score = score;
    return *this;
  }
  AFinding& Epss(double score, double percentile) {
    finding.epss_score = score;
    finding.epss_percentile = percentile;
    return *this;
  }
  AFinding& InLayer(int layer) {
    finding.layer = layer;
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
  std::optional<BaseImage> base;
  std::vector<KnownBase> known;
  std::shared_ptr<const BaseBook> book;  // of `known`, once somebody was asked for bases
  std::string os_end_of_life;
  bool matched = true;
  Collection collected;

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
  AnImage& Licensed(std::vector<std::string> licenses) {
    inventory.packages.back().licenses = std::move(licenses);
    return *this;
  }
  AnImage& Env(std::string variable) {
    inventory.config.env.push_back(std::move(variable));
    return *this;
  }
  AnImage& Volume(std::string path) {
    inventory.config.volumes.push_back(std::move(path));
    return *this;
  }
  AnImage& Created(std::string when) {
    inventory.config.created = std::move(when);
    return *this;
  }
  AnImage& Size(std::uint64_t bytes) {
    inventory.size_bytes = bytes;
    return *this;
  }
  AnImage& Layers(std::size_t count) {
    inventory.layers.resize(count);
    return *this;
  }
  /// A layer for each letter, by its diffID; its own manifest's digest is of '9'.
  AnImage& BuiltOf(const std::string& layers) {
    inventory.manifest_digest = DigestOf('9');
    for (const char c : layers) inventory.layers.push_back({DigestOf('f'), LayerId(c), "", 0});
    return *this;
  }
  /// Bases are known, those that KnowsBase names.
  AnImage& KnowsBases() {
    book = std::make_shared<const BaseList>(known);
    return *this;
  }
  /// A base of these layers; its manifest's digest is of `digest`, that of its index of 'e'.
  AnImage& KnowsBase(const std::string& name, const std::string& layers, char digest) {
    KnownBase& one = known.emplace_back(KnownBase{name, DigestOf(digest), {}, DigestOf('e')});
    for (const char c : layers) one.diff_ids.push_back(LayerId(c));
    return KnowsBases();
  }
  /// A step of its history, and the layer that it made.
  AnImage& Step(std::string created_by, bool empty_layer = false) {
    inventory.config.history.push_back({std::move(created_by), "", empty_layer});
    if (!empty_layer) inventory.layers.emplace_back();
    return *this;
  }
  AnImage& Runs(std::string family, std::string version, std::string last_day = "") {
    inventory.os = OperatingSystem{std::move(family), std::move(version), "", ""};
    os_end_of_life = std::move(last_day);
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
  AnImage& NeverMatched() {
    matched = false;
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
  AnImage& On(std::string name, std::size_t layers) {
    base = BaseImage{std::move(name), {}, layers};
    return *this;
  }
  /// All that these rules ask for was looked for.
  AnImage& CollectedFor(const ScanPolicy& policy) {
    const ScanPolicy* const one[] = {&policy};
    collected = CollectionOf(one);
    return *this;
  }
  ContentInput Input() const {
    ContentInput input;
    input.platforms = {
        {&inventory, matched ? &findings : nullptr, &coverage, base, os_end_of_life}};
    input.references = references;
    input.database_built_at = database;
    input.collected = &collected;
    input.bases = book.get();
    return input;
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
