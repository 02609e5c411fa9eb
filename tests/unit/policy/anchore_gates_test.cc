// Every active gate and trigger of Anchore Engine 1.1.0 has its rule (shared design,
// policy-gates.md, section 2): for each an image that fires it and one that does not.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

struct GateCase {
  const char* trigger;  // "gate.trigger", in "()" which of its parameters
  const char* rule;
  AnImage fires;
  AnImage passes;
  Verdict verdict = Verdict::kFail;  // of the first
};

AnImage Vulnerable(const AFinding& finding) { return AnImage().Has(finding); }

AnImage WithoutAdvisories(const char* source) {
  AnImage image;
  image.coverage.push_back({source, CoverageState::kUnsupported, "no feed", 1});
  return image;
}

std::vector<GateCase> DockerfileGates() {
  return {
      {"dockerfile.effective_user (blacklist)", "image: {deniedUsers: [root]}",
       AnImage().User("", std::nullopt), AnImage().User("app", 1000)},
      {"dockerfile.effective_user (no user)", "image: {runsAsRoot: true}",
       AnImage().User("0:0", std::nullopt), AnImage().User("1000", 1000)},
      {"dockerfile.instruction (=)",
       "image: {instructions: [{name: USER, op: Matches, value: root}]}",
       AnImage().Step("USER root"), AnImage().Step("USER app")},
      {"dockerfile.instruction (!=)",
       "image: {instructions: [{name: USER, op: Differs, value: app}]}",
       AnImage().Step("USER root"), AnImage().Step("USER app")},
      {"dockerfile.instruction (exists)", "image: {instructions: [{name: ADD}]}",
       AnImage().Step("ADD a /"), AnImage().Step("COPY a /")},
      {"dockerfile.instruction (not_exists)", "image: {instructions: [{name: LABEL, op: Missing}]}",
       AnImage().Step("COPY a /"), AnImage().Step("LABEL a=b")},
      {"dockerfile.instruction (like)",
       "image: {instructions: [{name: RUN, op: Matches, value: \"**sudo **\"}]}",
       AnImage().Step("RUN /bin/sh -c sudo make"), AnImage().Step("RUN /bin/sh -c make")},
      {"dockerfile.instruction (not_exists HEALTHCHECK)", "image: {healthcheckRequired: true}",
       AnImage(), AnImage().Healthcheck()},
      {"dockerfile.exposed_ports (blacklist)", "image: {deniedPorts: [22]}",
       AnImage().Exposes("22/tcp"), AnImage().Exposes("8080/tcp")},
      {"dockerfile.exposed_ports (whitelist)", "image: {allowedPorts: [8080]}",
       AnImage().Exposes("22/tcp"), AnImage().Exposes("8080/tcp")},
      // Without a Dockerfile its rules are undecided, and onIncomplete answers.
      {"dockerfile.no_dockerfile_provided", "image: {instructions: [{name: ADD}]}",
       AnImage().Layers(3), AnImage().Step("COPY a /"), Verdict::kUnknown},
  };
}

std::vector<GateCase> PackageGates() {
  return {
      {"packages.required_package", "packages: {required: [{name: sudo}]}", AnImage(),
       AnImage().Holds("deb", "sudo", "1.9")},
      {"packages.required_package (minimum)",
       "packages: {required: [{name: sudo, type: deb, versions: \">=1.9\"}]}",
       AnImage().Holds("deb", "sudo", "1.8"), AnImage().Holds("deb", "sudo", "1.9")},
      {"packages.blacklist", "packages: {denied: [{name: openssh-server}]}",
       AnImage().Holds("deb", "openssh-server", "9"), AnImage().Holds("deb", "bash", "5")},
      {"ruby_gems.blacklist", "packages: {denied: [{name: rails, type: gem, versions: \"< 6\"}]}",
       AnImage().Holds("gem", "rails", "5.2.0"), AnImage().Holds("gem", "rails", "7.0.0")},
      {"ruby_gems.feed_data_unavailable", "coverage: {require: [Advisories]}",
       WithoutAdvisories("advisories-gem"), AnImage()},
      {"npms.blacklisted_name_version",
       "packages: {denied: [{name: lodash, type: npm, versions: \"<4.17.21\"}]}",
       AnImage().Holds("npm", "lodash", "4.17.20"), AnImage().Holds("npm", "lodash", "4.17.21")},
      {"npms.feed_data_unavailable", "coverage: {require: [Advisories]}",
       WithoutAdvisories("advisories-npm"), AnImage()},
      {"licenses.blacklist_exact_match", "licenses: {denied: [GPL-3.0-only]}",
       AnImage().Holds("npm", "a", "1").Licensed({"GPL-3.0"}),
       AnImage().Holds("npm", "a", "1").Licensed({"MIT"})},
      {"licenses.blacklist_partial_match", "licenses: {denied: [\"*GPL-*\"]}",
       AnImage().Holds("npm", "a", "1").Licensed({"LGPL-2.1-only"}),
       AnImage().Holds("npm", "a", "1").Licensed({"MIT"})},
  };
}

std::vector<GateCase> VulnerabilityGates() {
  const auto cve = [] { return AFinding("CVE-1"); };
  return {
      {"vulnerabilities.package (package_type os)", "vulnerabilities: {packages: {types: [deb]}}",
       Vulnerable(cve()), Vulnerable(cve().In("a", "npm"))},
      {"vulnerabilities.package (severity)", "vulnerabilities: {severityAtLeast: High}",
       Vulnerable(cve().Of(Severity::kHigh)), Vulnerable(cve().Of(Severity::kMedium))},
      {"vulnerabilities.package (cvss_v3_base_score)",
       "vulnerabilities: {cvssAtLeast: 7, severitySource: NVD}",
       Vulnerable(cve().ByNvd(Severity::kHigh, 7.5)),
       Vulnerable(cve().ByNvd(Severity::kMedium, 5.0))},
      {"vulnerabilities.package (vendor_cvss_v3_base_score)", "vulnerabilities: {cvssAtLeast: 7}",
       Vulnerable(cve().Scored(7.5)), Vulnerable(cve().Scored(5.0))},
      {"vulnerabilities.package (fix_available)", "vulnerabilities: {fixAvailable: true}",
       Vulnerable(cve().FixedIn("4")), Vulnerable(cve())},
      {"vulnerabilities.package (vendor_only)",
       "vulnerabilities: {states: [Affected, Fixed, UnderInvestigation]}", Vulnerable(cve()),
       Vulnerable(cve().With(FindingState::kWillNotFix))},
      {"vulnerabilities.package (max_days_since_creation)", "vulnerabilities: {firstSeenFor: 30d}",
       Vulnerable(cve().FirstSeen("2026-01-01T00:00:00Z")),
       Vulnerable(cve().FirstSeen("2026-11-20T00:00:00Z"))},
      {"vulnerabilities.package (max_days_since_fix)", "vulnerabilities: {fixAvailableFor: 30d}",
       Vulnerable(cve().FixedIn("4").FixPublished("2026-01-01T00:00:00Z")),
       Vulnerable(cve().FixedIn("4").FixPublished("2026-11-20T00:00:00Z"))},
      {"vulnerabilities.package (package_path_exclude)",
       "vulnerabilities: {packages: {excludePaths: [\"opt/vendor/**\"]}}",
       Vulnerable(cve().Path("app/a.jar")), Vulnerable(cve().Path("opt/vendor/a.jar"))},
      {"vulnerabilities.blacklist", "vulnerabilities: {ids: [CVE-1]}", Vulnerable(cve()),
       Vulnerable(AFinding("CVE-2"))},
      {"vulnerabilities.stale_feed_data", "coverage: {maxDatabaseAge: 2d}",
       AnImage().DatabaseBuilt(At("2026-11-20T00:00:00Z")), AnImage()},
      {"vulnerabilities.vulnerability_data_unavailable", "coverage: {require: [Advisories]}",
       WithoutAdvisories("advisories"), AnImage()},
  };
}

std::vector<GateCase> MetadataGates() {
  return {
      {"metadata.attribute (size)", "image: {maxSize: 1Gi}", AnImage().Size(2ull << 30),
       AnImage().Size(1ull << 20)},
      {"metadata.attribute (architecture, os_type)", "image: {platforms: [linux/arm64]}", AnImage(),
       [] {
         AnImage image;
         image.inventory.platform = {"linux", "arm64"};
         return image;
       }()},
      {"metadata.attribute (distro, distro_version)",
       "os: {allowed: [{family: debian, versions: [\"12\"]}]}", AnImage().Runs("debian", "10"),
       AnImage().Runs("debian", "12")},
      {"metadata.attribute (layer_count)", "image: {maxLayers: 10}", AnImage().Layers(11),
       AnImage().Layers(10)},
  };
}

AnImage WithFile(CollectedFile file) {
  AnImage image;
  image.inventory.files = {std::move(file)};
  return image;
}

AnImage WithUser(PasswdEntry entry) {
  AnImage image;
  image.inventory.passwd = PasswdFile{{std::move(entry)}};
  return image;
}

std::vector<GateCase> FileGates() {
  const auto hash = [](char c) { return WithFile({.path = "x", .sha256 = std::string(64, c)}); };
  return {
      {"files.content_regex_match", "files: {paths: ['**'], content: {regex: AKIA}}",
       WithFile({.path = "srv/x", .matches = {{0, 1}}}), WithFile({.path = "srv/x"})},
      {"files.name_match", "files: {paths: ['**/id_rsa'], mustNotExist: true}",
       WithFile({.path = "root/id_rsa"}), WithFile({.path = "root/x"})},
      {"files.attribute_match (checksum)",
       "files: {paths: [x], sha256: "
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}",
       hash('b'), hash('a')},
      {"files.attribute_match (mode)", "files: {paths: [x], mode: '0600'}",
       WithFile({.path = "x", .mode = 0644}), WithFile({.path = "x", .mode = 0600})},
      {"files.suid_or_guid_set", "files: {setuid: true, setgid: true}",
       WithFile({.path = "bin/su", .mode = 02755}), WithFile({.path = "bin/su", .mode = 0755})},
      {"passwd_file.content_not_available", "passwd: {ifMissing: Fire}", AnImage(),
       WithUser({"root", 0, 0, "/bin/sh"})},
      {"passwd_file.blacklist_usernames", "passwd: {deniedUsers: [toor]}",
       WithUser({"toor", 1, 1, "/bin/sh"}), WithUser({"web", 1, 1, "/bin/sh"})},
      {"passwd_file.blacklist_userids", "passwd: {deniedUids: [7]}",
       WithUser({"web", 7, 1, "/bin/sh"}), WithUser({"web", 8, 1, "/bin/sh"})},
      {"passwd_file.blacklist_groupids", "passwd: {deniedGids: [7]}",
       WithUser({"web", 1, 7, "/bin/sh"}), WithUser({"web", 1, 8, "/bin/sh"})},
      {"passwd_file.blacklist_shells", "passwd: {deniedShells: [/bin/bash]}",
       WithUser({"web", 1, 1, "/bin/bash"}), WithUser({"web", 1, 1, "/bin/sh"})},
      // A line of a file, which it is.
      {"passwd_file.blacklist_full_entry",
       "files: {paths: [/etc/passwd], content: {regex: '^toor:x:0:0:'}}",
       WithFile({.path = "etc/passwd", .matches = {{0, 1}}}), WithFile({.path = "etc/passwd"})},
      {"retrieved_files.content_not_available", "files: {paths: [/etc/motd], mustExist: true}",
       AnImage(), WithFile({.path = "etc/motd"})},
      {"retrieved_files.content_regex (match)",
       "files: {paths: [/etc/motd], content: {regex: hello}}",
       WithFile({.path = "etc/motd", .matches = {{0, 1}}}), WithFile({.path = "etc/motd"})},
      {"retrieved_files.content_regex (no_match)",
       "files: {paths: [/etc/motd], content: {regex: hello, op: NoMatch}}",
       WithFile({.path = "etc/motd"}), WithFile({.path = "etc/motd", .matches = {{0, 1}}})},
  };
}

AnImage WithFault(IntegrityFault fault, std::string package = "coreutils") {
  AnImage image;
  image.inventory.integrity = {{"usr/bin/ls", std::move(package), fault, false, 1}};
  return image;
}

std::vector<GateCase> LookGates() {
  AnImage leaking;
  leaking.inventory.secrets = {
      {"github-token", "srv/.env", 3, 0, true, SecretConfidence::kHigh, "ghp_…", "0f"}};
  AnImage infected;
  infected.inventory.malware = {{"Eicar-Test-Signature", "srv/x", 0, true}};
  return {
      {"secret_scans.content_regex_checks", "secrets: {}", leaking, AnImage()},
      {"malware.scans", "malware: {}", infected, AnImage()},
      {"malware.scan_not_run", "coverage: {require: [Malware]}",
       AnImage().NotRead("malware", CoverageState::kUnsupported, "no clamd"), AnImage()},
      {"packages.verify (changed)", "integrity: {check: [Changed]}",
       WithFault(IntegrityFault::kChanged), WithFault(IntegrityFault::kMissing)},
      {"packages.verify (missing)", "integrity: {check: [Missing]}",
       WithFault(IntegrityFault::kMissing), WithFault(IntegrityFault::kChanged)},
      {"packages.verify (only_packages)", "integrity: {packages: [coreutils]}",
       WithFault(IntegrityFault::kChanged), WithFault(IntegrityFault::kChanged, "bash")},
      {"packages.verify (only_directories)", "integrity: {paths: [/usr/bin/**]}",
       WithFault(IntegrityFault::kChanged), AnImage()},
  };
}

std::vector<GateCase> AllGates() {
  std::vector<GateCase> all;
  for (auto part : {DockerfileGates(), PackageGates(), VulnerabilityGates(), MetadataGates(),
                    FileGates(), LookGates()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

TEST(AnchoreGates, EachHasARuleThatFiresAndPassesAsItDoes) {
  for (const GateCase& c : AllGates()) {
    SCOPED_TRACE(c.trigger);
    const ScanPolicy policy = ARule(c.rule);
    const PolicyVerdict fires = Judge(policy, AnImage(c.fires).CollectedFor(policy));
    EXPECT_EQ(VerdictName(fires.verdict), VerdictName(c.verdict)) << Messages(fires);
    const PolicyVerdict passes = Judge(policy, AnImage(c.passes).CollectedFor(policy));
    EXPECT_EQ(passes.verdict, Verdict::kPass) << Messages(passes);
  }
}

// Without its image, for it needs none: it is about the reference.
TEST(AnchoreGates, AlwaysFires) {
  const auto reference = *ImageReference::Parse("r.example.com/a:1");
  EXPECT_EQ(EvaluateReference(ARule("always: {}"), reference, "", kNow).verdict, Verdict::kFail);
}

/// Every active trigger of the engine.
constexpr const char* kTriggers[] = {
    "always.always",
    "dockerfile.effective_user",
    "dockerfile.exposed_ports",
    "dockerfile.instruction",
    "dockerfile.no_dockerfile_provided",
    "files.attribute_match",
    "files.content_regex_match",
    "files.name_match",
    "files.suid_or_guid_set",
    "licenses.blacklist_exact_match",
    "licenses.blacklist_partial_match",
    "malware.scan_not_run",
    "malware.scans",
    "metadata.attribute",
    "npms.blacklisted_name_version",
    "npms.feed_data_unavailable",
    "npms.newer_version_in_feed",
    "npms.unknown_in_feeds",
    "npms.version_not_in_feeds",
    "packages.blacklist",
    "packages.required_package",
    "packages.verify",
    "passwd_file.blacklist_full_entry",
    "passwd_file.blacklist_groupids",
    "passwd_file.blacklist_shells",
    "passwd_file.blacklist_userids",
    "passwd_file.blacklist_usernames",
    "passwd_file.content_not_available",
    "retrieved_files.content_not_available",
    "retrieved_files.content_regex",
    "ruby_gems.blacklist",
    "ruby_gems.feed_data_unavailable",
    "ruby_gems.newer_version_found_in_feed",
    "ruby_gems.not_found_in_feed",
    "ruby_gems.version_not_found_in_feed",
    "secret_scans.content_regex_checks",
    "vulnerabilities.blacklist",
    "vulnerabilities.package",
    "vulnerabilities.stale_feed_data",
    "vulnerabilities.vulnerability_data_unavailable",
};

/// They ask a registry of packages whether it has the version, or a newer one: what that answers is
/// not in the image, and changes without it.
constexpr const char* kLeftOut[] = {"newer_version", "unknown_in_feeds", "version_not_",
                                    "not_found_in_feed"};

TEST(AnchoreGates, NoActiveTriggerIsForgotten) {
  std::set<std::string> covered = {"always.always"};
  for (const GateCase& c : AllGates()) {
    const std::string trigger = c.trigger;
    covered.insert(trigger.substr(0, trigger.find(' ')));
  }
  for (const std::string trigger : kTriggers) {
    bool known = covered.erase(trigger) > 0;
    for (const char* part : kLeftOut) known = known || trigger.find(part) != std::string::npos;
    EXPECT_TRUE(known) << trigger << " has no rule";
  }
  EXPECT_TRUE(covered.empty()) << *covered.begin() << " is no trigger of the engine";
}

}  // namespace
}  // namespace landwaiter::policy
