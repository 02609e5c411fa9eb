#include "scanner/packages/passwd.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "lib/base/text.h"

namespace landwaiter::packages {
namespace {

constexpr std::size_t kFields = 7;
constexpr std::size_t kMaxFieldBytes = 1024;

// uid_t has 32 bits; its highest value means "no user".
std::optional<std::uint64_t> Id(std::string_view digits) {
  std::uint64_t id = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (fault != std::errc() || end != digits.data() + digits.size() || digits.empty()) {
    return std::nullopt;
  }
  if (id > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return id;
}

std::optional<PasswdEntry> Entry(std::string_view line) {
  const auto fields = text::Split(line, ':');
  if (fields.size() != kFields || fields[0].empty()) return std::nullopt;
  if (fields[0].size() > kMaxFieldBytes || fields[6].size() > kMaxFieldBytes) return std::nullopt;
  const auto uid = Id(fields[2]);
  const auto gid = Id(fields[3]);
  if (!uid || !gid) return std::nullopt;
  const std::string_view shell = fields[6].empty() ? "/bin/sh" : fields[6];
  return PasswdEntry{std::string(fields[0]), *uid, *gid, std::string(shell)};
}

}  // namespace

Result<PasswdFile> ParsePasswd(std::string_view text) {
  PasswdFile file;
  std::uint64_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (text::Trim(line).empty() || line.starts_with('#')) continue;
    auto entry = Entry(line);
    if (!entry) {
      if (file.malformed.size() < kMaxMalformedLines) file.malformed.push_back(number);
      continue;
    }
    if (file.entries.size() >= kMaxPasswdEntries) {
      return ResourceExhausted("/etc/passwd has more than " + std::to_string(kMaxPasswdEntries) +
                               " lines");
    }
    file.entries.push_back(*std::move(entry));
  }
  return file;
}

}  // namespace landwaiter::packages
