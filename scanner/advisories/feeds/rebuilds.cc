// Rocky Linux and AlmaLinux: the updateinfo.xml of their repositories. The key is the binary
// package within its module. Both also publish OSV records, which carry the same facts.
#include <algorithm>

#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/feeds/updateinfo.h"

namespace landwaiter::advisories {
namespace {

/// The number after `mark`: "8" of "Rocky Linux 8" and of "almalinux-8-for-x86_64-baseos-rpms".
std::string NumberAfter(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + mark.size());
  return std::string(text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size())));
}

std::string Suffixed(std::string_view ecosystem, const std::string& release) {
  return release.empty() ? std::string() : std::string(ecosystem) + ":" + release;
}

std::string RockyEcosystem(const Update& update) {
  std::string release = NumberAfter(update.release, "Rocky Linux ");
  if (release.empty()) release = NumberAfter(update.collection, "Rocky Linux ");
  return Suffixed("Rocky Linux", release);
}

std::string AlmaEcosystem(const Update& update) {
  std::string release = NumberAfter(update.collection, "almalinux-");
  if (release.empty()) release = NumberAfter(update.release, "AlmaLinux ");
  return Suffixed("AlmaLinux", release);
}

}  // namespace

std::unique_ptr<FeedReader> MakeRockyFeed() {
  return MakeUpdateinfoReader({"rocky", "Rocky Linux errata", RockyEcosystem});
}

std::unique_ptr<FeedReader> MakeAlmaFeed() {
  return MakeUpdateinfoReader({"alma", "AlmaLinux errata", AlmaEcosystem});
}

}  // namespace landwaiter::advisories
