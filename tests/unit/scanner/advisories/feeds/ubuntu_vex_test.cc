// Ubuntu's OpenVEX.
#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/collected.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

std::string OpenVex(const std::string& statements) {
  return R"({"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-05-20T15:02:47Z",)"
         R"("statements":[)" +
         statements + "]}";
}
std::string Statement(const std::string& status, const std::vector<std::string>& purls,
                      const std::string& action = "", const std::string& id = "CVE-2023-38545") {
  std::string products;
  for (const std::string& purl : purls) {
    products += (products.empty() ? "" : ",") + (R"({"@id":")" + purl + "\"}");
  }
  return R"({"vulnerability":{"name":")" + id + R"("},"status":")" + status +
         R"(","action_statement":")" + action + R"(","products":[)" + products + "]}";
}
std::string Deb(const std::string& version, const std::string& distro,
                const std::string& arch = "source") {
  return "pkg:deb/ubuntu/curl@" + version + "?arch=" + arch + "&distro=" + distro;
}

// Pitfalls 73, 75: states; Pro, FIPS and Realtime apart.
TEST(UbuntuVexTest, StatementsSpeakOfTheArchivesVersionAndNoMore) {
  const std::string id = "UBUNTU-CVE-2023-38545 Ubuntu:";
  CheckFeed("ubuntu-vex",
            {{"fixed says that this version and those above it are not affected",
              "c.json",
              OpenVex(Statement("fixed", {Deb("7.81.0-1ubuntu1.24", "jammy"),
                                          Deb("7.81.0-1ubuntu1.24", "jammy", "amd64")})),
              {id + "22.04:LTS curl not affected >=7.81.0-1ubuntu1.24"}},
             {"not affected says it of all",
              "c.json",
              OpenVex(Statement("not_affected", {Deb("1", "noble")})),
              {id + "24.04:LTS curl not affected *"}},
             {"affected says it of this version and those below",
              "c.json",
              OpenVex(Statement("affected", {Deb("7.47.0-1ubuntu2.19", "xenial")},
                                "This package (for the given release) is no longer supported.")),
              {id + "16.04:LTS curl <=7.47.0-1ubuntu2.19 EndOfLife"}},
             {"what will not be fixed",
              "c.json",
              OpenVex(Statement("affected", {Deb("1", "mantic")},
                                "but the Ubuntu Security Team decided to not fix it")),
              {id + "23.10 curl <=1 WillNotFix"}},
             {"what waits for a fix is affected",
              "c.json",
              OpenVex(Statement("affected", {Deb("1", "jammy")}, "a fix is awaited")),
              {id + "22.04:LTS curl <=1"}},
             {"nobody has decided yet",
              "c.json",
              OpenVex(Statement("under_investigation", {Deb("1", "jammy")})),
              {id + "22.04:LTS curl <=1 UnderInvestigation"}},
             {"PITFALL: Pro, FIPS and Realtime are kept apart from the archive and each other",
              "c.json",
              OpenVex(Statement("not_affected",
                                {Deb("1", "esm-infra/xenial"), Deb("1", "fips-updates/jammy"),
                                 Deb("1", "fips/jammy"), Deb("1", "realtime/jammy"),
                                 Deb("1", "bluefield/jammy"), Deb("1", "nonesuch")})),
              {id + "Pro:16.04:LTS curl not affected *",
               id + "Pro:FIPS-updates:22.04:LTS curl not affected *",
               id + "Pro:FIPS:22.04:LTS curl not affected *",
               id + "Pro:Realtime:22.04:LTS curl not affected *"}},
             {"a document of two vulnerabilities is broken",
              "c.json",
              OpenVex(Statement("not_affected", {Deb("1", "jammy")}) + "," +
                      Statement("not_affected", {Deb("1", "jammy")}, "", "CVE-2023-0001")),
              {},
              {"expected one id"}},
             {"a status of no OpenVEX is broken",
              "c.json",
              OpenVex(Statement("odd", {})),
              {},
              {"no status of OpenVEX"}},
             {"no statements", "c.json", "{}", {}, {"statements: is missing"}}});
}

}  // namespace
}  // namespace landwaiter::advisories
