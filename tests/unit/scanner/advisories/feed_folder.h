// Feeds and databases in a temporary folder that goes with the object.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scanner/advisories/builder.h"
#include "scanner/advisories/database.h"

namespace landwaiter::advisories {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "landwaiter-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& bytes) const {
    const std::string path = Path(name);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

 private:
  std::string path_;
};

/// One OSV record with one package; modifiers add what a test is about.
class OsvRecord {
 public:
  OsvRecord(std::string id, std::string ecosystem, std::string package)
      : id_(std::move(id)), ecosystem_(std::move(ecosystem)), package_(std::move(package)) {}

  OsvRecord& Introduced(const std::string& v) { return Event("introduced", v); }
  OsvRecord& Fixed(const std::string& v) { return Event("fixed", v); }
  OsvRecord& LastAffected(const std::string& v) { return Event("last_affected", v); }
  OsvRecord& Names(const std::string& field, const std::vector<std::string>& ids) {
    std::string list;
    for (const std::string& id : ids) list += (list.empty() ? "\"" : ",\"") + id + "\"";
    return Field("\"" + field + "\":[" + list + "]");
  }
  OsvRecord& Cvss(const std::string& type, const std::string& vector) {
    return Field(R"("severity":[{"type":")" + type + R"(","score":")" + vector + "\"}]");
  }
  OsvRecord& Word(const std::string& severity) {
    return Field(R"("database_specific":{"severity":")" + severity + "\"}");
  }
  OsvRecord& Urgency(const std::string& urgency) {
    specific_ = R"(,"ecosystem_specific":{"urgency":")" + urgency + "\"}";
    return *this;
  }
  /// As Ubuntu lists them, by name and version.
  OsvRecord& Binaries(const std::vector<std::pair<std::string, std::string>>& binaries) {
    std::string list;
    for (const auto& [name, version] : binaries) {
      list += (list.empty() ? "" : ",") +
              (R"({"binary_name":")" + name + R"(","binary_version":")" + version + "\"}");
    }
    specific_ = R"(,"ecosystem_specific":{"binaries":[)" + list + "]}";
    return *this;
  }
  OsvRecord& Modified(const std::string& time) {
    modified_ = time;
    return *this;
  }
  /// Of the package, beside its ranges; called once.
  OsvRecord& Versions(const std::vector<std::string>& versions) {
    std::string list;
    for (const std::string& v : versions) list += (list.empty() ? "\"" : ",\"") + v + "\"";
    specific_ += R"(,"versions":[)" + list + "]";
    return *this;
  }
  /// Any further fields, as JSON without braces.
  OsvRecord& Field(const std::string& json) {
    fields_ += "," + json;
    return *this;
  }
  const std::string& id() const { return id_; }
  std::string Json() const {
    return R"({"id":")" + id_ + R"(","modified":")" + modified_ +
           R"(","affected":[{"package":{"ecosystem":")" + ecosystem_ + R"(","name":")" + package_ +
           R"("})" + Ranges() + specific_ + "}]" + fields_ + "}";
  }

 private:
  std::string Ranges() const {
    if (events_.empty()) return "";
    return R"(,"ranges":[{"type":"ECOSYSTEM","events":[)" + events_ + "]}]";
  }
  OsvRecord& Event(const std::string& kind, const std::string& version) {
    events_ += (events_.empty() ? "" : ",") + ("{\"" + kind + "\":\"" + version + "\"}");
    return *this;
  }
  std::string id_, ecosystem_, package_, events_, specific_, fields_;
  std::string modified_ = "2026-01-02T03:04:05Z";
};

/// Ids may hold characters that file names should not.
inline std::string FileNameOf(const OsvRecord& record) {
  std::string name = record.id();
  for (char& c : name) c = c == ':' || c == '/' ? '_' : c;
  return name + ".json";
}

inline BuildOptions BuildFrom(const TemporaryFolder& folder, const std::vector<OsvRecord>& records,
                              const std::string& kev = "") {
  BuildOptions options;
  options.output = folder.Path("db");
  std::filesystem::remove_all(folder.Path("feed"));
  for (const OsvRecord& record : records) {
    folder.Write("feed/" + FileNameOf(record), record.Json());
  }
  options.feeds.push_back({"osv", folder.Path("feed")});
  if (!kev.empty()) options.feeds.push_back({"kev", folder.Write("kev.json", kev)});
  return options;
}

/// A database of these records; fails the test where it cannot be made.
inline std::unique_ptr<AdvisoryDatabase> DatabaseOf(const TemporaryFolder& folder,
                                                    const std::vector<OsvRecord>& records,
                                                    const std::string& kev = "") {
  const auto built = BuildDatabase(BuildFrom(folder, records, kev), {});
  EXPECT_TRUE(built.has_value()) << (built ? "" : built.error().message);
  auto database = AdvisoryDatabase::Open(folder.Path("db"));
  EXPECT_TRUE(database.has_value()) << (database ? "" : database.error().message);
  return database ? *std::move(database) : nullptr;
}

/// The folder of shared test data, or "" where this machine has none.
inline std::string SharedTestData() {
  const char* const variable = std::getenv("LANDWAITER_TESTDATA");
  const std::string path = variable == nullptr ? "../shared/testdata" : variable;
  return std::filesystem::is_directory(path) ? path : "";
}

}  // namespace landwaiter::advisories
