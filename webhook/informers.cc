#include "webhook/informers.h"

#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/log.h"

namespace landwaiter::webhook {
namespace {

constexpr kube::Resource kImageScans{resources::kGroup, resources::kVersion, "imagescans",
                                     "ImageScan", false};
constexpr kube::Resource kScanPolicies{resources::kGroup, resources::kVersion, "scanpolicies",
                                       "ScanPolicy", false};

constexpr kube::Resource kScanExceptions{resources::kGroup, resources::kVersion, "scanexceptions",
                                         "ScanException", true};

kube::ReflectorOptions OptionsFor(const kube::Resource& resource) {
  kube::ReflectorOptions options;
  options.resource = resource;
  return options;
}

}  // namespace

Result<resources::ImageScan> ProjectScan(const nlohmann::json& object) {
  auto scan = resources::ImageScanFromJson(object);
  if (!scan) return scan;
  scan->labels.clear();
  scan->annotations.clear();
  scan->status.platforms = {};
  scan->status.top_findings = {};
  scan->status.references = {};
  return scan;
}

Result<policy::ScanPolicy> ProjectPolicy(const nlohmann::json& object) {
  auto lenient = policy::ParsePolicyJsonLeniently(DumpJson(object));
  if (!lenient) return std::move(lenient).error();
  for (const std::string& error : lenient->errors) {
    log::Warn("policy is read only in part", {{"policy", lenient->policy.name}, {"error", error}});
  }
  return std::move(lenient->policy);
}

Result<policy::ScanException> ProjectException(const nlohmann::json& object) {
  // The API server gives each a time of creation; one without has lasted as long as can be.
  return policy::ScanExceptionFromJson(DumpJson(object), TimePoint());
}

Result<Labels> ProjectNamespace(const nlohmann::json& object) {
  Labels labels;
  JsonFields fields(object, "Namespace");
  fields.Object("metadata", [&](JsonFields& metadata) {
    metadata.StringMap("labels", labels);
    return metadata.Done();
  });
  if (Status done = fields.Done(); !done) return std::move(done).error();
  return labels;
}

Informers::Informers(kube::Api& api, Memory& memory)
    : policies_(api, OptionsFor(kScanPolicies), ProjectPolicy),
      exceptions_(api, OptionsFor(kScanExceptions), ProjectException),
      scans_(api, OptionsFor(kImageScans), ProjectScan),
      namespaces_(api, OptionsFor(kube::kNamespaces), ProjectNamespace) {
  policies_.AddHandler([&memory](const auto& change) {
    change.after ? memory.PutPolicy(change.after) : memory.RemovePolicy(change.key.name);
  });
  exceptions_.AddHandler([&memory](const auto& change) {
    const std::string key = change.key.ToString();
    change.after ? memory.PutException(key, change.after) : memory.RemoveException(key);
  });
  scans_.AddHandler([&memory](const auto& change) {
    change.after ? memory.PutScan(change.after) : memory.RemoveScan(change.key.name);
  });
  namespaces_.AddHandler([&memory](const auto& change) {
    change.after ? memory.PutNamespace(change.key.name, change.after)
                 : memory.RemoveNamespace(change.key.name);
  });
}

void Informers::Start() {
  policies_.Start();
  exceptions_.Start();
  scans_.Start();
  namespaces_.Start();
}

void Informers::Stop() {
  policies_.Stop();
  exceptions_.Stop();
  scans_.Stop();
  namespaces_.Stop();
}

bool Informers::WaitForSync(const Cancellation& cancel) {
  return policies_.WaitForSync(cancel) && exceptions_.WaitForSync(cancel) &&
         scans_.WaitForSync(cancel) && namespaces_.WaitForSync(cancel);
}

std::string Informers::Missing() const {
  std::string out;
  const auto add = [&out](bool synced, const char* kind) {
    if (!synced) out += (out.empty() ? "" : ", ") + std::string(kind);
  };
  add(policies_.HasSynced(), "ScanPolicies");
  add(exceptions_.HasSynced(), "ScanExceptions");
  add(scans_.HasSynced(), "ImageScans");
  add(namespaces_.HasSynced(), "Namespaces");
  return out.empty() ? out : out + " not listed yet";
}

void Informers::Measure(metrics::Registry& metrics) const {
  policies_.Measure(metrics);
  exceptions_.Measure(metrics);
  scans_.Measure(metrics);
  namespaces_.Measure(metrics);
}

bool Informers::Connected() const {
  return policies_.Connected() && exceptions_.Connected() && scans_.Connected() &&
         namespaces_.Connected();
}

}  // namespace landwaiter::webhook
