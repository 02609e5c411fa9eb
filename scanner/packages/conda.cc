// Packages of a conda environment: PREFIX/conda-meta/NAME-VERSION-BUILD.json (conda's PrefixRecord;
// CEP 34 for names and versions).
//
// Python packages among them have a dist-info as well and are read as such, too. Not handled: the
// cache of unpacked packages (PREFIX/pkgs), which is not installed.
#include <utility>

#include "scanner/packages/json_stream.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "conda";
// The list of files stands in the record twice, with digests: 50,000 files make 15 MB.
constexpr std::uint64_t kMaxRecordBytes = 32u << 20;

Need Wants(const FileFacts& facts) {
  return IsCondaRecord(facts.path) ? Need::kContent : Need::kNothing;
}

class Record final : public JsonVisitor {
 public:
  void Begin(const JsonPath& path, bool is_object) override {
    if (path.empty()) this->is_object = is_object;
  }
  void Text(const JsonPath& path, std::string text) override {
    if (path.size() != 1 || !is_object) return;
    if (path[0] == "name")
      name = std::move(text);
    else if (path[0] == "version")
      version = std::move(text);
    else if (path[0] == "subdir")
      platform = std::move(text);
    else if (path[0] == "license")
      license = std::move(text);
  }

  bool is_object = false;
  std::string name, version, platform, license;
};

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  Record record;
  if (auto read = StreamJson(content.bytes, record); !read) {
    out.Fail(read.error().message);
    return out.Take();
  }
  if (record.name.empty() || record.version.empty()) {
    out.Fail(record.name.empty() ? "has no name" : "has no version");
    return out.Take();
  }
  Package package{
      .type = "conda", .name = std::move(record.name), .version = std::move(record.version)};
  package.architecture = FreeText(record.platform);
  package.source_name = package.name;
  package.source_version = package.version;
  if (!record.license.empty()) package.licenses.push_back(FreeText(record.license));
  out.Add(std::move(package));
  return out.Take();
}

}  // namespace

PackageSource CondaSource() {
  return {.name = kName,
          .version = 2,
          .max_bytes = kMaxRecordBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
