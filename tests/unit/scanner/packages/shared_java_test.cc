// The collection's Java archives, manifests and pom.properties.
#include <gmock/gmock.h>

#include <set>

#include "scanner/packages/java_identity.h"
#include "tests/unit/scanner/packages/shared_records.h"

namespace landwaiter::packages {
namespace {

TEST_F(SharedRecordsTest, JavaProperties) {
  const fs::path folder = Unpack("language-records.tar.zst");
  SKIP_WITHOUT(folder);
  for (const auto& [file, rows] : Expected("language-records.expected.tsv", "maven")) {
    const auto found = ReadPomProperties(ReadAll(folder / file), "pom.properties");
    ASSERT_TRUE(found.has_value()) << file;
    EXPECT_EQ(found->group + ":" + found->artifact, rows[0][2]) << file;
    EXPECT_EQ(found->version, rows[0][3]) << file;
  }
}

// Each manifest beside what is left of it when only its main section is (".want").
TEST_F(SharedRecordsTest, JavaManifests) {
  const fs::path folder = Unpack("language-records.tar.zst");
  SKIP_WITHOUT(folder);
  std::size_t compared = 0;
  for (const auto& entry :
       fs::recursive_directory_iterator(folder / "quay_claircore/java/jar/testdata")) {
    const fs::path wanted = entry.path().string() + ".want";
    if (!entry.is_regular_file() || !fs::exists(wanted)) continue;
    EXPECT_EQ(ReadManifest(ReadAll(entry.path())), ReadManifest(ReadAll(wanted))) << entry.path();
    ++compared;
  }
  EXPECT_GT(compared, 50u);
}

// Real jars' manifests and file names alone, against the pom.properties of the same jars: how good
// is the guess that archives without pom.properties are left to?
TEST_F(SharedRecordsTest, JavaIdentityByManifestEqualsThatOfTheProperties) {
  const fs::path folder = Unpack("language-records.tar.zst");
  SKIP_WITHOUT(folder);
  const fs::path jars = folder / "quay_claircore/java/jar/testdata";
  // No manifest and no rule names these groups: the artifact's own name stands in.
  const std::set<std::string> unknown = {"concurrent-trees-2.4.0.jar",
                                         "high-scale-lib-1.0.6.jar",
                                         "j2objc-annotations-1.3.jar",
                                         "jbcrypt-0.3m.jar",
                                         "jflex-1.8.2.jar",
                                         "java-cup-runtime-11b-20160615.jar",
                                         "jvm-attach-api-1.5.jar",
                                         "mxdump-0.14.jar",
                                         "ohc-core-0.5.1.jar",
                                         "ohc-core-j8-0.5.1.jar",
                                         "psjava-0.1.19.jar",
                                         "sjk-cli-0.14.jar",
                                         "sjk-core-0.14.jar",
                                         "sjk-json-0.14.jar",
                                         "sjk-stacktrace-0.14.jar",
                                         "stream-2.5.2.jar",
                                         "netty-tcnative-boringssl-static-2.0.36.Final.jar"};
  std::size_t equal = 0;
  for (const auto& entry : fs::directory_iterator(jars / "properties")) {
    const std::string name = entry.path().filename().string();
    const auto expected = ReadPomProperties(ReadAll(entry.path()), "");
    ASSERT_TRUE(expected.has_value()) << name;
    if (name == "cassandra-driver-core-3.11.0-shaded.jar") continue;  // the merged one's
    const auto found = IdentifyArchive(ReadManifest(ReadAll(jars / "manifest" / name)), name);
    ASSERT_TRUE(found.has_value()) << name;
    EXPECT_EQ(found->artifact, expected->artifact) << name;
    EXPECT_EQ(found->version, expected->version) << name;
    if (unknown.contains(name)) {
      EXPECT_EQ(found->group, found->artifact) << name;
      continue;
    }
    EXPECT_EQ(found->group, expected->group) << name;
    ++equal;
  }
  EXPECT_GT(equal, 30u);
}

std::vector<std::string> ReadSharedJar(const fs::path& path) {
  return NamesOf(ReadSpooled("java", path.filename().string(), ReadAll(path)));
}

TEST_F(SharedRecordsTest, JavaArchives) {
  const fs::path folder = Unpack("language-records.tar.zst");
  SKIP_WITHOUT(folder);
  using testing::ElementsAre;
  using testing::IsEmpty;
  const fs::path trivy = folder / "aquasecurity_trivy/pkg/dependency/parser/java/jar/testdata";
  EXPECT_THAT(ReadSharedJar(trivy / "hadoop-shaded-guava-1.1.0-SNAPSHOT.jar"),
              ElementsAre("com.google.guava:failureaccess 1.0.1", "com.google.guava:guava 29.0-jre",
                          "com.google.guava:listenablefuture "
                          "9999.0-empty-to-avoid-conflict-with-guava",
                          "com.google.j2objc:j2objc-annotations 1.3",
                          "org.apache.hadoop.thirdparty:hadoop-shaded-guava 1.1.0-SNAPSHOT"));
  EXPECT_THAT(ReadSharedJar(trivy / "heuristic-1.0.0-SNAPSHOT.jar"),
              ElementsAre("heuristic:heuristic 1.0.0-SNAPSHOT"));
  EXPECT_THAT(ReadSharedJar(trivy / "multi-license-1.0.0.jar"),
              ElementsAre("com.example:multi-license 1.0.0"));
  EXPECT_THAT(ReadSharedJar(trivy / "test.jar"),
              ElementsAre("org.springframework.core:test 2.5.6.SEC03"))
      << "a jar of another name than its artifact";
  const fs::path scalibr =
      folder / "google_osv-scalibr/extractor/filesystem/language/java/archive/testdata";
  EXPECT_THAT(ReadSharedJar(scalibr / "no_pom_properties-2.4.0.jar"),
              ElementsAre("no_pom_properties:no_pom_properties 2.4.0"));
  EXPECT_THAT(ReadSharedJar(scalibr / "no_pom_properties.jar"), IsEmpty());
  EXPECT_THAT(ReadSharedJar(scalibr / "empty.jar"), IsEmpty());
}

TEST_F(SharedRecordsTest, DamagedJavaArchives) {
  const fs::path folder = Unpack("language-records.tar.zst");
  SKIP_WITHOUT(folder);
  const auto read = [](const fs::path& path) {
    return ReadSpooled("java", path.filename().string(), ReadAll(path));
  };
  const fs::path scalibr =
      folder / "google_osv-scalibr/extractor/filesystem/language/java/archive/testdata";
  EXPECT_EQ(
      read(folder / "anchore_syft/syft/pkg/cataloger/java/testdata/corrupt/example.jar").state,
      ReadingState::kNotOurs);
  EXPECT_EQ(read(scalibr / "nested_at_10.jar").state, ReadingState::kFailed);
  EXPECT_EQ(read(scalibr / "nested_at_100.jar").state, ReadingState::kFailed);
}

}  // namespace
}  // namespace landwaiter::packages
