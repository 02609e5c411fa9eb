// The manifest of a chiselled Ubuntu image (Canonical's chisel, "Chisel manifest"; jsonwall): zstd
// over lines of JSON, the first a header with their number, each other one an object of a kind.
//
// A "package" is a Debian package of which slices were cut out; a "path" names the slices, hence
// the packages, that a file came with. There is no dpkg beside it. The source package is not
// recorded: the binary's name stands for it, and the package says so.
#include <array>
#include <charconv>
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/inflate.h"
#include "scanner/packages/json_stream.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "chisel";
// A file of the image is two lines, which compress to some 50 bytes: 300,000 files.
constexpr std::uint64_t kMaxManifestBytes = 16u << 20;
// 1,000,000 lines; and a path (PATH_MAX) with the slices that share it.
constexpr LineLimits kLimits = {.total_bytes = 256u << 20, .line_bytes = 1u << 20};
constexpr std::array<std::string_view, 1> kWellKnown = {"var/lib/chisel/manifest.wall"};

// A slice definition may put it elsewhere; all that were seen end like this.
Need Wants(const FileFacts& facts) {
  const bool manifest =
      facts.path == kWellKnown[0] || facts.path.ends_with("/lib/chisel/manifest.wall");
  return manifest ? Need::kContent : Need::kNothing;
}

// One line.
class Entry final : public JsonVisitor {
 public:
  void Text(const JsonPath& path, std::string text) override {
    if (path.size() == 2 && path[0] == "slices" && first_slice.empty()) {
      first_slice = std::move(text);
      return;
    }
    if (path.size() != 1) return;
    if (path[0] == "kind")
      kind = std::move(text);
    else if (path[0] == "name")
      name = std::move(text);
    else if (path[0] == "version")
      version = std::move(text);
    else if (path[0] == "arch")
      architecture = std::move(text);
    else if (path[0] == "path")
      file = std::move(text);
    else if (path[0] == "jsonwall")
      jsonwall = std::move(text);
    else if (path[0] == "schema")
      schema = std::move(text);
    else if (path[0] == "count")
      count = std::move(text);
  }

  std::string kind, name, version, architecture, file, first_slice;
  std::string jsonwall, schema, count;  // of the header
};

class Manifest {
 public:
  explicit Manifest(ReadingBuilder& out) : out_(out) {}

  Status AddLine(std::string_view line) {
    ++lines_;
    Entry entry;
    if (auto read = StreamJson(line, entry); !read) {
      return std::move(read).error().Context("line " + std::to_string(lines_));
    }
    if (lines_ == 1) return ReadHeader(entry);
    if (entry.kind == "package") AddPackage(entry);
    if (entry.kind == "path") AddPath(entry);
    return Ok();
  }

  // After the last line.
  void CheckCount() {
    std::uint64_t count = 0;
    const auto [end, error] =
        std::from_chars(header_.count.data(), header_.count.data() + header_.count.size(), count);
    if (error != std::errc() || count != lines_) {
      out_.Fail("has " + std::to_string(lines_) + " lines, its header says \"" +
                FreeText(header_.count) + "\"");
    }
  }

 private:
  Status ReadHeader(const Entry& entry) {
    header_ = entry;
    if (entry.jsonwall.starts_with("1.") && entry.schema.starts_with("1.")) return Ok();
    if (entry.jsonwall.empty()) return InvalidArgument("line 1 is no jsonwall header");
    return Unsupported("is jsonwall " + FreeText(entry.jsonwall) + " of schema \"" +
                       FreeText(entry.schema) + "\", expected 1 of 1");
  }

  void AddPackage(Entry& entry) {
    Package package{
        .type = "deb", .name = std::move(entry.name), .version = std::move(entry.version)};
    package.architecture = FreeText(entry.architecture);
    package.source_name = package.name;
    package.source_version = package.version;
    package.source_assumed = true;
    out_.Add(std::move(package));
  }

  // "package_slice"; no name of a Debian package has a '_'.
  void AddPath(const Entry& entry) {
    const std::string_view slice = entry.first_slice;
    if (entry.file.empty() || slice.empty() || entry.file.ends_with('/')) return;
    out_.AddOwned(entry.file, slice.substr(0, slice.find('_')));
  }

  ReadingBuilder& out_;
  Entry header_;
  std::uint64_t lines_ = 0;
};

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kDatabase);
  Manifest manifest(out);
  const auto read = ForEachZstdLine(content.bytes, kLimits,
                                    [&](std::string_view line) { return manifest.AddLine(line); });
  if (read) {
    manifest.CheckCount();
  } else if (read.error().code == Code::kUnsupported) {
    out.Unsupported(read.error().message);
  } else {
    out.Fail(read.error().message);
  }
  return out.Take();
}

}  // namespace

PackageSource ChiselSource() {
  return {.name = kName,
          .version = 3,
          .max_bytes = kMaxManifestBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = kWellKnown};
}

}  // namespace landwaiter::packages
