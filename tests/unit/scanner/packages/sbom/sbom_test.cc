#include "scanner/packages/sbom/sbom.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scanner/packages/sbom/purl_text.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

FileReading ReadAsked(std::string_view text) {
  return SbomDocumentSource().parse(FactsOf("a.json", text.size()), {.bytes = text});
}

std::string SystemLine(const FileReading& reading) {
  return reading.os ? reading.os->family + " " + reading.os->version : "";
}

struct DocumentCase {
  const char* name;
  const char* text;
  std::vector<std::string> packages;
  const char* system = "";
  const char* note = "";  // what was left out, besides those without a version
  std::uint64_t left_out = 0;
};
class DocumentTest : public testing::TestWithParam<DocumentCase> {};

TEST_P(DocumentTest, Lists) {
  const DocumentCase& c = GetParam();
  const FileReading reading = ReadAsked(c.text);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.reason, *c.note == 0 ? "" : "a.json: " + std::string(c.note));
  std::vector<std::string> lines;
  for (const Package& p : reading.packages) {
    lines.push_back(p.type + " " + p.name + " " + p.version);
    if (p.source_name != p.name || p.source_version != p.version) {
      lines.back() += " of " + p.source_name + " " + p.source_version;
    }
    if (!p.module.empty()) lines.back() += " in " + p.module;
  }
  EXPECT_THAT(lines, ElementsAreArray(c.packages));
  EXPECT_EQ(SystemLine(reading), c.system);
  EXPECT_EQ(reading.left_out, c.left_out);
}

// Pitfall 63: a document whose maker does not know source packages names none of any package; one
// whose maker does names them where they differ.
TEST(SbomTest, PitfallASourceThatTheWholeDocumentNeverNamesIsAssumed) {
  const auto document = [](const std::vector<std::string>& purls, const std::string& more = "") {
    std::string list;
    for (const std::string& purl : purls) {
      list += (list.empty() ? "" : ",") + (R"({"type":"library","purl":")" + purl + "\"}");
    }
    return R"({"bomFormat":"CycloneDX","components":[)" + list + more + "]}";
  };
  const std::string libc = "pkg:deb/ubuntu/libc6@2.39-0ubuntu8";
  const std::string attr = "pkg:deb/ubuntu/attr@2.5";
  const std::string trivys =
      R"(,{"type":"library","purl":"pkg:deb/ubuntu/libssl3t64@3.0.13-0ubuntu3",)"
      R"("properties":[{"name":"aquasecurity:trivy:SrcName","value":"openssl"}]})";
  struct Case {
    std::string name;
    std::string text;
    std::vector<std::string> assumed;
  };
  const Case cases[] = {
      {"no package names one", document({libc, attr}), {"libc6", "attr"}},
      {"one does: the others are of the same name",
       document({"pkg:deb/ubuntu/libssl3t64@3?upstream=openssl", attr}),
       {}},
      {"it stands beside the purl", document({attr}, trivys), {}},
      {"of another kind of package one does",
       document({"pkg:apk/alpine/libcrypto3@3?upstream=openssl", attr}),
       {"attr"}},
      {"languages have no source packages", document({"pkg:npm/left-pad@1.0.0"}), {}},
      {"an empty one is none", document({"pkg:deb/ubuntu/attr@2.5?upstream="}), {"attr"}},
  };
  for (const Case& c : cases) {
    const FileReading reading = ReadAsked(c.text);
    ASSERT_EQ(reading.state, ReadingState::kRead) << c.name << ": " << reading.reason;
    std::vector<std::string> assumed;
    for (const Package& package : reading.packages) {
      if (package.source_assumed) assumed.push_back(package.name);
    }
    EXPECT_THAT(assumed, ElementsAreArray(c.assumed)) << c.name;
  }
}

constexpr char kOneWithoutKind[] = "1 without a package URL of a known kind left out";

const DocumentCase kDocuments[] = {
    {"CycloneDx",
     R"({"bomFormat": "CycloneDX", "specVersion": "1.5",
       "metadata": {"component": {"type": "container", "name": "x", "purl": "pkg:oci/x@sha256:0"}},
       "components": [
        {"type": "library", "name": "core", "purl": "pkg:npm/%40babel/core@7.0.0", "components": [
          {"type": "library", "name": "in", "purl": "pkg:pypi/In_ner@1.0"}]},
        {"type": "library", "name": "no purl", "version": "1"},
        {"type": "file", "name": "/etc/passwd"},
        {"type": "library", "purl": "pkg:maven/org.a/b@1.0?type=jar"},
        {"type": "library", "purl": "pkg:maven/org.a/b@1.0?type=war"},
        {"type": "operating-system", "name": "debian", "version": "12.4"}]})",
     {"pypi In_ner 1.0", "npm @babel/core 7.0.0", "maven org.a:b 1.0"},
     "debian 12.4",
     kOneWithoutKind},
    {"TrivysSourcePackages",
     R"({"bomFormat": "CycloneDX", "components": [
        {"type": "library", "name": "libc6", "purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12.4",
         "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "glibc"},
          {"name": "aquasecurity:trivy:SrcVersion", "value": "2.36"},
          {"name": "aquasecurity:trivy:SrcRelease", "value": "9"}]},
        {"type": "library", "purl": "pkg:deb/debian/attr@2.5?distro=debian-12.4"}]})",
     {"deb libc6 2.36-9 of glibc 2.36-9", "deb attr 2.5"},
     "debian 12.4"},
    {"SyftsUpstream",
     R"({"artifacts": [
        {"name": "libc6", "version": "2.36-9", "type": "deb",
         "purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc"},
        {"name": "gcc-base", "type": "deb",
         "purl": "pkg:deb/debian/gcc-base@12?upstream=gcc-12%4012.2.0-14&distro=debian-12"},
        {"name": "bash", "type": "rpm",
         "purl": "pkg:rpm/redhat/bash@5.1.8-6.el9?arch=x86_64&epoch=1&upstream=bash-5.1.8-6.el9.src.rpm"},
        {"name": "stdlib", "type": "go-module", "purl": "pkg:golang/stdlib@1.21.0"}],
       "distro": {"id": "debian", "versionID": "12", "prettyName": "Debian"},
       "descriptor": {"name": "syft", "version": "1.0.0"}})",
     {"deb libc6 2.36-9 of glibc 2.36-9", "deb gcc-base 12 of gcc-12 12.2.0-14",
      "rpm bash 1:5.1.8-6.el9", "golang stdlib 1.21.0"},
     "debian 12"},
    {"SpdxJson",
     R"({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": [
        {"name": "a", "versionInfo": "1.0", "externalRefs": [
          {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:x"},
          {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
           "referenceLocator": "pkg:cargo/a@1.0"}]},
        {"name": "libc6", "sourceInfo": "built package from: glibc 2.36-9", "externalRefs": [
          {"referenceType": "purl", "referenceLocator": "pkg:deb/debian/libc6@2.36-9?arch=amd64"}]},
        {"name": "alpine", "versionInfo": "3.18.4", "primaryPackagePurpose": "OPERATING-SYSTEM"},
        {"name": "none", "versionInfo": "1"}]})",
     {"cargo a 1.0", "deb libc6 2.36-9 of glibc 2.36-9"},
     "alpine 3.18.4",
     kOneWithoutKind},
    {"SpdxTagValue",
     "# a comment\nSPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nPackageName: redis\n"
     "PackageVersion: 7.4.1-0\nPackageCopyrightText: <text>Nobody\nPackageName: no\n</text>\n"
     "ExternalRef: SECURITY cpe23Type cpe:2.3:*:redis:redis:7.4.1\n"
     "ExternalRef: PACKAGE-MANAGER purl pkg:bitnami/redis@7.4.1-0?arch=arm64&distro=debian-12\n"
     "PackageName: none\nPackageVersion: 1\n",
     {"bitnami redis 7.4.1-0"},
     "",
     kOneWithoutKind},
    {"CycloneDxXml",
     "<?xml version=\"1.0\"?><bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"><metadata>"
     "<component type=\"container\"><purl>pkg:oci/x@1</purl></component></metadata><components>"
     "<component type=\"library\"><name>a</name><version>1</version><purl>pkg:gem/a@1?platform="
     "java&amp;x=y</purl><components><component type=\"library\"><purl>pkg:npm/b@2</purl>"
     "</component></components></component>"
     "<component type=\"operating-system\"><name>alpine</name><version>3.18</version></component>"
     "</components></bom>",
     {"npm b 2", "gem a 1"},
     "alpine 3.18"},
    {"TrivysModules",
     R"({"bomFormat": "CycloneDX", "components": [
        {"type": "operating-system", "name": "alma", "version": "9.4"},
        {"purl": "pkg:rpm/alma/nodejs@20.11.0-1.el9?arch=x86_64&distro=alma-9.4&epoch=1",
         "properties": [{"name": "aquasecurity:trivy:Modularitylabel",
                         "value": "nodejs:20:9030020231214145131:rhel9"}]}]})",
     {"rpm nodejs 1:20.11.0-1.el9 in nodejs:20"},
     "almalinux 9.4"},
    {"SyftsModules",
     R"({"artifacts": [{"name": "nodejs", "version": "1:20.11.0-1.el9", "type": "rpm",
        "purl": "pkg:rpm/almalinux/nodejs@20.11.0-1.el9?epoch=1&distro=almalinux-9.4",
        "metadata": {"name": "nodejs", "modularityLabel": "nodejs:20:9030:rhel9"}}],
       "descriptor": {"name": "syft"}})",
     {"rpm nodejs 1:20.11.0-1.el9 in nodejs:20"},
     "almalinux 9.4"},
    {"SyftsModulesInXml",
     "<b:bom xmlns:b=\"http://cyclonedx.org/schema/bom/1.5\"><b:components><b:component "
     "type=\"library"
     "\"><b:purl>pkg:rpm/rhel/a@1?distro=rhel-9.2</b:purl><b:properties><b:property name=\"syft:"
     "metadata:modularityLabel\">m:1:2:3</b:property></b:properties></b:component></b:components>"
     "</b:bom>",
     {"rpm a 1 in m:1"},
     "rhel 9.2"},
    {"SpdxNamesItsKindsByAddress",
     R"({"spdxVersion": "SPDX-2.2", "packages": [{"name": "a", "externalRefs": [
        {"referenceCategory": "PACKAGE_MANAGER", "referenceLocator": "pkg:pypi/a@1",
         "referenceType": "http://spdx.org/rdf/references/purl"}]}]})",
     {"pypi a 1"}},
    {"SpdxTagValueNamesItsKindsByAddress",
     "SPDXVersion: SPDX-2.2\nPackageName: a\nExternalRef: PACKAGE_MANAGER "
     "http://spdx.org/rdf/references/purl  pkg:pypi/a@1\n",
     {"pypi a 1"}},
    {"WhatItIsAboutIsAPackage",
     R"({"bomFormat": "CycloneDX", "metadata": {"component": {"type": "library", "name": "a",
        "version": "1", "purl": "pkg:pypi/a@1", "components": [{"type": "library",
        "purl": "pkg:pypi/b@2", "components": [{"purl": "pkg:pypi/c@3"}]}]}}})",
     {"pypi c 3", "pypi b 2", "pypi a 1"}},
    {"WhatItIsAboutIsAPackageInXml",
     "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"><metadata><component type=\"library\">"
     "<purl>pkg:pypi/a@1</purl><components><component><purl>pkg:pypi/b@2</purl></component>"
     "</components></component></metadata></bom>",
     {"pypi b 2", "pypi a 1"}},
    {"AVersionBesideItsPackageUrl",
     R"({"bomFormat": "CycloneDX", "components": [{"purl": "pkg:pypi/a", "version": "1.0"},
        {"purl": "pkg:rpm/rhel/b?epoch=2", "version": "1.0-1"},
        {"purl": "pkg:pypi/c"}]})",
     {"pypi a 1.0", "rpm b 2:1.0-1"},
     "",
     "",
     1},
    {"AnEpochIsWrittenOnce",
     R"({"bomFormat": "CycloneDX", "components": [
        {"purl": "pkg:rpm/alma/grub2@1%3A2.02-1.el8?epoch=1&distro=alma-8.5"}]})",
     {"rpm grub2 1:2.02-1.el8"},
     "almalinux 8.5"},
    {"NothingInIt", R"({"bomFormat": "CycloneDX"})", {}},
};

INSTANTIATE_TEST_SUITE_P(Table, DocumentTest, testing::ValuesIn(kDocuments),
                         [](const auto& info) { return std::string(info.param.name); });

// Pitfall 159: what cannot be read is no empty list.
TEST(SbomFaultTest, AreTold) {
  EXPECT_THAT(ReadAsked("").reason, HasSubstr("is no CycloneDX, SPDX or Syft document"));
  EXPECT_THAT(ReadAsked("{}").reason, HasSubstr("is no CycloneDX"));
  EXPECT_THAT(ReadAsked("{\"bomFormat\": \"CycloneDX\",").reason, HasSubstr("is no JSON"));
  EXPECT_THAT(ReadAsked("<bom/>").reason, HasSubstr("is no CycloneDX"));
  EXPECT_THAT(ReadAsked("SPDXVersion: SPDX-2.3\nPackageComment: <text>x\nPackageName: a\n").reason,
              HasSubstr("line 2 begins a <text> without an end"));
  // Nothing of it could be used: that is not a list of nothing.
  EXPECT_THAT(ReadAsked("{\"bomFormat\": \"CycloneDX\", \"components\": [{\"name\": \"a\", "
                        "\"version\": \"1\"}, {\"purl\": \"pkg:pypi/b\"}]}")
                  .reason,
              HasSubstr("lists no package that could be taken: 1 without a package URL of a known "
                        "kind, 1 without a version"));
  EXPECT_THAT(ReadAsked("just words").reason, HasSubstr("is no CycloneDX"));
  EXPECT_THAT(ReadAsked("{\"bomFormat\": \"CycloneDX\", \"components\": [{\"purl\": \"pkg:npm/a%20b"
                        "@1\"}]}")
                  .reason,
              HasSubstr("package name \"a b\""));
}

TEST(SbomInImageTest, IsLookedForByName) {
  EXPECT_EQ(WantedBy("opt/bitnami/redis/.spdx-redis.spdx"), "sbom");
  EXPECT_EQ(WantedBy("usr/share/sbom/app.cdx.json"), "sbom");
  EXPECT_EQ(WantedBy("app/sbom.json"), "sbom");
  // Pitfall 87: what an apk's own document says, apk's database says better.
  EXPECT_EQ(WantedBy("var/lib/db/sbom/musl-1.2.4-r2.spdx.json"), "");
  EXPECT_EQ(WantedBy("app/node_modules/x/bom.json"), "");
}

TEST(SbomInImageTest, SystemPackagesAreTheirDatabases) {
  const FileReading reading = Read("sbom", "app/sbom.json",
                                   R"({"bomFormat": "CycloneDX", "components": [
               {"type": "library", "purl": "pkg:deb/debian/libc6@2.36-9?distro=debian-12"},
               {"type": "library", "purl": "pkg:golang/example.com/a@v1.0.0"}]})");
  EXPECT_THAT(NamesOf(reading), ElementsAreArray({"example.com/a v1.0.0"}));
  EXPECT_FALSE(reading.os);
}

// A file of that name that is something else, or broken on purpose in somebody's tests, is no
// fault of the image; Bitnami's own always are what they should be.
TEST(SbomInImageTest, OnlyWhatIsOneCanBeBroken) {
  EXPECT_EQ(Read("sbom", "app/bom.json", "{\"parts\": []}").state, ReadingState::kNotOurs);
  EXPECT_EQ(Read("sbom", "app/x.spdx", "not one").state, ReadingState::kNotOurs);
  EXPECT_EQ(Read("sbom", "opt/bitnami/a/.spdx-a.spdx", "{\"id\": ").state, ReadingState::kFailed);
}

TEST(SbomInImageTest, WhatCannotBeUsedIsNoFaultOfTheImage) {
  const FileReading reading =
      Read("sbom", "app/sbom.json", R"({"bomFormat": "CycloneDX", "components": [{"name": "a"}]})");
  EXPECT_EQ(reading.state, ReadingState::kRead);
  EXPECT_THAT(reading.reason, HasSubstr("1 without a package URL of a known kind left out"));
}

struct SystemCase {
  const char* purl;
  const char* system;  // "ID version codename"
};

// Trivy has names of its own for systems; what is looked up are the IDs of os-release.
TEST(SbomSystemTest, IsNamedAsOsReleaseDoes) {
  constexpr SystemCase kCases[] = {
      {"pkg:rpm/redhat/a@1?distro=redhat-9.2", "rhel 9.2 "},
      {"pkg:rpm/alma/a@1?distro=alma-9.3", "almalinux 9.3 "},
      {"pkg:rpm/oracle/a@1?distro=oracle-8.5", "ol 8.5 "},
      {"pkg:rpm/amazon/a@1?distro=amazon-2%20%28Karoo%29", "amzn 2 "},
      {"pkg:rpm/cbl-mariner/a@1?distro=cbl-mariner-2.0.20220527", "mariner 2.0.20220527 "},
      {"pkg:rpm/opensuse/a@1?distro=opensuse.leap-15.3", "opensuse-leap 15.3 "},
      {"pkg:rpm/opensuse/a@1?distro=opensuse-leap-15.5", "opensuse-leap 15.5 "},
      {"pkg:rpm/opensuse/a@1?distro=opensuse.tumbleweed-20220407", "opensuse-tumbleweed 20220407 "},
      {"pkg:rpm/opensuse/a@1?distro=opensuse-tumbleweed", "opensuse-tumbleweed  "},
      {"pkg:rpm/suse/a@1?distro=suse%20linux%20enterprise%20server-15.3", "sles 15.3 "},
      {"pkg:rpm/rocky/a@1?distro=rocky-9.1", "rocky 9.1 "},
      {"pkg:rpm/photon/a@1?distro=photon-4.0", "photon 4.0 "},
      {"pkg:apk/wolfi/a@1?distro=wolfi", "wolfi  "},
      {"pkg:apk/alpine/a@1?distro=3.18.4", "alpine 3.18.4 "},
      {"pkg:deb/debian/a@1?distro=bookworm", "debian  bookworm"},
      {"pkg:deb/debian/a@1?distro=debian-bookworm", "debian  bookworm"},
      {"pkg:deb/ubuntu/a@1?distro=ubuntu-22.04", "ubuntu 22.04 "},
  };
  for (const SystemCase& c : kCases) {
    const auto purl = ParsePurl(c.purl);
    const auto os = purl ? SystemOf(*purl) : std::nullopt;
    ASSERT_TRUE(os) << c.purl;
    EXPECT_EQ(os->family + " " + os->version + " " + os->codename, c.system) << c.purl;
  }
  EXPECT_EQ(SystemIdOf("Red Hat Enterprise Linux"), "rhel");
  EXPECT_EQ(SystemIdOf("debian"), "debian");
}

struct PurlCase {
  const char* text;
  const char* package;  // "type name version architecture"
};

TEST(PurlTextTest, IsReadBack) {
  constexpr PurlCase kCases[] = {
      {"pkg:npm/lodash@4.17.20", "npm lodash 4.17.20 "},
      {"pkg:npm/@scope/a@1", "npm @scope/a 1 "},
      {"pkg:npm/%40scope%2Fa@1#sub/path", "npm @scope/a 1 "},
      {"pkg:golang/github.com/BurntSushi/toml@v1.0.0%2Bincompatible",
       "golang github.com/BurntSushi/toml v1.0.0+incompatible "},
      {"pkg:deb/debian/attr@1:2.5.1-4?arch=amd64&distro=debian-12", "deb attr 1:2.5.1-4 amd64"},
      {"pkg:rpm/rhel/openssl@3.0.7-24.el9?arch=x86_64&epoch=1",
       "rpm openssl 1:3.0.7-24.el9 x86_64"},
      {"pkg:composer/symfony/http-kernel@v5.4.0", "composer symfony/http-kernel v5.4.0 "},
      {"pkg:gem/nokogiri@1.16.2?platform=aarch64-linux", "gem nokogiri 1.16.2 aarch64-linux"},
      {"pkg:swift/github.com/a/b@1", "swift github.com/a/b 1 "},
      {"pkg://pypi/six@1", "pypi six 1 "},
      {"pkg:generic/openssl@1", ""},
      {"pkg:npm", ""},
      {"npm/a@1", ""},
      {"", ""},
      {"pkg:/@", ""},
  };
  for (const PurlCase& c : kCases) {
    const auto purl = ParsePurl(c.text);
    const auto package = purl ? PackageOf(*purl) : std::nullopt;
    const std::string line = package ? package->type + " " + package->name + " " +
                                           package->version + " " + package->architecture
                                     : "";
    EXPECT_EQ(line, c.package) << c.text;
  }
}

}  // namespace
}  // namespace landwaiter::packages
