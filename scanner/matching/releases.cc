#include "scanner/matching/releases.h"

#include <algorithm>
#include <array>
#include <set>

#include "lib/base/text.h"
#include "scanner/advisories/code_names.h"
#include "scanner/advisories/red_hat.h"

namespace landwaiter::matching {
namespace {

using advisories::AdvisoryDatabase;

std::optional<std::string> Prefixed(std::string_view prefix, std::optional<std::string> text) {
  if (!text) return {};
  return std::string(prefix) + *text;
}

std::optional<std::string> FromCodeName(std::string_view number) {
  if (number.empty()) return {};
  return ":" + std::string(number);
}

/// "15.4" → "15 SP4", "15" and "15.0" → "15"; from 16 on there are no service packs: "16.0".
std::optional<std::string> ServicePack(std::string_view version) {
  auto numbers = LeadingNumbers(version, 2);
  if (!numbers) return LeadingNumbers(version, 1);
  const std::size_t dot = numbers->find('.');
  constexpr std::string_view kLastWithPacks = "15";
  if (dot > 2 || (dot == 2 && numbers->substr(0, dot) > kLastWithPacks)) return numbers;
  const std::string pack = numbers->substr(dot + 1);
  return numbers->substr(0, dot) + (pack == "0" ? "" : " SP" + pack);
}

void AddIfThere(std::string ecosystem, const AdvisoryDatabase& database,
                std::vector<Place>* places) {
  if (database.HasEcosystem(ecosystem)) places->push_back({std::move(ecosystem)});
}

/// Builds may leave "…-rpms__8" for the repository "…-rpms"; "…-rpms__9_DOT_2" is one of its own.
std::string_view WithoutBuildSuffix(std::string_view repository) {
  constexpr std::string_view kMark = "__";
  const std::size_t mark = repository.rfind(kMark);
  if (mark == repository.npos || mark + kMark.size() == repository.size()) return repository;
  const bool number =
      repository.find_first_not_of("0123456789", mark + kMark.size()) == repository.npos;
  return number ? repository.substr(0, mark) : repository;
}

}  // namespace

std::optional<std::string> LeadingNumbers(std::string_view version, std::size_t parts) {
  const auto split = text::Split(version, '.');
  if (split.size() < parts) return {};
  std::string out;
  for (std::size_t i = 0; i < parts; ++i) {
    const bool digits =
        !split[i].empty() &&
        std::all_of(split[i].begin(), split[i].end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return {};
    if (i > 0) out += '.';
    out.append(split[i]);
  }
  return out;
}

std::optional<std::string> None(const OperatingSystem& /*os*/) { return std::string(); }
std::optional<std::string> Major(const OperatingSystem& os) {
  return Prefixed(":", LeadingNumbers(os.version, 1));
}
std::optional<std::string> Minor(const OperatingSystem& os) {
  return Prefixed(":", LeadingNumbers(os.version, 2));
}

/// Testing has a code name and no number; sid bears the code name of testing.
std::optional<std::string> Debian(const OperatingSystem& os) {
  if (os.version.empty()) return FromCodeName(advisories::DebianRelease(os.codename));
  return Major(os);
}

/// Between releases edge calls itself "3.17_alpha20220715".
std::optional<std::string> Alpine(const OperatingSystem& os) {
  if (os.variant == "edge" || os.version.find("_alpha") != std::string::npos) return ":edge";
  return Prefixed(":v", LeadingNumbers(os.version, 2));
}

std::optional<std::string> Ubuntu(const OperatingSystem& os) {
  const auto numbers = LeadingNumbers(os.version, 2);
  if (!numbers) return FromCodeName(advisories::UbuntuRelease(os.codename));
  // April of even years is for the long term.
  const bool april = numbers->ends_with(".04");
  const std::size_t dot = numbers->find('.');
  const bool even = dot > 0 && ((*numbers)[dot - 1] - '0') % 2 == 0;
  return ":" + *numbers + (april && even ? ":LTS" : "");
}

/// The first generation is named by dates ("2018.03").
std::optional<std::string> Amazon(const OperatingSystem& os) {
  const auto major = LeadingNumbers(os.version, 1);
  if (!major) return {};
  const bool dated = major->size() == 4 && *major < "2022";
  return dated ? ":1" : ":" + *major;
}

std::optional<std::string> RedHat(const OperatingSystem& os) {
  return Prefixed(":enterprise_linux:", LeadingNumbers(os.version, 1));
}
std::optional<std::string> Sles(const OperatingSystem& os) {
  return Prefixed(":Linux Enterprise Server ", ServicePack(os.version));
}
std::optional<std::string> SleMicro(const OperatingSystem& os) {
  return Prefixed(":Linux Enterprise Micro ", LeadingNumbers(os.version, 2));
}
std::optional<std::string> SlMicro(const OperatingSystem& os) {
  return Prefixed(":Linux Micro ", LeadingNumbers(os.version, 2));
}
std::optional<std::string> Leap(const OperatingSystem& os) {
  return Prefixed(":Leap ", LeadingNumbers(os.version, 2));
}
std::optional<std::string> Tumbleweed(const OperatingSystem& /*os*/) { return ":Tumbleweed"; }

std::optional<std::string> BellSoft(const OperatingSystem& os) {
  return os.version == "stream" ? std::optional<std::string>(":stream") : Major(os);
}

/// Which service pack it is stands in the pretty name alone: "openEuler 22.03 (LTS-SP1)",
/// "openEuler 22.03 LTS".
std::optional<std::string> OpenEuler(const OperatingSystem& os) {
  auto release = Minor(os);
  const std::string start = "openEuler " + os.version;
  if (!release || !os.pretty_name.starts_with(start)) return release;
  std::string_view pack = text::Trim(std::string_view(os.pretty_name).substr(start.size()));
  if (pack.starts_with('(') && pack.ends_with(')')) pack = pack.substr(1, pack.size() - 2);
  if (!pack.empty()) *release += "-" + std::string(pack);
  return release;
}

void Unsuffixed(const std::string& ecosystem, const AdvisoryDatabase& database,
                std::vector<Place>* places) {
  AddIfThere(ecosystem.substr(0, ecosystem.find(':')), database, places);
}

void UbuntuStreams(const std::string& ecosystem, const AdvisoryDatabase& database,
                   std::vector<Place>* places) {
  struct Stream {
    std::string_view name;
    std::string_view flavour;
    bool subscription;
  };
  // Of Pro's streams only ESM follows the archive: its fixes are those that the archive lacks.
  static constexpr std::array<Stream, 5> kStreams{{{"Pro:", "esm", true},
                                                   {"Pro:FIPS-updates:", "fips", false},
                                                   {"Pro:FIPS:", "fips", false},
                                                   {"Pro:FIPS-preview:", "fips", false},
                                                   {"Pro:Realtime:", "realtime", false}}};
  const std::size_t colon = ecosystem.find(':');
  const std::string release = ecosystem.substr(colon + 1);
  for (const Stream& stream : kStreams) {
    std::string name = ecosystem.substr(0, colon + 1) + std::string(stream.name) + release;
    if (!database.HasEcosystem(name)) continue;
    places->push_back({std::move(name), stream.flavour, stream.subscription});
  }
}

void OracleFlavours(const std::string& ecosystem, const AdvisoryDatabase& database,
                    std::vector<Place>* places) {
  for (const std::string_view flavour : {"ksplice", "fips"}) {
    std::string name = ecosystem + ":" + std::string(flavour);
    if (database.HasEcosystem(name)) places->push_back({std::move(name), flavour});
  }
}

void AmazonExtras(const std::string& ecosystem, const AdvisoryDatabase& database,
                  std::vector<Place>* places) {
  std::string name = ecosystem + std::string(kAmazonExtras);
  if (database.HasEcosystem(name)) places->push_back({std::move(name), {}, false, true});
}

/// What UBI and RHEL images may have enabled when they do not say: the add-ons, too, whose packages
/// have names of their own. The products that name no repository ("enterprise_linux:9", and from
/// RHEL 10 on all of them) speak of all.
void RedHatRepositories(const std::string& ecosystem, const AdvisoryDatabase& database,
                        std::vector<Place>* places) {
  for (const std::string_view repository :
       {"baseos", "appstream", "crb", "server", "client", "computenode", "workstation",
        "highavailability", "resilientstorage", "nfv", "realtime", "supplementary"}) {
    AddIfThere(ecosystem + "::" + std::string(repository), database, places);
  }
}

/// A service pack is spread over modules, of which a container has any.
void SuseModules(const std::string& ecosystem, const AdvisoryDatabase& database,
                 std::vector<Place>* places) {
  constexpr std::string_view kServer = "SUSE:Linux Enterprise Server ";
  constexpr std::string_view kModule = "SUSE:Linux Enterprise Module for ";
  if (!ecosystem.starts_with(kServer)) return;
  const std::string release = " " + ecosystem.substr(kServer.size());
  for (const auto& entry : database.Info().ecosystems) {
    if (entry.name.starts_with(kModule) && entry.name.ends_with(release)) {
      places->push_back({entry.name});
    }
  }
}

void WolfiToo(const std::string& /*ecosystem*/, const AdvisoryDatabase& database,
              std::vector<Place>* places) {
  AddIfThere("Wolfi", database, places);
}

std::string_view UbuntuFlavour(std::string_view version) {
  const std::string lower = text::ToLower(version);
  if (lower.find("fips") != std::string::npos) return "fips";
  if (lower.find("realtime") != std::string::npos) return "realtime";
  return lower.find("esm") != std::string::npos ? "esm" : "";
}

std::string_view OracleFlavour(std::string_view version) {
  if (version.find(".ksplice") != std::string_view::npos) return "ksplice";
  return version.find("_fips") != std::string_view::npos ? "fips" : "";
}

std::vector<std::string_view> RepositoryNames(std::string_view repository) {
  const std::string_view shorter = WithoutBuildSuffix(repository);
  if (shorter == repository) return {repository};
  return {repository, shorter};
}

Result<std::vector<std::string>> ProductsOf(const std::vector<std::string>& repositories,
                                            const AdvisoryDatabase& database) {
  std::set<std::string> products;
  for (const std::string& repository : repositories) {
    Result<std::vector<std::string>> cpes = std::vector<std::string>();
    for (const std::string_view name : RepositoryNames(repository)) {
      if (cpes && cpes->empty()) cpes = database.CpesOf(name);
    }
    if (!cpes) return cpes.error();
    for (const std::string& cpe : *cpes) {
      std::string product = advisories::RedHatEcosystem(cpe);
      if (product.empty()) continue;
      // "enterprise_linux:9::baseos" is of "enterprise_linux:9", too.
      products.insert(product.substr(0, product.find("::")));
      products.insert(std::move(product));
    }
  }
  return std::vector<std::string>(products.begin(), products.end());
}

}  // namespace landwaiter::matching
