// Which artifact an archive is: tables of file names, manifests, pom.properties.
#include "scanner/packages/java_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace landwaiter::packages {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

struct NameCase {
  const char* file;
  const char* artifact;
  const char* version;
};

TEST(ArchiveNameTest, SplitsArtifactAndVersion) {
  for (const NameCase& c : {
           NameCase{"spring-core-5.3.17.jar", "spring-core", "5.3.17"},
           NameCase{"guava-27.0-jre.jar", "guava", "27.0-jre"},
           NameCase{"guava-r09.jar", "guava", "r09"},
           NameCase{"netty-all-4.1.42.Final.jar", "netty-all", "4.1.42.Final"},
           NameCase{"client-1.0.0-beta.2.jar", "client", "1.0.0-beta.2"},
           NameCase{"java-cup-runtime-11b-20160615.jar", "java-cup-runtime", "11b-20160615"},
           NameCase{"zstd-jni-1.3.8-5.jar", "zstd-jni", "1.3.8-5"},
           NameCase{"app-1.0-SNAPSHOT.war", "app", "1.0-SNAPSHOT"},
           NameCase{"jboss-x-7.0.0.GA-redhat-1.jar", "jboss-x", "7.0.0.GA-redhat-1"},
           // Classifiers are no part of the version.
           NameCase{"netty-tcnative-2.0.36.Final-linux-x86_64.jar", "netty-tcnative",
                    "2.0.36.Final"},
           NameCase{"cassandra-driver-core-3.11.0-shaded.jar", "cassandra-driver-core", "3.11.0"},
           NameCase{"a-1.0-jar-with-dependencies.jar", "a", "1.0"},
           // Pitfall 123: numbers in the artifact's name are no version.
           NameCase{"log4j-1.2-api-2.14.1.jar", "log4j-1.2-api", "2.14.1"},
           NameCase{"log4j-over-slf4j-1.7.25.jar", "log4j-over-slf4j", "1.7.25"},
           NameCase{"commons-lang3-3.12.0.jar", "commons-lang3", "3.12.0"},
           NameCase{"akka-actor_2.12-2.5.31.jar", "akka-actor_2.12", "2.5.31"},
           NameCase{"jackson-datatype-jsr310-2.13.0.jar", "jackson-datatype-jsr310", "2.13.0"},
           NameCase{"jakarta.servlet-api-5.0.0.jar", "jakarta.servlet-api", "5.0.0"},
           NameCase{"org.eclipse.core.runtime_3.12.0.v20160606-1342.jar",
                    "org.eclipse.core.runtime", "3.12.0.v20160606-1342"},
           NameCase{"pkg_1.2.jar", "pkg", "1.2"},
           NameCase{"catalina.jar", "catalina", ""},
           NameCase{"bcprov-jdk15on.jar", "bcprov-jdk15on", ""},
           NameCase{"-1.0.jar", "-1.0", ""},
           NameCase{".jar", "", ""},
           NameCase{"", "", ""},
       }) {
    const ArchiveName name = ReadArchiveName(c.file);
    EXPECT_EQ(name.artifact, c.artifact) << c.file;
    EXPECT_EQ(name.version, c.version) << c.file;
  }
}

TEST(ManifestTest, TheMainSectionAloneCounts) {
  // Pitfall 121: "Apache Axis" is what a package of it is called.
  const auto attributes = ReadManifest(
      "Manifest-Version: 1.0\r\nCreated-By: 1.4\r\n\r\nName: org/apache/axis\r\n"
      "Implementation-Version: 1.4\r\n");
  EXPECT_THAT(attributes,
              UnorderedElementsAre(Pair("manifest-version", "1.0"), Pair("created-by", "1.4")));
  EXPECT_THAT(ReadManifest("A: 1\nName: foo/\nB: 2\n"), UnorderedElementsAre(Pair("a", "1")))
      << "a section of its own without an empty line before";
}

TEST(ManifestTest, LinesGoOnBehindABlank) {
  EXPECT_THAT(
      ReadManifest("Bundle-SymbolicName: org.exa\r\n mple;a:=\r\n b\r\nX: y"),
      UnorderedElementsAre(Pair("bundle-symbolicname", "org.example;a:=b"), Pair("x", "y")));
  EXPECT_THAT(ReadManifest("A: b\rC: d\r e\r"),
              UnorderedElementsAre(Pair("a", "b"), Pair("c", "de")));
}

TEST(ManifestTest, OddLinesArePassedOver) {
  EXPECT_THAT(ReadManifest("\n\n continued\nTest\nA: b\n"), UnorderedElementsAre(Pair("a", "b")));
  EXPECT_TRUE(ReadManifest("").empty());
  EXPECT_TRUE(ReadManifest("\n").empty());
}

struct IdentityCase {
  const char* name;
  const char* file;
  const char* manifest;
  const char* coordinates;  // "" for none
};

class IdentityTest : public testing::TestWithParam<IdentityCase> {};

TEST_P(IdentityTest, IsWhatTheManifestAndTheFileNameSay) {
  const auto found = IdentifyArchive(ReadManifest(GetParam().manifest), GetParam().file);
  const std::string text =
      found ? found->group + ":" + found->artifact + ":" + found->version : std::string();
  EXPECT_EQ(text, GetParam().coordinates);
}

INSTANTIATE_TEST_SUITE_P(
    Table, IdentityTest,
    testing::Values(
        // Those that other scanners put under a wrong group (pitfall 121).
        IdentityCase{"KnownOfSpring", "spring-core-5.3.17.jar",
                     "Implementation-Title: spring-core\nAutomatic-Module-Name: spring.core\n"
                     "Implementation-Version: 5.3.17\n",
                     "org.springframework:spring-core:5.3.17"},
        IdentityCase{"KnownOfTomcat", "tomcat-embed-core-9.0.30.jar",
                     "Bundle-SymbolicName: org.apache.tomcat-embed-core\n"
                     "Implementation-Version: 9.0.30\n",
                     "org.apache.tomcat.embed:tomcat-embed-core:9.0.30"},
        IdentityCase{"KnownUnderAnotherName", "catalina.jar",
                     "Specification-Title: Apache Tomcat\nImplementation-Version: 9.0.30\n",
                     "org.apache.tomcat:tomcat-catalina:9.0.30"},
        IdentityCase{"ALongBeginningBeforeAShortOne", "spring-boot-starter-3.1.0.jar", "",
                     "org.springframework.boot:spring-boot-starter:3.1.0"},
        IdentityCase{"VendorId", "zstd-jni-1.3.8-5.jar",
                     "Implementation-Vendor-Id: com.github.luben\n"
                     "Specification-Version: 1.3.8-5\n",
                     "com.github.luben:zstd-jni:1.3.8-5"},
        IdentityCase{"ParentOfGroupsIsNoGroup", "ivy-2.4.0.jar",
                     "Implementation-Vendor-Id: org.apache\nBundle-SymbolicName: org.apache.ivy\n",
                     "org.apache.ivy:ivy:2.4.0"},
        IdentityCase{"SymbolicNameWithGroupAndArtifact", "chronicle-core-2.20.126.jar",
                     "Bundle-SymbolicName: net.openhft.chronicle-core\n",
                     "net.openhft:chronicle-core:2.20.126"},
        IdentityCase{"SymbolicNameThatSharesAWord", "metrics-core-3.1.5.jar",
                     "Bundle-SymbolicName: io.dropwizard.metrics.core;singleton:=true\n",
                     "io.dropwizard.metrics:metrics-core:3.1.5"},
        IdentityCase{"ModuleName", "lz4-java-1.7.1.jar",
                     "Bundle-SymbolicName: lz4-java\nAutomatic-Module-Name: org.lz4.java\n",
                     "org.lz4:lz4-java:1.7.1"},
        IdentityCase{"TitleOfNebula", "elasticsearch-core-8.14.3.jar",
                     "Implementation-Title: org.elasticsearch#elasticsearch-core;8.14.3\n"
                     "Implementation-Version: 8.14.3\n",
                     "org.elasticsearch:elasticsearch-core:8.14.3"},
        IdentityCase{"GroupInTheFileName", "org.eclipse.sisu.inject-0.3.5.jar", "",
                     "org.eclipse.sisu:org.eclipse.sisu.inject:0.3.5"},
        IdentityCase{"OlderThanReverseDomains", "junit-3.8.1.jar", "", "junit:junit:3.8.1"},
        IdentityCase{"VersionOfTheManifest", "tool.jar",
                     "Implementation-Vendor-Id: com.example\nImplementation-Version: 1.2\n",
                     "com.example:tool:1.2"},
        IdentityCase{"ManifestKnowsWhichNumberIsTheVersion", "api-2-1.5.jar",
                     "Implementation-Vendor-Id: com.example\nImplementation-Version: 1.5\n",
                     "com.example:api-2:1.5"},
        IdentityCase{"QualifierStays", "a-1.0-beta1.jar",
                     "Implementation-Vendor-Id: com.example\nImplementation-Version: 1.0\n",
                     "com.example:a:1.0-beta1"},
        // Pitfall 123.
        IdentityCase{"ApiIsNotCore", "log4j-api-2.14.1.jar", "",
                     "org.apache.logging.log4j:log4j-api:2.14.1"},
        IdentityCase{"BridgeIsNotLog4j", "log4j-over-slf4j-1.7.25.jar",
                     "Bundle-SymbolicName: log4j.over.slf4j\n",
                     "org.slf4j:log4j-over-slf4j:1.7.25"},
        IdentityCase{"NoVersion", "app.jar", "Implementation-Vendor-Id: com.example\n", ""},
        IdentityCase{"NoVersionInTheNameAndNoGroup", "app.jar", "Implementation-Version: 1.2\n",
                     ""},
        IdentityCase{"UnresolvedExpressions", "app.jar",
                     "Implementation-Vendor-Id: ${project.groupId}\n"
                     "Implementation-Version: ${project.version}\n",
                     ""},
        IdentityCase{"ProseIsNoIdentity", "sample-1.2.3.jar",
                     "Implementation-Title: %pluginName\nBundle-SymbolicName: no spaces allowed\n",
                     "sample:sample:1.2.3"},
        IdentityCase{"JavaRuntime", "rt-1.8.jar",
                     "Implementation-Title: Java Runtime Environment\n", ""}),
    [](const auto& info) { return info.param.name; });

struct PomCase {
  const char* name;
  const char* text;
  const char* path;
  const char* coordinates;
};

class PomPropertiesTest : public testing::TestWithParam<PomCase> {};

TEST_P(PomPropertiesTest, AreReadAsJavaReadsProperties) {
  const auto found = ReadPomProperties(GetParam().text, GetParam().path);
  const std::string text =
      found ? found->group + " " + found->artifact + " " + found->version : std::string();
  EXPECT_EQ(text, GetParam().coordinates);
}

constexpr char kPath[] = "META-INF/maven/g.path/a-path/pom.properties";

INSTANTIATE_TEST_SUITE_P(
    Table, PomPropertiesTest,
    testing::Values(
        PomCase{"Maven", "#c\nversion=1.0\r\ngroupId=org.g\r\nartifactId=a\r\n", kPath,
                "org.g a 1.0"},
        PomCase{"Colons", "groupId:org.g\nartifactId : a\nversion: 1.0\n", kPath, "org.g a 1.0"},
        PomCase{"ColonsInValues", "groupId=org.g\nartifactId=a:b\nversion=1\\:2\n", kPath,
                "org.g a:b 1:2"},
        PomCase{"BlanksAround", "  groupId = org.g \n\tartifactId a\nversion=1.0", kPath,
                "org.g a 1.0"},
        PomCase{"GroupFromItsPath", "version=1.0\n", kPath, "g.path a-path 1.0"},
        PomCase{"NoVersion", "groupId=org.g\nartifactId=a\n", kPath, ""},
        PomCase{"NoGroupAnywhere", "artifactId=a\nversion=1\n", "META-INF/pom.properties", ""},
        PomCase{"Unresolved", "groupId=org.g\nartifactId=a\nversion=${revision}\n", kPath, ""},
        PomCase{"NotPrintable", "groupId=org.g\nartifactId=a\nversion=1\x01\n", kPath, ""},
        PomCase{"Nothing", "", kPath, ""},
        PomCase{"EscapeAtTheEnd", "version=1\\", kPath, "g.path a-path 1"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::packages
