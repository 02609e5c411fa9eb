#include "scanner/advisories/code_names.h"

#include <algorithm>
#include <iterator>

namespace landwaiter::advisories {
namespace {

struct Release {
  std::string_view codename;
  std::string_view number;
};

constexpr Release kDebian[] = {
    {"lenny", "5"},   {"squeeze", "6"}, {"wheezy", "7"},    {"jessie", "8"},
    {"stretch", "9"}, {"buster", "10"}, {"bullseye", "11"}, {"bookworm", "12"},
    {"trixie", "13"}, {"forky", "14"},  {"duke", "15"},
};

constexpr Release kUbuntu[] = {
    {"precise", "12.04:LTS"}, {"trusty", "14.04:LTS"},   {"xenial", "16.04:LTS"},
    {"bionic", "18.04:LTS"},  {"focal", "20.04:LTS"},    {"jammy", "22.04:LTS"},
    {"kinetic", "22.10"},     {"lunar", "23.04"},        {"mantic", "23.10"},
    {"noble", "24.04:LTS"},   {"oracular", "24.10"},     {"plucky", "25.04"},
    {"questing", "25.10"},    {"resolute", "26.04:LTS"},
};

template <std::size_t N>
std::string_view Find(const Release (&releases)[N], std::string_view codename) {
  const auto* const at =
      std::find_if(std::begin(releases), std::end(releases),
                   [&](const Release& release) { return release.codename == codename; });
  return at == std::end(releases) ? std::string_view() : at->number;
}

}  // namespace

std::string_view DebianRelease(std::string_view codename) { return Find(kDebian, codename); }
std::string_view UbuntuRelease(std::string_view codename) { return Find(kUbuntu, codename); }

}  // namespace landwaiter::advisories
