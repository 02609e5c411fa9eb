// The table of feeds: a feed is one file in this folder and one row here.
#include <array>

#include "scanner/advisories/feeds/readers.h"

namespace landwaiter::advisories {
namespace {

constexpr std::array<std::string_view, 1> kJson{".json"};
constexpr std::array<std::string_view, 1> kXml{".xml"};
constexpr std::array<std::string_view, 1> kCsv{".csv"};
constexpr std::array<std::string_view, 2> kYaml{".yaml", ".yml"};

// What one member may have. Those that are read whole are small; the others are streamed, and their
// bound only tells a feed from a bomb.

/// The largest known OSV record (a Linux kernel CVE with its lists of versions) has some 3 MB.
constexpr std::size_t kOsvBytes = 16u << 20;
/// KEV has 1 MB, endoflife.date 3 MB, a repository's secdb 2 MB, repository-to-cpe 2 MB.
constexpr std::size_t kSmallBytes = 64u << 20;
/// A kernel CVE in VEX names every binary of every release: some 40 MB.
constexpr std::size_t kVexBytes = 256u << 20;
/// Debian's tracker has 70 MB, a year of NVD 150 MB, EPSS 9 MB, Oracle's OVAL 300 MB, SUSE's 600
/// MB.
constexpr std::size_t kStreamedBytes = std::size_t{4} << 30;

constexpr Feed kFeeds[] = {
    {"osv", FeedScope::kUnfixed, "every ecosystem of OSV whose versions can be compared",
     "OSV records: languages, and distributions as far as they publish them; unfixed ones of "
     "Debian, Ubuntu and languages are among them, not of those that publish errata",
     "https://osv-vulnerabilities.storage.googleapis.com/ECOSYSTEM/all.zip", kJson, kOsvBytes,
     MakeOsvFeed},
    {"alpine", FeedScope::kFixes, "Alpine, Wolfi, Chainguard, MinimOS",
     "secdb: fixes, and what never was affected, by source package; no severities",
     "https://secdb.alpinelinux.org/BRANCH/REPOSITORY.json, "
     "https://packages.wolfi.dev/os/security.json, "
     "https://packages.cgr.dev/chainguard/security.json",
     kJson, kSmallBytes, MakeSecdbFeed},
    {"alpine-rejections", FeedScope::kUnfixed, "Alpine",
     "what Alpine holds to be no vulnerability of a package; goes before its secdb",
     "https://gitlab.alpinelinux.org/alpine/security/security-rejections", kYaml, kSmallBytes,
     MakeRejectionsFeed},
    {"debian", FeedScope::kUnfixed, "Debian",
     "the security tracker: fixed, open, not affected and end of life, with urgencies, by source "
     "package",
     "https://security-tracker.debian.org/tracker/data/json", kJson, kStreamedBytes,
     MakeDebianFeed},
    {"ubuntu-vex", FeedScope::kUnfixed, "Ubuntu, with Pro, FIPS and Realtime apart",
     "OpenVEX: not affected, will not be fixed, under investigation; fixed versions come with osv",
     "https://security-metadata.canonical.com/vex/vex-all.tar.xz", kJson, kVexBytes,
     MakeUbuntuVexFeed},
    {"redhat", FeedScope::kUnfixed, "Red Hat, by product (CPE) and module stream",
     "CSAF VEX: fixed, affected, will not be fixed, not affected, under investigation",
     "https://security.access.redhat.com/data/csaf/v2/vex/", kJson, kVexBytes, MakeRedHatVexFeed},
    {"redhat-oval", FeedScope::kDepends, "Red Hat, by product (CPE) and module stream",
     "OVAL v2, which Red Hat no longer renews: errata, and what has no fix where the file says "
     "\"including-unpatched\"",
     "https://security.access.redhat.com/data/oval/v2/", kXml, kStreamedBytes, MakeRedHatOvalFeed},
    {"redhat-cpe", FeedScope::kSideData, "",
     "which products Red Hat's repositories belong to; goes with redhat and redhat-oval",
     "https://security.access.redhat.com/data/metrics/repository-to-cpe.json", kJson, kSmallBytes,
     MakeRedHatCpeFeed},
    {"rocky", FeedScope::kFixes, "Rocky Linux",
     "updateinfo.xml of a repository: errata, by binary package and module stream",
     "https://dl.rockylinux.org/pub/rocky/RELEASE/REPOSITORY/ARCH/os/repodata/", kXml,
     kStreamedBytes, MakeRockyFeed},
    {"alma", FeedScope::kFixes, "AlmaLinux",
     "updateinfo.xml of a repository: errata, by binary package and module stream",
     "https://repo.almalinux.org/almalinux/RELEASE/REPOSITORY/ARCH/os/repodata/", kXml,
     kStreamedBytes, MakeAlmaFeed},
    {"amazon", FeedScope::kFixes, "Amazon Linux 1, 2, 2022 and 2023",
     "updateinfo.xml of a repository: errata, by binary package; extras and live patches are left "
     "out",
     "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list", kXml,
     kStreamedBytes, MakeAmazonFeed},
    {"oracle", FeedScope::kFixes, "Oracle Linux, with Ksplice and FIPS packages apart",
     "OVAL: errata, by binary package and architecture",
     "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2", kXml, kStreamedBytes,
     MakeOracleFeed},
    {"suse", FeedScope::kUnfixed, "SUSE Linux Enterprise and openSUSE, by product",
     "OVAL of kind vulnerability: fixed, affected and not affected, by binary package",
     "https://ftp.suse.com/pub/projects/security/oval/", kXml, kStreamedBytes, MakeSuseFeed},
    {"azure", FeedScope::kUnfixed, "Azure Linux and CBL-Mariner",
     "OVAL: fixed and affected, by source package",
     "https://github.com/microsoft/AzureLinuxVulnerabilityData", kXml, kStreamedBytes,
     MakeAzureFeed},
    {"photon", FeedScope::kFixes, "Photon OS", "fixes, and what is not affected, with scores",
     "https://packages.broadcom.com/photon/photon_cve_metadata/", kJson, kStreamedBytes,
     MakePhotonFeed},
    {"arch", FeedScope::kUnfixed, "Arch Linux",
     "vulnerability groups: fixed, vulnerable and not affected",
     "https://security.archlinux.org/all.json", kJson, kStreamedBytes, MakeArchFeed},
    {"nvd", FeedScope::kSideData, "",
     "NVD's severities (CVSS 2, 3 and 4) and weaknesses of CVEs, and the versions of programs that "
     "no package manager knows (CPE)",
     "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-YEAR.json.gz", kJson, kStreamedBytes,
     MakeNvdFeed},
    {"kev", FeedScope::kSideData, "", "CISA's list of vulnerabilities that are being exploited",
     "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json", kJson,
     kSmallBytes, MakeKevFeed},
    {"epss", FeedScope::kSideData, "", "FIRST's daily estimate of how likely exploitation is",
     "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz", kCsv, kStreamedBytes,
     MakeEpssFeed},
    {"endoflife", FeedScope::kSideData, "",
     "until when releases of distributions are cared for (endoflife.date)",
     "https://endoflife.date/api/v1/products/full", kJson, kSmallBytes, MakeEndOfLifeFeed},
};

}  // namespace

std::span<const Feed> Feeds() { return kFeeds; }

}  // namespace landwaiter::advisories
