// Requirement files (pip, "Requirements File Format"): what they pin exactly, "name==1.2.3" or
// "name===1.2.3", with extras, markers and hashes.
//
// A range is no version: what it would bring can only be guessed, so it is left out and counted, as
// are addresses, folders and whatever else pip could not pin; any text is such a file. Files that
// are included ("-r") are read where they are met, if their name says what they are; constraints
// are none.
#include <algorithm>
#include <string>

#include "lib/base/text.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) {
  const std::string_view base = BaseName(path);
  const bool folder = BaseName(DirName(path)) == "requirements";
  return base.ends_with(".txt") && (folder || base.find("requirements") != std::string_view::npos);
}

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

// A requirement on its own logical line (PEP 508, and pip's options behind it).
void AddRequirement(std::string_view text, LockBuilder& out) {
  text = text::Trim(text);
  if (text.empty()) return;
  if (text.starts_with("-e") || text.starts_with("--editable")) return out.LeaveOut();
  if (text.starts_with('-')) return;  // an option of pip
  std::size_t end = 0;
  while (end < text.size() && IsNameByte(text[end])) ++end;
  const std::string name(text.substr(0, end));
  std::string_view rest = text::Trim(text.substr(end));
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) return out.LeaveOut();
    rest = text::Trim(rest.substr(close + 1));
  }
  const bool specified = rest.empty() || std::string_view("=<>!~(;@").find(rest[0]) != rest.npos;
  // A folder, a file or an address; "name @ address" names a package without its version.
  if (name.empty() || !specified || rest.starts_with('@')) return out.LeaveOut();
  if (rest.starts_with('(')) rest = rest.substr(1, rest.find(')') - 1);
  rest = rest.substr(0, rest.find(';'));
  rest = rest.substr(0, rest.find(" -"));  // options follow
  const std::string_view pin = PinOf(rest);
  const bool version = !pin.empty() && std::all_of(pin.begin(), pin.end(), IsVersionByte);
  version ? out.Add(name, std::string(pin)) : out.LeaveOut();
}

void Read(std::string_view bytes, LockBuilder& out) {
  std::string logical;
  Lines lines(bytes);
  while (const auto line = lines.Next()) {
    std::string_view text = WithoutComment(*line);
    const bool comment = text.size() != line->size();
    const bool goes_on = !comment && text.ends_with('\\');
    if (goes_on) text.remove_suffix(1);
    logical += text;
    if (goes_on) continue;
    AddRequirement(logical, out);
    logical.clear();
  }
  AddRequirement(logical, out);
}

constexpr LockFormat kFormat = {.name = "requirements",
                                .type = "pypi",
                                .version = 2,
                                .is_file = IsFile,
                                .read = Read,
                                .may_be_empty = true};

}  // namespace

PackageSource RequirementsSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
