// Bundles of Anchore Engine as ScanPolicies. Whatever is printed must be read by the reader of
// policies, and whatever is not printed must be told.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "policy/anchore/convert.h"
#include "policy/anchore/gates.h"
#include "policy/anchore/path_pattern.h"
#include "policy/kinds.h"
#include "policy/policy.h"
#include "policy/text_input.h"
#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

json Rule(const std::string& gate, const std::string& trigger, const json& params,
          const std::string& action = "STOP") {
  json list = json::array();
  for (const auto& [name, value] : params.items()) {
    list.push_back({{"name", name}, {"value", value}});
  }
  return {{"id", "1"}, {"gate", gate}, {"trigger", trigger}, {"action", action}, {"params", list}};
}

json Mapping(const std::string& name, const std::string& registry, const std::string& repository,
             const std::string& tag, const std::string& policy = "p") {
  return {{"id", name},
          {"name", name},
          {"registry", registry},
          {"repository", repository},
          {"image", {{"type", "tag"}, {"value", tag}}},
          {"policy_ids", {policy}},
          {"whitelist_ids", {"w"}}};
}

json Bundle(const json& rules, const json& mappings = json::array({Mapping("all", "*", "*", "*")}),
            const json& whitelisted = json::array()) {
  return {{"id", "b"},
          {"version", "1_0"},
          {"policies", {{{"id", "p"}, {"name", "Default"}, {"version", "1_0"}, {"rules", rules}}}},
          {"whitelists", {{{"id", "w"}, {"name", "Known"}, {"items", whitelisted}}}},
          {"mappings", mappings},
          {"whitelisted_images", json::array()},
          {"blacklisted_images", json::array()}};
}

ConvertedBundle Converted(const json& bundle) {
  auto converted = ConvertAnchoreBundle(bundle.dump(), kNow);
  EXPECT_TRUE(converted) << converted.error().message;
  return converted ? *std::move(converted) : ConvertedBundle{};
}

/// spec of each policy, through the reader's own eyes.
std::vector<json> Specs(const ConvertedBundle& converted) {
  std::vector<json> specs;
  if (converted.yaml.empty()) return specs;
  const auto policies = ParsePolicyYaml(converted.yaml);
  EXPECT_TRUE(policies) << policies.error().message << "\n" << converted.yaml;
  auto documents = ReadYaml(converted.yaml);
  if (!documents) return specs;
  for (const json& document : *documents) specs.push_back(document["spec"]);
  return specs;
}

struct ConvertCase {
  const char* name;
  const char* gate;
  const char* trigger;
  const char* params;
  const char* rule;  // the kind and its body; "" for a rule that is told to be lost
};
void PrintTo(const ConvertCase& one, std::ostream* out) { *out << one.name; }

class AnchoreRule : public testing::TestWithParam<ConvertCase> {};

TEST_P(AnchoreRule, BecomesThisKind) {
  const ConvertCase& one = GetParam();
  const auto converted =
      Converted(Bundle(json::array({Rule(one.gate, one.trigger, json::parse(one.params))})));
  if (std::string_view(one.rule).empty()) {
    EXPECT_FALSE(converted.lost.empty());
    EXPECT_EQ(converted.yaml, "");
    return;
  }
  const auto specs = Specs(converted);
  ASSERT_EQ(specs.size(), 1u) << (converted.lost.empty() ? "" : converted.lost.front());
  json rule = specs[0]["rules"][0];
  rule.erase("name");
  EXPECT_EQ(rule, json::parse(one.rule)) << rule.dump();
}

INSTANTIATE_TEST_SUITE_P(
    Table, AnchoreRule,
    testing::Values(
        ConvertCase{"AnArgumentKeepsItsFirstSlash", "dockerfile", "instruction",
                    R"({"instruction":"CMD","check":"like","value":"^/bin/sh .*"})",
                    R"({"image":{"instructions":[
                        {"name":"CMD","op":"Matches","value":"/bin/sh **"}]}})"},
        ConvertCase{"RootIsAskedByUid", "dockerfile", "effective_user",
                    R"({"users":"root","type":"blacklist"})", R"({"image":{"runsAsRoot":true}})"},
        ConvertCase{"DeniedUsersStay", "dockerfile", "effective_user",
                    R"({"users":"root, admin","type":"blacklist"})",
                    R"({"image":{"deniedUsers":["root","admin"]}})"},
        ConvertCase{"AllowedUsersAreTold", "dockerfile", "effective_user",
                    R"({"users":"app","type":"whitelist"})", ""},
        ConvertCase{"DeniedPorts", "dockerfile", "exposed_ports",
                    R"({"ports":"22,23","type":"blacklist"})",
                    R"({"image":{"deniedPorts":[22,23]}})"},
        ConvertCase{"AllowedPorts", "dockerfile", "exposed_ports",
                    R"({"ports":"443","type":"whitelist"})", R"({"image":{"allowedPorts":[443]}})"},
        ConvertCase{"NoHealthcheck", "dockerfile", "instruction",
                    R"({"instruction":"HEALTHCHECK","check":"not_exists"})",
                    R"({"image":{"healthcheckRequired":true}})"},
        ConvertCase{"AnInstructionIsThere", "dockerfile", "instruction",
                    R"({"instruction":"add","check":"exists"})",
                    R"({"image":{"instructions":[{"name":"ADD","op":"Exists"}]}})"},
        ConvertCase{
            "AnInstructionHasThisValue", "dockerfile", "instruction",
            R"({"instruction":"USER","check":"=","value":"root"})",
            R"({"image":{"instructions":[{"name":"USER","op":"Matches","value":"root"}]}})"},
        ConvertCase{"AListOfAllowedValuesIsTold", "dockerfile", "instruction",
                    R"({"instruction":"USER","check":"not_in","value":"a,b"})", ""},
        ConvertCase{"ALicense", "licenses", "blacklist_exact_match",
                    R"({"licenses":"GPL-3.0-only"})",
                    R"({"licenses":{"denied":["GPL-3.0-only"],"unknown":"Ignore"}})"},
        ConvertCase{"APartOfALicense", "licenses", "blacklist_partial_match",
                    R"({"licenses":"AGPL"})",
                    R"({"licenses":{"denied":["*AGPL*"],"unknown":"Ignore"}})"},
        ConvertCase{"WhatIsNoLicenseIsTold", "licenses", "blacklist_exact_match",
                    R"({"licenses":"My Own"})", ""},
        ConvertCase{"DaysSinceCreation", "vulnerabilities", "package",
                    R"({"package_type":"all","max_days_since_creation":"30",
                     "max_days_since_fix":"14"})",
                    R"({"vulnerabilities":{"firstSeenFor":"30d","fixAvailableFor":"14d"}})"},
        ConvertCase{"NoData", "vulnerabilities", "vulnerability_data_unavailable", "{}",
                    R"({"coverage":{"require":["Advisories"]}})"},
        ConvertCase{"Always", "always", "always", "{}", R"({"always":{}})"},
        ConvertCase{"OnlyTheseDistributions", "metadata", "attribute",
                    R"({"attribute":"distro","check":"not_in","value":"debian,alpine"})",
                    R"({"os":{"allowed":[{"family":"debian"},{"family":"alpine"}]}})"},
        ConvertCase{"AnExpressionThatNoGlobSays", "files", "name_match",
                    R"({"regex":"/root/[.]ssh/.*"})", ""},
        ConvertCase{"AFolderThatMustNotBe", "files", "name_match", R"({"regex":"/root/\\.ssh/.*"})",
                    R"({"files":{"paths":["root/.ssh/**"],"mustNotExist":true}})"},
        ConvertCase{"AModeThatAFileMustHave", "files", "attribute_match",
                    R"({"filename":"/etc/shadow","mode":"00640","mode_op":"not_equals"})",
                    R"({"files":{"paths":["etc/shadow"],"mode":"0640","ifMissing":"Skip"}})"},
        ConvertCase{"AModeThatAFileMustNotHaveIsTold", "files", "attribute_match",
                    R"({"filename":"/etc/shadow","mode":"00777","mode_op":"equals"})", ""},
        ConvertCase{"UsersOfPasswd", "passwd_file", "blacklist_userids", R"({"user_ids":"0,12"})",
                    R"({"passwd":{"deniedUids":[0,12]}})"},
        ConvertCase{"ALineOfAFile", "retrieved_files", "content_regex",
                    R"({"path":"/etc/hosts","regex":"evil","check":"match"})",
                    R"({"files":{"paths":["etc/hosts"],"content":{"regex":"evil","op":"Match"},
                        "ifMissing":"Skip"}})"},
        ConvertCase{"ALineThatAFileMustHave", "retrieved_files", "content_regex",
                    R"({"path":"/etc/hosts","regex":"good","check":"no_match"})",
                    R"({"files":{"paths":["etc/hosts"],"content":{"regex":"good","op":"NoMatch"},
                        "ifMissing":"Fire"}})"},
        ConvertCase{"SecretsOfAnyKind", "secret_scans", "content_regex_checks", "{}",
                    R"({"secrets":{}})"},
        ConvertCase{"NoDockerfileIsTold", "dockerfile", "no_dockerfile_provided", "{}", ""},
        ConvertCase{"SeverityAbove", "vulnerabilities", "package",
                    R"({"package_type":"all","severity_comparison":">","severity":"medium",
                     "vendor_only":"false"})",
                    R"({"vulnerabilities":{"severityAtLeast":"High"}})"},
        ConvertCase{"SeverityAtLeastWithAFix", "vulnerabilities", "package",
                    R"({"package_type":"all","severity_comparison":">=","severity":"high",
                     "fix_available":"true"})",
                    R"({"vulnerabilities":{"severityAtLeast":"High","fixAvailable":true}})"},
        ConvertCase{"ABooleanIsTakenAsText", "vulnerabilities", "package",
                    R"({"package_type":"all","severity_comparison":"=","severity":"critical",
                     "fix_available":true})",
                    R"({"vulnerabilities":{"severityAtLeast":"Critical","fixAvailable":true}})"},
        ConvertCase{"SeverityBelowIsTold", "vulnerabilities", "package",
                    R"({"package_type":"all","severity_comparison":"<","severity":"high"})", ""},
        ConvertCase{"AboveCriticalIsTold", "vulnerabilities", "package",
                    R"({"package_type":"all","severity_comparison":">","severity":"critical"})",
                    ""},
        ConvertCase{"AScore", "vulnerabilities", "package",
                    R"({"package_type":"all","cvss_v3_base_score":"7.5",
                     "cvss_v3_base_score_comparison":">="})",
                    R"({"vulnerabilities":{"cvssAtLeast":7.5}})"},
        ConvertCase{"TheseIds", "vulnerabilities", "blacklist",
                    R"({"vulnerability_ids":"CVE-2019-5435,CVE-2019-5436"})",
                    R"({"vulnerabilities":{"ids":["CVE-2019-5435","CVE-2019-5436"]}})"},
        ConvertCase{"ADeniedPackage", "packages", "blacklist", R"({"name":"openssh-server"})",
                    R"({"packages":{"denied":[{"name":"openssh-server"}]}})"},
        ConvertCase{"ARequiredPackage", "packages", "required_package", R"({"name":"tini"})",
                    R"({"packages":{"required":[{"name":"tini"}]}})"},
        ConvertCase{"ADeniedNpm", "npms", "blacklisted_name_version",
                    R"({"name":"event-stream","version":"3.3.6"})",
                    R"({"packages":{"denied":[{"name":"event-stream","type":"npm",
                     "versions":"=3.3.6"}]}})"},
        ConvertCase{"AFeedOfPackagesIsTold", "npms", "unknown_in_feeds", "{}", ""},
        ConvertCase{"AnUnknownGateIsTold", "weather", "rain", "{}", ""}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(AnchoreConvert, EveryTriggerIsTranslatedOrTold) {
  for (const std::string& name : anchore::KnownTriggers()) {
    const std::size_t dot = name.find('.');
    const auto converted = Converted(
        Bundle(json::array({Rule(name.substr(0, dot), name.substr(dot + 1), json::object()),
                            Rule("dockerfile", "exposed_ports", {{"ports", "22"}})})));
    const auto specs = Specs(converted);
    ASSERT_EQ(specs.size(), 1u) << name;
    const bool translated = specs[0]["rules"].size() > 1 || specs[0].contains("maxDatabaseAge");
    EXPECT_TRUE(translated || !converted.lost.empty()) << name;
  }
}

TEST(AnchoreConvert, TheDefaultBundleOfAnchoreIsWhole) {
  const json rules = json::array(
      {Rule("dockerfile", "exposed_ports", {{"ports", "22"}, {"type", "blacklist"}}),
       Rule("dockerfile", "instruction", {{"instruction", "HEALTHCHECK"}, {"check", "not_exists"}},
            "WARN"),
       Rule("vulnerabilities", "stale_feed_data", {{"max_days_since_sync", "2"}}, "WARN"),
       Rule("vulnerabilities", "package",
            {{"package_type", "all"}, {"severity_comparison", "="}, {"severity", "medium"}},
            "WARN"),
       Rule("vulnerabilities", "package",
            {{"package_type", "all"}, {"severity_comparison", ">"}, {"severity", "medium"}})});
  const auto converted = Converted(Bundle(rules));
  EXPECT_TRUE(converted.lost.empty()) << converted.lost.front();
  const auto policies = ParsePolicyYaml(converted.yaml);
  ASSERT_TRUE(policies) << policies.error().message;
  ASSERT_EQ(policies->size(), 1u);
  const ScanPolicy& policy = policies->front();
  EXPECT_EQ(policy.name, "all");
  EXPECT_EQ(policy.max_database_age, std::chrono::hours(48));
  ASSERT_EQ(policy.rules.size(), 4u);
  EXPECT_TRUE(policy.rules[0].fails);
  EXPECT_FALSE(policy.rules[1].fails);
  EXPECT_FALSE(policy.rules[2].fails);
  EXPECT_TRUE(policy.rules[3].fails);
  // "=" is wider here: a person is told.
  const bool told = std::any_of(converted.notes.begin(), converted.notes.end(), [](const auto& n) {
    return n.find("taken as at least medium") != std::string::npos;
  });
  EXPECT_TRUE(told);
}

TEST(AnchoreConvert, TheFirstMappingTakesItsImagesFromTheLaterOnes) {
  const json rules = json::array({Rule("dockerfile", "exposed_ports", {{"ports", "22"}})});
  const auto specs = Specs(Converted(
      Bundle(rules, json::array({Mapping("shop", "registry.example.com", "shop/*", "v1.*"),
                                 Mapping("hub", "docker.io", "library/nginx", "*"),
                                 Mapping("rest", "*", "*", "*")}))));
  ASSERT_EQ(specs.size(), 3u);
  EXPECT_EQ(specs[0]["match"], json::parse(R"({"images":["registry.example.com/shop/**:v1.*"]})"));
  EXPECT_EQ(specs[1]["match"]["images"], json::array({"docker.io/library/nginx"}));
  EXPECT_EQ(specs[2]["match"], json::parse(R"({"images":["**"],"excludeImages":
      ["registry.example.com/shop/**:v1.*","docker.io/library/nginx"]})"));
}

TEST(AnchoreConvert, WhitelistedAndDeniedImagesStandBesideThePolicies) {
  json bundle = Bundle(json::array({Rule("dockerfile", "exposed_ports", {{"ports", "22"}})}));
  bundle["whitelisted_images"] = json::array({Mapping("ok", "docker.io", "library/alpine", "3")});
  const auto specs = Specs(Converted(bundle));
  ASSERT_EQ(specs.size(), 1u);
  EXPECT_EQ(specs[0]["match"]["excludeImages"], json::array({"docker.io/library/alpine:3"}));
}

TEST(AnchoreConvert, WhitelistItemsBecomeExceptionsWithAnEnd) {
  const json rules = json::array(
      {Rule("vulnerabilities", "package", {{"severity_comparison", ">="}, {"severity", "high"}})});
  const json items = json::array(
      {{{"id", "1"}, {"gate", "vulnerabilities"}, {"trigger_id", "CVE-2020-1+openssl"}},
       {{"id", "2"},
        {"gate", "vulnerabilities"},
        {"trigger_id", "CVE-2020-2+*"},
        {"expires_on", "2027-01-31T00:00:00Z"}},
       {{"id", "3"}, {"gate", "dockerfile"}, {"trigger_id", "41cb7cdf04850e33a11f80c42bf660b3"}}});
  const auto converted =
      Converted(Bundle(rules, json::array({Mapping("all", "*", "*", "*")}), items));
  const auto specs = Specs(converted);
  ASSERT_EQ(specs.size(), 1u);
  const json& exceptions = specs[0]["exceptions"];
  ASSERT_EQ(exceptions.size(), 2u);
  EXPECT_EQ(exceptions[0]["ids"], json::array({"CVE-2020-1"}));
  EXPECT_EQ(exceptions[0]["packages"], json::array({"openssl"}));
  EXPECT_EQ(exceptions[0]["until"], "2027-11-24");
  EXPECT_FALSE(exceptions[1].contains("packages"));
  EXPECT_EQ(exceptions[1]["until"], "2027-01-31T00:00:00Z");
  ASSERT_EQ(converted.lost.size(), 1u);
  EXPECT_NE(converted.lost[0].find("hash of a message"), std::string::npos);
}

TEST(AnchoreConvert, AWhitelistedPackageIsExcusedFromVulnerabilitiesAlone) {
  const json rules = json::array(
      {Rule("vulnerabilities", "package", {{"severity_comparison", ">="}, {"severity", "high"}}),
       Rule("packages", "blacklist", {{"name", "openssl"}})});
  const json items =
      json::array({{{"id", "1"}, {"gate", "vulnerabilities"}, {"trigger_id", "*+openssl"}},
                   {{"id", "2"}, {"gate", "vulnerabilities"}, {"trigger_id", "*+*"}}});
  const json all = json::array({Mapping("all", "*", "*", "*")});
  const auto specs = Specs(Converted(Bundle(rules, all, items)));
  ASSERT_EQ(specs.size(), 1u);
  ASSERT_EQ(specs[0]["exceptions"].size(), 2u);
  EXPECT_EQ(specs[0]["exceptions"][0]["rules"], json::array({"vulnerabilities-package"}));
  EXPECT_EQ(specs[0]["exceptions"][1]["rules"], json::array({"vulnerabilities-package"}));
  const auto none = Specs(Converted(Bundle(json::array({rules[1]}), all, items)));
  ASSERT_EQ(none.size(), 1u);
  EXPECT_FALSE(none[0].contains("exceptions"));
}

TEST(AnchoreConvert, WhatAMappingNamesByExpressionOrIdIsTold) {
  const json rules = json::array({Rule("dockerfile", "exposed_ports", {{"ports", "22"}})});
  json by_id = Mapping("id", "*", "*", "abc");
  by_id["image"]["type"] = "id";
  const auto converted = Converted(
      Bundle(rules, json::array({Mapping("regex", "regexp:^.*[.]io$", "*", "*"), by_id})));
  EXPECT_EQ(converted.yaml, "");
  EXPECT_EQ(converted.lost.size(), 2u);
}

TEST(AnchoreConvert, NamesWithControlCharactersReachNeitherTerminalNorYaml) {
  json bundle = Bundle(json::array({Rule("pac\x1b[31mkages", "x\ny", json::object()),
                                    Rule("dockerfile", "exposed_ports", {{"ports", "22"}})}));
  bundle["mappings"][0]["name"] = "a\x1b]0;b\x07: {x: 1}\n---";
  const auto converted = Converted(bundle);
  ASSERT_EQ(Specs(converted).size(), 1u);
  for (const std::string& line : converted.lost) {
    EXPECT_EQ(line.find_first_of("\x1b\n\x07"), std::string::npos) << line;
  }
}

TEST(AnchoreConvert, WhatIsNoBundleIsAnError) {
  for (const std::string text :
       {"", "[]", "{}", "{\"policies\":{}}", "not json", R"({"policies":[],"mappings":{}})"}) {
    EXPECT_FALSE(ConvertAnchoreBundle(text, kNow)) << text;
  }
  EXPECT_FALSE(ConvertAnchoreBundle(std::string(4u << 20, ' '), kNow));
  EXPECT_FALSE(ConvertAnchoreBundle(std::string(100, '[') + std::string(100, ']'), kNow));
}

TEST(AnchoreConvert, WrongTypesEverywhereAreToldAndCrashNothing) {
  for (const char* text :
       {R"({"policies":[1,null,"x"],"mappings":[1,null,{"policy_ids":[{}],"image":[]}]})",
        R"({"policies":[{"id":"p","rules":{}}],"mappings":[{"policy_id":"p"}]})",
        R"({"policies":[{"id":"p","rules":[{"gate":1,"trigger":[],"params":{}}]}],
               "mappings":[{"policy_id":"p","whitelist_ids":[1,{}]}],"whitelists":7,
               "whitelisted_images":"x","blacklisted_images":[[]]})"}) {
    const auto converted = ConvertAnchoreBundle(text, kNow);
    ASSERT_TRUE(converted) << converted.error().message;
    EXPECT_FALSE(converted->lost.empty()) << text;
  }
}

struct PathCase {
  const char* regex;
  const char* glob;  // "" where none says the same
};
TEST(AnchoreConvert, ExpressionsOverPathsBecomeGlobsOnlyWhereTheySayTheSame) {
  constexpr PathCase kCases[] = {
      {"/etc/passwd$", "etc/passwd"},
      {"^/etc/passwd$", "etc/passwd"},
      {"/root/.*", "root/**"},
      {".*\\.pem$", "**.pem"},
      {".*", "**"},
      {"/opt/[^/]*/key$", "opt/*/key"},
      {"/etc/.?foo", ""},
      {"(a|b)", ""},
      {"etc/passwd", ""},
      {"", ""},
      {"/a+", ""},
      {"/etc/shadow", "etc/shadow**"},
  };
  for (const PathCase& one : kCases) {
    std::string glob;
    const bool same = anchore::RegexAsGlob(one.regex, glob);
    EXPECT_EQ(same ? glob : "", one.glob) << one.regex;
  }
}

}  // namespace
}  // namespace landwaiter::policy
