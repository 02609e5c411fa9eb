// The collection's lock files: as many packages as other readers of the same formats find in them
// (Python's tomllib, json and yaml; the collection's expected lists do not speak of lock files),
// and one of them by name.
#include <gmock/gmock.h>

#include "tests/unit/scanner/packages/locks/lock_case.h"
#include "tests/unit/scanner/packages/shared_records.h"

namespace landwaiter::packages {
namespace {

constexpr char kArchive[] = "language-records.tar.zst";
constexpr char kSyft[] = "anchore_syft/syft/pkg/cataloger/";
constexpr char kScalibr[] = "google_osv-scalibr/extractor/filesystem/language/";

struct SharedLock {
  const char* source;
  const char* folder;
  const char* file;
  std::size_t packages;
  const char* one;  // "" where there is none
};

constexpr SharedLock kLocks[] = {
    {"cargo-lock", kSyft, "rust/testdata/Cargo.lock", 14, "ansi_term 0.12.1"},
    {"cargo-lock", kSyft, "rust/testdata/Cargo.lock-with-git-deps", 8, "aho-corasick 1.1.3"},
    {"cargo-lock", kSyft, "rust/testdata/image-audit/Cargo.lock", 9, "argh 0.1.12"},
    {"cargo-lock", kSyft, "rust/testdata/path-deps/Cargo.lock", 1, "memchr 2.7.4"},
    {"composer-lock", kSyft, "php/testdata/composer.lock", 4, "adoy/fastcgi-client 1.0.2"},
    {"composer-lock", kScalibr, "php/composerlock/testdata/drupal-packages.json", 4,
     "drupal/core 10.4.5"},
    {"composer-lock", kScalibr, "php/composerlock/testdata/one-package-dev.json", 1,
     "sentry/sdk 2.0.4 dev"},
    {"gemfile-lock", kSyft, "ruby/testdata/Gemfile.lock", 50, "actionmailer 4.1.1"},
    {"mix-lock", kSyft, "elixir/testdata/mix.lock", 15, "castore 0.1.17"},
    {"mix-lock", kScalibr, "erlang/mixlock/testdata/many.lock", 21, "backoff 1.1.6"},
    {"mix-lock", kScalibr, "erlang/mixlock/testdata/git.lock", 0, ""},
    {"nuget-lock", kScalibr, "dotnet/packageslockjson/testdata/valid/packages.lock.json", 8,
     "Another.Longer.Name.Dep 4.5.4"},
    {"pdm-lock", kSyft, "python/testdata/pdm-lock/pdm.lock", 10, "certifi 2025.1.31"},
    {"pdm-lock", kSyft, "python/testdata/pdm-lock-extras/pdm.lock", 5, "coverage 7.4.1 dev"},
    {"pdm-lock", kSyft, "python/testdata/pdm-lock-separate-files/pdm.lock", 57, "anyio 3.6.1"},
    {"pipfile-lock", kSyft, "python/testdata/pipfile-lock/Pipfile.lock", 6, "aio-pika 6.8.0"},
    {"podfile-lock", kSyft, "swift/testdata/Podfile.lock", 9, "GlossButtonNode 3.1.2"},
    {"poetry-lock", kSyft, "python/testdata/poetry/case-sensitivity/poetry.lock", 3,
     "dj-rest-auth 7.0.1"},
    {"poetry-lock", kSyft, "python/testdata/poetry/conflicting-with-extras/poetry.lock", 21,
     "anyio 4.3.0"},
    {"poetry-lock", kSyft, "python/testdata/poetry/dev-deps/poetry.lock", 4,
     "added-value 0.14.2 dev"},
    {"poetry-lock", kSyft, "python/testdata/poetry/nested-extras/poetry.lock", 39,
     "annotated-types 0.7.0"},
    {"pubspec-lock", kSyft, "dart/testdata/pubspec_locks/pubspec.lock", 5, "ale 3.3.0"},
    {"pubspec-lock", kScalibr, "dart/pubspec/testdata/mixed-packages.lock", 4,
     "back_button_interceptor 6.0.1"},
    {"pubspec-lock", kScalibr, "dart/pubspec/testdata/one-package-dev.lock", 1,
     "build_runner 2.2.1 dev"},
    {"pubspec-lock", kScalibr, "dart/pubspec/testdata/source-sdk.lock", 0, ""},
    {"requirements", kSyft, "python/testdata/requires/requirements.txt", 10, "flask 4.0.0"},
    {"requirements", kScalibr, "python/requirements/testdata/with_versions.txt", 7, "yolo 1.0"},
    {"requirements", kScalibr, "python/requirements/testdata/no_version.txt", 0, ""},
    {"requirements", kScalibr, "python/requirements/testdata/invalid.txt", 0, ""},
    {"swift-resolved", kSyft, "swift/testdata/Package.resolved", 5,
     "github.com/apple/swift-algorithms 1.0.0"},
    {"swift-resolved", kSyft, "swift/testdata/PackageV3.resolved", 1,
     "github.com/apple/swift-syntax 509.1.1"},
    {"uv-lock", kSyft, "python/testdata/uv/conflicting-with-extras/uv.lock", 21,
     "anyio 4.6.2.post1"},
    {"uv-lock", kSyft, "python/testdata/uv/nested-extras/uv.lock", 41, "annotated-types 0.7.0"},
};

class SharedLocksTest : public SharedRecordsTest {};

TEST_F(SharedLocksTest, AreReadAsOthersReadThem) {
  const fs::path folder = Unpack(kArchive);
  SKIP_WITHOUT(folder);
  for (const SharedLock& lock : kLocks) {
    const fs::path file = folder / lock.folder / lock.file;
    ASSERT_TRUE(fs::exists(file)) << file;
    const FileReading reading = Read(lock.source, "a/x", ReadAll(file));
    EXPECT_EQ(reading.state, ReadingState::kRead) << lock.file << ": " << reading.reason;
    const auto lines = Declared(reading);
    EXPECT_EQ(lines.size(), lock.packages) << lock.file << testing::PrintToString(lines);
    if (*lock.one != 0) {
      EXPECT_THAT(lines, testing::Contains(lock.one)) << lock.file;
    }
  }
}

// Those that were made to be broken.
TEST_F(SharedLocksTest, DamagedOnesFail) {
  const fs::path folder = Unpack(kArchive);
  SKIP_WITHOUT(folder);
  constexpr std::pair<const char*, const char*> kDamaged[] = {
      {"cargo-lock", "rust/testdata/glob-paths/src/Cargo.lock"},
      {"package-lock", "javascript/testdata/corrupt/package-lock.json"},
      {"pnpm-lock", "javascript/testdata/corrupt/pnpm-lock.yaml"},
      {"pubspec-lock", "dart/testdata/corrupt/pubspec.lock"},
      {"maven-pom", "java/testdata/corrupt/pom.xml"},
      {"composer-lock", "php/testdata/glob-paths/src/composer.lock"},
      {"podfile-lock", "swift/testdata/glob-paths/src/Podfile.lock"},
  };
  for (const auto& [source, file] : kDamaged) {
    const FileReading reading = Read(source, "a/x", ReadAll(folder / kSyft / file));
    EXPECT_EQ(reading.state, ReadingState::kFailed) << file;
  }
}

TEST_F(SharedLocksTest, ProjectsOfMaven) {
  const fs::path folder = Unpack(kArchive);
  SKIP_WITHOUT(folder);
  const auto read = [&](const char* file) {
    const std::string text = ReadAll(folder / kSyft / "java/testdata/pom" / file);
    return Declared(ReadTogether("maven-pom", {{"pom.xml", text}})[0]);
  };
  EXPECT_THAT(read("example-java-app-maven/pom.xml"),
              testing::ElementsAre("com.joda:joda-time 2.9.2", "junit:junit 4.12 dev"));
}

// Every file of the collection through every reader: nothing may crash, whatever the answer.
TEST_F(SharedLocksTest, AnyFileThroughAnyReader) {
  for (const char* archive : {"os-records.tar.zst", kArchive}) {
    const fs::path folder = Unpack(archive);
    SKIP_WITHOUT(folder);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string bytes = ReadAll(entry.path());
      for (const PackageSource& source : AllSources()) {
        if (source.says == Says::kInstalled) continue;
        source.parse(FactsOf("a/x", bytes.size()), {.bytes = bytes});
      }
    }
  }
}

}  // namespace
}  // namespace landwaiter::packages
