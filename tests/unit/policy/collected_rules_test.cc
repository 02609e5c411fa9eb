// The kinds that are decided by what a scan collects for them: a rule, what was found, the verdict
// and what the message must hold.
#include <gtest/gtest.h>

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

struct CollectedCase {
  const char* name;
  const char* rule;
  AnImage image;
  Verdict verdict;
  const char* says = "";
};

class CollectedRuleTest : public testing::TestWithParam<CollectedCase> {};

TEST_P(CollectedRuleTest, Judges) {
  const ScanPolicy policy = ARule(GetParam().rule);
  AnImage image = GetParam().image;
  image.CollectedFor(policy);
  const PolicyVerdict verdict = Judge(policy, image);
  EXPECT_EQ(VerdictName(verdict.verdict), VerdictName(GetParam().verdict)) << Messages(verdict);
  EXPECT_NE(Messages(verdict).find(GetParam().says), std::string::npos) << Messages(verdict);
}

// Nothing is passed because nobody has looked (policy-gates.md, trap 12).
TEST_P(CollectedRuleTest, IsUnknownWhereNobodyLooked) {
  const PolicyVerdict verdict = Judge(ARule(GetParam().rule), GetParam().image);
  EXPECT_EQ(VerdictName(verdict.verdict), "Unknown");
  EXPECT_TRUE(verdict.violations.empty());
  EXPECT_NE(Messages(verdict).find("NotCollected"), std::string::npos) << Messages(verdict);
}

constexpr auto kPass = Verdict::kPass;
constexpr auto kFail = Verdict::kFail;
constexpr auto kOpen = Verdict::kUnknown;

AnImage With(CollectedFile file) {
  AnImage image;
  image.inventory.files = {std::move(file)};
  return image;
}

AnImage AFile(std::string path, std::uint64_t mode = 0644) {
  return With({.path = std::move(path), .mode = mode, .sha256 = std::string(64, 'a')});
}

AnImage ALink(std::string path) {
  return With(
      {.path = std::move(path), .leads_to = "x", .kind = CollectedKind::kSymlink, .mode = 0777});
}

INSTANTIATE_TEST_SUITE_P(
    Files, CollectedRuleTest,
    testing::Values(
        CollectedCase{"MustExistAndDoes", "files: {paths: [/etc/motd], mustExist: true}",
                      AFile("etc/motd"), kPass},
        CollectedCase{"MustExistAndDoesNot", "files: {paths: [/etc/motd], mustExist: true}",
                      AnImage(), kFail, "/etc/motd is not in the image"},
        CollectedCase{"EachOfThePathsMustExist",
                      "files: {paths: [etc/motd, 'opt/*'], mustExist: true}", AFile("etc/motd"),
                      kFail, "/opt/* matches no file"},
        CollectedCase{"ALinkThatLeadsNowhereDoesNotExist",
                      "files: {paths: [etc/motd], mustExist: true}", ALink("etc/motd"), kFail},
        CollectedCase{"MustNotExistAndDoesNot", "files: {paths: ['**/id_rsa'], mustNotExist: true}",
                      AnImage(), kPass},
        CollectedCase{"MustNotExistAndDoes", "files: {paths: ['**/id_rsa'], mustNotExist: true}",
                      AFile("root/.ssh/id_rsa"), kFail, "/root/.ssh/id_rsa is in the image"},
        CollectedCase{"ALinkThatLeadsNowhereMustNotExistEither",
                      "files: {paths: [etc/motd], mustNotExist: true}", ALink("etc/motd"), kFail},
        CollectedCase{"WhatIsAllowedMayExist",
                      "files: {paths: ['**/id_*'], mustNotExist: true, allowPaths: ['/**/*.pub']}",
                      AFile("root/.ssh/id_rsa.pub"), kPass},
        CollectedCase{"ASetuidFile", "files: {setuid: true}", AFile("bin/su", 04755), kFail,
                      "/bin/su is setuid (mode 4755)"},
        CollectedCase{"ASetgidFileIsNotSetuid", "files: {setuid: true}", AFile("bin/w", 02755),
                      kPass},
        CollectedCase{"ASetgidFile", "files: {setgid: true}", AFile("bin/w", 02755), kFail},
        CollectedCase{"AWorldWritableFile", "files: {worldWritable: true}", AFile("srv/x", 0666),
                      kFail, "writable by everybody"},
        CollectedCase{"AFileWithCapabilities", "files: {capabilities: true}",
                      With({.path = "bin/ping", .mode = 0755, .capabilities = true}), kFail,
                      "capabilities"},
        CollectedCase{"ASetuidFileElsewhere", "files: {paths: ['/opt/**'], setuid: true}",
                      AFile("bin/su", 04755), kPass},
        CollectedCase{"AnotherMode", "files: {paths: [etc/shadow], mode: '0640'}",
                      AFile("etc/shadow", 0644), kFail, "has mode 0644, expected 0640"},
        CollectedCase{"ThisMode", "files: {paths: [etc/shadow], mode: '640'}",
                      AFile("etc/shadow", 0640), kPass},
        CollectedCase{"AnotherOwner", "files: {paths: [x], uid: 0}", With({.path = "x", .uid = 7}),
                      kFail, "has uid 7, expected 0"},
        CollectedCase{"AnotherGroup", "files: {paths: [x], gid: 42}", With({.path = "x"}), kFail},
        CollectedCase{"AnotherHash",
                      "files: {paths: [x], sha256: "
                      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}",
                      AFile("x"), kFail, "SHA-256"},
        CollectedCase{"ThisHash",
                      "files: {paths: [x], sha256: "
                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}",
                      AFile("x"), kPass},
        CollectedCase{"ALine", "files: {paths: [x], content: {regex: '^a'}}",
                      With({.path = "x", .matches = {{0, 12}}}), kFail, "line 12 matches ^a"},
        CollectedCase{"NoLine", "files: {paths: [x], content: {regex: '^a'}}", AFile("x"), kPass},
        CollectedCase{"NoLineWhereOneIsWanted",
                      "files: {paths: [x], content: {regex: '^a', op: NoMatch}}", AFile("x"), kFail,
                      "no line matches ^a"},
        CollectedCase{"ALineWhereOneIsWanted",
                      "files: {paths: [x], content: {regex: '^a', op: NoMatch}}",
                      With({.path = "x", .matches = {{0, 1}}}), kPass},
        CollectedCase{"LinesThatWereNotLookedAt", "files: {paths: [x], content: {regex: '^a'}}",
                      With({.path = "x", .unread = "has 9 GB"}), kOpen, "has 9 GB"},
        // Trap 7: an absent file must not pass what it should hold.
        CollectedCase{"AFileThatIsMissing", "files: {paths: [x], content: {regex: a, op: NoMatch}}",
                      AnImage(), kFail, "/x is not in the image"},
        CollectedCase{"AFileThatMayBeMissing",
                      "files: {paths: [x], content: {regex: a, op: NoMatch}, ifMissing: Skip}",
                      AnImage(), kPass},
        CollectedCase{"APatternThatNothingMatches", "files: {paths: ['*.pem'], mode: '0600'}",
                      AnImage(), kPass},
        CollectedCase{"NotAllFilesWereKept", "files: {setuid: true}",
                      AnImage().NotRead("files", CoverageState::kFailed, "too many"), kOpen,
                      "too many"},
        CollectedCase{"WhatWasNotKeptIsNotMissing", "files: {paths: [x], mustExist: true}",
                      AnImage().NotRead("files", CoverageState::kFailed, "too many"), kOpen},
        CollectedCase{"AnUnreadPackageDatabaseIsAnothersMatter", "files: {setuid: true}",
                      AnImage().NotRead("dpkg", CoverageState::kFailed, "broken"), kPass},
        CollectedCase{"ANameThatWouldReachATerminal", "files: {setuid: true}",
                      AFile("bin/\x1b[31m", 04755), kFail, "/bin/?[31m is setuid"}),
    [](const auto& info) { return info.param.name; });

AnImage Users(std::vector<PasswdEntry> entries, std::vector<std::uint64_t> malformed = {}) {
  AnImage image;
  image.inventory.passwd = PasswdFile{std::move(entries), std::move(malformed)};
  return image;
}

INSTANTIATE_TEST_SUITE_P(
    Passwd, CollectedRuleTest,
    testing::Values(
        CollectedCase{"ADeniedUser", "passwd: {deniedUsers: [toor]}",
                      Users({{"toor", 7, 7, "/bin/sh"}}), kFail, "user 'toor'"},
        CollectedCase{"NoDeniedUser", "passwd: {deniedUsers: [toor]}",
                      Users({{"root", 0, 0, "/bin/sh"}}), kPass},
        CollectedCase{"ADeniedUid", "passwd: {deniedUids: [0, '7']}",
                      Users({{"toor", 7, 1, "/bin/sh"}}), kFail, "has uid 7"},
        CollectedCase{"ADeniedUidOfOneWhoMay", "passwd: {deniedUids: [0], exceptUsers: [root]}",
                      Users({{"root", 0, 0, "/bin/sh"}}), kPass},
        CollectedCase{"ADeniedGid", "passwd: {deniedGids: [0]}", Users({{"a", 1, 0, "/bin/sh"}}),
                      kFail, "has gid 0"},
        CollectedCase{"ADeniedShell", "passwd: {deniedShells: [/bin/bash]}",
                      Users({{"a", 1, 1, "/bin/bash"}}), kFail, "/bin/bash"},
        CollectedCase{"ALineThatIsNone", "passwd: {deniedUids: [0]}", Users({}, {3}), kOpen,
                      "line 3 of /etc/passwd"},
        CollectedCase{"NoFile", "passwd: {deniedUids: [0]}", AnImage(), kOpen, "no /etc/passwd"},
        CollectedCase{"NoFileWhereThatIsBad", "passwd: {ifMissing: Fire}", AnImage(), kFail,
                      "no /etc/passwd"},
        CollectedCase{"NoFileWhereThatIsGood", "passwd: {deniedUids: [0], ifMissing: Skip}",
                      AnImage(), kPass},
        CollectedCase{"AFileThatWasNotRead", "passwd: {deniedUids: [0], ifMissing: Skip}",
                      AnImage().NotRead("passwd", CoverageState::kFailed, "too long"), kOpen,
                      "too long"}),
    [](const auto& info) { return info.param.name; });

AnImage Secret(SecretConfidence confidence, bool final, std::string path = "srv/.env") {
  AnImage image;
  image.inventory.secrets = {
      {"github-token", std::move(path), 3, 1, final, confidence, "ghp_…", "0f"}};
  return image;
}
constexpr auto kHigh = SecretConfidence::kHigh;

INSTANTIATE_TEST_SUITE_P(
    Secrets, CollectedRuleTest,
    testing::Values(
        CollectedCase{"None", "secrets: {}", AnImage(), kPass},
        CollectedCase{"One", "secrets: {}", Secret(kHigh, true), kFail,
                      "/srv/.env:3 holds a secret: github-token (ghp_…)"},
        CollectedCase{"OfLowConfidence", "secrets: {}", Secret(SecretConfidence::kLow, true),
                      kPass},
        CollectedCase{"OfLowConfidenceWhereThatCounts", "secrets: {minConfidence: Low}",
                      Secret(SecretConfidence::kLow, true), kFail},
        CollectedCase{"ThatIsGone", "secrets: {}", Secret(kHigh, false), kPass},
        CollectedCase{"ThatIsGoneButInALayer", "secrets: {scope: AnyLayer}", Secret(kHigh, false),
                      kFail, "in layer 2, though not in the final image"},
        CollectedCase{"OfAnotherRule", "secrets: {rules: ['aws-*']}", Secret(kHigh, true), kPass},
        CollectedCase{"OfThisRule", "secrets: {rules: ['git*']}", Secret(kHigh, true), kFail},
        CollectedCase{"Elsewhere", "secrets: {paths: ['/etc/**']}", Secret(kHigh, true), kPass},
        CollectedCase{"WhereItMayBe", "secrets: {allowPaths: ['/srv/*']}", Secret(kHigh, true),
                      kPass},
        CollectedCase{"NotAllWasSearched", "secrets: {}",
                      AnImage().NotRead("secrets", CoverageState::kFailed, "long"), kOpen, "long"}),
    [](const auto& info) { return info.param.name; });

AnImage Infected(bool final = true, std::string path = "srv/x") {
  AnImage image;
  image.inventory.malware = {{"Unix.Miner.Test-1", std::move(path), 1, final}};
  return image;
}

AnImage Changed(std::string path, std::string package, bool config = false) {
  AnImage image;
  image.inventory.integrity = {
      {std::move(path), std::move(package), IntegrityFault::kChanged, config, 1}};
  return image;
}

AnImage Missing(std::string path, std::string package) {
  AnImage image;
  image.inventory.integrity = {{std::move(path), std::move(package), IntegrityFault::kMissing}};
  return image;
}

INSTANTIATE_TEST_SUITE_P(
    Integrity, CollectedRuleTest,
    testing::Values(
        CollectedCase{"NoFault", "integrity: {}", AnImage(), kPass},
        CollectedCase{"AChangedFile", "integrity: {}", Changed("usr/bin/ls", "coreutils"), kFail,
                      "/usr/bin/ls of package coreutils is not as the package brought it (written "
                      "by layer 2)"},
        CollectedCase{"AMissingFile", "integrity: {}", Missing("usr/bin/ls", "coreutils"), kFail,
                      "/usr/bin/ls of package coreutils is missing"},
        CollectedCase{"AMissingFileWhereOnlyChangesCount", "integrity: {check: [Changed]}",
                      Missing("usr/bin/ls", "coreutils"), kPass},
        CollectedCase{"AChangedFileWhereOnlyMissingOnesCount", "integrity: {check: [Missing]}",
                      Changed("usr/bin/ls", "coreutils"), kPass},
        CollectedCase{"AConfigurationFile", "integrity: {}", Changed("etc/x", "x", true), kPass},
        CollectedCase{"AConfigurationFileThatCounts", "integrity: {exceptConfig: false}",
                      Changed("etc/x", "x", true), kFail},
        CollectedCase{"OfThisPackage", "integrity: {packages: ['core*']}",
                      Changed("usr/bin/ls", "coreutils"), kFail},
        CollectedCase{"OfAnotherPackage", "integrity: {packages: [bash]}",
                      Changed("usr/bin/ls", "coreutils"), kPass},
        CollectedCase{"Elsewhere", "integrity: {paths: ['/sbin/**']}",
                      Changed("usr/bin/ls", "coreutils"), kPass},
        CollectedCase{"NotAllCouldBeChecked", "integrity: {}",
                      AnImage().NotRead("integrity", CoverageState::kFailed, "no record"), kOpen,
                      "no record"},
        CollectedCase{"ANameThatWouldReachATerminal", "integrity: {}", Changed("bin/\x1b[31m", "x"),
                      kFail, "/bin/?[31m of package"}),
    [](const auto& info) { return info.param.name; });

// What clamd has found counts whatever it has not looked at, so these have a table of their own.
class MalwareRuleTest : public testing::TestWithParam<CollectedCase> {};

TEST_P(MalwareRuleTest, Judges) {
  const ScanPolicy policy = ARule(GetParam().rule);
  const PolicyVerdict verdict = Judge(policy, AnImage(GetParam().image).CollectedFor(policy));
  EXPECT_EQ(VerdictName(verdict.verdict), VerdictName(GetParam().verdict)) << Messages(verdict);
  EXPECT_NE(Messages(verdict).find(GetParam().says), std::string::npos) << Messages(verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MalwareRuleTest,
    testing::Values(
        CollectedCase{"None", "malware: {}", AnImage(), kPass},
        CollectedCase{"One", "malware: {}", Infected(), kFail,
                      "/srv/x is malware: Unix.Miner.Test-1 (layer 2)"},
        CollectedCase{"OneThatIsGone", "malware: {}", Infected(false), kPass},
        CollectedCase{"OneThatCounts", "malware: {signatures: ['*Miner*']}", Infected(), kFail},
        CollectedCase{"OneThatDoesNot", "malware: {signatures: ['Win.*']}", Infected(), kPass},
        CollectedCase{"OneWhereItMayBe", "malware: {allowPaths: ['/srv/*']}", Infected(), kPass},
        CollectedCase{"NotAllWasLookedAt", "malware: {}",
                      AnImage().NotRead("malware", CoverageState::kFailed, "clamd hangs"), kOpen,
                      "coverage malware is Failed: clamd hangs"},
        CollectedCase{"OneIsFoundThoughNotAllWasLookedAt", "malware: {}",
                      Infected().NotRead("malware", CoverageState::kFailed, "clamd hangs"), kFail},
        CollectedCase{"RequiredAndLookedAt", "coverage: {require: [Malware]}", Infected(), kPass},
        CollectedCase{"RequiredAndNotWhole", "coverage: {require: [Malware]}",
                      AnImage().NotRead("malware", CoverageState::kFailed, "clamd hangs"), kFail,
                      "Malware: malware is Failed: clamd hangs"},
        CollectedCase{"RequiredSecretsNotWhole", "coverage: {require: [Secrets]}",
                      AnImage().NotRead("secrets", CoverageState::kFailed, "long"), kFail,
                      "Secrets: secrets is Failed: long"},
        CollectedCase{"OthersGapsAreNoConcern", "coverage: {require: [Secrets]}",
                      AnImage().NotRead("malware", CoverageState::kFailed, "clamd hangs"), kPass},
        CollectedCase{"NorOfPackages", "coverage: {require: [LanguagePackages]}",
                      AnImage().NotRead("files", CoverageState::kFailed, "too many"), kPass},
        CollectedCase{"RequiredLicensesThatNobodyRecords", "coverage: {require: [Licenses]}",
                      AnImage().Holds("deb", "bash", "5"), kFail,
                      "has none on record, the first is bash"},
        CollectedCase{"RequiredLicensesThatNobodyRecordsOfTwo", "coverage: {require: [Licenses]}",
                      AnImage().Holds("deb", "bash", "5").Holds("deb", "dash", "5"), kFail,
                      "have none on record, the first is bash"},
        CollectedCase{"RequiredLicenses", "coverage: {require: [Licenses]}",
                      AnImage().Holds("npm", "a", "1").Licensed({"MIT"}), kPass}),
    [](const auto& info) { return info.param.name; });

struct UncollectedCase {
  const char* name;
  const char* rule;
  AnImage image;
  Verdict verdict;
  const char* says;
};

class UncollectedRuleTest : public testing::TestWithParam<UncollectedCase> {};

// As after a scan that clamd has failed: what is not collected is never "no malware".
TEST_P(UncollectedRuleTest, IsNeverPassed) {
  const PolicyVerdict verdict = Judge(ARule(GetParam().rule), GetParam().image);
  EXPECT_EQ(VerdictName(verdict.verdict), VerdictName(GetParam().verdict)) << Messages(verdict);
  EXPECT_NE(Messages(verdict).find(GetParam().says), std::string::npos) << Messages(verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Table, UncollectedRuleTest,
    testing::Values(
        UncollectedCase{"NobodyLooked", "malware: {}", AnImage(), kOpen, "NotCollected"},
        UncollectedCase{"NobodyWasThere", "malware: {}",
                        AnImage().NotRead("malware", CoverageState::kUnsupported, "no clamd"),
                        kOpen, "coverage malware is Unsupported: no clamd"},
        UncollectedCase{"WhatWasFoundBefore", "malware: {}",
                        Infected().NotRead("malware", CoverageState::kFailed, "hangs"), kFail,
                        "is malware"},
        UncollectedCase{"RequiredAndNobodyLookedYet", "coverage: {require: [Malware]}", AnImage(),
                        kOpen, "Malware: NotCollected"},
        UncollectedCase{"RequiredAndNobodyWasThere", "coverage: {require: [Malware]}",
                        AnImage().NotRead("malware", CoverageState::kUnsupported, "no clamd"),
                        kFail, "Malware: malware is Unsupported: no clamd"},
        UncollectedCase{"RequiredIntegrityNotYet", "coverage: {require: [Integrity]}", AnImage(),
                        kOpen, "Integrity: NotCollected"}),
    [](const auto& info) { return info.param.name; });

TEST(CollectionOf, TakesWhatCoverageRequires) {
  const ScanPolicy one = ARule("coverage: {require: [Secrets, Malware, Integrity, OSPackages]}");
  const ScanPolicy* const all[] = {&one};
  const Collection wanted = CollectionOf(all);
  EXPECT_NE(wanted.secrets, 0u);
  EXPECT_TRUE(wanted.malware);
  EXPECT_TRUE(wanted.integrity);
  const ScanPolicy plain = ARule("coverage: {require: [Licenses, Advisories]}");
  const ScanPolicy* const none[] = {&plain};
  EXPECT_TRUE(CollectionOf(none).empty());
}

struct RefusedCase {
  const char* name;
  const char* rule;
  const char* says;
};

class RefusedRuleTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedRuleTest, IsToldWhatIsWrong) {
  const auto policies = ParsePolicyYaml(
      "apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nmetadata: {name: t}\nspec:\n  rules:\n"
      "  - {name: r, " +
      std::string(GetParam().rule) + "}\n");
  ASSERT_FALSE(policies);
  EXPECT_NE(policies.error().message.find(GetParam().says), std::string::npos)
      << policies.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedRuleTest,
    testing::Values(
        RefusedCase{"NothingIsAsked", "files: {paths: [a]}", "says nothing about the files"},
        RefusedCase{"BothOfThem", "files: {paths: [a], mustExist: true, mustNotExist: true}",
                    "a rule of each"},
        RefusedCase{"NoPaths", "files: {mustExist: true}", "paths: is missing"},
        RefusedCase{"NoMode", "files: {paths: [a], mode: rwx}", "mode: 'rwx' is no mode"},
        RefusedCase{"NoHash", "files: {paths: [a], sha256: abc}", "is no SHA-256"},
        RefusedCase{"NoExpression", "files: {paths: [a], content: {regex: '('}}",
                    "is no regular expression"},
        RefusedCase{"NoPattern", "files: {paths: ['a b'], mustExist: true}", "paths[0]"},
        RefusedCase{"NothingIsDenied", "passwd: {exceptUsers: [root]}", "denies nothing"},
        RefusedCase{"NoId", "passwd: {deniedUids: ['-1']}", "is no id"},
        RefusedCase{"NoConfidence", "secrets: {minConfidence: Sure}", "minConfidence"}),
    [](const auto& info) { return info.param.name; });

TEST(CollectionOf, IsTheSumOverPoliciesAndSaysWhatHasNoRoom) {
  const ScanPolicy one = ARule("files: {paths: [/a], mustExist: true}");
  const ScanPolicy other = ARule("files: {setuid: true}");
  const ScanPolicy users = ARule("passwd: {deniedUids: [0]}");
  const ScanPolicy plain = ARule("vulnerabilities: {}");
  const ScanPolicy* const all[] = {&one, &other, &users, &plain};
  const Collection sum = CollectionOf(all);
  ASSERT_EQ(sum.files.size(), 2u);
  EXPECT_TRUE(sum.passwd);
  EXPECT_EQ(sum.secrets, 0u);
  const ScanPolicy* const none[] = {&plain};
  EXPECT_TRUE(CollectionOf(none).empty());
  std::vector<ScanPolicy> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(ARule("files: {paths: [/" + std::string(450, 'x') + std::to_string(i) +
                         "], mustExist: true}"));
  }
  std::vector<const ScanPolicy*> pointers;
  for (const ScanPolicy& policy : many) pointers.push_back(&policy);
  std::vector<std::string> left_out;
  EXPECT_LT(CollectionOf(pointers, &left_out).files.size(), 100u);
  EXPECT_FALSE(left_out.empty());
}

}  // namespace
}  // namespace landwaiter::policy
