#include "scanner/updates/addresses.h"

#include <algorithm>
#include <set>

#include "lib/base/digest.h"
#include "lib/http/url.h"

namespace landwaiter::updates {
namespace {

/// Of osv.dev's ecosystems those that packages of images belong to.
constexpr std::string_view kOsvEcosystems[] = {
    "AlmaLinux", "Alpine", "Bitnami", "CRAN",        "Chainguard", "Debian",
    "Go",        "Hex",    "Maven",   "MinimOS",     "NuGet",      "Packagist",
    "Pub",       "PyPI",   "Red Hat", "Rocky Linux", "RubyGems",   "SUSE",
    "SwiftURL",  "Ubuntu", "Wolfi",   "crates.io",   "npm",        "openSUSE"};

/// NVD's files of CVEs by year; the first holds those before, too.
constexpr std::string_view kNvdYears[] = {
    "2002", "2003", "2004", "2005", "2006", "2007", "2008", "2009", "2010", "2011", "2012", "2013",
    "2014", "2015", "2016", "2017", "2018", "2019", "2020", "2021", "2022", "2023", "2024", "2025",
    "2026", "2027", "2028", "2029", "2030", "2031", "2032", "2033", "2034", "2035"};
static_assert(std::size(kNvdYears) == 2035 - 2002 + 1);

constexpr FeedAddress kAddresses[] = {
    {"osv", "https://osv-vulnerabilities.storage.googleapis.com/{}/all.zip", kOsvEcosystems},
    {"kev", "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"},
    {"epss", "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"},
    {"debian", "https://security-tracker.debian.org/tracker/data/json", {}, true, ".json"},
    {"arch", "https://security.archlinux.org/all.json", {}, false},
    {"oracle", "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2", {}, false},
    {"redhat-cpe",
     "https://security.access.redhat.com/data/metrics/repository-to-cpe.json",
     {},
     false},
    {"ubuntu-vex", "https://security-metadata.canonical.com/vex/vex-all.tar.xz", {}, false},
    {"nvd", "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-{}.json.gz", kNvdYears, false},
};

constexpr std::string_view kPlace = "{}";
constexpr std::size_t kMaxNameBytes = 128;  // file systems take 255

/// Letters, digits, '-', '_', '.'; all else is '_'. Never starts with '.'.
std::string FileName(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, kMaxNameBytes)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    name += plain ? c : '_';
  }
  return name;
}

/// ".zip" of "…/all.zip?x=y", ".json.gz" of "…/a.json.gz"; "" where there is none.
std::string Ending(const std::string& url) {
  std::string_view path = std::string_view(url).substr(0, url.find_first_of("?#"));
  path = path.substr(path.rfind('/') + 1);
  const auto last = path.rfind('.');
  if (last == std::string_view::npos) return "";
  std::string_view ending = path.substr(last);
  const bool packed = ending == ".gz" || ending == ".zst" || ending == ".xz" || ending == ".bz2";
  const auto before = last == 0 ? std::string_view::npos : path.rfind('.', last - 1);
  if (packed && before != std::string_view::npos) ending = path.substr(before);
  return FileName(ending);
}

/// Enough to keep a person's addresses apart.
std::string HashOf(const std::string& address) {
  return std::string(Sha256::Of(address).Hex().substr(0, 12));
}

const FeedAddress* FindAddress(std::string_view kind) {
  const auto* const end = std::end(kAddresses);
  const auto* const row = std::find_if(std::begin(kAddresses), end,
                                       [&](const FeedAddress& r) { return r.kind == kind; });
  return row == end ? nullptr : row;
}

std::string Replace(std::string text, std::string_view what, const std::string& with) {
  const auto at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

/// '+' is a blank only in forms.
std::string EncodePart(std::string_view part) {
  return Replace(http::PercentEncode(part), "+", "%20");
}

Result<std::string> Mirrored(const std::string& url, const std::string& mirror) {
  if (mirror.empty()) return url;
  const auto base = http::Url::Parse(mirror);
  if (!base) return InvalidArgument("mirror " + mirror + ": " + base.error().message);
  std::string text = mirror;
  while (text.ends_with('/')) text.pop_back();
  return text + "/" + url.substr(url.find("://") + 3);
}

class Chooser {
 public:
  explicit Chooser(const FileChoice& choice) : choice_(choice) {}

  Status Add(const std::string& feed) {
    const auto equals = feed.find('=');
    const std::string kind = feed.substr(0, equals);
    const FeedAddress* const row = FindAddress(kind);
    if (row == nullptr) {
      std::string known;
      for (const FeedAddress& r : kAddresses)
        known += (known.empty() ? "" : ", ") + std::string(r.kind);
      return InvalidArgument("feed " + feed + ": " + kind +
                             " is none that can be fetched: " + known);
    }
    const bool given = equals != std::string::npos;
    std::string address(row->address);
    if (given) {
      address = feed.substr(equals + 1);
    } else {
      auto mirrored = Mirrored(address, choice_.mirror);
      if (!mirrored) return std::move(mirrored).error();
      address = *std::move(mirrored);
    }
    return Expand(*row, address, given);
  }
  std::vector<FeedFile> Take() { return std::move(files_); }

 private:
  Status Expand(const FeedAddress& row, const std::string& address, bool given) {
    std::vector<std::string> parts(row.parts.begin(), row.parts.end());
    if (row.kind == "osv" && !choice_.ecosystems.empty()) parts = choice_.ecosystems;
    const std::string kind(row.kind);
    if (address.find(kPlace) == std::string::npos) {
      // Several addresses of one kind need names of their own.
      const std::string hash = given ? "-" + HashOf(address) : "";
      return Put(row, address, kind + hash);
    }
    for (const std::string& part : parts) {
      if (row.kind == "nvd" && !choice_.year.empty() && part > choice_.year)
        break;  // there is no such file yet
      std::string name = kind;
      name.append("-").append(part);
      Status status = Put(row, Replace(address, kPlace, EncodePart(part)), name);
      if (!status) return status;
    }
    return Ok();
  }
  Status Put(const FeedAddress& row, const std::string& url, const std::string& name) {
    const std::string kind(row.kind);
    if (const auto parsed = http::Url::Parse(url); !parsed) {
      return InvalidArgument("feed " + kind + "=" + url + ": " + parsed.error().message);
    }
    std::string ending = Ending(url);
    if (ending.empty()) ending = row.ending;
    FeedFile file{kind, url, FileName(name) + ending};
    if (!names_.insert(file.name).second) {
      return InvalidArgument("feed " + kind + ": " + url + " is named twice");
    }
    files_.push_back(std::move(file));
    return Ok();
  }

  const FileChoice& choice_;
  std::vector<FeedFile> files_;
  std::set<std::string> names_;
};

}  // namespace

std::span<const FeedAddress> FeedAddresses() { return kAddresses; }

Result<std::vector<FeedFile>> ChooseFiles(const FileChoice& choice) {
  Chooser chooser(choice);
  std::vector<std::string> feeds = choice.feeds;
  if (feeds.empty()) {
    for (const FeedAddress& row : kAddresses) {
      if (row.by_default) feeds.emplace_back(row.kind);
    }
  }
  for (const std::string& feed : feeds) {
    if (Status status = chooser.Add(feed); !status) return status.error();
  }
  return chooser.Take();
}

}  // namespace landwaiter::updates
