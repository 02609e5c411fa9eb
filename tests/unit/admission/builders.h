// Policies and scans for the tests of decisions, by builders with modifiers.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "admission/decide.h"
#include "lib/base/json.h"
#include "policy/policy.h"
#include "resources/image_scan.h"

namespace landwaiter::admission::testing {

using nlohmann::json;

inline const std::string kDigestHex =
    "4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1";
inline const std::string kDigest = "sha256:" + kDigestHex;
inline const std::string kImage = "registry.example.com/shop/cart:1.4";
inline const std::string kPinned = "registry.example.com/shop/cart@" + kDigest;
inline const EnsureFailure kUnreachable{"ControllerUnreachable", "connection refused", true};
inline const EnsureFailure kUnauthorized{"PullUnauthorized", "registry answered 401", false};
inline const TimePoint kNow = *ParseTime("2026-11-24T12:00:00Z");

class APolicy {
 public:
  explicit APolicy(const std::string& name = "baseline") {
    object_ = {
        {"apiVersion", "landwaiter.io/v1alpha1"},
        {"kind", "ScanPolicy"},
        {"metadata", {{"name", name}, {"uid", "uid-" + name}, {"generation", 3}}},
        {"spec",
         {{"enforcement", "Enforce"},
          {"onUnscanned", "Deny"},
          {"onIncomplete", "Deny"},
          {"waitSeconds", 3},
          {"rules",
           {{{"name", "no-critical"}, {"vulnerabilities", {{"severityAtLeast", "Critical"}}}}}}}}};
  }
  APolicy& With(const std::string& field, json value) {
    object_["spec"][field] = std::move(value);
    return *this;
  }
  /// As after a delete and a create of the same name.
  APolicy& MadeAnew() {
    object_["metadata"]["uid"] = "another-uid";
    return *this;
  }
  APolicy& WithGeneration(int generation) {
    object_["metadata"]["generation"] = generation;
    return *this;
  }
  APolicy& Excepting(const std::string& until, std::vector<std::string> images = {}) {
    json exception{{"ids", {"CVE-1"}}, {"until", until}, {"reason", "ticket"}};
    if (!images.empty()) exception["images"] = images;
    object_["spec"]["exceptions"].push_back(std::move(exception));
    return *this;
  }
  APolicy& OnlyReferenceRule(json rule) {
    return With("rules", json::array({{{"name", "names"}, {"reference", std::move(rule)}}}));
  }
  APolicy& ForNamespacesWith(const std::string& label, const std::string& value) {
    return With("match", {{"namespaceSelector", {{"matchLabels", {{label, value}}}}}});
  }
  const json& Object() const { return object_; }
  std::shared_ptr<const policy::ScanPolicy> Make() const {
    auto parsed = policy::ParsePolicyJson(DumpJson(object_));
    EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
    return std::make_shared<policy::ScanPolicy>(*parsed);
  }

 private:
  json object_;
};

class AScan {
 public:
  explicit AScan(const std::string& digest = kDigest) {
    scan_.name = resources::ScanName(*Digest::Parse(digest));
    scan_.generation = 1;
    scan_.spec.image = "registry.example.com/shop/cart@" + digest;
    scan_.status.digest = digest;
    scan_.status.database_built_at = "2026-11-24T06:00:00Z";
    Ready("True", "Scanned", "");
  }
  AScan& Ready(const std::string& status, const std::string& reason, const std::string& message) {
    scan_.status.conditions = {{"Ready", status, reason, message, 1, "2026-11-24T11:00:00Z"}};
    return *this;
  }
  AScan& Judged(const std::string& verdict, const std::string& policy = "baseline",
                int generation = 3) {
    scan_.status.policies.push_back({policy, generation, verdict, {}, {}, {}, {}});
    scan_.status.policies.back().uid = "uid-" + policy;
    return *this;
  }
  /// What the last policy's judgement rests on.
  AScan& RestingOn(std::vector<std::uint64_t> exceptions) {
    scan_.status.policies.back().rests_on = std::move(exceptions);
    return *this;
  }
  /// The last policy's judgement under names that these exceptions are for.
  AScan& Excused(const std::string& verdict, std::vector<std::uint64_t> exceptions) {
    scan_.status.policies.back().excused.push_back({"", 0, verdict, {}, {}, {}, exceptions});
    return *this;
  }
  AScan& Violating(const std::string& rule, std::uint64_t count, const std::string& message,
                   bool fails = true) {
    scan_.status.policies.back().violations.push_back({rule, count, fails, message});
    return *this;
  }
  /// Under the last policy: bad since then, and who ran it then.
  AScan& RanIn(const std::string& since, std::vector<std::string> namespaces) {
    scan_.status.policies.back().turned_bad = {since, std::move(namespaces)};
    return *this;
  }
  /// Under the last policy.
  AScan& FailsFrom(const std::string& from, const std::string& rule, const std::string& message) {
    scan_.status.policies.back().fails_from = {from, rule, message};
    return *this;
  }
  AScan& StillCounting(const std::string& made_before) {
    scan_.status.policies.back().turned_bad->counting = true;
    scan_.status.policies.back().turned_bad->made_before = made_before;
    return *this;
  }
  AScan& Unknown(const std::string& why) {
    scan_.status.policies.back().unknown.push_back(why);
    return *this;
  }
  AScan& BuiltAt(const std::string& time) {
    scan_.status.database_built_at = time;
    return *this;
  }
  AScan& ScannedAndUsedBy(std::vector<std::string> namespaces) {
    scan_.status.scanned_at = "2026-11-24T07:00:00Z";
    scan_.status.used_by_namespaces = std::move(namespaces);
    return *this;
  }
  AScan& About(const std::string& digest) {
    scan_.status.digest = digest;
    return *this;
  }
  std::shared_ptr<const resources::ImageScan> Make() const {
    return std::make_shared<resources::ImageScan>(scan_);
  }

 private:
  resources::ImageScan scan_;
};

}  // namespace landwaiter::admission::testing
