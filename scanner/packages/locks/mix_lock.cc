// mix.lock (Elixir, Mix.Dep.Lock): a map in Elixir's syntax, an entry a line:
//   "cowboy": {:hex, :cowboy, "2.9.0", "sha", [:make, :rebar3], [...], "hexpm", "sha"},
// Git has no published version. Mix does not record environments.
#include <optional>

#include "lib/base/text.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "mix.lock"; }

// Takes an atom (":name", ":\"name\"") and the comma behind it.
std::optional<std::string_view> TakeAtom(std::string_view& rest) {
  if (!rest.starts_with(':')) return {};
  const auto comma = rest.find(',');
  if (comma == std::string_view::npos) return {};
  std::string_view atom = text::Trim(rest.substr(1, comma - 1));
  rest = text::Trim(rest.substr(comma + 1));
  if (atom.size() >= 2 && atom.front() == '"') atom = atom.substr(1, atom.size() - 2);
  return atom;
}

void AddEntry(std::string_view line, std::size_t number, LockBuilder& out) {
  const auto open = line.find('{');
  if (!line.starts_with('"') || open == std::string_view::npos) {
    return out.FailAtLine(number, "is no entry of a mix.lock");
  }
  std::string_view rest = line.substr(open + 1);
  const auto kind = TakeAtom(rest);
  if (kind && *kind != "hex") return out.LeaveOut();
  const auto name = kind ? TakeAtom(rest) : kind;
  const auto end = rest.find('"', 1);
  if (!name || !rest.starts_with('"') || end == std::string_view::npos) {
    return out.FailAtLine(number, "is no entry of a mix.lock");
  }
  out.Add(std::string(*name), std::string(rest.substr(1, end - 1)));
}

void Read(std::string_view bytes, LockBuilder& out) {
  Lines lines(bytes);
  while (const auto line = lines.Next()) {
    std::string_view text = text::Trim(*line);
    if (text.starts_with("%{")) text = text::Trim(text.substr(2));
    if (text.empty() || text == "}" || text.starts_with('#')) continue;
    AddEntry(text, lines.number(), out);
  }
}

constexpr LockFormat kFormat = {
    .name = "mix-lock", .type = "hex", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource MixLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
