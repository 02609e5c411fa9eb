// rpm modules whose packages do not say of which stream they are.
#include <gtest/gtest.h>

#include "scanner/matching/explain.h"
#include "tests/unit/scanner/matching/states.h"

namespace landwaiter::matching {
namespace {

constexpr const char* kOl8 = ".module+el8.4.0+20289+730b73cc";
constexpr const char* kOldStream = ".module+el8+5201+6423ecab";

Package OracleRpm(const std::string& name, const std::string& version) {
  Package package = APackage("rpm", name, version);
  package.architecture = "x86_64";
  return package;
}

Package Runc(const std::string& tag, const std::string& label = "") {
  Package package = OracleRpm("runc", "1.0.0-74.rc95" + tag);
  package.module = label;
  return package;
}

/// An erratum of container-tools: what is below `fix` in `stream`, "" for one that names none.
std::string Erratum(const std::string& number, const std::string& stream, const std::string& fix,
                    const std::string& name = "runc") {
  const std::string n = number;
  const std::string enabled =
      stream.empty() ? ""
                     : "<criterion test_ref=\"m\" comment=\"Module container-tools:" + stream +
                           " is enabled\"/>";
  return "<definition id=\"d" + n + "\" class=\"patch\"><metadata><title>ELSA-2021-" + n +
         ": x (IMPORTANT)</title><reference source=\"elsa\" ref_id=\"ELSA-2021-" + n +
         "\"/><reference source=\"CVE\" ref_id=\"CVE-2021-000" + n +
         "\"/></metadata><criteria operator=\"AND\"><criterion test_ref=\"r\"/>" + enabled +
         "<criterion test_ref=\"t" + n + "\"/></criteria></definition>" + "<rpminfo_test id=\"t" +
         n + "\"><object object_ref=\"o" + n + "\"/><state state_ref=\"s" + n +
         "\"/></rpminfo_test><rpminfo_object id=\"o" + n + "\"><name>" + name +
         "</name></rpminfo_object><rpminfo_state id=\"s" + n + "\"><evr operation=\"less than\">" +
         fix + "</evr></rpminfo_state>";
}

/// The document of these errata: Oracle writes the tests behind the definitions.
std::string Oval(const std::vector<std::string>& errata) {
  std::string definitions, tests;
  for (const std::string& erratum : errata) {
    const std::size_t end = erratum.find("</definition>") + 13;
    definitions += erratum.substr(0, end);
    tests += erratum.substr(end);
  }
  return "<oval_definitions><definitions>" + definitions + "</definitions><tests>" + tests +
         "<rpminfo_test id=\"r\"><object object_ref=\"ro\"/><state state_ref=\"rs\"/>"
         "</rpminfo_test><textfilecontent54_test id=\"m\"><object object_ref=\"mo\"/>"
         "</textfilecontent54_test></tests><rpminfo_object id=\"ro\"><name>oraclelinux-release"
         "</name></rpminfo_object><textfilecontent54_object id=\"mo\"/><rpminfo_state id=\"rs\">"
         "<version>^8</version></rpminfo_state></oval_definitions>";
}

struct ModuleCase {
  std::string name;  // a sentence
  std::vector<std::string> errata;
  std::vector<Package> packages;
  std::vector<std::string> findings;
  std::string failure;  // part of the coverage's reason, "" for one that is Read
};

std::vector<ModuleCase> ModuleCases() {
  const std::string ol8 = Erratum("1", "ol8", "0:1.0.0-75.rc95.module+el8.5.0+20400+aaaaaaaa");
  const std::string two = Erratum("2", "2.0", "0:1.0.0-99.rc99.module+el8.5.0+20401+bbbbbbbb");
  const std::string ordinary = Erratum("3", "", "0:1.0.0-99.el8");
  const std::string unnamed = Erratum("4", "", "0:1.0.0-99.module+el8.5.0+20402+cccccccc");
  /// What the installed build itself mended.
  const std::string own = Erratum("5", "ol8", std::string("0:1.0.0-74.rc95") + kOl8);
  const std::string label = "container-tools:ol8:8040020210727075255:81945453";
  Package skopeo = OracleRpm("skopeo", std::string("1:1.3.1-5.0.1") + kOl8);
  skopeo.module = label;
  return {
      {"the label decides", {ol8, two, ordinary}, {Runc(kOl8, label)}, {"runc CVE-2021-0001"}, ""},
      {"an erratum that names no stream means packages of a module",
       {unnamed},
       {Runc(kOl8, label)},
       {"runc CVE-2021-0004"},
       ""},
      {"an erratum that names no stream means packages of a module, though without a label",
       {unnamed},
       {Runc(kOldStream)},
       {"runc CVE-2021-0004"},
       ""},
      {"an erratum of a module says nothing of a package of none",
       {ol8, two, unnamed},
       {OracleRpm("runc", "1.0.0-1.el8")},
       {},
       ""},
      {"a package of a module without a label is none of no module",
       {ordinary},
       {Runc(kOldStream)},
       {},
       ""},
      {"an erratum of the very build tells its stream",
       {ol8, two, own},
       {Runc(kOl8)},
       {"runc CVE-2021-0001"},
       ""},
      {"another package of the same build tells its stream",
       {ol8, two},
       {Runc(kOl8), skopeo},
       {"runc CVE-2021-0001"},
       ""},
      {"nobody tells: it is said, with name and version",
       {ol8, two},
       {Runc(kOldStream), OracleRpm("bash", "4-1.el8")},
       {},
       "package runc version \"1.0.0-74.rc95.module+el8+5201+6423ecab\": was built as part of a "
       "module (module+el8+5201+6423ecab) and neither its record nor an advisory tells of which "
       "stream; ELSA-2021-1 speaks of container-tools:ol8"},
      {"errata that contradict each other tell nothing",
       {ol8, own, Erratum("6", "2.0", std::string("0:1.0.0-74.rc95") + kOl8)},
       {Runc(kOl8)},
       {},
       "ELSA-2021-1 speaks of container-tools:ol8"},
      {"nobody tells, and no stream's erratum means a version as high",
       {own, Erratum("6", "2.0", "0:1.0.0-60.rc95.module+el8+5202+dddddddd")},
       {Runc(".module+el8.6.0+20500+eeeeeeee")},
       {},
       ""},
      {"a tag that names no build tells no stream, though errata bear the same",
       {ol8, Erratum("6", "ol8", "0:1.0.0-70.rc95.module+el8")},
       {Runc(".module+el8")},
       {},
       "ELSA-2021-1 speaks of container-tools:ol8"},
  };
}

// Pitfall 95: streams are never mixed, and a missing label is not "no module".
TEST_F(StatesTest, StreamsAreToldByTheLabelTheBuildOrNotAtAll) {
  for (const ModuleCase& c : ModuleCases()) {
    const auto result = MatchWith({}, AnInventory("ol", "8.9", c.packages),
                                  {{"oracle", "oracle.xml", Oval(c.errata)}});
    EXPECT_EQ(Ids(result), c.findings) << c.name;
    const Coverage coverage = CoverageOf(result, "advisories");
    EXPECT_EQ(coverage.state, c.failure.empty() ? CoverageState::kRead : CoverageState::kFailed)
        << c.name << ": " << coverage.reason;
    EXPECT_NE(coverage.reason.find(c.failure), std::string::npos)
        << c.name << ": " << coverage.reason;
  }
}

// Pitfall 95: other packages of a module without a label must not be answered by what was
// remembered of those with one.
TEST_F(StatesTest, PackagesThatDifferInTheirLabelAloneAreAskedApart) {
  const ModuleCase c = ModuleCases()[7];
  const auto result =
      MatchWith({},
                AnInventory("ol", "8.9",
                            {Runc(kOldStream, "container-tools:2.0:1:2"),
                             OracleRpm("runc", "1.0.0-1.el8"), Runc(".module+el8+5202+6423ecac")}),
                {{"oracle", "oracle.xml", Oval(c.errata)}});
  EXPECT_EQ(Ids(result), std::vector<std::string>{"runc CVE-2021-0002"});
  EXPECT_EQ(CoverageOf(result, "advisories").state, CoverageState::kFailed);
}

// Pitfalls 95, 160.
TEST_F(StatesTest, WhatAnErratumSaysOfAnUntoldStreamIsExplained) {
  const std::pair<std::string, std::string> cases[] = {
      {Erratum("1", "ol8", "0:2-1.module+el8.5.0+20400+aaaaaaaa"),
       "speaks of module container-tools:ol8, and of which stream this package is "
       "(module+el8+5201+6423ecab) neither its record nor an advisory tells"},
      {Erratum("1", "", "0:2-1.el8"),
       "speaks of packages of no module, this package is of a module"}};
  for (const auto& [erratum, says] : cases) {
    const Inventory inventory = AnInventory("ol", "8.9", {Runc(kOldStream)});
    MatchWith({}, inventory, {{"oracle", "oracle.xml", Oval({erratum})}});
    const auto database = advisories::AdvisoryDatabase::Open(folder_.Path("db"));
    ASSERT_TRUE(database.has_value());
    const auto explained = Explain(inventory, **database, "CVE-2021-0001");
    ASSERT_TRUE(explained.has_value());
    ASSERT_EQ(explained->rows.size(), 1u) << says;
    EXPECT_EQ(explained->rows[0].says, says);
  }
}

}  // namespace
}  // namespace landwaiter::matching
