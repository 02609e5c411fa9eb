// Installed Ruby gems: specifications/NAME-VERSION[-PLATFORM].gemspec, and specifications/default/
// for those that Ruby itself brings (RubyGems, Gem::Specification#to_ruby, Gem::StubSpecification).
//
// RubyGems writes these files itself, in one form: a comment "# stub: NAME VERSION PLATFORM PATHS",
// by which it finds the gem, and assignments of literals. Both are read, Ruby is not. Not handled:
// gems that Bundler took from git (bundler/gems), whose gemspec is the author's own program.
#include <array>
#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "ruby";
// Until RubyGems 2 the list of the gem's files stood in it: 10,000 files of 100 bytes.
constexpr std::uint64_t kMaxGemspecBytes = 4u << 20;
// Above the number of licences of any gem.
constexpr std::size_t kMaxLicenses = 64;

Need Wants(const FileFacts& facts) {
  return IsGemRecord(facts.path) ? Need::kContent : Need::kNothing;
}

struct Gem {
  std::string_view name;
  std::string_view version;
  std::string_view platform;
  std::vector<std::string> licenses;
  bool has_stub = false;
};

// Takes a literal from the front: "x", 'x', and %q{x} of older RubyGems. nullopt where there is
// none, or its end is on another line.
std::optional<std::string_view> TakeLiteral(std::string_view& text) {
  constexpr std::string_view kOpen = "\"'{<([";
  constexpr std::string_view kClose = "\"'}>)]";
  std::string_view rest = text;
  const bool percent = rest.starts_with("%q") || rest.starts_with("%Q");
  if (percent) rest.remove_prefix(2);
  if (rest.empty()) return std::nullopt;
  const auto quote = kOpen.find(rest.front());
  if (quote == std::string_view::npos || (!percent && quote > 1)) return std::nullopt;
  const auto end = rest.find(kClose[quote], 1);
  if (end == std::string_view::npos) return std::nullopt;
  text = rest.substr(end + 1);
  return rest.substr(1, end - 1);
}

// "s.KEY = " before the value: gives the key, leaves the value.
std::string_view TakeKey(std::string_view& line) {
  const auto dot = line.find('.');
  const auto equals = line.find('=');
  if (dot == std::string_view::npos || equals == std::string_view::npos || dot > equals) return {};
  const std::string_view object = line.substr(0, dot);
  if (object.find_first_of(" \t(\"'") != std::string_view::npos) return {};
  const std::string_view key = text::Trim(line.substr(dot + 1, equals - dot - 1));
  line = text::Trim(line.substr(equals + 1));
  return key;
}

void ReadLicenses(std::string_view value, Gem& gem) {
  if (value.starts_with('[')) value.remove_prefix(1);
  while (gem.licenses.size() < kMaxLicenses) {
    value = text::Trim(value);
    const auto license = TakeLiteral(value);
    if (!license) return;
    gem.licenses.push_back(FreeText(*license));
    const auto comma = value.find(',');
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

void ReadAssignment(std::string_view line, Gem& gem) {
  const std::string_view key = TakeKey(line);
  if (key == "licenses" || key == "license") ReadLicenses(line, gem);
  std::string_view* field = nullptr;
  if (key == "name") field = &gem.name;
  if (key == "version") field = &gem.version;
  if (key == "platform") field = &gem.platform;
  if (field == nullptr || !field->empty()) return;
  constexpr std::string_view kVersionNew = "Gem::Version.new(";
  if (line.starts_with(kVersionNew)) line.remove_prefix(kVersionNew.size());
  // "#{…}" is a program's, not a literal's.
  const auto literal = TakeLiteral(line);
  if (literal && literal->find("#{") == std::string_view::npos) *field = *literal;
}

// "NAME VERSION PLATFORM PATHS".
void ReadStub(std::string_view stub, Gem& gem) {
  const auto words = text::Split(text::Trim(stub), ' ');
  if (words.size() < 3) return;
  gem.name = words[0];
  gem.version = words[1];
  gem.platform = words[2];
  gem.has_stub = true;
}

Gem ReadGem(std::string_view bytes) {
  constexpr std::string_view kStub = "# stub: ";
  Gem gem;
  Lines lines(bytes);
  bool comments = true;  // at the head of the file
  while (const auto line = lines.Next()) {
    const std::string_view text = text::Trim(*line);
    if (text.starts_with('#')) {
      if (comments && !gem.has_stub && text.starts_with(kStub)) {
        ReadStub(text.substr(kStub.size()), gem);
      }
      continue;
    }
    if (!text.empty()) comments = false;
    ReadAssignment(text, gem);
  }
  return gem;
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  Gem gem = ReadGem(content.bytes);
  if (gem.name.empty() || gem.version.empty()) {
    out.Fail(gem.name.empty() ? "says no name" : "says no version");
    return out.Take();
  }
  Package package{
      .type = "gem", .name = std::string(gem.name), .version = std::string(gem.version)};
  if (gem.platform != "ruby") package.architecture = FreeText(gem.platform);
  package.source_name = package.name;
  package.source_version = package.version;
  package.licenses = std::move(gem.licenses);
  out.Add(std::move(package));
  return out.Take();
}

}  // namespace

PackageSource RubySource() {
  return {.name = kName,
          .version = 2,
          .max_bytes = kMaxGemspecBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
