// Requirement files that name each other.
#include "scanner/packages/locks/beside.h"
#include "tests/unit/scanner/packages/locks/lock_case.h"

namespace landwaiter::packages {
namespace {

using testing::HasSubstr;

class IncludesTest : public testing::TestWithParam<TogetherCase> {};

TEST_P(IncludesTest, AreReadTogether) { ExpectTogether("requirements", GetParam()); }

const TogetherCase kIncluded[] = {
    {"AListOfNoTellingName",
     {{"app/requirements.txt", "-r deps/base.in\na==1\n"}, {"app/deps/base.in", "b==2\n"}},
     {"app/deps/base.in: b 2", "app/requirements.txt: a 1"}},
    {"EveryWayToWriteIt",
     {{"requirements.txt",
       "-ra\n--requirement b # why\n--requirement=c\n-r \"d e\"\n  -r ./x/../f \\\n\n-r\tg\n"},
      {"a", "a==1\n"},
      {"b", "b==1\n"},
      {"c", "c==1\n"},
      {"d e", "d==1\n"},
      {"f", "f==1\n"},
      {"g", "g==1\n"}},
     {"a: a 1", "b: b 1", "c: c 1", "d e: d 1", "f: f 1", "g: g 1"}},
    {"ListsOfLists",
     {{"requirements.txt", "-r a\n"}, {"a", "-r d/b\n"}, {"d/b", "-r ../d/c\n"}, {"d/c", "c==1\n"}},
     {"d/c: c 1"}},
    {"EachIsListedOnceHoweverOftenItIsIncluded",
     {{"requirements.txt", "-r base\n-r base\n"},
      {"requirements-dev.txt", "-r requirements.txt\n-r base\nd==1\n"},
      {"base", "b==1\n"}},
     {"base: b 1", "requirements-dev.txt: d 1"}},
    {"CyclesEnd",
     {{"requirements.txt", "-r a\nr==1\n"}, {"a", "-r b\na==1\n"}, {"b", "-r a\n-r b\nb==1\n"}},
     {"a: a 1", "b: b 1", "requirements.txt: r 1"}},
    {"OtherOptionsAreNone",
     {{"requirements.txt", "--require-hashes\n--requirements x\n--constraints x\n-r\n-i x\n"},
      {"x", "x==1\n"}},
     {}},
};

const TogetherCase kConstrained[] = {
    {"ConstraintsOnlyPin",
     {{"requirements.txt", "-c constraints.txt\nFlask>=1\nother\n"},
      {"constraints.txt", "flask==2.0\nnobody-asked==3\n"}},
     {"requirements.txt: Flask 2.0"},
     1},
    {"AnExactPinStands",
     {{"requirements.txt", "-c constraints.txt\na==1\n"}, {"constraints.txt", "a==2\n"}},
     {"requirements.txt: a 1"}},
    {"TheyHoldInWhatIsIncluded",
     {{"requirements.txt", "-c c\n-r base\n"}, {"base", "a\n"}, {"c", "a==1\n"}},
     {"base: a 1"}},
    {"AndWhereTheListIsIncluded",
     {{"requirements.txt", "-r base\na\n"}, {"base", "-c c\n"}, {"c", "a==1\n"}},
     {"requirements.txt: a 1"}},
    {"TwoCallsOfPipHaveTwoVersions",
     {{"requirements-a.txt", "-c a\n-r base\n"},
      {"requirements-b.txt", "-c b\n-r base\n"},
      {"a", "x==1\n"},
      {"b", "x==2\n"},
      {"base", "x\n"}},
     {"base: x 1", "base: x 2"}},
    {"AListInConstraintsIsAList",
     {{"requirements.txt", "-c c\na\n"}, {"c", "a==1\n-r base\n"}, {"base", "b==1\n"}},
     {"base: b 1", "requirements.txt: a 1"}},
    // pip-tools, "Workflow for layered requirements".
    {"AListStaysOneWhereOthersTakeItForConstraints",
     {{"requirements.txt", "a==1\n"}, {"requirements-dev.txt", "-c requirements.txt\na\nd==1\n"}},
     {"requirements-dev.txt: a 1", "requirements-dev.txt: d 1", "requirements.txt: a 1"}},
    {"ButNotOneThatIsNamedAfterThem",
     {{"requirements/base.txt", "-c constraints.txt\na\n"},
      {"requirements/constraints.txt", "a==1\nb==1\nc<2\n"}},
     {"requirements/base.txt: a 1"}},
    {"WhatIsBothIncludedAndConstrainsIsAList",
     {{"requirements.txt", "-c c\n-r c\na\n"}, {"c", "a==1\nb==1\n"}},
     {"c: a 1", "c: b 1", "requirements.txt: a 1"}},
    {"NamesInAnySpelling",
     {{"requirements.txt", "--constraint=c\nruamel_yaml[x]>=0 ; python_version > '3'\n"},
      {"c", "Ruamel.Yaml==1\n"}},
     {"requirements.txt: ruamel_yaml 1"}},
    {"FoldersAndAddressesStayLeftOut",
     {{"requirements.txt", "-c c\na @ https://example.com/a.zip\n-e ./b\n"}, {"c", "a==1\nb==1\n"}},
     {},
     2},
};

const TogetherCase kUnreachable[] = {
    // Pitfall 159: a list that was not read is no empty list.
    {"WhatIsNotThereIsTold",
     {{"app/requirements.txt", "-r gone.txt\na==1\n"}},
     {"app/requirements.txt: a 1"},
     0,
     "app/requirements.txt: \"gone.txt\", which it includes, was not read"},
    {"NothingOutsideIsFollowed",
     {{"app/requirements.txt", "-r ../../etc/base.txt\n-r /etc/base.txt\n"},
      {"etc/base.txt", "e==1\n"}},
     {},
     0,
     "app/requirements.txt: \"../../etc/base.txt\", which it includes, is outside of what is "
     "scanned; "
     "\"/etc/base.txt\", which it includes, is outside of what is scanned"},
    {"NorAddressesNorTheEnvironment",
     {{"requirements.txt", "-r https://example.com/a.txt\n-r FILE:///a\n-r ${A}.txt\n-r b\n"}},
     {},
     0,
     "requirements.txt: \"https://example.com/a.txt\", which it includes, is an address; "
     "\"FILE:///a\", which it includes, is an address; \"${A}.txt\", which it includes, depends on "
     "the environment; and 1 more"},
    {"ConstraintsThatAreMissingLeaveVersionsOpen",
     {{"requirements.txt", "-c gone.txt\n-c https://example.com/c.txt\na\n"}},
     {},
     1,
     "",
     "requirements.txt: \"gone.txt\", which it is constrained by, was not read; "
     "\"https://example.com/c.txt\", which it is constrained by, is an address"},
    {"AnIncludedListThatIsNoTextFails",
     {{"requirements.txt", "-r a\n"}, {"a", std::string("a==1\n\0", 6)}},
     {},
     0,
     "a: holds a zero byte: it is no text"},
};

std::string NameOfTogether(const testing::TestParamInfo<TogetherCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Included, IncludesTest, testing::ValuesIn(kIncluded), NameOfTogether);
INSTANTIATE_TEST_SUITE_P(Constrained, IncludesTest, testing::ValuesIn(kConstrained),
                         NameOfTogether);
INSTANTIATE_TEST_SUITE_P(Unreachable, IncludesTest, testing::ValuesIn(kUnreachable),
                         NameOfTogether);

TEST(IncludesLimitTest, AFileNamesAHundredOthers) {
  std::string lines;
  for (int i = 0; i < 101; ++i) lines += "-r f" + std::to_string(i) + "\n";
  const auto readings = ReadTogether("requirements", {{"requirements.txt", lines}});
  EXPECT_THAT(readings[0].reason, HasSubstr("names more than 100 other files"));
}

TEST(IncludesLimitTest, AllFilesTogetherNameSoMany) {
  std::map<std::string, std::string> files;
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "-r requirements.txt\n";
  for (int i = 0; i < 42; ++i) files["a/" + std::to_string(i) + "-requirements.txt"] = lines;
  files["a/requirements.txt"] = "a==1\n";
  const auto readings = ReadTogether("requirements", files);
  const auto failed = [](const FileReading& r) { return r.state == ReadingState::kFailed; };
  EXPECT_EQ(std::count_if(readings.begin(), readings.end(), failed), 2);
  EXPECT_THAT(readings[40].reason, HasSubstr("is one too many: at most 4096 are followed"));
}

// Every list constrains every other one: linear in what is looked up, and that is bounded.
TEST(IncludesLimitTest, ConstraintsCrosswiseEnd) {
  std::string names;
  for (int i = 0; i < 9000; ++i) names += "n" + std::to_string(i) + "\n";
  std::map<std::string, std::string> files;
  for (int i = 0; i < 60; ++i) {
    std::string lines;
    for (int k = 0; k < 60; ++k) lines += "-c " + std::to_string(k) + "-requirements.txt\n";
    files[std::to_string(i) + "-requirements.txt"] = lines + names;
  }
  const auto readings = ReadTogether("requirements", files);
  EXPECT_THAT(readings.back().reason, HasSubstr("more constraints than are looked up"));
}

TEST(PathBesideTest, StaysInside) {
  const struct {
    const char* file;
    const char* relative;
    std::optional<std::string> path;
  } kCases[] = {
      {"a/b/f", "g", "a/b/g"}, {"a/b/f", "../g", "a/g"},      {"f", "./g//h/", "g/h"},
      {"a/f", "..", ""},       {"a/f", "../..", {}},          {"f", "../g", {}},
      {"a/f", "/g", {}},       {"a/f", "b/../../c/g", "c/g"}, {"f", "a/../../f", {}},
  };
  for (const auto& c : kCases) EXPECT_EQ(PathBeside(c.file, c.relative), c.path) << c.relative;
  EXPECT_EQ(PathBeside("f", std::string(5000, 'a')), std::nullopt);
  EXPECT_EQ(PathBeside("f", std::string_view("a\0b", 3)), std::nullopt);
}

}  // namespace
}  // namespace landwaiter::packages
