// The `files` rule: files that must or must not be in the image, and what they must be like. It is
// decided by the facts that the scan collected for it (model/collection.h): of the final tree, with
// whiteouts, hard links and symbolic links as a container would meet them.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "lib/base/regex.h"
#include "lib/base/text.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "files";
constexpr std::uint64_t kPermissionBits = 07777;
constexpr std::int64_t kMaxId = 4'294'967'295;

struct FilesRule : RuleBody {
  std::vector<std::string> paths;  // without a leading '/'
  std::vector<std::string> allow_paths;
  bool must_exist = false;
  bool must_not_exist = false;
  bool setuid = false;
  bool setgid = false;
  bool world_writable = false;
  bool capabilities = false;
  std::optional<std::uint64_t> mode;
  std::optional<std::uint64_t> uid;
  std::optional<std::uint64_t> gid;
  std::string sha256;
  std::string expression;
  bool fires_without_match = false;  // content.op: NoMatch
  bool fires_if_missing = true;

  bool WantsSpecial() const { return setuid || setgid || world_writable || capabilities; }
  /// Asks about files whatever their permissions are.
  bool WantsAll() const {
    return must_exist || must_not_exist || mode || uid || gid || !sha256.empty() ||
           !expression.empty();
  }
};

constexpr bool IsOctal(char c) { return c >= '0' && c <= '7'; }

Status CheckMode(std::string_view text) {
  const bool good = text.size() >= 3 && text.size() <= 5 &&
                    std::all_of(text.begin(), text.end(), IsOctal) &&
                    (text.size() < 5 || text.front() == '0');
  if (good) return Ok();
  return InvalidArgument("'" + Shown(text) + "' is no mode, expected octal digits like 0644");
}

Status CheckSha256(std::string_view text) {
  const bool good = text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                    });
  if (good) return Ok();
  return InvalidArgument("'" + Shown(text) + "' is no SHA-256, expected 64 digits 0-9 and a-f");
}

Status CheckExpression(std::string_view text) {
  auto compiled = Regex::Compile(text, Regex::Unit::kLines);
  if (compiled) return Ok();
  return InvalidArgument(Shown(compiled.error().message));
}

constexpr std::string_view kOps[] = {"Match", "NoMatch"};
constexpr std::string_view kMissing[] = {"Fire", "Skip"};

constexpr Field kContentFields[] = {
    {.name = "regex",
     .type = FieldType::kText,
     .help = "A regular expression (RE2) that is looked for in each line.",
     .required = true,
     .max_length = kMaxExpressionBytes,
     .check = CheckExpression},
    {.name = "op",
     .type = FieldType::kText,
     .help = "Match fires for a file with such a line, NoMatch for one without.",
     .default_json = R"("Match")",
     .values = kOps},
};
constexpr ObjectSchema kContent = {kContentFields};

constexpr Field kFilesFields[] = {
    {.name = "paths",
     .type = FieldType::kTexts,
     .help = "Patterns over paths in the image. May be left out with setuid, setgid, "
             "worldWritable and capabilities: all files.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "mustExist",
     .type = FieldType::kBoolean,
     .help = "Fires for each of paths that no file matches."},
    {.name = "mustNotExist",
     .type = FieldType::kBoolean,
     .help = "Fires for each file or symbolic link that matches paths."},
    {.name = "setuid",
     .type = FieldType::kBoolean,
     .help = "Fires for files that run as their owner."},
    {.name = "setgid",
     .type = FieldType::kBoolean,
     .help = "Fires for files that run as their group."},
    {.name = "worldWritable",
     .type = FieldType::kBoolean,
     .help = "Fires for files that everybody may write to."},
    {.name = "capabilities",
     .type = FieldType::kBoolean,
     .help = "Fires for files that give capabilities to who runs them."},
    {.name = "mode",
     .type = FieldType::kText,
     .help = "Fires for files whose permission bits are not these: 0644.",
     .max_length = 5,
     .check = CheckMode},
    {.name = "uid",
     .type = FieldType::kInteger,
     .help = "Fires for files of another owner.",
     .minimum = 0,
     .maximum = kMaxId},
    {.name = "gid",
     .type = FieldType::kInteger,
     .help = "Fires for files of another group.",
     .minimum = 0,
     .maximum = kMaxId},
    {.name = "sha256",
     .type = FieldType::kText,
     .help = "Fires for files with another SHA-256.",
     .max_length = 64,
     .check = CheckSha256},
    {.name = "content",
     .type = FieldType::kObject,
     .help = "Fires for files that have, or lack, a line.",
     .object = &kContent},
    {.name = "allowPaths",
     .type = FieldType::kTexts,
     .help = "Patterns over paths that are left out.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "ifMissing",
     .type = FieldType::kText,
     .help = "What mode, uid, gid, sha256 and content mean for one of paths, written without "
             "wildcards, that is not in the image: Fire or Skip.",
     .default_json = R"("Fire")",
     .values = kMissing},
};
constexpr ObjectSchema kFiles = {.fields = kFilesFields, .min_fields = 1};

bool HasWildcard(std::string_view pattern) {
  return pattern.find_first_of("*?") != std::string_view::npos;
}

std::vector<std::string> Paths(const json& value, const char* field) {
  std::vector<std::string> paths = Texts(value, field);
  for (std::string& path : paths) path.erase(0, path.find_first_not_of('/'));
  return paths;
}

bool AnyMatches(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return text::GlobMatch(pattern, path); });
}

std::string Octal(std::uint64_t mode) {
  std::string digits;
  for (int shift = 9; shift >= 0; shift -= 3) {
    digits += static_cast<char>('0' + ((mode >> shift) & 7));
  }
  return digits;
}

std::string PathShown(std::string_view path) { return "/" + Shown(path); }

void Violate(RuleOutcome& outcome, std::string_view what, std::string_view path,
             std::string message) {
  Violation violation;
  violation.kind = kKind;
  violation.subject = PathShown(path);
  violation.id = ViolationId(kKind, what, {}, path);
  violation.message = std::move(message);
  outcome.violations.push_back(std::move(violation));
}

class FilesCheck {
 public:
  FilesCheck(const FilesRule& wanted, const Facts& facts, RuleOutcome& outcome)
      : wanted_(wanted),
        inventory_(*facts.platform->inventory),
        expressions_(facts.collected->Expressions()),
        outcome_(outcome) {}

  void Run() {
    for (const CollectedFile& file : inventory_.files) {
      if (AnyMatches(wanted_.paths, file.path) && !AnyMatches(wanted_.allow_paths, file.path)) {
        Check(file);
      }
    }
    const bool checks_files = wanted_.mode || wanted_.uid || wanted_.gid ||
                              !wanted_.sha256.empty() || !wanted_.expression.empty();
    for (const std::string& path : wanted_.paths) {
      if (IsThere(path)) continue;
      if (wanted_.must_exist || (checks_files && wanted_.fires_if_missing && !HasWildcard(path))) {
        Missing(path);
      }
    }
  }

 private:
  bool IsThere(std::string_view pattern) const {
    return std::any_of(
        inventory_.files.begin(), inventory_.files.end(), [&](const CollectedFile& file) {
          return file.kind != CollectedKind::kSymlink && text::GlobMatch(pattern, file.path);
        });
  }

  void Missing(const std::string& path) {
    if (!gaps_known_) gaps_known_ = CoverageGaps(Need::kFiles);
    if (!gaps_known_->empty()) return;  // it may be among what was not read
    Violate(outcome_, "missing", path,
            PathShown(path) + (HasWildcard(path) ? " matches no file" : " is not in the image"));
  }

  std::vector<std::string> CoverageGaps(Need need) const {
    PlatformContent content;
    content.inventory = &inventory_;
    return policy::CoverageGaps(content, need);
  }

  void Check(const CollectedFile& file) {
    const std::string shown = Describe(file);
    if (wanted_.must_not_exist) {
      Violate(outcome_, "exists", file.path, shown + " is in the image, which is denied");
    }
    if (file.kind == CollectedKind::kSymlink) return;  // it has nothing of its own
    CheckSpecial(file, shown);
    if (wanted_.mode && (file.mode & kPermissionBits) != *wanted_.mode) {
      Violate(outcome_, "mode", file.path,
              shown + " has mode " + Octal(file.mode) + ", expected " + Octal(*wanted_.mode));
    }
    CheckId("uid", wanted_.uid, file.uid, file, shown);
    CheckId("gid", wanted_.gid, file.gid, file, shown);
    if (file.kind != CollectedKind::kFile) return;
    if (!wanted_.sha256.empty() && file.sha256 != wanted_.sha256) {
      Violate(outcome_, "sha256", file.path,
              shown + " has SHA-256 " + Shown(file.sha256) + ", expected " + wanted_.sha256);
    }
    if (!wanted_.expression.empty()) CheckContent(file, shown);
  }

  void CheckSpecial(const CollectedFile& file, const std::string& shown) {
    const std::array<std::pair<bool, const char*>, 4> found = {{
        {wanted_.setuid && (file.mode & 04000) != 0, "is setuid"},
        {wanted_.setgid && (file.mode & 02000) != 0, "is setgid"},
        {wanted_.world_writable && (file.mode & 0002) != 0, "is writable by everybody"},
        {wanted_.capabilities && file.capabilities, "gives capabilities to who runs it"},
    }};
    for (const auto& [is, what] : found) {
      if (!is) continue;
      Violate(outcome_, what, file.path, shown + " " + what + " (mode " + Octal(file.mode) + ")");
    }
  }

  void CheckId(const char* what, const std::optional<std::uint64_t>& wanted, std::uint64_t id,
               const CollectedFile& file, const std::string& shown) {
    if (!wanted || *wanted == id) return;
    Violate(outcome_, what, file.path,
            shown + " has " + what + " " + std::to_string(id) + ", expected " +
                std::to_string(*wanted));
  }

  void CheckContent(const CollectedFile& file, const std::string& shown) {
    if (!file.unread.empty()) {
      outcome_.unknown.push_back(shown + " " + Shown(file.unread));
      return;
    }
    const auto match =
        std::find_if(file.matches.begin(), file.matches.end(), [&](const LineMatch& one) {
          return one.expression < expressions_.size() &&
                 expressions_[one.expression] == wanted_.expression;
        });
    const bool matched = match != file.matches.end();
    if (matched == wanted_.fires_without_match) return;
    Violate(outcome_, "content", file.path,
            matched ? shown + ": line " + std::to_string(match->line) + " matches " +
                          Shown(wanted_.expression)
                    : shown + ": no line matches " + Shown(wanted_.expression));
  }

  static std::string Describe(const CollectedFile& file) {
    std::string text = PathShown(file.path);
    if (!file.leads_to.empty()) text += " (leads to " + Shown(file.leads_to) + ")";
    return text;
  }

  const FilesRule& wanted_;
  const Inventory& inventory_;
  const std::vector<std::string> expressions_;
  RuleOutcome& outcome_;
  std::optional<std::vector<std::string>> gaps_known_;
};

void ReadChecks(const json& value, FilesRule& read) {
  read.must_exist = value.value("mustExist", false);
  read.must_not_exist = value.value("mustNotExist", false);
  read.setuid = value.value("setuid", false);
  read.setgid = value.value("setgid", false);
  read.world_writable = value.value("worldWritable", false);
  read.capabilities = value.value("capabilities", false);
  if (value.contains("mode")) {
    read.mode = std::stoul(value["mode"].get<std::string>(), nullptr, 8);
  }
  if (value.contains("uid")) read.uid = value["uid"].get<std::uint64_t>();
  if (value.contains("gid")) read.gid = value["gid"].get<std::uint64_t>();
  read.sha256 = value.value("sha256", "");
  if (const auto content = value.find("content"); content != value.end()) {
    read.expression = (*content)["regex"].get<std::string>();
    read.fires_without_match = content->value("op", "Match") == "NoMatch";
  }
  read.fires_if_missing = value.value("ifMissing", "Fire") != "Skip";
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& path,
                                     Complaints& complaints) {
  FilesRule read;
  read.paths = Paths(value, "paths");
  read.allow_paths = Paths(value, "allowPaths");
  ReadChecks(value, read);
  if (!read.WantsSpecial() && !read.WantsAll()) {
    complaints.Add(path,
                   "says nothing about the files: expected one of mustExist, mustNotExist, "
                   "setuid, setgid, worldWritable, capabilities, mode, uid, gid, sha256 "
                   "and content to be set");
  }
  if (read.must_exist && read.must_not_exist) {
    complaints.Add(path, "has mustExist and mustNotExist: make a rule of each");
  }
  if (read.paths.empty()) {
    if (read.WantsAll()) complaints.Add(path + ".paths", "is missing, expected a list");
    read.paths = {"**"};
  }
  return std::make_shared<const FilesRule>(std::move(read));
}

void Collects(const RuleBody& body, Collection& wanted) {
  const auto& rule = static_cast<const FilesRule&>(body);
  for (const std::string& path : rule.paths) {
    FileWish wish{.pattern = path, .special_only = !rule.WantsAll()};
    wish.sha256 = !rule.sha256.empty();
    if (!rule.expression.empty()) wish.content = {rule.expression};
    wanted.files.push_back(std::move(wish));
  }
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  RuleOutcome outcome;
  FilesCheck(As<FilesRule>(rule), facts, outcome).Run();
  for (std::string& gap : CoverageGaps(*facts.platform, Need::kFiles)) {
    outcome.unknown.push_back(std::move(gap));
  }
  return outcome;
}

void Asks(const RuleBody& /*body*/, std::set<Fact>& facts) { facts.insert(Fact::kFiles); }

}  // namespace

extern constinit const RuleKind kFilesKind = {
    .name = "files",
    .help = "Files that must or must not be in the image, and what they must be like.",
    .schema = &kFiles,
    .read = Read,
    .evaluate = Evaluate,
    .collects = Collects,
    .asks = Asks,
};

}  // namespace landwaiter::policy
