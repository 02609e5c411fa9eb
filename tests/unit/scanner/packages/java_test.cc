// Java archives as a package source: what is in them, and what could not be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/scanner/packages/records.h"
#include "tests/unit/scanner/packages/zip_maker.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FileReading ReadJar(const std::string& bytes, std::string_view path = "opt/app/app.jar") {
  return ReadSpooled("java", path, bytes);
}

std::string Library(const std::string& name, const std::string& version) {
  return Zip().Pom("org.lib", name, version).File(name + "/A.class", "class").Build();
}

// Scratch that keeps nothing but how much was put into it.
class CountingScratch final : public ScratchSpace {
 public:
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> ReadAt(std::uint64_t, char*, std::size_t) override { return std::size_t{0}; }
  Status Append(std::string_view bytes) override {
    size_ += bytes.size();
    most_ = std::max(most_, size_);
    return Ok();
  }
  Status Truncate(std::uint64_t size) override {
    size_ = std::min(size_, size);
    return Ok();
  }
  std::uint64_t most() const { return most_; }

 private:
  std::uint64_t size_ = 0;
  std::uint64_t most_ = 0;
};

struct ShapeCase {
  const char* name;
  std::function<std::string()> make;
};

class JavaShapeTest : public testing::TestWithParam<ShapeCase> {};

// Pitfall 122: archives of every shape that a JVM opens.
TEST_P(JavaShapeTest, IsReadWhole) {
  const FileReading reading = ReadJar(GetParam().make());
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(NamesOf(reading), ElementsAre("org.lib:a 1.0"));
  EXPECT_EQ(reading.packages[0].type, "maven");
  EXPECT_EQ(reading.packages[0].within, "");
  EXPECT_EQ(reading.packages[0].path, "opt/app/app.jar");
}

Zip WithPom(ZipStyle style) {
  return Zip(style).File("A.class", "class").Pom("org.lib", "a", "1.0").File("B.class", "class");
}

std::string StoredPom() {
  return Zip()
      .Stored("META-INF/maven/org.lib/a/pom.properties",
              "groupId=org.lib\nartifactId=a\nversion=1.0\n")
      .Build();
}

INSTANTIATE_TEST_SUITE_P(
    Table, JavaShapeTest,
    testing::Values(
        ShapeCase{"Plain", [] { return WithPom(ZipStyle::kPlain).Build(); }},
        ShapeCase{"StoredEntry", StoredPom},
        ShapeCase{"WithDataDescriptors",
                  [] { return WithPom(ZipStyle::kDataDescriptors).Build(); }},
        ShapeCase{"Zip64", [] { return WithPom(ZipStyle::kZip64).Build(); }},
        ShapeCase{
            "BehindAScript",
            [] { return "#!/bin/sh\nexec java -jar $0\n" + WithPom(ZipStyle::kPlain).Build(); }},
        ShapeCase{"Zip64BehindAScript",
                  [] { return "#!/bin/sh\n" + WithPom(ZipStyle::kZip64).Build(); }},
        ShapeCase{"WithComment", [] { return WithPom(ZipStyle::kPlain).Build("a comment"); }},
        ShapeCase{"WithEndRecordsInItsComment",
                  [] {
                    std::string comment;
                    for (int i = 0; i < 3000; ++i) comment += std::string("PK\x05\x06 no end", 12);
                    return WithPom(ZipStyle::kPlain).Build(comment);
                  }},
        ShapeCase{"Padded",
                  [] { return WithPom(ZipStyle::kPlain).Build() + std::string(1000, '\n'); }},
        ShapeCase{
            "DuplicateEntry",
            [] { return Zip().Pom("org.lib", "a", "1.0").Pom("org.lib", "a", "1.0").Build(); }}),
    [](const auto& info) { return info.param.name; });

// Pitfall 120: one jar may be many.
TEST(JavaTest, EveryMergedArtifactIsListed) {
  const FileReading reading = ReadJar(Zip()
                                          .Pom("com.example", "app-shaded", "2.0.0")
                                          .Pom("commons-io", "commons-io", "2.6")
                                          .Pom("org.apache.commons", "commons-text", "1.9")
                                          .Build(),
                                      "opt/app/app-shaded-2.0.0.jar");
  EXPECT_THAT(NamesOf(reading),
              ElementsAre("com.example:app-shaded 2.0.0", "commons-io:commons-io 2.6",
                          "org.apache.commons:commons-text 1.9"));
  EXPECT_EQ(reading.packages[0].within, "");
  EXPECT_EQ(reading.packages[1].within, "META-INF/maven/commons-io/commons-io/pom.properties");
}

TEST(JavaTest, AShadedJarWithoutItsOwnRecordIsOneMore) {
  const auto make = [](const std::string& version) {
    return Zip()
        .Manifest("Bundle-SymbolicName: com.datastax.driver.core\r\nBundle-Version: " + version +
                  "\r\n")
        .Pom("org.jctools", "jctools-core", "2.1.1")
        .Build();
  };
  const char* const path = "lib/cassandra-driver-core-3.11.0-shaded.jar";
  EXPECT_THAT(NamesOf(ReadJar(make("3.11.0"), path)),
              ElementsAre("com.datastax.driver.core:cassandra-driver-core 3.11.0",
                          "org.jctools:jctools-core 2.1.1"));
  // Where nothing confirms the file's name it may be any.
  EXPECT_THAT(NamesOf(ReadJar(make("9"), path)), ElementsAre("org.jctools:jctools-core 2.1.1"));
}

TEST(JavaTest, ArchivesWithinAreReadWhereTheyAreStoredOrDeflated) {
  const std::string boot = Zip()
                               .Pom("com.example", "app-boot", "1.0.0")
                               .Stored("BOOT-INF/lib/a-1.0.jar", Library("a", "1.0"))
                               .File("BOOT-INF/lib/b-2.0.jar", Library("b", "2.0"))
                               .Build();
  const FileReading reading = ReadJar(boot);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(NamesOf(reading),
              ElementsAre("org.lib:a 1.0", "org.lib:b 2.0", "com.example:app-boot 1.0.0"));
  EXPECT_EQ(reading.packages[0].within, "BOOT-INF/lib/a-1.0.jar");
  EXPECT_EQ(reading.packages[1].within, "BOOT-INF/lib/b-2.0.jar");
  EXPECT_EQ(reading.packages[1].path, "opt/app/app.jar");
  const std::string ear =
      Zip().File("web.war", Zip().File("WEB-INF/lib/boot.jar", boot).Build()).Build();
  EXPECT_EQ(ReadJar(ear, "app.ear").packages[1].within,
            "web.war!/WEB-INF/lib/boot.jar!/BOOT-INF/lib/b-2.0.jar");
}

std::string Nested(int levels, bool stored) {
  std::string bytes = Library("deep", "1.0");
  for (int i = 0; i < levels; ++i) {
    bytes = Zip().Add({.name = "inner.jar", .content = bytes, .stored = stored}).Build();
  }
  return bytes;
}

// Pitfalls 26, 122: archives nested deeper than the limit are said not to have been read.
TEST(JavaTest, IsReadToTheLimitOfNesting) {
  for (const bool stored : {false, true}) {
    EXPECT_THAT(NamesOf(ReadJar(Nested(5, stored))), ElementsAre("org.lib:deep 1.0"));
    const FileReading reading = ReadJar(Nested(6, stored));
    EXPECT_EQ(reading.state, ReadingState::kFailed);
    EXPECT_THAT(reading.reason, HasSubstr("inner.jar is nested deeper than 5 archives"));
    EXPECT_THAT(NamesOf(reading), IsEmpty());
  }
}

struct FaultCase {
  const char* name;
  std::function<std::string()> make;
  const char* reason;
};

constexpr char kPom[] = "META-INF/maven/org.lib/b/pom.properties";
constexpr char kPomText[] = "groupId=org.lib\nartifactId=b\nversion=1.0\n";

std::string WithFault(ZipFields fields) {
  fields.name = fields.name.empty() ? kPom : fields.name;
  fields.content = fields.content.empty() ? kPomText : fields.content;
  return Zip().Pom("org.lib", "a", "1.0").Add(fields).Build();
}

class JavaFaultTest : public testing::TestWithParam<FaultCase> {};

TEST_P(JavaFaultTest, IsNamedAndTheRestCounts) {
  const FileReading reading = ReadJar(GetParam().make());
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("opt/app/app.jar: "));
  EXPECT_THAT(reading.reason, HasSubstr(GetParam().reason));
  EXPECT_THAT(NamesOf(reading), ElementsAre("org.lib:a 1.0"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, JavaFaultTest,
    testing::Values(
        FaultCase{"Encrypted", [] { return WithFault({.flags = 1}); }, "is encrypted"},
        FaultCase{"EncryptedArchive",
                  [] {
                    return WithFault(
                        {.name = "lib/b.jar", .content = Library("b", "1"), .flags = 1});
                  },
                  "lib/b.jar is encrypted"},
        FaultCase{"UnknownMethod", [] { return WithFault({.method = 12}); },
                  "is packed with method 12"},
        FaultCase{"LongerThanSaid", [] { return WithFault({.size = 5}); }, "is longer than the 5"},
        FaultCase{"ShorterThanSaid", [] { return WithFault({.size = 500}); }, "ends after"},
        FaultCase{"WrongChecksum", [] { return WithFault({.crc = 1}); }, "its checksum is wrong"},
        FaultCase{"DataCutOff", [] { return WithFault({.compressed_size = 5}); }, "break off"},
        FaultCase{"DataBeyondTheFile", [] { return WithFault({.compressed_size = 1u << 30}); },
                  "the archive ends before"},
        FaultCase{"HeaderBeyondTheFile", [] { return WithFault({.header = 0xfffffff0}); },
                  "lies outside the archive"},
        FaultCase{"NoHeaderThere", [] { return WithFault({.header = 3}); }, "has no local header"},
        FaultCase{"NoDeflateData",
                  [] {
                    return WithFault(
                        {.content = std::string(40, '\xff'), .stored = true, .method = 8});
                  },
                  "cannot be inflated"}),
    [](const auto& info) { return info.param.name; });

// Decided by the end record: without one the file is no archive, which packages ship as samples on
// purpose; with one, what does not fit is a fault.
TEST(JavaTest, WithoutAnEndRecordItIsNoArchive) {
  const std::string whole = WithPom(ZipStyle::kPlain).Build();
  EXPECT_EQ(ReadJar("example archive\n").state, ReadingState::kNotOurs);
  EXPECT_EQ(ReadJar("").state, ReadingState::kNotOurs);
  EXPECT_EQ(ReadJar(whole.substr(0, whole.size() - 1)).state, ReadingState::kNotOurs);
  EXPECT_EQ(ReadJar(Zip().Stored("lib/sample.jar", "no archive").Build()).state,
            ReadingState::kRead);
}

TEST(JavaTest, WithAnEndRecordItIsAFaultNotToFit) {
  const std::string whole = WithPom(ZipStyle::kPlain).Build();
  const FileReading cut = ReadJar(whole.substr(100));
  EXPECT_EQ(cut.state, ReadingState::kFailed);
  EXPECT_THAT(cut.reason, HasSubstr("says that its central directory stands at"));
  const FileReading end_alone = ReadJar(whole.substr(whole.size() - 22));
  EXPECT_THAT(end_alone.reason, HasSubstr("before it there are only 0"));
  std::string odd = whole;
  odd.replace(odd.find("PK\x01\x02"), 4, "XXXX");
  EXPECT_THAT(ReadJar(odd).reason, HasSubstr("holds something else than entries"));
  std::string zip64 = WithPom(ZipStyle::kZip64).Build();
  zip64.replace(zip64.find("PK\x06\x06"), 4, "XXXX");
  EXPECT_THAT(ReadJar(zip64).reason, HasSubstr("zip64 locator that leads to no end record"));
  EXPECT_THAT(ReadJar(Zip().Stored("lib/b.jar", whole.substr(100)).Build()).reason,
              HasSubstr("lib/b.jar says that its central directory"));
  EXPECT_EQ(ReadJar(Zip().Build()).state, ReadingState::kRead) << "an empty archive is one";
}

// Records that could each be the archive's are no way to hide it, nor to make the search long.
TEST(JavaTest, TooManyEndRecordsAreAFault) {
  const std::string record = "PK\x05\x06" + Little(0, 18);
  std::string bytes = WithPom(ZipStyle::kPlain).Build();
  for (int i = 0; i < 100; ++i) bytes += record + "x";
  const FileReading reading = ReadJar(bytes);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("more end records than an archive can"));
}

TEST(JavaTest, CutAnywhereIsNeverSilentlyShort) {
  const std::string whole = Zip().File("lib/a-1.0.jar", Library("a", "1.0")).Build();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(ReadJar(whole.substr(0, size)).state, ReadingState::kRead) << size;
  }
}

TEST(JavaTest, AnyByteChangedNeverCrashes) {
  const std::string whole = Zip(ZipStyle::kZip64)
                                .Manifest("Implementation-Version: 1.0\r\n")
                                .File("lib/a-1.0.jar", Library("a", "1.0"))
                                .Stored("lib/b-1.0.jar", Library("b", "1.0"))
                                .Build();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string changed = whole;
      changed[at] = value;
      ReadJar(changed);
    }
  }
}

// Pitfalls 26, 149: an archive within an archive that grows beyond all measure.
TEST(JavaTest, UnpackingIsBounded) {
  constexpr std::uint64_t kBytes = 1u << 30;
  const std::string piece = DeflatePiece(std::string(1u << 20, '\0'));
  std::string bomb;
  for (std::uint64_t i = 0; i < kBytes >> 20; ++i) bomb += piece;
  const std::string jar = Zip()
                              .Add({.name = "lib/bomb.jar",
                                    .content = bomb,
                                    .stored = true,
                                    .method = 8,
                                    .size = kBytes})
                              .Build();
  ASSERT_LT(jar.size(), 8u << 20);
  CountingScratch scratch;
  MemoryFile file(jar);
  const FileReading reading = SourceNamed("java").parse(FactsOf("app.jar", jar.size()),
                                                        {.file = &file, .scratch = &scratch});
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("lib/bomb.jar unpacks to more than the limit"));
  EXPECT_LT(scratch.most(), kBytes / 2);
  EXPECT_EQ(scratch.size(), 0u);
}

// One stored archive that a thousand entries of each of its parents point to.
TEST(JavaTest, OverlappingArchivesCostNoMoreThanTheLimit) {
  std::string bytes = Library("a", "1.0");
  for (int level = 0; level < 4; ++level) {
    Zip zip;
    zip.Stored("lib/0.jar", bytes);
    for (int i = 1; i < 1000; ++i) {
      zip.Add({.name = "lib/" + std::to_string(i) + ".jar",
               .stored = true,
               .size = bytes.size(),
               .compressed_size = bytes.size(),
               .header = 0});
    }
    bytes = zip.Build();
  }
  const FileReading reading = ReadJar(bytes);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("more archives and entries than the limit"));
}

TEST(JavaTest, TheRuntimeItselfIsNoArtifact) {
  const std::string jrt = Zip()
                              .Manifest(
                                  "Specification-Title: Java Platform API Specification\r\n"
                                  "Implementation-Title: Java Runtime Environment\r\n"
                                  "Implementation-Version: 17.0.19\r\n")
                              .Build();
  EXPECT_THAT(NamesOf(ReadJar(jrt, "usr/lib/jvm/java-17-openjdk-amd64/lib/jrt-fs.jar")), IsEmpty());
  EXPECT_THAT(NamesOf(ReadJar(jrt, "opt/jdk8/jre/lib/rt.jar")), IsEmpty());
}

TEST(JavaTest, TheLastManifestCounts) {
  const auto manifest = [](const char* version) {
    return "Implementation-Version: " + std::string(version) + "\r\n";
  };
  EXPECT_THAT(NamesOf(ReadJar(Zip().Manifest(manifest("1.0")).Manifest(manifest("2.0")).Build(),
                              "lib/catalina.jar")),
              ElementsAre("org.apache.tomcat:tomcat-catalina 2.0"));
}

// Pitfall 149: what is not asked for is not read, whatever its size.
TEST(JavaTest, LargeEntriesAreNotTouched) {
  Zip zip;
  zip.Add({.name = "model.bin", .stored = true, .size = 1ull << 40, .header = 0xffffff00});
  EXPECT_EQ(ReadJar(zip.Pom("org.lib", "a", "1.0").Build()).state, ReadingState::kRead);
}

}  // namespace
}  // namespace landwaiter::packages
