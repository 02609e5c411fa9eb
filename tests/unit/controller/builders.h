// Objects for the controller's tests: builders with modifiers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controller/judge.h"
#include "controller/names.h"
#include "controller/stored_image.h"
#include "lib/base/digest.h"
#include "policy/policy.h"

namespace landwaiter::controller {

inline Digest DigestOf(const std::string& text) { return Sha256::Of(text); }

inline nlohmann::json APod(const std::string& name, const std::string& ns = "shop") {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"namespace", ns}, {"name", name}, {"uid", "uid-" + name}}},
          {"spec", {{"containers", nlohmann::json::array()}}},
          {"status", {{"phase", "Running"}}}};
}

inline nlohmann::json OwnedBy(nlohmann::json pod, const std::string& kind, const std::string& name,
                              bool controller = true) {
  pod["metadata"]["ownerReferences"].push_back({{"apiVersion", "apps/v1"},
                                                {"kind", kind},
                                                {"name", name},
                                                {"uid", "uid-" + name},
                                                {"controller", controller}});
  return pod;
}

/// Adds a container; `image_id` is what the node reports, "" for nothing yet.
inline nlohmann::json WithImage(nlohmann::json pod, const std::string& image,
                                const std::string& image_id = "") {
  const std::string name = "c" + std::to_string(pod["spec"]["containers"].size());
  pod["spec"]["containers"].push_back({{"name", name}, {"image", image}});
  if (!image_id.empty()) {
    pod["status"]["containerStatuses"].push_back({{"name", name}, {"imageID", image_id}});
  }
  return pod;
}

inline nlohmann::json APolicy(const std::string& name, std::int64_t generation,
                              const nlohmann::json& rules) {
  return {{"apiVersion", "landwaiter.io/v1alpha1"},
          {"kind", "ScanPolicy"},
          {"metadata", {{"name", name}, {"uid", "uid-" + name}, {"generation", generation}}},
          {"spec", {{"rules", rules}}}};
}

inline nlohmann::json NoCritical() {
  return {{{"name", "no-critical"}, {"vulnerabilities", {{"severityAtLeast", "Critical"}}}}};
}
inline nlohmann::json NotRoot() {
  return {{{"name", "not-root"}, {"image", {{"runsAsRoot", true}}}}};
}

inline resources::ImageScan AScan(const Digest& digest,
                                  const std::string& repository = "r.io/shop/cart") {
  resources::ImageScan scan;
  scan.name = resources::ScanName(digest);
  scan.generation = 1;
  scan.spec.image = repository + "@" + digest.ToString();
  return scan;
}

inline ImageInventory AnInventory(const Digest& digest,
                                  const std::string& platform = "linux/amd64") {
  ImageInventory image;
  image.digest = digest;
  image.media_type = "application/vnd.oci.image.manifest.v1+json";
  Inventory inventory;
  inventory.platform = *Platform::Parse(platform);
  inventory.manifest_digest = DigestOf(digest.ToString() + platform);
  inventory.image_id = DigestOf(digest.ToString() + platform + "config");
  inventory.size_bytes = 1000;
  inventory.os = OperatingSystem{"debian", "12", "bookworm", "Debian 12"};
  inventory.config.user = "1000";
  inventory.config.uid = 1000;
  inventory.packages.push_back({"deb", "openssl", "3.0.1"});
  inventory.coverage.push_back({"dpkg", CoverageState::kRead, "", 1});
  image.platforms.push_back(std::move(inventory));
  return image;
}

inline Finding AFinding(const std::string& id, Severity severity, const std::string& fixed = "") {
  Finding finding;
  finding.id = id;
  finding.severity = severity;
  finding.package = "openssl";
  finding.package_type = "deb";
  finding.installed_version = "3.0.1";
  finding.purl = "pkg:deb/debian/openssl@3.0.1";
  finding.fixed_version = fixed;
  finding.state = fixed.empty() ? FindingState::kAffected : FindingState::kFixed;
  return finding;
}

inline StoredImage AStored(const Digest& digest, std::vector<Finding> findings) {
  StoredImage stored;
  stored.inventory = AnInventory(digest);
  stored.scanned_at = *ParseTime("2026-11-24T10:00:00Z");
  StoredMatch match;
  match.database_id = "db-1";
  match.database_built_at = "2026-11-24T09:00:00Z";
  match.matched_at = *ParseTime("2026-11-24T10:00:01Z");
  match.platforms.push_back({std::move(findings), {{"advisories", CoverageState::kRead, "", 1}}});
  match.report_digest = DigestOf("report");
  match.report_bytes = 7;
  stored.match = std::move(match);
  return stored;
}

inline std::shared_ptr<const PolicyRecord> Recorded(const nlohmann::json& policy) {
  auto record = ProjectPolicy(policy);
  return std::make_shared<const PolicyRecord>(std::move(*record));
}

}  // namespace landwaiter::controller
