// One report for the tests of every format.
#pragma once

#include <sstream>
#include <string>

#include "report/format.h"
#include "report/scan_report.h"

namespace landwaiter::report {

/// What the format of this name makes of a report.
inline std::string Rendered(std::string_view format, const ScanReport& report,
                            const TableOptions& options = {}) {
  std::ostringstream out;
  FindFormat(format)->write(report, options, out);
  return std::move(out).str();
}

inline Finding AFinding(std::string id, Severity severity, std::string fixed) {
  Finding finding;
  finding.id = std::move(id);
  finding.severity = severity;
  finding.state = fixed.empty() ? FindingState::kAffected : FindingState::kFixed;
  finding.fixed_version = std::move(fixed);
  finding.package = "openssl";
  finding.package_type = "deb";
  finding.installed_version = "3.0.1-1";
  finding.purl = "pkg:deb/debian/openssl@3.0.1-1";
  finding.path = "var/lib/dpkg/status";
  finding.feed = "osv";
  finding.layer = 0;
  return finding;
}

inline ScanReport AReport() {
  ScanReport report;
  report.image = "registry.example.com/shop/cart:1.4";
  report.inventory.digest = *Digest::Parse("sha256:" + std::string(64, '4'));
  report.inventory.media_type = "application/vnd.oci.image.manifest.v1+json";
  Inventory inventory;
  inventory.platform = {"linux", "amd64"};
  inventory.manifest_digest = report.inventory.digest;
  inventory.image_id = *Digest::Parse("sha256:" + std::string(64, '5'));
  inventory.size_bytes = 127'739'629;
  inventory.os = OperatingSystem{"debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)"};
  inventory.config.user = "app";
  inventory.config.uid = 1000;
  inventory.config.env = {"PASSWORD=hunter2"};
  inventory.layers.push_back({*Digest::Parse("sha256:" + std::string(64, '6')),
                              *Digest::Parse("sha256:" + std::string(64, '7')), "application/gzip",
                              1000, "ADD file"});
  Package package;
  package.type = "deb";
  package.name = "openssl";
  package.version = "3.0.1-1";
  inventory.packages.push_back(package);
  inventory.coverage.push_back({"dpkg", CoverageState::kRead, "", 1});
  report.inventory.platforms.push_back(inventory);
  PlatformFindings matched;
  matched.findings.push_back(AFinding("CVE-2023-0002", Severity::kLow, ""));
  matched.findings.push_back(AFinding("CVE-2023-0001", Severity::kCritical, "3.0.2-1"));
  matched.findings.push_back(AFinding("CVE-2023-0003", Severity::kUnknown, ""));
  Finding kernel = AFinding("CVE-2023-0004", Severity::kHigh, "");
  kernel.package = "linux-libc-dev";
  kernel.host_kernel = true;
  matched.findings.push_back(kernel);
  matched.coverage.push_back({"advisories", CoverageState::kRead, "", 0});
  report.platforms.push_back(matched);
  report.database = {"abc123", "2026-11-24T00:00:00Z", {{"osv:Debian", "2026-11-23T20:00:00Z"}}};
  return report;
}

inline PolicyVerdict AVerdict(Verdict verdict) {
  PolicyVerdict policy;
  policy.policy = "baseline";
  policy.generation = 3;
  policy.verdict = verdict;
  if (verdict == Verdict::kFail) {
    policy.violations.push_back({"no-critical", "vulnerabilities", true, "CVE-2023-0001",
                                 "vulnerabilities|CVE-2023-0001|pkg|path",
                                 "CVE-2023-0001 (Critical) in openssl 3.0.1-1, fixed in 3.0.2-1"});
  }
  if (verdict == Verdict::kUnknown) {
    policy.unknown.push_back("rule no-critical: coverage npm is Failed: app/package.json: cut");
  }
  return policy;
}

}  // namespace landwaiter::report
