// PHP packages that Composer installed: VENDOR/composer/installed.json (Composer's
// InstalledFilesystemRepository), a list of packages before Composer 2, {"packages": [...]} since.
//
// Packages for development are listed where they are installed. Versions stay as written there
// ("v5.4.0", "dev-main"). Not handled: PEAR's and PECL's registries.
#include <utility>

#include "scanner/packages/json_stream.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "php";
// A package is some 3 KB of metadata: 5,000 packages.
constexpr std::uint64_t kMaxListBytes = 16u << 20;
// Above the number of licences of any package.
constexpr std::size_t kMaxLicenses = 64;

Need Wants(const FileFacts& facts) {
  return IsComposerRecord(facts.path) ? Need::kContent : Need::kNothing;
}

class Installed final : public JsonVisitor {
 public:
  explicit Installed(ReadingBuilder& out) : out_(out) {}

  void Begin(const JsonPath& path, bool is_object) override {
    if (path.empty() && !is_object) list_depth_ = 0;
    if (path.size() == 1 && path[0] == "packages" && !is_object) list_depth_ = 1;
    if (IsPackage(path)) package_ = {.type = "composer", .name = "", .version = ""};
  }
  void Text(const JsonPath& path, std::string text) override {
    if (!list_depth_ || path.size() < *list_depth_ + 2) return;
    const std::string& key = path[*list_depth_ + 1];
    if (path.size() == *list_depth_ + 2) {
      if (key == "name")
        package_.name = std::move(text);
      else if (key == "version")
        package_.version = std::move(text);
    } else if (path.size() == *list_depth_ + 3 && key == "license" &&
               package_.licenses.size() < kMaxLicenses) {
      package_.licenses.push_back(FreeText(text));
    }
  }
  void End(const JsonPath& path) override {
    if (!IsPackage(path)) return;
    package_.source_name = package_.name;
    package_.source_version = package_.version;
    out_.Add(std::move(package_));
  }

  bool has_list() const { return list_depth_.has_value(); }

 private:
  // An element of the list, "packages" before it or the top itself.
  bool IsPackage(const JsonPath& path) const {
    return list_depth_ && path.size() == *list_depth_ + 1 &&
           (*list_depth_ == 0 || path[0] == "packages");
  }

  ReadingBuilder& out_;
  std::optional<std::size_t> list_depth_;  // number of keys above the list's elements
  Package package_;
};

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kDatabase);
  Installed installed(out);
  if (auto read = StreamJson(content.bytes, installed); !read) {
    out.Fail(read.error().message);
  } else if (!installed.has_list()) {
    out.Fail("holds no list of packages");
  }
  return out.Take();
}

}  // namespace

PackageSource PhpSource() {
  return {.name = kName,
          .version = 2,
          .max_bytes = kMaxListBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
