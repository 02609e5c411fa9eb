// Requirement files (pip, "Requirements File Format"): what they pin exactly, "name==1.2.3" or
// "name===1.2.3", with extras, markers and hashes.
//
// A range is no version: what it would bring can only be guessed, so it is left out and counted, as
// are addresses, folders and whatever else pip could not pin; any text is such a file. What it says
// of other files ("-r", "-c") is kept for requirements_includes.cc.
#include "scanner/packages/locks/requirements.h"

#include <algorithm>
#include <climits>
#include <optional>
#include <string>
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

// The largest that pip-compile makes (airflow's, with all extras) has 700 names.
constexpr std::size_t kMaxOpenNames = 10'000;
// Layered lists of real projects include some twenty.
constexpr std::size_t kMaxIncludesPerFile = 100;

// Comments begin at the line's start or behind a blank.
std::string_view WithoutComment(std::string_view line) {
  for (auto at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return line.substr(0, at);
  }
  return line;
}

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

// PEP 440's alphabet, epochs and local versions included.
bool IsVersionByte(char c) { return IsNameByte(c) || c == '+' || c == '!'; }

// The version of "==1.2.3" among the specifiers "==1.2.3,<2"; "" where none is exact.
std::string_view PinOf(std::string_view specifiers) {
  for (std::string_view one : text::Split(specifiers, ',')) {
    one = text::Trim(one);
    if (!one.starts_with("==")) continue;
    one.remove_prefix(one.starts_with("===") ? 3 : 2);
    one = text::Trim(one);
    if (!one.empty() && one.find('*') == std::string_view::npos) return one;
  }
  return {};
}

// What an option of pip names: "-r FILE", "-rFILE", "--requirement FILE", "--requirement=FILE", in
// quotes or not; nullopt where the line is another option.
std::optional<std::string_view> Argument(std::string_view line, std::string_view brief,
                                         std::string_view full) {
  if (line.starts_with(full)) {
    line.remove_prefix(full.size());
    if (line.empty() || std::string_view("= \t").find(line[0]) == std::string_view::npos) return {};
    line.remove_prefix(1);
  } else if (line.starts_with(brief)) {
    line.remove_prefix(brief.size());
  } else {
    return {};
  }
  line = text::Trim(line);
  if (!line.starts_with('"') && !line.starts_with('\'')) {
    return line.substr(0, line.find_first_of(" \t"));
  }
  const auto end = line.find(line[0], 1);
  return line.substr(1, end == std::string_view::npos ? end : end - 1);
}

// The lines of one file, one after another.
class RequirementLines {
 public:
  explicit RequirementLines(LockBuilder& out) : out_(out) {}

  /// A logical line (PEP 508, and pip's options).
  void Take(std::string_view line);
  void Finish() { out_.Keep(std::move(residue_)); }

 private:
  void TakeOption(std::string_view line);
  void TakeInclude(char kind, std::string_view path);
  /// A requirement that pins nothing by itself.
  void LeaveOpen(std::string_view name);
  void Keep(char kind, std::string_view text) {
    residue_ += kind;
    residue_.append(text) += '\n';
  }

  LockBuilder& out_;
  std::string residue_;
  std::size_t includes_ = 0;
  std::size_t open_names_ = 0;
};

void RequirementLines::TakeInclude(char kind, std::string_view path) {
  if (path.empty()) return;
  if (++includes_ > kMaxIncludesPerFile) {
    return out_.Fail("names more than " + std::to_string(kMaxIncludesPerFile) + " other files");
  }
  Keep(kind, path.substr(0, PATH_MAX));
}

void RequirementLines::TakeOption(std::string_view line) {
  if (line.starts_with("-e") || line.starts_with("--editable")) return out_.LeaveOut();
  if (const auto list = Argument(line, "-r", "--requirement")) TakeInclude(kIncludedList, *list);
  if (const auto list = Argument(line, "-c", "--constraint")) TakeInclude(kConstraintList, *list);
}

void RequirementLines::LeaveOpen(std::string_view name) {
  out_.LeaveOut();
  if (name.size() <= kMaxNameBytes && ++open_names_ <= kMaxOpenNames) Keep(kOpenName, name);
}

void RequirementLines::Take(std::string_view line) {
  line = text::Trim(line);
  if (line.empty()) return;
  if (line.starts_with('-')) return TakeOption(line);
  std::size_t end = 0;
  while (end < line.size() && IsNameByte(line[end])) ++end;
  const std::string name(line.substr(0, end));
  std::string_view rest = text::Trim(line.substr(end));
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) return out_.LeaveOut();
    rest = text::Trim(rest.substr(close + 1));
  }
  const bool specified = rest.empty() || std::string_view("=<>!~(;@").find(rest[0]) != rest.npos;
  // A folder, a file or an address; "name @ address" names a package without its version.
  if (name.empty() || !specified || rest.starts_with('@')) return out_.LeaveOut();
  if (rest.starts_with('(')) rest = rest.substr(1, rest.find(')') - 1);
  rest = rest.substr(0, rest.find(';'));
  rest = rest.substr(0, rest.find(" -"));  // options follow
  const std::string_view pin = PinOf(rest);
  const bool version = !pin.empty() && std::all_of(pin.begin(), pin.end(), IsVersionByte);
  if (version) {
    out_.Add(name, std::string(pin));
  } else {
    LeaveOpen(name);
  }
}

void Read(std::string_view bytes, LockBuilder& out) {
  RequirementLines requirements(out);
  std::string logical;
  Lines lines(bytes);
  while (const auto line = lines.Next()) {
    std::string_view text = WithoutComment(*line);
    const bool comment = text.size() != line->size();
    const bool goes_on = !comment && text.ends_with('\\');
    if (goes_on) text.remove_suffix(1);
    logical += text;
    if (goes_on) continue;
    requirements.Take(logical);
    logical.clear();
  }
  requirements.Take(logical);
  requirements.Finish();
}

constexpr LockFormat kFormat = {.name = "requirements",
                                .type = "pypi",
                                .version = 3,
                                .is_file = IsRequirementsFile,
                                .read = Read,
                                .may_be_empty = true,
                                .combine = CombineRequirements};

}  // namespace

bool IsRequirementsFile(std::string_view path) {
  const std::string_view base = BaseName(path);
  const bool folder = BaseName(DirName(path)) == "requirements";
  return base.ends_with(".txt") && (folder || base.find("requirements") != std::string_view::npos);
}

PackageSource RequirementsSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
