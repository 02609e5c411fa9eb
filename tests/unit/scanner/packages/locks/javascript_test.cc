#include "tests/unit/scanner/packages/locks/lock_case.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

class JavaScriptLockTest : public LockTest {};

TEST_P(JavaScriptLockTest, Declares) {
  const LockCase& c = GetParam();
  EXPECT_EQ(WantedBy(c.path), c.source);
  const FileReading reading = Read(c.source, c.path, c.text);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(Declared(reading), ElementsAreArray(c.packages));
  EXPECT_EQ(reading.left_out, c.left_out);
  for (const Package& package : reading.packages) EXPECT_EQ(package.type, "npm");
}

const LockCase kPackageLock[] = {
    {"FoldersAreNamedByTheirLastPart",
     "package-lock",
     "app/package-lock.json",
     R"({"lockfileVersion": 3, "packages": {
       "": {"name": "app", "version": "1.0.0"},
       "node_modules/a": {"version": "1.0.0"},
       "node_modules/a/node_modules/@s/b": {"version": "2.0.0"},
       "node_modules/a/node_modules/c": {"version": "3.0.0", "dev": true}}})",
     {"@s/b 2.0.0", "a 1.0.0", "c 3.0.0 dev"}},
    {"WorkspacesAndLinksAreTheProject",
     "package-lock",
     "npm-shrinkwrap.json",
     R"({"packages": {"packages/own": {"version": "1.0.0"},
       "node_modules/own": {"resolved": "packages/own", "link": true}}})",
     {}},
    {"AnAliasIsWhatItStandsFor",
     "package-lock",
     "package-lock.json",
     R"({"packages": {"node_modules/alias": {"name": "@s/real", "version": "1.0.0"}}})",
     {"@s/real 1.0.0"}},
    {"GitAndFoldersHaveNoPublishedVersion",
     "package-lock",
     "package-lock.json",
     R"({"packages": {
       "node_modules/a": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/a/a.git#0"},
       "node_modules/b": {"version": "1.0.0", "resolved": "file:b.tgz"},
       "node_modules/c": {"resolved": "https://registry.npmjs.org/c"}}})",
     {},
     3},
    {"ForRunningIsStrongerThanForDevelopment",
     "package-lock",
     "package-lock.json",
     R"({"packages": {"node_modules/a": {"version": "1.0.0", "dev": true},
       "node_modules/b/node_modules/a": {"version": "1.0.0"},
       "node_modules/c": {"version": "1.0.0", "devOptional": true}}})",
     {"a 1.0.0", "c 1.0.0"}},
    {"TheFirstVersionNests",
     "package-lock",
     "package-lock.json",
     R"({"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "requires": {"b": "^2"},
       "dependencies": {"b": {"version": "2.0.0", "dev": true, "dependencies":
         {"@s/c": {"version": "3.0.0", "dependencies": {"d": {"version": "4.0.0", "dependencies":
           {"e": {"version": "5.0.0"}}}}}}}}}}})",
     {"@s/c 3.0.0", "a 1.0.0", "b 2.0.0 dev", "d 4.0.0", "e 5.0.0"}},
    {"TheFirstVersionsAliasesAndAddresses",
     "package-lock",
     "package-lock.json",
     R"({"dependencies": {"x": {"version": "npm:@s/real@1.0.0"}, "g": {"version": "github:a/b#1"},
       "t": {"version": "https://example.com/t.tgz"}, "f": {"version": "file:../f"}}})",
     {"@s/real 1.0.0"},
     3},
    {"TheSecondVersionSaysAllTwice",
     "package-lock",
     "package-lock.json",
     R"({"lockfileVersion": 2, "packages": {"node_modules/a": {"version": "1.0.0"}},
       "dependencies": {"a": {"version": "1.0.0"}, "own": {"version": "file:packages/own"}}})",
     {"a 1.0.0"}},
    {"AnEmptyOneDeclaresNothing",
     "package-lock",
     "package-lock.json",
     R"({"lockfileVersion": 3, "packages": {}})",
     {}},
    {"TarballsOfCodeHostsAreNoReleases",
     "package-lock",
     "package-lock.json",
     R"({"lockfileVersion": 3, "packages": {
       "node_modules/a": {"version": "1.0.0", "resolved": "https://codeload.github.com/a/b/tar.gz/0"},
       "node_modules/b": {"version": "1.0.0", "resolved": "https://gitlab.com/a/b/-/archive/0/b.tar.gz"},
       "node_modules/c": {"version": "1.0.0", "resolved": "https://npm.pkg.github.com/download/c/1.0.0/0"},
       "node_modules/d": {"version": "1.0.0",
         "resolved": "https://gitlab.com/api/v4/projects/1/packages/npm/d/-/d-1.0.0.tgz"}}})",
     {"c 1.0.0", "d 1.0.0"},
     2},
    {"AMarkOfByteOrderIsNoPart",
     "package-lock",
     "package-lock.json",
     "\xEF\xBB\xBF{\"lockfileVersion\": 1, \"dependencies\": {\"a\": {\"version\": \"1.0.0\"}}}",
     {"a 1.0.0"}},
};

const LockCase kYarn[] = {
    {"ClassicNamesComeFromTheDescriptor",
     "yarn-lock",
     "yarn.lock",
     "# yarn lockfile v1\n\n\n\"@s/a@^1.0.0\", \"@s/a@^1.1.0\":\n  version \"1.1.0\"\n"
     "  resolved \"https://registry.yarnpkg.com/@s/a/-/a-1.1.0.tgz#0\"\n  dependencies:\n"
     "    b \"^2\"\n    version \"^9\"\n\nb@^2:\n  version \"2.0.0\"\n",
     {"@s/a 1.1.0", "b 2.0.0"}},
    {"ClassicAliases",
     "yarn-lock",
     "yarn.lock",
     "\"x@npm:@s/real@^1\":\n  version \"1.0.0\"\n\"y@npm:other\":\n  version \"2.0.0\"\n",
     {"@s/real 1.0.0", "other 2.0.0"}},
    {"ClassicGitAndFolders",
     "yarn-lock",
     "yarn.lock",
     "\"a@git+https://github.com/a/a.git\":\n  version \"1.0.0\"\n  resolved \"git+https://x#0\"\n"
     "\"b@file:./b\":\n  version \"0.0.0\"\n"
     "c@owner/c:\n  version \"1.0.0\"\n  resolved "
     "\"https://codeload.github.com/owner/c/tar.gz/0\"\n",
     {},
     3},
    {"ModernResolutions",
     "yarn-lock",
     "yarn.lock",
     "# This file is generated by running \"yarn install\"\n\n__metadata:\n  version: 6\n"
     "  cacheKey: 8\n\n\"@s/a@npm:^1.0.0, @s/a@npm:^1.1.0\":\n  version: 1.1.0\n"
     "  resolution: \"@s/a@npm:1.1.0\"\n  dependencies:\n    version: ^9\n  checksum: 00\n"
     "  languageName: node\n  linkType: hard\n\n\"alias@npm:real@^2\":\n  version: 2.0.0\n"
     "  resolution: \"real@npm:2.0.0\"\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n"
     "  resolution: \"app@workspace:.\"\n\n"
     "\"t@patch:t@4.0.0#builtin\":\n  version: 4.0.0\n"
     "  resolution: \"t@patch:t@npm%3A4.0.0#builtin::version=4.0.0&hash=0\"\n\n"
     "\"g@https://github.com/a/g.git\":\n  version: 1.0.0\n"
     "  resolution: \"g@https://github.com/a/g.git#commit=0\"\n",
     {"@s/a 1.1.0", "real 2.0.0", "t 4.0.0"},
     1},
    {"ModernLongKeys",
     "yarn-lock",
     "yarn.lock",
     "__metadata:\n  version: 6\n\n? \"a@npm:^1.0.0, a@npm:^1.1.0\"\n: version: 1.1.0\n"
     "  resolution: \"a@npm:1.1.0\"\n  linkType: hard\n\n\"b@npm:^1\":\n  version: 1.0.0\n"
     "  resolution: \"b@npm:1.0.0\"\n",
     {"a 1.1.0", "b 1.0.0"}},
    {"ClassicDescriptorsMayHoldCommas",
     "yarn-lock",
     "yarn.lock",
     "\"a@>=1, <2\", a@^1:\n  version \"1.5.0\"\n",
     {"a 1.5.0"}},
    {"AnEmptyYarnLock", "yarn-lock", "yarn.lock", "# yarn lockfile v1\n\n", {}},
};

const LockCase kPnpm[] = {
    {"VersionFiveHasSlashes",
     "pnpm-lock",
     "pnpm-lock.yaml",
     "lockfileVersion: 5.4\n\nspecifiers:\n  a: ^1\n\ndependencies:\n  a: 1.0.0_react@17.0.2\n\n"
     "packages:\n\n  /a/1.0.0_react@17.0.2:\n    resolution: {integrity: sha512-x==}\n"
     "    engines: {node: '>=8'}\n    dependencies:\n      dev: 1.0.0\n    dev: false\n\n"
     "  /@s/b/2.0.0-rc.1:\n    resolution: {integrity: sha512-x==}\n    dev: true\n"
     "    deprecated: |\n      old:\n        dev: false\n\n"
     "  registry.example.com/c/3.0.0:\n    resolution: {tarball: x}\n\n"
     "  github.com/o/r/0123abc:\n    resolution: {tarball: https://codeload.github.com/o/r}\n"
     "    name: r\n    version: 1.0.0\n    dev: false\n\n  file:../d:\n    name: d\n",
     {"@s/b 2.0.0-rc.1 dev", "a 1.0.0", "c 3.0.0"},
     2},
    {"VersionSixHasBrackets",
     "pnpm-lock",
     "pnpm-lock.yaml",
     "lockfileVersion: '6.0'\n\npackages:\n\n  /@s/a@1.0.0(react@18.0.0)(b@2.0.0):\n"
     "    resolution: {integrity: sha512-x==}\n    dev: false\n\n  /b@2.0.0:\n    dev: true\n\n"
     "  '@github.com/o/r/0123':\n    name: r\n    dev: true\n",
     {"@s/a 1.0.0", "b 2.0.0 dev"},
     1},
    {"VersionNineIsAGraph",
     "pnpm-lock",
     "pnpm-lock.yaml",
     "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n\nimporters:\n\n  .:\n"
     "    dependencies:\n      a:\n        specifier: ^1\n        version: 1.0.0(p@1.0.0)\n"
     "      alias:\n        specifier: npm:@s/real@^1\n        version: '@s/real@1.0.0'\n"
     "      own:\n        specifier: workspace:*\n        version: link:packages/own\n"
     "    devDependencies:\n      t:\n        specifier: ^1\n        version: 1.0.0\n\n"
     "packages:\n\n  '@s/real@1.0.0':\n    resolution: {integrity: sha512-x==}\n\n"
     "  a@1.0.0:\n    resolution: {integrity: sha512-x==}\n    peerDependencies:\n      p: '*'\n\n"
     "  b@2.0.0:\n    resolution: {integrity: sha512-x==}\n\n  p@1.0.0:\n    resolution: {a: b}\n\n"
     "  t@1.0.0:\n    resolution: {a: b}\n\n  u@1.0.0:\n    resolution: {a: b}\n\n"
     "  g@https://codeload.github.com/o/g/tar.gz/0:\n    resolution: {tarball: x}\n\n"
     "snapshots:\n\n  '@s/real@1.0.0': {}\n\n  a@1.0.0(p@1.0.0):\n    dependencies:\n"
     "      b: 2.0.0\n      p: 1.0.0\n\n  b@2.0.0: {}\n\n  p@1.0.0: {}\n\n"
     "  t@1.0.0:\n    dependencies:\n      b: 2.0.0\n      u: 1.0.0\n\n  u@1.0.0: {}\n",
     {"@s/real 1.0.0", "a 1.0.0", "b 2.0.0", "p 1.0.0", "t 1.0.0 dev", "u 1.0.0 dev"},
     1},
    // What pnpm itself needs stands first, since pnpm 11.
    {"TwoDocumentsAreOneLock",
     "pnpm-lock",
     "pnpm-lock.yaml",
     "---\nlockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    packageManagerDependencies:\n"
     "      pnpm:\n        specifier: 11.0.0\n        version: 11.0.0\n\npackages:\n\n"
     "  pnpm@11.0.0:\n    resolution: {a: b}\n\nsnapshots:\n\n  pnpm@11.0.0: {}\n\n---\n"
     "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n"
     "        specifier: ^1\n        version: 1.0.0\n\npackages:\n\n  a@1.0.0:\n"
     "    resolution: {a: b}\n\nsnapshots:\n\n  a@1.0.0: {}\n",
     {"a 1.0.0", "pnpm 11.0.0 dev"}},
    {"AddressesMayHoldSignsOfVersions",
     "pnpm-lock",
     "pnpm-lock.yaml",
     "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      priv:\n"
     "        specifier: git+ssh://git@example.com/priv.git\n"
     "        version: git+https://git@example.com:corp/priv.git#abc(p@1.0.0)\n\npackages:\n\n"
     "  a@1.0.0:\n    resolution: {a: b}\n\n"
     "  priv@git+https://git@example.com:corp/priv.git#abc:\n    resolution: {type: git}\n"
     "    version: 1.0.0\n\nsnapshots:\n\n  a@1.0.0: {}\n\n"
     "  priv@git+https://git@example.com:corp/priv.git#abc(p@1.0.0):\n    dependencies:\n"
     "      a: 1.0.0\n",
     {"a 1.0.0"},
     1},
    {"AddressesMayBeKeysThemselves",
     "pnpm-lock",
     "pnpm-lock.yaml",
     "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      g:\n"
     "        specifier: github:o/g\n        version: https://codeload.github.com/o/g/tar.gz/0\n\n"
     "packages:\n\n  a@1.0.0:\n    resolution: {a: b}\n\n"
     "  https://codeload.github.com/o/g/tar.gz/0:\n    resolution: {tarball: x}\n\n"
     "snapshots:\n\n  a@1.0.0: {}\n\n  https://codeload.github.com/o/g/tar.gz/0:\n"
     "    dependencies:\n      a: 1.0.0\n",
     {"a 1.0.0"},
     1},
    {"OtherRegistriesHaveHosts",
     "pnpm-lock",
     "pnpm-lock.yaml",
     "lockfileVersion: '6.0'\n\npackages:\n\n  registry.example.com/a@1.0.0(b@2.0.0):\n"
     "    name: a\n    version: 1.0.0\n    dev: false\n\n  registry.example.com/@s/b@2.0.0:\n"
     "    dev: true\n",
     {"@s/b 2.0.0 dev", "a 1.0.0"}},
    {"OtherRegistriesOfVersionFive",
     "pnpm-lock",
     "pnpm-lock.yaml",
     "lockfileVersion: 5.4\n\npackages:\n\n  registry.example.com/@s/a/1.0.0_b@2.0.0:\n"
     "    name: '@s/a'\n    version: 1.0.0\n    dev: false\n",
     {"@s/a 1.0.0"}},
    {"AnEmptyPnpmLock", "pnpm-lock", "pnpm-lock.yaml", "lockfileVersion: 5.4\n", {}},
};

INSTANTIATE_TEST_SUITE_P(Npm, JavaScriptLockTest, testing::ValuesIn(kPackageLock), LockCaseName);
INSTANTIATE_TEST_SUITE_P(Yarn, JavaScriptLockTest, testing::ValuesIn(kYarn), LockCaseName);
INSTANTIATE_TEST_SUITE_P(Pnpm, JavaScriptLockTest, testing::ValuesIn(kPnpm), LockCaseName);

// Pitfall 159: what cannot be read is no empty list.
TEST(JavaScriptLockFaultTest, AreTold) {
  const auto reason = [](const char* source, const char* text) {
    return Read(source, "a/x", text).reason;
  };
  EXPECT_THAT(reason("package-lock", "{\"packages\": {"), HasSubstr("a/x: is no JSON"));
  EXPECT_THAT(reason("package-lock", "null"), HasSubstr("is no JSON object"));
  EXPECT_THAT(reason("package-lock", "[]"), HasSubstr("is no JSON object"));
  EXPECT_THAT(reason("yarn-lock", "a@^1:\n  resolved \"x\"\n"), HasSubstr("without a version"));
  EXPECT_THAT(reason("yarn-lock", "a@^1:\n  version \n"), HasSubstr("without a version"));
  EXPECT_THAT(reason("yarn-lock", "what is this"), HasSubstr("line 1 is no line of a yarn.lock"));
  EXPECT_THAT(reason("yarn-lock", "__metadata:\n  version: 6\na:\n  version: 1.0.0\n"),
              HasSubstr("without a resolution"));
  EXPECT_THAT(reason("yarn-lock", "# only this\n"), HasSubstr("neither its header nor entries"));
  EXPECT_THAT(reason("yarn-lock", "a@^1:\n  version \"1.0"), HasSubstr("line 2 has a quoted text"));
  EXPECT_THAT(reason("yarn-lock", "\"a@^1:\n  version \"1.0\"\n"),
              HasSubstr("line 1 has a quoted"));
  EXPECT_THAT(reason("package-lock", "{}"), HasSubstr("neither a lockfileVersion nor packages"));
  EXPECT_THAT(reason("package-lock", "{\"lockfileVersion\": 99}"),
              HasSubstr("lockfileVersion \"99\", which this version does not know"));
  EXPECT_THAT(reason("pnpm-lock", "a: b\n"), HasSubstr("lockfileVersion \"\""));
  EXPECT_THAT(reason("pnpm-lock", "lockfileVersion: 5.4\n---\na: b\n"),
              HasSubstr("lockfileVersion \"\""));
  EXPECT_THAT(reason("pnpm-lock", "lockfileVersion: 7.0\n"), HasSubstr("does not know"));
  EXPECT_THAT(reason("pnpm-lock", "lockfileVersion: 5.4\npackages: &a\n  b: *a\n"),
              HasSubstr("line 2 has an anchor"));
}

// Pitfall 124 and 125: what an installed package brought along says nothing of the application.
TEST(LockPathTest, OfInstalledPackagesAreNotRead) {
  EXPECT_EQ(WantedBy("app/node_modules/x/package-lock.json"), "");
  EXPECT_EQ(WantedBy("app/vendor/x/y/composer.lock"), "");
  EXPECT_EQ(WantedBy("root/go/pkg/mod/golang.org/x/text@v0.3.0/go.mod"), "");
  EXPECT_EQ(WantedBy("usr/lib/python3/site-packages/x/requirements.txt"), "");
  EXPECT_EQ(WantedBy("usr/lib/ruby/gems/3.3.0/gems/x-1/Gemfile.lock"), "");
  EXPECT_EQ(WantedBy("app/node_modules/.package-lock.json"), "");
  EXPECT_EQ(WantedBy("app/go.mod"), "go-mod");
  EXPECT_EQ(WantedBy("app/gems/own/Gemfile.lock"), "gemfile-lock");
}

}  // namespace
}  // namespace landwaiter::packages
