#include "scanner/packages/plain_text.h"
#include "tests/unit/scanner/packages/locks/lock_case.h"

namespace landwaiter::packages {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAreArray;
using testing::HasSubstr;

class PythonLockTest : public LockTest {};

TEST_P(PythonLockTest, Declares) {
  const LockCase& c = GetParam();
  EXPECT_EQ(WantedBy(c.path), c.source);
  const FileReading reading = Read(c.source, c.path, c.text);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(Declared(reading), ElementsAreArray(c.packages));
  EXPECT_EQ(reading.left_out, c.left_out);
  for (const Package& package : reading.packages) EXPECT_EQ(package.type, "pypi");
}

// ASCII behind the mark of the order that its bytes are in.
std::string Utf16(const std::string& mark, std::string_view ascii) {
  std::string text = mark;
  for (const char c : ascii) {
    text += mark[0] == '\xFF' ? std::string{c, '\0'} : std::string{'\0', c};
  }
  return text;
}

const LockCase kRequirements[] = {
    {"OnlyExactPins",
     "requirements",
     "requirements.txt",
     "# pins\na==1.0\nB.c_d == 2.0rc1 # why\ne===1.0+local\nf==1!2.0,<3\n",
     {"B.c_d 2.0rc1", "a 1.0", "e 1.0+local", "f 1!2.0"}},
    // Pitfall 125: a range is not a version.
    {"RangesAreLeftOut",
     "requirements",
     "app/requirements-dev.txt",
     "a\nb>=1.0\nc~=1.0\nd==1.*\ne!=1\nf<2\n",
     {},
     6},
    {"ExtrasMarkersHashesAndContinuations",
     "requirements",
     "requirements/base.txt",
     "a[x, y]==1.0 ; python_version < \"3.8\"\nb==2.0 \\\n    --hash=sha256:00 \\\n"
     "    --hash=sha256:01\nc (==3.0)\nd==4.0;sys_platform=='x==9' --hash=sha256:00\n",
     {"a 1.0", "b 2.0", "c 3.0", "d 4.0"}},
    {"AddressesAndFolders",
     "requirements",
     "requirements.txt",
     "-e git+https://example.com/a.git#egg=a\n./wheels/b-1.0.whl\nhttps://example.com/c.zip\n"
     "d @ https://example.com/d==1.0.zip\nfile:e\n",
     {},
     5},
    {"OptionsAndIncludesAreNoPackages",
     "requirements",
     "requirements.txt",
     "-r other.txt\n--requirement=other.txt\n-c constraints.txt\n--index-url https://x\n\na==1\n",
     {"a 1"}},
    {"WhatIsNoVersionIsLeftOut",
     "requirements",
     "requirements.txt",
     "a==${VERSION}\nb==\n==1.0\nc 1.0\nd==1.0 and more\nThe requirements are:\n",
     {},
     6},
    {"SavedByWindows",
     "requirements",
     "requirements.txt",
     Utf16("\xFF\xFE", "a==1.0\r\nb==2.0\r\n"),
     {"a 1.0", "b 2.0"}},
    {"AFileWithoutLines", "requirements", "requirements.txt", "", {}},
    {"TheLastLineMayEndInABackslash", "requirements", "requirements.txt", "a==1.0 \\", {"a 1.0"}},
};

const LockCase kPoetry[] = {
    {"CategoriesOfOldLocks",
     "poetry-lock",
     "poetry.lock",
     "[[package]]\nname = \"a\"\nversion = \"1.0\"\ncategory = \"main\"\noptional = false\n"
     "python-versions = \">=3\"\n\n[package.dependencies]\nname = \"no\"\nb = {version = \"*\", "
     "optional = true}\n\n[package.extras]\nversion = [\"no (>=1)\"]\n\n"
     "[[package]]\nname = \"b\"\nversion = \"2.0\"\ncategory = \"dev\"\n\n"
     "[metadata]\nlock-version = \"1.1\"\n\n[metadata.files]\na = []\n",
     {"a 1.0", "b 2.0 dev"}},
    {"GroupsOfNewLocks",
     "poetry-lock",
     "poetry.lock",
     "# This file is generated\n[[package]]\nname = \"a\"\nversion = \"1.0\"\n"
     "groups = [\"main\", \"dev\"]\nfiles = [\n    {file = \"a.whl\", hash = \"sha256:00\"},\n]\n\n"
     "[[package]]\nname = \"b\"\nversion = \"2.0\"\ngroups = [\"docs\", \"test\"]\n",
     {"a 1.0", "b 2.0 dev"}},
    {"OtherIndexesCountGitDoesNot",
     "poetry-lock",
     "poetry.lock",
     "[[package]]\nname = \"a\"\nversion = \"1.0\"\n\n[package.source]\ntype = \"legacy\"\n"
     "url = \"https://example.com/simple\"\nreference = \"x\"\n\n"
     "[[package]]\nname = \"b\"\nversion = \"2.0\"\n\n[package.source]\ntype = \"git\"\n"
     "url = \"https://example.com/b.git\"\n",
     {"a 1.0"},
     1},
    {"AnEmptyPoetryLock", "poetry-lock", "poetry.lock", "package = []\n\n[metadata]\n", {}},
};

const LockCase kOthers[] = {
    {"UvByItsGraph",
     "uv-lock",
     "uv.lock",
     "version = 1\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"app\"\nversion = \"0\"\n"
     "source = { virtual = \".\" }\ndependencies = [\n    { name = \"a\", extra = [\"x\"] },\n]\n\n"
     "[package.optional-dependencies]\nextra = [\n    { name = \"o\" },\n]\n\n"
     "[package.dev-dependencies]\ndev = [\n    { name = \"t\" },\n]\n\n"
     "[package.metadata]\nrequires-dist = [{ name = \"t\" }]\n\n"
     "[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { registry = \"https://x/simple\" }\n"
     "dependencies = [\n    { name = \"b\", marker = \"sys_platform == 'win32'\" },\n]\n"
     "wheels = [\n    { url = \"https://x/a.whl\", hash = \"sha256:00\", size = 1 },\n]\n\n"
     "[[package]]\nname = \"b\"\nversion = \"2.0\"\nsource = { registry = \"https://x/simple\" "
     "}\n\n"
     "[[package]]\nname = \"o\"\nversion = \"3.0\"\nsource = { registry = \"https://x/simple\" "
     "}\n\n"
     "[[package]]\nname = \"t\"\nversion = \"4.0\"\nsource = { registry = \"https://x/simple\" "
     "}\n\n"
     "[[package]]\nname = \"g\"\nversion = \"5.0\"\nsource = { git = \"https://x/g.git#0\" }\n",
     {"a 1.0", "b 2.0", "o 3.0", "t 4.0 dev"},
     1},
    {"UvScriptsHaveNoProject",
     "uv-lock",
     "tool.py.lock",
     "version = 1\n\n[manifest]\nrequirements = [{ name = \"a\" }]\n\n[[package]]\nname = \"a\"\n"
     "version = \"1.0\"\nsource = { registry = \"https://x/simple\" }\n",
     {"a 1.0"}},
    {"PipfileCategories",
     "pipfile-lock",
     "Pipfile.lock",
     R"({"_meta": {"hash": {"sha256": "0"}, "sources": [{"name": "pypi"}]},
         "default": {"a": {"hashes": ["sha256:00"], "version": "==1.0"},
                     "b": {"git": "https://x/b.git", "ref": "0"}, "c": {"version": "*"}},
         "develop": {"a": {"version": "==1.0"}, "d": {"version": "==2.0", "markers": "x"}},
         "docs": {"e": {"version": "==3.0"}}})",
     {"a 1.0", "d 2.0 dev", "e 3.0"},
     2},
    {"PdmGroupsAndExtras",
     "pdm-lock",
     "pdm.lock",
     "[metadata]\ngroups = [\"default\", \"dev\"]\nlock_version = \"4.5.0\"\n\n"
     "[[metadata.targets]]\nrequires_python = \"==3.12.*\"\n\n"
     "[[package]]\nname = \"a\"\nversion = \"1.0\"\ngroups = [\"default\"]\ndependencies = [\n"
     "    \"b>=1\",\n]\n\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nextras = [\"x\"]\n"
     "groups = [\"dev\"]\n\n[[package]]\nname = \"b\"\nversion = \"2.0\"\ngroups = [\"dev\"]\n\n"
     "[[package]]\nname = \"o\"\nversion = \"3.0\"\ngroups = [\"extra\"]\n\n"
     "[[package]]\nname = \"g\"\nversion = \"4.0\"\ngit = \"https://x/g.git\"\n",
     {"a 1.0", "b 2.0 dev", "o 3.0"},
     1},
};

INSTANTIATE_TEST_SUITE_P(Requirements, PythonLockTest, testing::ValuesIn(kRequirements),
                         LockCaseName);
INSTANTIATE_TEST_SUITE_P(Poetry, PythonLockTest, testing::ValuesIn(kPoetry), LockCaseName);
INSTANTIATE_TEST_SUITE_P(Others, PythonLockTest, testing::ValuesIn(kOthers), LockCaseName);

TEST(PlainTextTest, IsUtf8WhateverItWas) {
  EXPECT_EQ(PlainText(Utf16("\xFE\xFF", "ab")).view(), "ab");
  EXPECT_EQ(PlainText("\xFF\xFE\x3D\xD8\xC0\xDC\xFC\x00"sv).view(), "\xF0\x9F\x93\x80\xC3\xBC");
  // Half a pair, half a unit.
  EXPECT_EQ(PlainText("\xFF\xFE\x3D\xD8z"sv).view(), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_TRUE(PlainText("\xFF\xFE\x00\x00z\x00\x00\x00"sv).binary());
}

// Pitfall 159: what cannot be read is no empty list.
TEST(PythonLockFaultTest, AreTold) {
  const auto reason = [](const char* source, const char* text) {
    return Read(source, "a/x", text).reason;
  };
  EXPECT_THAT(reason("poetry-lock", "[[package]]\nname = \"a\nversion = \"1\"\n"),
              HasSubstr("line 2 has a string that its line does not end"));
  EXPECT_THAT(reason("uv-lock", "[[package]]\nname = \"a\"\ndependencies = [\n"),
              HasSubstr("line 4 has a key without a value"));
  EXPECT_THAT(reason("pdm-lock", "[[package]]\nversion = \"1\"\n"), HasSubstr("package name \"\""));
  EXPECT_THAT(reason("pipfile-lock", "not json"), HasSubstr("is no JSON"));
  EXPECT_THAT(reason("pipfile-lock", "{}"), HasSubstr("is no Pipfile.lock"));
  EXPECT_THAT(reason("poetry-lock", "a = 1\n"), HasSubstr("is no poetry.lock"));
  EXPECT_THAT(reason("pdm-lock", "a = 1\n"), HasSubstr("is no pdm.lock"));
  EXPECT_THAT(reason("uv-lock", "a = 1\n"), HasSubstr("is no uv.lock: it has no version"));
  EXPECT_THAT(reason("pipfile-lock", "null"), HasSubstr("is no JSON object"));
}

}  // namespace
}  // namespace landwaiter::packages
