// The table of feeds: a feed is one file in this folder and one row here.
#include <array>

#include "scanner/advisories/feeds/readers.h"

namespace landwaiter::advisories {
namespace {

constexpr std::array<std::string_view, 1> kJson{".json"};

/// The largest known OSV record (a Linux kernel CVE with its lists of versions) has some 3 MB.
constexpr std::size_t kOsvRecordBytes = 16u << 20;
/// The catalogue of 2025 has 1 MB.
constexpr std::size_t kKevBytes = 64u << 20;

constexpr Feed kFeeds[] = {
    {"osv", FeedScope::kUnfixed, "every ecosystem of OSV whose versions can be compared",
     "OSV records; distributions' own files say whether unfixed ones are among them",
     "https://osv-vulnerabilities.storage.googleapis.com/ECOSYSTEM/all.zip", kJson, kOsvRecordBytes,
     MakeOsvFeed},
    {"kev", FeedScope::kSideData, "", "CISA's list of vulnerabilities that are being exploited",
     "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json", kJson,
     kKevBytes, MakeKevFeed},
};

}  // namespace

std::span<const Feed> Feeds() { return kFeeds; }

}  // namespace landwaiter::advisories
