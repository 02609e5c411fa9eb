// Method: one key a name of the vulnerability and package. A feed may learn of a CVE for what it
// knew as a GHSA, and forget the GHSA later: whichever name is there then leads to the first day.
#include "controller/first_seen.h"

#include <algorithm>
#include <map>
#include <string>

#include "lib/base/digest.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

/// Hex digits of a hash: names of packages are as long as an image makes them.
constexpr std::size_t kKeyChars = 32;

std::string KeyOf(const std::string& vulnerability, const Finding& finding) {
  const std::string& package =
      finding.source_package.empty() ? finding.package : finding.source_package;
  const Digest hash = Sha256::Of(vulnerability + "\n" + finding.package_type + "\n" + package);
  return std::string(hash.Hex().substr(0, kKeyChars));
}

std::vector<std::string> KeysOf(const Finding& finding) {
  std::vector<std::string> keys{KeyOf(finding.id, finding)};
  for (const std::string& alias : finding.aliases) keys.push_back(KeyOf(alias, finding));
  return keys;
}

template <class Take>
void EachFinding(std::vector<PlatformMatch>& platforms, const Take& take) {
  for (PlatformMatch& platform : platforms) {
    std::for_each(platform.findings.begin(), platform.findings.end(), take);
  }
}

Status Add(store::Store& store, TimePoint now, std::vector<PlatformMatch>& platforms) {
  std::map<std::string, TimePoint> seen;
  EachFinding(platforms, [&](const Finding& finding) {
    for (std::string& key : KeysOf(finding)) seen.emplace(std::move(key), now);
  });
  if (seen.empty()) return Ok();
  std::vector<std::string> keys;
  keys.reserve(seen.size());
  for (const auto& [key, time] : seen) keys.push_back(key);
  const auto times = store.NoteFirst(keys, now);
  if (!times) return times.error();
  for (std::size_t i = 0; i < keys.size(); ++i) seen[keys[i]] = (*times)[i];

  std::map<TimePoint, std::vector<std::string>> earlier;  // names that are younger than another
  EachFinding(platforms, [&](Finding& finding) {
    const auto names = KeysOf(finding);
    TimePoint first = now;
    for (const std::string& key : names) first = std::min(first, seen[key]);
    for (const std::string& key : names) {
      if (seen[key] > first) earlier[first].push_back(key);
    }
    finding.first_seen = FormatTime(first);
  });
  for (const auto& [first, younger] : earlier) {
    if (const auto noted = store.NoteFirst(younger, first); !noted) return noted.error();
  }
  return Ok();
}

}  // namespace

void AddFirstSeen(store::Store& store, const std::string& scan, TimePoint now,
                  std::vector<PlatformMatch>& platforms) {
  const Status added = Add(store, now, platforms);
  if (added) return;
  log::Warn("when findings were first seen is not known",
            {{"scan", scan}, {"error", added.error()}});
}

}  // namespace landwaiter::controller
