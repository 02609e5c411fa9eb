// Amazon Linux: updateinfo.xml of its repositories (repomd.xml names it). The key is the binary
// package. Advisories exist where a fix ships, so what is not fixed is not in them. Topics of
// amazon-linux-extras and live patches have ids of their own ("ALASDOCKER-2023-001",
// "ALAS2LIVEPATCH-…") and other versions of the same packages; an image does not say from which it
// took a package, so they are left out.
#include "lib/base/text.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/feeds/updateinfo.h"

namespace landwaiter::advisories {
namespace {

struct Release {
  std::string_view prefix;  // of an advisory's id, before the year
  std::string_view ecosystem;
};
constexpr Release kReleases[] = {
    {"ALAS-", "Amazon Linux:1"},
    {"ALAS2-", "Amazon Linux:2"},
    {"ALAS2023-", "Amazon Linux:2023"},
    {"ALAS2022-", "Amazon Linux:2022"},
};

std::string EcosystemOfUpdate(const Update& update) {
  for (const Release& release : kReleases) {
    if (update.id.starts_with(release.prefix)) return std::string(release.ecosystem);
  }
  return {};
}

}  // namespace

std::unique_ptr<FeedReader> MakeAmazonFeed() {
  return MakeUpdateinfoReader({"amazon", "Amazon Linux errata", EcosystemOfUpdate});
}

}  // namespace landwaiter::advisories
