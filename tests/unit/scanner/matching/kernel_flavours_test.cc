// Kernels of Ubuntu: a source package, a feed's record and headers for each flavour.
#include <gtest/gtest.h>

#include "tests/unit/scanner/matching/states.h"

namespace landwaiter::matching {
namespace {

struct FlavourCase {
  std::string binary, source, version;
  std::vector<std::string> findings;
  bool host_kernel = true;
};

// Pitfall 76: each flavour by its own source package. Pitfall 77: headers are the host's kernel.
TEST_F(StatesTest, PitfallKernelsOfUbuntuAreMatchedByTheSourceOfTheirFlavour) {
  const std::string release = "Ubuntu:22.04:LTS";
  const std::vector<OsvRecord> records{
      Fixed("UBUNTU-CVE-2023-0001", release, "linux", "5.15.0-90.100"),
      Fixed("UBUNTU-CVE-2023-0002", release, "linux-aws", "5.15.0-1050.55"),
      Fixed("UBUNTU-CVE-2023-0003", release, "linux-hwe-6.5", "6.5.0-20.20~22.04.1"),
      Fixed("UBUNTU-CVE-2023-0004", release, "linux-azure-fde", "5.15.0-1050.57.1"),
      Unfixed("UBUNTU-CVE-2023-0005", release, "linux-raspi")};
  const FlavourCase cases[] = {
      {"linux-libc-dev", "linux", "5.15.0-89.99", {"UBUNTU-CVE-2023-0001"}},
      {"linux-libc-dev", "linux", "5.15.0-90.100", {}},
      {"linux-headers-5.15.0-89", "linux", "5.15.0-89.99", {"UBUNTU-CVE-2023-0001"}},
      {"linux-headers-5.15.0-1049-aws", "linux-aws", "5.15.0-1049.54", {"UBUNTU-CVE-2023-0002"}},
      {"linux-aws-headers-5.15.0-1049", "linux-aws", "5.15.0-1049.54", {"UBUNTU-CVE-2023-0002"}},
      {"linux-aws-headers-5.15.0-1050", "linux-aws", "5.15.0-1050.55", {}},
      {"linux-hwe-6.5-headers-6.5.0-18",
       "linux-hwe-6.5",
       "6.5.0-18.18~22.04.1",
       {"UBUNTU-CVE-2023-0003"}},
      // Lower than the fix of `linux`, of which it is none.
      {"linux-gcp-headers-5.15.0-1010", "linux-gcp", "5.15.0-1010.15", {}},
      // Not the flavour that its name begins with.
      {"linux-azure-headers-5.15.0-1049", "linux-azure", "5.15.0-1049.56", {}},
      {"linux-raspi-headers-5.15.0-1040",
       "linux-raspi",
       "5.15.0-1040.43",
       {"UBUNTU-CVE-2023-0005"}},
      {"linux-image-5.15.0-1049-aws",
       "linux-aws",
       "5.15.0-1049.54",
       {"UBUNTU-CVE-2023-0002"},
       false},
      // The metapackage's source and version are its own.
      {"linux-headers-aws", "linux-meta-aws", "5.15.0.1049.48", {}},
  };
  for (const FlavourCase& c : cases) {
    const auto result = MatchWith(
        records,
        AnInventory("ubuntu", "22.04",
                    {FromSource(APackage("deb", c.binary, c.version), c.source, c.version)}));
    std::vector<std::string> findings;
    for (const Finding& finding : result.findings) {
      findings.push_back(finding.id);
      EXPECT_EQ(finding.host_kernel, c.host_kernel) << c.binary;
    }
    EXPECT_EQ(findings, c.findings) << c.binary << " of " << c.source << " " << c.version;
  }
}

}  // namespace
}  // namespace landwaiter::matching
