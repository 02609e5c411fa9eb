// Installed npm packages: node_modules/NAME/package.json and node_modules/@SCOPE/NAME/package.json
// at any depth (npm docs, "package.json": name and version).
//
// A package.json deeper within a package is code that the package brought along (with a name and a
// version it is listed as well), a marker for module loaders, or a sample of its tests; what
// cannot be read there says nothing of the image. At the root of an installed package it is a
// fault. Not handled: applications' own package.json outside node_modules (not an installed
// package), bundles of one file, and zipped packages (Yarn Plug'n'Play, see unread.cc).
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "npm";
// Registries refuse larger metadata; real ones stay below 1 MiB.
constexpr std::uint64_t kMaxManifestBytes = 16u << 20;

// Takes name, version and license of the top-level object; everything else streams by, so that
// neither size nor depth of it cost memory.
class ManifestHandler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return Value(nullptr); }
  bool boolean(bool) override { return Value(nullptr); }
  bool number_integer(number_integer_t) override { return Value(nullptr); }
  bool number_unsigned(number_unsigned_t) override { return Value(nullptr); }
  bool number_float(number_float_t, const string_t&) override { return Value(nullptr); }
  bool string(string_t& text) override { return Value(&text); }
  bool binary(binary_t&) override { return Value(nullptr); }
  bool start_object(std::size_t) override {
    is_object_ = is_object_ || depth_ == 0;
    return Open();
  }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t) override { return Open(); }
  bool end_array() override { return Close(); }
  bool key(string_t& text) override {
    if (depth_ == 1) key_ = std::move(text);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    error_at_ = position;
    return false;
  }

  bool is_object() const { return is_object_; }
  std::size_t error_at() const { return error_at_; }
  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  const std::string& license() const { return license_; }

 private:
  bool Open() {
    key_.clear();
    ++depth_;
    return true;
  }
  bool Close() {
    --depth_;
    return true;
  }
  bool Value(std::string* text) {
    if (depth_ != 1 || !is_object_) return true;
    // As in JavaScript, the last of equal keys counts.
    if (std::string* const field = Field()) {
      field->clear();
      if (text != nullptr) *field = std::move(*text);
    }
    return true;
  }
  std::string* Field() {
    if (key_ == "name") return &name_;
    if (key_ == "version") return &version_;
    if (key_ == "license") return &license_;
    return nullptr;
  }

  std::size_t depth_ = 0;
  std::size_t error_at_ = 0;
  bool is_object_ = false;
  std::string key_;
  std::string name_;
  std::string version_;
  std::string license_;
};

Need Wants(const FileFacts& facts) {
  const NodeRecord record = NodeRecordAt(facts.path);
  return record == NodeRecord::kRoot || record == NodeRecord::kInner ? Need::kContent
                                                                     : Need::kNothing;
}

// Node reads package.json as UTF-8 with replacements; the parser refuses other bytes. What stands
// in the fields that count is ASCII.
std::string WithoutHighBytes(std::string_view bytes) {
  std::string ascii(bytes);
  std::replace_if(
      ascii.begin(), ascii.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }, '?');
  return ascii;
}

bool ParseManifest(std::string_view bytes, ManifestHandler& handler) {
  return nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &handler);
}

std::string FirstWord(std::string_view text) {
  return std::string(text.substr(0, text.find_first_of(" \t\n\r")));
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  const bool root = NodeRecordAt(facts.path) == NodeRecord::kRoot;
  std::string_view bytes = content.bytes;
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  ManifestHandler handler;
  bool parsed = ParseManifest(bytes, handler);
  if (!parsed) {
    ManifestHandler again;
    parsed = ParseManifest(WithoutHighBytes(bytes), again);
    handler = std::move(again);
  }
  if (!parsed || !handler.is_object()) {
    if (!root) {
      out.NotOurs();
    } else if (parsed) {
      out.Fail("is no JSON object");
    } else {
      out.Fail("is no JSON: it breaks at byte " + std::to_string(handler.error_at()));
    }
    return out.Take();
  }
  if (handler.name().empty() || handler.version().empty()) {
    out.NotOurs();
    return out.Take();
  }
  Package package{.type = "npm", .name = handler.name(), .version = FirstWord(handler.version())};
  package.source_name = package.name;
  package.source_version = package.version;
  if (!handler.license().empty()) package.licenses.push_back(FreeText(handler.license()));
  if (!root &&
      (!IsName(package.name, kMaxNameBytes) || !IsName(package.version, kMaxVersionBytes))) {
    out.NotOurs();
    return out.Take();
  }
  out.Add(std::move(package));
  return out.Take();
}

}  // namespace

PackageSource NpmSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxManifestBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
