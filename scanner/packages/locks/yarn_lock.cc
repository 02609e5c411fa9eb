// yarn.lock of Yarn 1 (its own line format, "# yarn lockfile v1") and of Yarn 2 and later (YAML
// with "__metadata").
//
// An alias ("x@npm:real@^1") is listed as what it stands for, a patched package as the one that is
// patched. Workspaces are the project itself; links, folders and git have no published version.
// Neither format records what is for development.
#include <optional>

#include "lib/base/text.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"
#include "scanner/packages/locks/yaml_lines.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kRegistry = "npm:";
constexpr std::string_view kClassicHeader = "# yarn lockfile v1";

bool IsFile(std::string_view path) { return BaseName(path) == "yarn.lock"; }

struct Descriptor {
  std::string_view name;
  std::string_view range;  // "^1.2.3", "npm:1.2.3", "workspace:."
};
// "@scope/name@range": nullopt where there is no name or no range.
std::optional<Descriptor> Parse(std::string_view text) {
  const auto at = text.find('@', 1);
  if (text.empty() || at == std::string_view::npos) return {};
  return Descriptor{text.substr(0, at), text.substr(at + 1)};
}

// nullopt where a quote has no end: the file breaks off.
std::optional<std::string_view> Unquoted(std::string_view text) {
  text = text::Trim(text);
  if (!text.starts_with('"')) return text;
  if (text.size() < 2 || text.back() != '"') return {};
  return text.substr(1, text.size() - 2);
}

// Of Yarn 1: a commit, a folder or a link.
bool IsUnpublished(std::string_view range, std::string_view resolved) {
  for (const std::string_view kind : {"file:", "link:", "portal:", "git+", "git:", "git@",
                                      "github:", "gitlab:", "bitbucket:", "ssh:"}) {
    if (range.starts_with(kind)) return true;
  }
  return resolved.find(".git#") != std::string_view::npos || resolved.starts_with("git") ||
         resolved.starts_with("https://codeload.github.com/");
}

struct Entry {
  std::string descriptor;
  std::string version;
  std::string resolved;
};

void AddClassic(const Entry& entry, std::size_t line, LockBuilder& out) {
  if (entry.descriptor.empty()) return;
  auto descriptor = Parse(entry.descriptor);
  if (!descriptor) return out.FailAtLine(line, "ends an entry that names no package");
  if (IsUnpublished(descriptor->range, entry.resolved)) return out.LeaveOut();
  if (entry.version.empty()) return out.FailAtLine(line, "ends an entry without a version");
  if (descriptor->range.starts_with(kRegistry)) {
    const std::string_view real = descriptor->range.substr(kRegistry.size());
    descriptor = Parse(real);
    if (!descriptor) descriptor = Descriptor{real, {}};
  }
  out.Add(std::string(descriptor->name), entry.version);
}

// Of "a@^1, a@^2:", where a quoted one may hold commas.
std::string_view FirstDescriptor(std::string_view text) {
  const bool quoted = text.starts_with('"');
  const auto end = quoted ? text.find('"', 1) : std::min(text.find(", "), text.size() - 1);
  return quoted && end != std::string_view::npos ? text.substr(0, end + 1) : text.substr(0, end);
}

// False where the field breaks off.
bool TakeField(std::string_view line, Entry& entry) {
  std::string* const field = line.starts_with("  version ")    ? &entry.version
                             : line.starts_with("  resolved ") ? &entry.resolved
                                                               : nullptr;
  if (field == nullptr) return true;
  const auto value = Unquoted(line.substr(line.find(' ', 2)));
  if (value) *field = *value;
  return value.has_value();
}

// An entry is a line of descriptors that ends in ':', then its fields, indented by two.
void ReadClassic(std::string_view bytes, LockBuilder& out) {
  Entry entry;
  bool known = false;
  Lines lines(bytes);
  while (const auto line = lines.Next()) {
    const std::string_view text = text::Trim(*line);
    if (text == kClassicHeader) known = true;
    if (text.empty() || text.starts_with('#')) continue;
    known = true;
    if (line->starts_with(' ')) {
      if (!TakeField(*line, entry)) {
        return out.FailAtLine(lines.number(), "has a quoted text without an end");
      }
      continue;
    }
    AddClassic(entry, lines.number(), out);
    entry = {};
    if (!text.ends_with(':')) return out.FailAtLine(lines.number(), "is no line of a yarn.lock");
    const auto first = Unquoted(FirstDescriptor(text));
    if (!first) return out.FailAtLine(lines.number(), "has a quoted text without an end");
    entry.descriptor = *first;
  }
  AddClassic(entry, lines.number(), out);
  if (!known) out.Fail("is no yarn.lock: it has neither its header nor entries");
}

void AddModern(const Record& entry, LockBuilder& out) {
  if (entry.key() == "__metadata") return;
  const auto resolution = Parse(entry["resolution"]);
  if (!resolution) return out.Fail("has an entry without a resolution");
  const std::string_view kind = resolution->range;
  if (kind.starts_with("workspace:")) return;
  const bool published = kind.starts_with(kRegistry) || kind.starts_with("patch:");
  if (!published || entry["version"].empty()) return out.LeaveOut();
  out.Add(std::string(resolution->name), std::string(entry["version"]));
}

void ReadModern(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor([](const JsonPath& path) { return path.size() == 1; },
                        {"version", "resolution"},
                        [&](const Record& entry) { AddModern(entry, out); });
  if (auto read = StreamYaml(bytes, visitor); !read) out.Fail(read.error().message);
}

void Read(std::string_view bytes, LockBuilder& out) {
  const bool modern =
      bytes.starts_with("__metadata:") || bytes.find("\n__metadata:") != std::string_view::npos;
  modern ? ReadModern(bytes, out) : ReadClassic(bytes, out);
}

constexpr LockFormat kFormat = {
    .name = "yarn-lock", .type = "npm", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource YarnLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
