// Projects of Maven, alone and together.
#include "tests/unit/scanner/packages/locks/lock_case.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Element(const std::string& name, const std::string& content) {
  return "<" + name + ">" + content + "</" + name + ">";
}

// Parts that are "" are not written.
std::string Coordinates(const std::string& group, const std::string& artifact,
                        const std::string& version) {
  std::string text;
  if (!group.empty()) text += Element("groupId", group);
  if (!artifact.empty()) text += Element("artifactId", artifact);
  if (!version.empty()) text += Element("version", version);
  return text;
}

std::string Dependency(const std::string& artifact, const std::string& version = "",
                       const std::string& more = "") {
  return Element("dependency", Coordinates("g", artifact, version) + more);
}

std::string Uses(const std::string& dependencies) { return Element("dependencies", dependencies); }

std::string Manages(const std::string& dependencies) {
  return Element("dependencyManagement", Uses(dependencies));
}

std::string Imports(const std::string& artifact, const std::string& version = "1") {
  return Element("dependency",
                 Coordinates("g", artifact, version) + "<type>pom</type><scope>import</scope>");
}

std::string Parent(const std::string& artifact, const std::string& version = "1",
                   const std::string& more = "") {
  return Element("parent", Coordinates("g", artifact, version) + more);
}

std::string Properties(const std::string& content) { return Element("properties", content); }

std::string Pom(const std::string& content) {
  return "<?xml version=\"1.0\"?><project xmlns=\"http://maven.apache.org/POM/4.0.0\">" + content +
         "</project>";
}

// "g:ARTIFACT:1".
std::string Named(const std::string& artifact, const std::string& content) {
  return Pom(Coordinates("g", artifact, "1") + content);
}

class MavenTest : public testing::TestWithParam<TogetherCase> {};

TEST_P(MavenTest, Declares) { ExpectTogether("maven-pom", GetParam()); }

const TogetherCase kAlone[] = {
    {"VersionsAsWrittenManagedOrExpanded",
     {{"app/pom.xml",
       Named("app", Properties("<v>1.0</v><w>${v}.1</w>") +
                        Manages(Dependency("managed", "${w}", "<scope>test</scope>")) +
                        Uses(Dependency("a", " 1.2.3 ",
                                        "<exclusions><exclusion><groupId>x</groupId>"
                                        "<artifactId>y</artifactId></exclusion></exclusions>") +
                             Element("dependency",
                                     "<groupId>${project.groupId}</groupId>"
                                     "<artifactId>b</artifactId>"
                                     "<version>${project.version}</version>") +
                             Dependency("managed") + Dependency("exact", "[2.0]")))}},
     {"app/pom.xml: g:a 1.2.3", "app/pom.xml: g:b 1", "app/pom.xml: g:exact 2.0",
      "app/pom.xml: g:managed 1.0.1 dev"}},
    // Pitfall 125: a range is not a version.
    {"RangesLoopsAndUnknownsAreLeftOut",
     {{"pom.xml",
       Pom(Properties("<loop>${loop}</loop>") +
           Uses(Dependency("range", "[1.0,2.0)") + Dependency("l", "${loop}") +
                Dependency("e", "${env.V}") + Dependency("none") + Dependency("", "1")))}},
     {},
     5,
     "",
     "pom.xml: no version is known here of g:range, g:l, g:e and 2 more"},
    {"WhatPluginsDependOnIsNotListed",
     {{"pom.xml", Pom("<build><plugins><plugin>" + Uses(Dependency("no", "1")) +
                      "</plugin></plugins></build>")}},
     {}},
    {"InLatin",
     {{"pom.xml", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><project><name>M\xFC</name>" +
                      Uses(Dependency("a", "1")) + "</project>"}},
     {"pom.xml: g:a 1"}},
    {"ManagedByTypeAndClassifier",
     {{"pom.xml",
       Pom(Manages(Dependency("a", "1") + Dependency("a", "2", "<classifier>x</classifier>") +
                   Dependency("a", "3", "<type>test-jar</type>")) +
           Uses(Dependency("a") + Dependency("a", "", "<classifier>x</classifier>") +
                Dependency("a", "", "<type>test-jar</type>") +
                Dependency("a", "", "<type>zip</type>")))}},
     {"pom.xml: g:a 1", "pom.xml: g:a 2", "pom.xml: g:a 3"},
     1,
     "",
     "pom.xml: no version is known here of g:a"},
};

const TogetherCase kParents[] = {
    {"AParentAboveManagesAndDefines",
     {{"pom.xml", Named("p", Properties("<v>1.5</v>") +
                                 Manages(Dependency("m", "2") + Dependency("w", "${w}")))},
      {"app/pom.xml", Pom(Parent("p") + Properties("<w>3</w>") +
                          Uses(Dependency("a", "${v}") + Dependency("m") + Dependency("w")))}},
     {"app/pom.xml: g:a 1.5", "app/pom.xml: g:m 2", "app/pom.xml: g:w 3"}},
    {"AChildsWordGoesBeforeItsParents",
     {{"pom.xml", Named("p", Properties("<v>1</v>") + Manages(Dependency("m", "1")))},
      {"app/pom.xml", Pom(Parent("p") + Properties("<v>2</v>") + Manages(Dependency("m", "2")) +
                          Uses(Dependency("a", "${v}") + Dependency("m")))}},
     {"app/pom.xml: g:a 2", "app/pom.xml: g:m 2"}},
    {"WhatAParentDependsOnIsListedThere",
     {{"pom.xml", Named("p", Properties("<v>1</v>") +
                                 Uses(Dependency("same", "1") + Dependency("other", "${v}") +
                                      Dependency("own", "1")))},
      {"app/pom.xml", Pom(Parent("p") + Properties("<v>2</v>") + Uses(Dependency("own", "3")))}},
     {"app/pom.xml: g:other 2", "app/pom.xml: g:own 3", "pom.xml: g:other 1", "pom.xml: g:own 1",
      "pom.xml: g:same 1"}},
    {"GrandparentsByPathsOfFoldersAndFiles",
     {{"a/pom.xml", Pom(Parent("p", "1", "<relativePath>../b</relativePath>") +
                        Uses(Dependency("x", "${v}") + Dependency("m")))},
      {"b/pom.xml", Pom(Parent("q", "1", "<relativePath>../c/super.xml</relativePath>") +
                        "<artifactId>p</artifactId>" + Properties("<v>1</v>"))},
      {"c/super.xml", Named("q", Manages(Dependency("m", "2")))}},
     {"a/pom.xml: g:m 2", "a/pom.xml: g:x 1"}},
    {"AParentByItsNameAlone",
     {{"parent/pom.xml", Named("p", Properties("<v>1</v>"))},
      {"app/pom.xml", Pom(Parent("p", "1", "<relativePath/>") + Uses(Dependency("a", "${v}")))}},
     {"app/pom.xml: g:a 1"}},
    {"TheProjectAboveIsNotTheParentThatIsMeant",
     {{"pom.xml", Named("other", Properties("<v>1</v>"))},
      {"app/pom.xml", Pom(Parent("p") + Uses(Dependency("a", "${v}")))},
      {"old/pom.xml", Pom(Parent("other", "0.9") + Uses(Dependency("a", "${v}")))}},
     {},
     2,
     "",
     "app/pom.xml: no version is known here of g:a; its parent is not here: g:p:1 | old/pom.xml: "
     "no version is known here of g:a; its parent is not here: g:other:0.9"},
    {"ARevisionThatTheParentDefines",
     {{"pom.xml", Pom(Coordinates("g", "p", "${revision}") + Properties("<revision>7</revision>"))},
      {"a/pom.xml", Pom(Parent("p", "${revision}") + Uses(Dependency("x", "${project.version}")))},
      {"b/pom.xml", Pom(Parent("p", "7") + Uses(Dependency("x", "${project.version}")))}},
     {"a/pom.xml: g:x 7", "b/pom.xml: g:x 7"}},
    // Pitfall 122.
    {"ParentsInACircleEnd",
     {{"a/pom.xml", Pom(Parent("b", "1", "<relativePath>../b</relativePath>") +
                        Coordinates("", "a", "") + Uses(Dependency("x", "1") + Dependency("y")))},
      {"b/pom.xml",
       Pom(Parent("a", "1", "<relativePath>../a</relativePath>") + Coordinates("", "b", ""))}},
     {"a/pom.xml: g:x 1"},
     1,
     "",
     "a/pom.xml: no version is known here of g:y; its parents lead in a circle, or are more than "
     "32 | b/pom.xml: its parents lead in a circle, or are more than 32"},
    {"AParentThatIsNotHere",
     {{"pom.xml", Pom(Parent("boot", "2.7.0", "<relativePath/>") + Manages(Dependency("m", "1")) +
                      Uses(Dependency("m") + Dependency("theirs") + Dependency("own", "3")))}},
     {"pom.xml: g:m 1", "pom.xml: g:own 3"},
     1,
     "",
     "pom.xml: no version is known here of g:theirs; its parent is not here: g:boot:2.7.0"},
};

const TogetherCase kBills[] = {
    {"ABillOfMaterialsInTheFolder",
     {{"bom/pom.xml", Named("bom", Properties("<v>1</v>") +
                                       Manages(Dependency("a", "${v}") + Dependency("b", "2")))},
      {"app/pom.xml", Pom(Properties("<v>9</v>") + Manages(Imports("bom") + Dependency("b", "3")) +
                          Uses(Dependency("a") + Dependency("b")))}},
     {"app/pom.xml: g:a 1", "app/pom.xml: g:b 3"}},
    {"BillsThatImportBills",
     {{"bom/pom.xml", Named("bom", Manages(Imports("deep")))},
      {"deep/pom.xml", Named("deep", Manages(Dependency("a", "1")))},
      {"app/pom.xml", Pom(Manages(Imports("bom")) + Uses(Dependency("a")))}},
     {"app/pom.xml: g:a 1"}},
    {"TheFirstOfTwoCounts",
     {{"x/pom.xml", Named("x", Manages(Dependency("a", "1")))},
      {"y/pom.xml", Named("y", Manages(Dependency("a", "2") + Dependency("b", "2")))},
      {"app/pom.xml",
       Pom(Manages(Imports("x") + Imports("y")) + Uses(Dependency("a") + Dependency("b")))}},
     {"app/pom.xml: g:a 1", "app/pom.xml: g:b 2"}},
    // Never a wrong version: what is missing could say another one.
    {"BehindOneThatIsMissingNoneCounts",
     {{"y/pom.xml", Named("y", Manages(Dependency("a", "2")))},
      {"app/pom.xml", Pom(Manages(Imports("gone") + Imports("y")) + Uses(Dependency("a")))}},
     {},
     1,
     "",
     "app/pom.xml: no version is known here of g:a; imports that are not here: g:gone:1"},
    {"NorWhereAParentIsMissing",
     {{"y/pom.xml", Named("y", Manages(Dependency("a", "2")))},
      {"app/pom.xml", Pom(Parent("gone") + Manages(Imports("y")) + Uses(Dependency("a")))}},
     {},
     1,
     "",
     "app/pom.xml: no version is known here of g:a; its parent is not here: g:gone:1"},
    {"TwoOfOneNameAreNone",
     {{"x/pom.xml", Named("bom", Manages(Dependency("a", "1")))},
      {"y/pom.xml", Named("bom", Manages(Dependency("a", "2")))},
      {"app/pom.xml", Pom(Manages(Imports("bom")) + Uses(Dependency("a")))}},
     {},
     1,
     "",
     "app/pom.xml: no version is known here of g:a; imports that are not here: g:bom:1"},
    {"ImportsInACircleEnd",
     {{"x/pom.xml", Named("x", Manages(Imports("y")))},
      {"y/pom.xml", Named("y", Manages(Imports("x") + Imports("x")))},
      {"app/pom.xml", Pom(Manages(Imports("x")) + Uses(Dependency("a") + Dependency("b", "1")))}},
     {"app/pom.xml: g:b 1"},
     1,
     "",
     "app/pom.xml: no version is known here of g:a"},
};

const TogetherCase kModules[] = {
    {"OfFoldersAndFiles",
     {{"pom.xml", Named("p",
                        "<modules><module>a</module><module>b/other.xml</module>"
                        "<module>c\\d</module></modules>")},
      {"a/pom.xml", Pom(Uses(Dependency("a", "1")))},
      {"b/other.xml", Pom(Uses(Dependency("b", "1")))},
      {"c/d/pom.xml", Pom(Uses(Dependency("d", "1")))}},
     {"a/pom.xml: g:a 1", "b/other.xml: g:b 1", "c/d/pom.xml: g:d 1"}},
    {"OfMavenFour",
     {{"pom.xml", Named("p", "<subprojects><subproject>vendor/a</subproject></subprojects>")},
      {"vendor/a/pom.xml", Pom(Uses(Dependency("a", "1")))}},
     {"vendor/a/pom.xml: g:a 1"}},
    // Pitfall 159: a project that was not read has not no dependencies.
    {"ThoseThatAreNotThereAreTold",
     {{"pom.xml", Named("p", "<modules><module>gone</module><module>../out</module></modules>" +
                                 Uses(Dependency("a", "1")))}},
     {"pom.xml: g:a 1"},
     0,
     "pom.xml: modules that were not read: gone, ../out"},
};

std::string NameOfProjects(const testing::TestParamInfo<TogetherCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Alone, MavenTest, testing::ValuesIn(kAlone), NameOfProjects);
INSTANTIATE_TEST_SUITE_P(Parents, MavenTest, testing::ValuesIn(kParents), NameOfProjects);
INSTANTIATE_TEST_SUITE_P(Bills, MavenTest, testing::ValuesIn(kBills), NameOfProjects);
INSTANTIATE_TEST_SUITE_P(Modules, MavenTest, testing::ValuesIn(kModules), NameOfProjects);

TEST(MavenLimitTest, ParentsEnd) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 40; ++i) {
    files["p" + std::to_string(i) + "/pom.xml"] =
        Named("p" + std::to_string(i),
              Parent("p" + std::to_string(i + 1)) +
                  Properties("<v" + std::to_string(i) + ">1</v" + std::to_string(i) + ">") +
                  Uses(Dependency("near", "${v31}")));
  }
  const auto readings = ReadTogether("maven-pom", files);
  EXPECT_THAT(readings[0].path, "p0/pom.xml");
  EXPECT_THAT(Declared(readings[0]), ElementsAre("g:near 1"));
  EXPECT_THAT(readings[0].reason, HasSubstr("are more than 32"));
}

TEST(MavenLimitTest, WhatAFileKeepsIsBounded) {
  std::string dependencies;
  for (int i = 0; i < 60'000; ++i) dependencies += Dependency("a" + std::to_string(i), "1.0.0.0");
  const auto readings = ReadTogether("maven-pom", {{"pom.xml", Pom(Uses(dependencies))}});
  EXPECT_EQ(readings[0].state, ReadingState::kFailed);
  EXPECT_THAT(readings[0].reason, HasSubstr("declares more than 1048576 bytes of names"));
  EXPECT_LE(readings[0].residue.size(), 2u << 20);
}

// Each imports the next so many times that all ways through them would never end.
TEST(MavenLimitTest, ImportsThatMultiplyEnd) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 6; ++i) {
    std::string imports;
    for (int k = 0; k < 20; ++k) imports += Imports("b" + std::to_string(i + 1));
    files["b" + std::to_string(i) + "/pom.xml"] = Named("b" + std::to_string(i), Manages(imports));
  }
  files["b6/pom.xml"] = Named("b6", Manages(Dependency("x", "1")));
  files["z/pom.xml"] = Pom(Manages(Imports("b0")) + Uses(Dependency("a")));
  const auto readings = ReadTogether("maven-pom", files);
  EXPECT_EQ(readings.back().left_out, 1u);
}

}  // namespace
}  // namespace landwaiter::packages
