// Where feeds are published: a row here is a feed that `db update` can fetch.
#include <iterator>

#include "scanner/updates/addresses.h"

namespace landwaiter::updates {
namespace {

/// Of osv.dev's ecosystems (https://osv-vulnerabilities.storage.googleapis.com/ecosystems.txt)
/// those whose versions can be compared: an archive of which nothing can be used is an error. The
/// others are of no package manager (GIT, Linux, OSS-Fuzz, Android) or have no order that is known
/// (CleanStart, Root, TuxCare, opam).
constexpr std::string_view kOsvEcosystems[] = {"AlmaLinux",
                                               "Alpaquita",
                                               "Alpine",
                                               "Azure Linux",
                                               "BellSoft Hardened Containers",
                                               "Bitnami",
                                               "CRAN",
                                               "Chainguard",
                                               "Debian",
                                               "Echo",
                                               "GHC",
                                               "GitHub Actions",
                                               "Go",
                                               "Hackage",
                                               "Hex",
                                               "Julia",
                                               "Mageia",
                                               "Maven",
                                               "MinimOS",
                                               "NuGet",
                                               "Packagist",
                                               "Pub",
                                               "PyPI",
                                               "Red Hat",
                                               "Rocky Linux",
                                               "RubyGems",
                                               "SUSE",
                                               "SwiftURL",
                                               "Ubuntu",
                                               "VSCode",
                                               "Wolfi",
                                               "crates.io",
                                               "npm",
                                               "openEuler",
                                               "openSUSE"};

/// Branches and repositories of Alpine; v3.2 had no community.
constexpr std::string_view kAlpineFiles[] = {
    "edge/main",       "edge/community",  "v3.2/main",       "v3.3/main",       "v3.3/community",
    "v3.4/main",       "v3.4/community",  "v3.5/main",       "v3.5/community",  "v3.6/main",
    "v3.6/community",  "v3.7/main",       "v3.7/community",  "v3.8/main",       "v3.8/community",
    "v3.9/main",       "v3.9/community",  "v3.10/main",      "v3.10/community", "v3.11/main",
    "v3.11/community", "v3.12/main",      "v3.12/community", "v3.13/main",      "v3.13/community",
    "v3.14/main",      "v3.14/community", "v3.15/main",      "v3.15/community", "v3.16/main",
    "v3.16/community", "v3.17/main",      "v3.17/community", "v3.18/main",      "v3.18/community",
    "v3.19/main",      "v3.19/community", "v3.20/main",      "v3.20/community", "v3.21/main",
    "v3.21/community", "v3.22/main",      "v3.22/community", "v3.23/main",      "v3.23/community",
    "v3.24/main",      "v3.24/community"};
constexpr std::string_view kAlpineRepositories[] = {"main", "community"};

/// Where images' packages come from. A repository's updateinfo.xml speaks of its own architecture.
constexpr std::string_view kRebuilds[] = {
    "8/BaseOS/x86_64",  "8/BaseOS/aarch64",  "8/AppStream/x86_64",  "8/AppStream/aarch64",
    "9/BaseOS/x86_64",  "9/BaseOS/aarch64",  "9/AppStream/x86_64",  "9/AppStream/aarch64",
    "10/BaseOS/x86_64", "10/BaseOS/aarch64", "10/AppStream/x86_64", "10/AppStream/aarch64"};

/// x86_64's updateinfo.xml speaks of aarch64, too.
constexpr std::string_view kAmazonRepositories[] = {"al2023/core/mirrors/latest/x86_64",
                                                    "2/core/latest/x86_64"};

constexpr std::string_view kRedHatReleases[] = {"6", "7", "8", "9"};
constexpr std::string_view kAzureReleases[] = {"azurelinux-3.0", "cbl-mariner-2.0",
                                               "cbl-mariner-1.0"};
constexpr std::string_view kPhotonReleases[] = {"3.0", "4.0", "5.0"};
constexpr std::string_view kSuseProducts[] = {"suse.linux.enterprise.server.12",
                                              "suse.linux.enterprise.server.15",
                                              "opensuse.leap.15.3",
                                              "opensuse.leap.15.4",
                                              "opensuse.leap.15.5",
                                              "opensuse.leap.15.6"};

/// NVD's files of CVEs by year; the first holds those before, too.
constexpr std::string_view kNvdYears[] = {
    "2002", "2003", "2004", "2005", "2006", "2007", "2008", "2009", "2010", "2011", "2012", "2013",
    "2014", "2015", "2016", "2017", "2018", "2019", "2020", "2021", "2022", "2023", "2024", "2025",
    "2026", "2027", "2028", "2029", "2030", "2031", "2032", "2033", "2034", "2035"};
static_assert(std::size(kNvdYears) == 2035 - 2002 + 1);

constexpr FeedAddress kAddresses[] = {
    {.name = "osv",
     .kind = "osv",
     .address = "https://osv-vulnerabilities.storage.googleapis.com/{}/all.zip",
     .parts = kOsvEcosystems,
     .by_default = true},
    {.name = "kev",
     .kind = "kev",
     .address =
         "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
     .by_default = true},
    {.name = "epss",
     .kind = "epss",
     .address = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
     .by_default = true},
    {.name = "endoflife",
     .kind = "endoflife",
     .address = "https://endoflife.date/api/v1/products/full",
     .by_default = true,
     .ending = ".json"},
    {.name = "debian",
     .kind = "debian",
     .address = "https://security-tracker.debian.org/tracker/data/json",
     .by_default = true,
     .ending = ".json"},
    {.name = "alpine",
     .kind = "alpine",
     .address = "https://secdb.alpinelinux.org/{}.json",
     .parts = kAlpineFiles},
    {.name = "alpine-rejections",
     .kind = "alpine-rejections",
     .address = "https://gitlab.alpinelinux.org/alpine/security/security-rejections/-/raw/master/"
                "{}.yaml",
     .parts = kAlpineRepositories},
    {.name = "wolfi", .kind = "alpine", .address = "https://packages.wolfi.dev/os/security.json"},
    {.name = "chainguard",
     .kind = "alpine",
     .address = "https://packages.cgr.dev/chainguard/security.json"},
    {.name = "ubuntu-vex",
     .kind = "ubuntu-vex",
     .address = "https://security-metadata.canonical.com/vex/vex-all.tar.xz"},
    {.name = "redhat",
     .kind = "redhat",
     .address = "https://security.access.redhat.com/data/csaf/v2/vex/archive_latest.txt",
     .ending = ".tar.zst",
     .index = Index::kName},
    {.name = "redhat-oval",
     .kind = "redhat-oval",
     .address = "https://security.access.redhat.com/data/oval/v2/RHEL{}/"
                "rhel-{}-including-unpatched.oval.xml.bz2",
     .parts = kRedHatReleases},
    {.name = "redhat-cpe",
     .kind = "redhat-cpe",
     .address = "https://security.access.redhat.com/data/metrics/repository-to-cpe.json"},
    {.name = "rocky",
     .kind = "rocky",
     .address = "https://dl.rockylinux.org/pub/rocky/{}/os/repodata/repomd.xml",
     .parts = kRebuilds,
     .ending = ".xml.gz",
     .index = Index::kRepomd},
    {.name = "alma",
     .kind = "alma",
     .address = "https://repo.almalinux.org/almalinux/{}/os/repodata/repomd.xml",
     .parts = kRebuilds,
     .ending = ".xml.gz",
     .index = Index::kRepomd},
    {.name = "amazon",
     .kind = "amazon",
     .address = "https://cdn.amazonlinux.com/{}/mirror.list",
     .parts = kAmazonRepositories,
     .ending = ".xml.gz",
     .index = Index::kMirrors},
    {.name = "oracle",
     .kind = "oracle",
     .address = "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2"},
    {.name = "suse",
     .kind = "suse",
     .address = "https://ftp.suse.com/pub/projects/security/oval/{}.xml.gz",
     .parts = kSuseProducts},
    {.name = "azure",
     .kind = "azure",
     .address = "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/"
                "{}-oval.xml",
     .parts = kAzureReleases,
     .file = "{}-oval.xml"},
    {.name = "photon",
     .kind = "photon",
     .address = "https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon{}.json",
     .parts = kPhotonReleases,
     .file = "photon{}.json"},
    {.name = "arch", .kind = "arch", .address = "https://security.archlinux.org/all.json"},
    {.name = "nvd",
     .kind = "nvd",
     .address = "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-{}.json.gz",
     .parts = kNvdYears},
};

}  // namespace

std::span<const FeedAddress> FeedAddresses() { return kAddresses; }

}  // namespace landwaiter::updates
