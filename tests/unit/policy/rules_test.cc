// One table per rule kind: a rule, an image, the verdict and what the message must hold.
#include <gtest/gtest.h>

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

struct RuleCase {
  const char* name;
  const char* rule;
  AnImage image;
  Verdict verdict;
  const char* says;  // within the messages
};

class ContentRuleTest : public testing::TestWithParam<RuleCase> {};

TEST_P(ContentRuleTest, Judges) {
  const PolicyVerdict verdict = Judge(ARule(GetParam().rule), GetParam().image);
  EXPECT_EQ(VerdictName(verdict.verdict), VerdictName(GetParam().verdict)) << Messages(verdict);
  EXPECT_NE(Messages(verdict).find(GetParam().says), std::string::npos) << Messages(verdict);
}

std::string CaseName(const testing::TestParamInfo<RuleCase>& info) { return info.param.name; }

constexpr auto kPass = Verdict::kPass;
constexpr auto kFail = Verdict::kFail;
constexpr auto kOpen = Verdict::kUnknown;

INSTANTIATE_TEST_SUITE_P(
    Vulnerabilities, ContentRuleTest,
    testing::Values(
        RuleCase{"NothingFoundPasses", "vulnerabilities: {}", AnImage(), kPass, ""},
        RuleCase{"AnyFindingFires", "vulnerabilities: {}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kNegligible)), kFail,
                 "CVE-1 (Negligible) in openssl 3.0.1-1, no fixed version"},
        RuleCase{"TheSeverityAskedForFires", "vulnerabilities: {severityAtLeast: High}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kHigh).FixedIn("3.0.2-1")), kFail,
                 "fixed in 3.0.2-1"},
        RuleCase{"ALowerSeverityDoesNot", "vulnerabilities: {severityAtLeast: High}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kMedium)), kPass, ""},
        // Pitfall 141.
        RuleCase{"AnUnknownSeverityCounts", "vulnerabilities: {severityAtLeast: Critical}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kUnknown)), kFail, "(Unknown)"},
        RuleCase{"AnUnknownSeverityIsIgnoredWhenAsked",
                 "vulnerabilities: {severityAtLeast: Critical, unknownSeverity: Ignore}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kUnknown)), kPass, ""},
        RuleCase{"AScoreFires", "vulnerabilities: {cvssAtLeast: 7.5}",
                 AnImage().Has(AFinding("CVE-1").Scored(7.5)), kFail, "CVE-1"},
        RuleCase{"ALowerScoreDoesNot", "vulnerabilities: {cvssAtLeast: 7.5}",
                 AnImage().Has(AFinding("CVE-1").Scored(7.4)), kPass, ""},
        RuleCase{"AMissingScoreCounts", "vulnerabilities: {cvssAtLeast: 9}",
                 AnImage().Has(AFinding("CVE-1")), kFail, "CVE-1"},
        RuleCase{"AMissingScoreIsIgnoredWhenAsked",
                 "vulnerabilities: {cvssAtLeast: 9, missingScore: Ignore}",
                 AnImage().Has(AFinding("CVE-1")), kPass, ""},
        RuleCase{"FixAvailableTakesThoseWithAFix", "vulnerabilities: {fixAvailable: true}",
                 AnImage().Has(AFinding("CVE-1").FixedIn("4")), kFail, "CVE-1"},
        RuleCase{"FixAvailableLeavesThoseWithout", "vulnerabilities: {fixAvailable: true}",
                 AnImage().Has(AFinding("CVE-1")), kPass, ""},
        RuleCase{"NoFixAvailableTakesThoseWithout", "vulnerabilities: {fixAvailable: false}",
                 AnImage().Has(AFinding("CVE-1")), kFail, "CVE-1"},
        RuleCase{"AnIdFires", "vulnerabilities: {ids: [CVE-2021-44228]}",
                 AnImage().Has(AFinding("CVE-2021-44228")), kFail, "CVE-2021-44228"},
        RuleCase{"AnAliasFiresInAnyCase", "vulnerabilities: {ids: [ghsa-jfh8-c2jp-5v3q]}",
                 AnImage().Has(AFinding("CVE-2021-44228").Alias("GHSA-jfh8-c2jp-5v3q")), kFail,
                 "CVE-2021-44228"},
        RuleCase{"AnotherIdDoesNot", "vulnerabilities: {ids: [CVE-2021-44228]}",
                 AnImage().Has(AFinding("CVE-2021-4422")), kPass, ""},
        RuleCase{"ATypeNarrows", "vulnerabilities: {packages: {types: [npm, pypi]}}",
                 AnImage().Has(AFinding("CVE-1")), kPass, ""},
        RuleCase{"ANameNarrows", "vulnerabilities: {packages: {names: [\"lib*\"]}}",
                 AnImage().Has(AFinding("CVE-1").In("libssl3")), kFail, "libssl3"},
        RuleCase{"ASourceNameCounts", "vulnerabilities: {packages: {names: [openssl]}}",
                 AnImage().Has(AFinding("CVE-1").In("libssl3").From("openssl")), kFail, "libssl3"},
        RuleCase{"APyPiNameIsNormalised", "vulnerabilities: {packages: {names: [ruamel-yaml]}}",
                 AnImage().Has(AFinding("CVE-1").In("Ruamel.Yaml", "pypi")), kFail, "Ruamel.Yaml"},
        RuleCase{"APathIsIncluded", "vulnerabilities: {packages: {includePaths: [\"app/**\"]}}",
                 AnImage().Has(AFinding("CVE-1").Path("app/a/package.json")), kFail, "CVE-1"},
        RuleCase{"APathIsExcluded", "vulnerabilities: {packages: {excludePaths: [\"**/test/**\"]}}",
                 AnImage().Has(AFinding("CVE-1").Path("app/test/a/package.json")), kPass, ""},
        RuleCase{"AStateNarrows", "vulnerabilities: {states: [Fixed]}",
                 AnImage().Has(AFinding("CVE-1").With(FindingState::kWillNotFix)), kPass, ""},
        RuleCase{"AStateFires", "vulnerabilities: {states: [WillNotFix, EndOfLife]}",
                 AnImage().Has(AFinding("CVE-1").With(FindingState::kWillNotFix)), kFail, "CVE-1"},
        // Admission pitfall 77: a new vulnerability must not stop tonight's rollout.
        RuleCase{"ANewOneIsLeftItsTime", "vulnerabilities: {publishedFor: 14d}",
                 AnImage().Has(AFinding("CVE-1").Published("2026-11-10T12:00:01Z")), kPass, ""},
        // Admission pitfall 77.
        RuleCase{"WhenItsTimeIsUpItFires", "vulnerabilities: {publishedFor: 14d}",
                 AnImage().Has(AFinding("CVE-1").Published("2026-11-10T12:00:00Z")), kFail,
                 "CVE-1"},
        RuleCase{"ABareDateIsMidnight", "vulnerabilities: {publishedFor: 1d12h}",
                 AnImage().Has(AFinding("CVE-1").Published("2026-11-23")), kFail, "CVE-1"},
        RuleCase{"OneWithoutADateIsLeftNone", "vulnerabilities: {publishedFor: 14d}",
                 AnImage().Has(AFinding("CVE-1")), kFail, "CVE-1"},
        RuleCase{"NorIsOneWhoseDateCannotBeRead", "vulnerabilities: {publishedFor: 14d}",
                 AnImage().Has(AFinding("CVE-1").Published("yesterday")), kFail, "CVE-1"},
        RuleCase{"AMomentToComeIsNew", "vulnerabilities: {publishedFor: 1s}",
                 AnImage().Has(AFinding("CVE-1").Published("2027-01-01T00:00:00Z")), kPass, ""},
        RuleCase{"AKnownExploitedOneFires", "vulnerabilities: {knownExploited: true}",
                 AnImage().Has(AFinding("CVE-1").Exploited(true)), kFail, "CVE-1"},
        RuleCase{"OneNotKnownToBeExploitedDoesNot", "vulnerabilities: {knownExploited: true}",
                 AnImage().Has(AFinding("CVE-1").Exploited(false)), kPass, ""},
        RuleCase{"WithoutAListOfExploitedOnesItIsOpen", "vulnerabilities: {knownExploited: true}",
                 AnImage().Has(AFinding("CVE-1")), kOpen, "no list of known exploited"},
        RuleCase{"WithoutAListAndWithoutFindingsItPasses",
                 "vulnerabilities: {knownExploited: true}", AnImage(), kPass, ""},
        RuleCase{"WithoutAListOtherFieldsStillDecide",
                 "vulnerabilities: {knownExploited: true, severityAtLeast: High}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kLow)), kPass, ""},
        RuleCase{"AsManyAsMaxCountPass", "vulnerabilities: {maxCount: 2}",
                 AnImage().Has(AFinding("CVE-1")).Has(AFinding("CVE-2")), kPass, ""},
        RuleCase{"OneMoreThanMaxCountFires", "vulnerabilities: {maxCount: 1}",
                 AnImage().Has(AFinding("CVE-1")).Has(AFinding("CVE-2")), kFail, "CVE-2"},
        RuleCase{"OpenOnesWithinMaxCountPass",
                 "vulnerabilities: {knownExploited: true, maxCount: 1}",
                 AnImage().Has(AFinding("CVE-1")), kPass, ""},
        // Pitfall 129: names of the NVD are the main source of false findings.
        RuleCase{"WhatANameOfTheNvdFindsFailsNothing", "vulnerabilities: {}",
                 AnImage().Has(AFinding("CVE-1").ByCpe()), kPass, ""},
        RuleCase{"KernelHeadersAreTheHosts", "vulnerabilities: {}",
                 AnImage().Has(AFinding("CVE-1").In("linux-libc-dev").HostKernel()), kPass, ""},
        RuleCase{
            "FieldsAreAnded", "vulnerabilities: {severityAtLeast: High, fixAvailable: true}",
            AnImage()
                .Has(AFinding("CVE-1").Of(Severity::kHigh))
                .Has(AFinding("CVE-2").Of(Severity::kLow).FixedIn("4")),
            kPass, ""},
        RuleCase{"WarnOnlyWarns", "action: Warn, vulnerabilities: {}",
                 AnImage().Has(AFinding("CVE-1")), Verdict::kWarn, "CVE-1"},
        RuleCase{"AnUnreadSourceIsOpen", "vulnerabilities: {severityAtLeast: Critical}",
                 AnImage().NotRead("dpkg", CoverageState::kFailed, "var/lib/dpkg/status: line 7"),
                 kOpen, "coverage dpkg is Failed: var/lib/dpkg/status: line 7"},
        RuleCase{"AnUnsupportedSystemIsOpen", "vulnerabilities: {}",
                 AnImage().NotRead("os", CoverageState::kUnsupported, "solaris 11"), kOpen,
                 "coverage os is Unsupported: solaris 11"},
        RuleCase{"NoAdvisoriesForItIsOpen", "vulnerabilities: {}",
                 AnImage().NotMatched(CoverageState::kUnsupported, "no feed for void"), kOpen,
                 "no feed for void"},
        RuleCase{"AnEndedFeedIsOpen", "vulnerabilities: {}",
                 AnImage().NotMatched(CoverageState::kEndOfLife, "debian 8 ended 2020-06-30"),
                 kOpen, "EndOfLife"},
        RuleCase{"AFindingDecidesWhateverWasNotRead", "vulnerabilities: {}",
                 AnImage().Has(AFinding("CVE-1")).NotRead("npm", CoverageState::kFailed, "broken"),
                 kFail, "unknown: rule rule: coverage npm is Failed"},
        RuleCase{"AnUnreadConfigurationDoesNotMatterHere", "vulnerabilities: {}",
                 AnImage().NotRead("config", CoverageState::kFailed, "broken"), kPass, ""}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Image, ContentRuleTest,
    testing::Values(
        RuleCase{"AUserPasses", "image: {runsAsRoot: true}", AnImage().User("app", 1000), kPass,
                 ""},
        RuleCase{"NoUserIsRoot", "image: {runsAsRoot: true}", AnImage().User("", std::nullopt),
                 kFail, "no USER is set (uid 0)"},
        RuleCase{"RootIsRoot", "image: {runsAsRoot: true}", AnImage().User("root", 0), kFail,
                 "USER is 'root'"},
        RuleCase{"ZeroIsRoot", "image: {runsAsRoot: true}", AnImage().User("0", std::nullopt),
                 kFail, "runs as root"},
        RuleCase{"ZeroWithAGroupIsRoot", "image: {runsAsRoot: true}",
                 AnImage().User("0:1000", std::nullopt), kFail, "runs as root"},
        RuleCase{"ManyZerosAreRoot", "image: {runsAsRoot: true}",
                 AnImage().User("000", std::nullopt), kFail, "runs as root"},
        RuleCase{"ANameWithUidZeroIsRoot", "image: {runsAsRoot: true}", AnImage().User("toor", 0),
                 kFail, "'toor'"},
        RuleCase{"ANameThatPasswdLacksIsOpen", "image: {runsAsRoot: true}",
                 AnImage().User("app", std::nullopt), kOpen, "does not tell"},
        RuleCase{"ADeniedName", "image: {deniedUsers: [daemon]}", AnImage().User("daemon:x", 1),
                 kFail, "'daemon'"},
        RuleCase{"ADeniedUidByName", "image: {deniedUsers: [1]}", AnImage().User("daemon", 1),
                 kFail, "denied ('1')"},
        RuleCase{"DeniedRootIsUidZero", "image: {deniedUsers: [root]}",
                 AnImage().User("0", std::nullopt), kFail, "denied ('root')"},
        RuleCase{"DeniedRootIsNoUser", "image: {deniedUsers: [root]}",
                 AnImage().User("", std::nullopt), kFail, "no USER is set"},
        RuleCase{"AnotherUserPasses", "image: {deniedUsers: [daemon, 0]}",
                 AnImage().User("app", 1000), kPass, ""},
        RuleCase{"ANameAgainstANumberIsOpen", "image: {deniedUsers: [daemon]}",
                 AnImage().User("1", std::nullopt), kOpen, "cannot be told"},
        RuleCase{"ADeniedPort", "image: {deniedPorts: [22]}", AnImage().Exposes("22/tcp"), kFail,
                 "port 22/tcp is exposed"},
        RuleCase{"APortWithoutProtocolIsTcp", "image: {deniedPorts: [22/tcp]}",
                 AnImage().Exposes("22"), kFail, "port 22"},
        RuleCase{"ADeniedRange", "image: {deniedPorts: [\"2000-3000\"]}",
                 AnImage().Exposes("2375/tcp"), kFail, "2375"},
        RuleCase{"AnExposedRangeOverlaps", "image: {deniedPorts: [22]}",
                 AnImage().Exposes("20-25/tcp"), kFail, "20-25"},
        RuleCase{"AnotherProtocolPasses", "image: {deniedPorts: [53/udp]}",
                 AnImage().Exposes("53/tcp"), kPass, ""},
        RuleCase{"APortThatCannotBeReadIsOpen", "image: {deniedPorts: [22]}",
                 AnImage().Exposes("ssh"), kOpen, "'ssh' cannot be read"},
        RuleCase{"AnAllowedPort", "image: {allowedPorts: [8080, 9000-9100/tcp]}",
                 AnImage().Exposes("8080/tcp").Exposes("9050/tcp"), kPass, ""},
        RuleCase{"APortNotAllowed", "image: {allowedPorts: [8080]}", AnImage().Exposes("8081/tcp"),
                 kFail, "not among those allowed"},
        RuleCase{"NoneAllowed", "image: {allowedPorts: []}", AnImage().Exposes("80/tcp"), kFail,
                 "port 80/tcp"},
        RuleCase{"ALabelIsMissing", "image: {requiredLabels: [{name: team}]}", AnImage(), kFail,
                 "label team is missing"},
        RuleCase{"ALabelIsThere", "image: {requiredLabels: [{name: team}]}",
                 AnImage().Label("team", "shop/a"), kPass, ""},
        RuleCase{"ALabelHasAnotherValue",
                 "image: {requiredLabels: [{name: src, value: \"https://git.example.com/**\"}]}",
                 AnImage().Label("src", "https://evil.example.com/a"), kFail, "expected"},
        RuleCase{"NoHealthcheck", "image: {healthcheckRequired: true}", AnImage(), kFail,
                 "no HEALTHCHECK"},
        RuleCase{"AHealthcheck", "image: {healthcheckRequired: true}", AnImage().Healthcheck(),
                 kPass, ""},
        RuleCase{"EachFieldIsADemand", "image: {runsAsRoot: true, healthcheckRequired: true}",
                 AnImage().User("app", 1000), kFail, "no HEALTHCHECK"},
        RuleCase{"AnUnreadConfigurationIsOpen", "image: {runsAsRoot: true}",
                 AnImage().User("", std::nullopt).NotRead("config", CoverageState::kFailed, "cut"),
                 kOpen, "coverage config is Failed: cut"},
        RuleCase{"UnreadPackagesDoNotMatterHere", "image: {runsAsRoot: true}",
                 AnImage().NotRead("dpkg", CoverageState::kFailed, "cut"), kPass, ""}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Packages, ContentRuleTest,
    testing::Values(
        RuleCase{"ADeniedPackage", "packages: {denied: [{name: telnet*}]}",
                 AnImage().Holds("deb", "telnetd", "0.17"), kFail, "telnetd 0.17 is present"},
        RuleCase{"AnotherPackagePasses", "packages: {denied: [{name: telnet*}]}",
                 AnImage().Holds("deb", "bash", "5"), kPass, ""},
        RuleCase{"AnotherTypePasses", "packages: {denied: [{name: event-stream, type: npm}]}",
                 AnImage().Holds("pypi", "event-stream", "1"), kPass, ""},
        RuleCase{"ADpkgRange",
                 "packages: {denied: [{name: openssl, type: deb, versions: \"<3.0.11-1\"}]}",
                 AnImage().Holds("deb", "openssl", "3.0.11~deb12u1-1"), kFail, "<3.0.11-1"},
        RuleCase{"ADpkgRangePasses",
                 "packages: {denied: [{name: openssl, type: deb, versions: \"<3.0.11-1\"}]}",
                 AnImage().Holds("deb", "openssl", "3.0.11-1"), kPass, ""},
        RuleCase{"AnNpmRange",
                 "packages: {denied: [{name: lodash, type: npm, versions: \"^4.17.0 <4.17.21\"}]}",
                 AnImage().Holds("npm", "lodash", "4.17.20"), kFail, "lodash 4.17.20"},
        RuleCase{"APep440Range",
                 "packages: {denied: [{name: requests, type: pypi, versions: \"~=2.30\"}]}",
                 AnImage().Holds("pypi", "Requests", "2.31.0"), kFail, "Requests"},
        RuleCase{
            "AGoRange",
            "packages: {denied: [{name: golang.org/x/**, type: golang, versions: \"<v0.17.0\"}]}",
            AnImage().Holds("golang", "golang.org/x/net", "v0.16.0"), kFail, "v0.16.0"},
        RuleCase{"AnApkRange",
                 "packages: {denied: [{name: busybox, type: apk, versions: \"<1.36.1-r5\"}]}",
                 AnImage().Holds("apk", "busybox", "1.36.1-r4"), kFail, "busybox"},
        RuleCase{"AVersionThatCannotBeReadIsOpen",
                 "packages: {denied: [{name: lodash, type: npm, versions: \"<4\"}]}",
                 AnImage().Holds("npm", "lodash", "not a version"), kOpen, "version of lodash"},
        RuleCase{"ARequiredPackageIsThere", "packages: {required: [{name: ca-certificates}]}",
                 AnImage().Holds("deb", "ca-certificates", "1"), kPass, ""},
        RuleCase{"ARequiredPackageIsNot", "packages: {required: [{name: ca-certificates}]}",
                 AnImage(), kFail, "required package ca-certificates is not present"},
        RuleCase{"ARequiredPackageIsTooOld",
                 "packages: {required: [{name: bash, type: deb, versions: \">=5.2\"}]}",
                 AnImage().Holds("deb", "bash", "5.1-1"), kFail, "found 5.1-1"},
        RuleCase{"OneOfTwoVersionsIsEnough",
                 "packages: {required: [{name: bash, type: deb, versions: \">=5.2\"}]}",
                 AnImage().Holds("deb", "bash", "5.1-1").Holds("deb", "bash", "5.3-1"), kPass, ""},
        RuleCase{"ARequiredOneMayBeInWhatWasNotRead", "packages: {required: [{name: bash}]}",
                 AnImage().NotRead("dpkg", CoverageState::kFailed, "cut"), kOpen, "coverage dpkg"},
        RuleCase{"ADeniedOneMayBeInWhatWasNotRead", "packages: {denied: [{name: bash}]}",
                 AnImage().NotRead("dpkg", CoverageState::kFailed, "cut"), kOpen, "coverage dpkg"},
        RuleCase{"ARequiredOneThatIsThereNeedsNoMore", "packages: {required: [{name: bash}]}",
                 AnImage().Holds("deb", "bash", "5").NotRead("npm", CoverageState::kFailed, "cut"),
                 kPass, ""}),
    CaseName);

struct ReferenceCase {
  const char* name;
  const char* rule;
  std::string reference;
  Verdict verdict;
  const char* says;
};

class ReferenceRuleTest : public testing::TestWithParam<ReferenceCase> {};

TEST_P(ReferenceRuleTest, JudgesWithoutAScan) {
  const auto reference = ImageReference::Parse(GetParam().reference);
  ASSERT_TRUE(reference) << reference.error().message;
  const PolicyVerdict verdict = EvaluateReference(ARule(GetParam().rule), *reference, "", kNow);
  EXPECT_EQ(VerdictName(verdict.verdict), VerdictName(GetParam().verdict)) << Messages(verdict);
  EXPECT_NE(Messages(verdict).find(GetParam().says), std::string::npos) << Messages(verdict);
}

const std::string kPinned = "@sha256:" + std::string(64, 'a');

INSTANTIATE_TEST_SUITE_P(
    Table, ReferenceRuleTest,
    testing::Values(
        ReferenceCase{"AnAllowedRegistry", "reference: {registries: [r.example.com]}",
                      "r.example.com/a:1", kPass, ""},
        ReferenceCase{"AnotherRegistry", "reference: {registries: [r.example.com]}",
                      "r.example.com.evil.org/a:1", kFail, "registry r.example.com.evil.org"},
        ReferenceCase{"AnotherPort", "reference: {registries: [r.example.com]}",
                      "r.example.com:5000/a:1", kFail, "5000"},
        ReferenceCase{"ARegistryPattern", "reference: {registries: [\"*.example.com\"]}",
                      "a.b.example.com/a:1", kPass, ""},
        // Admission pitfall 58.
        // Pitfall 46: one registry under all its names.
        ReferenceCase{"DockerHubByEitherName", "reference: {registries: [index.docker.io]}",
                      "nginx", kPass, ""},
        ReferenceCase{"DockerHubByItsOwnHost", "reference: {registries: [docker.io]}",
                      "registry-1.docker.io/library/nginx:1", kPass, ""},
        ReferenceCase{"DockerHubsOwnHostIsAllowed",
                      "reference: {registries: [registry-1.docker.io]}", "nginx", kPass, ""},
        ReferenceCase{"TheDefaultPortIsNoOtherRegistry", "reference: {registries: [r.example.com]}",
                      "r.example.com:443/a:1", kPass, ""},
        ReferenceCase{"AnAllowedRepository", "reference: {repositories: [\"shop/**\"]}",
                      "r.example.com/shop/a/b:1", kPass, ""},
        ReferenceCase{"AnotherRepository", "reference: {repositories: [\"r.example.com/shop/**\"]}",
                      "s.example.com/shop/a:1", kFail, "s.example.com/shop/a"},
        ReferenceCase{"ADeniedTag", "reference: {deniedTags: [latest]}", "nginx:latest", kFail,
                      "tag latest is denied"},
        ReferenceCase{"NoTagIsLatest", "reference: {deniedTags: [latest]}", "nginx", kFail,
                      "no tag is written"},
        ReferenceCase{"ATagPattern", "reference: {deniedTags: [\"*-debug\"]}", "nginx:1-debug",
                      kFail, "1-debug"},
        ReferenceCase{"AnotherTag", "reference: {deniedTags: [latest]}", "nginx:1.25", kPass, ""},
        ReferenceCase{"APinnedTagDecidesNothing", "reference: {deniedTags: [latest]}",
                      "nginx:latest" + kPinned, kPass, ""},
        ReferenceCase{"ATagIsRequired", "reference: {tagRequired: true}", "nginx", kFail,
                      "neither tag nor digest"},
        ReferenceCase{"LatestIsATag", "reference: {tagRequired: true}", "nginx:latest", kPass, ""},
        ReferenceCase{"ADigestIsMoreThanATag", "reference: {tagRequired: true}", "nginx" + kPinned,
                      kPass, ""},
        ReferenceCase{"ADigestIsRequired", "reference: {digestRequired: true}", "nginx:1.25", kFail,
                      "no digest is written"},
        ReferenceCase{"ADigestIsThere", "reference: {digestRequired: true}", "nginx:1.25" + kPinned,
                      kPass, ""},
        ReferenceCase{"ContentRulesAreNotAsked", "vulnerabilities: {}", "nginx", kPass, ""}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::policy
