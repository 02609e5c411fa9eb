#include "scanner/advisories/red_hat.h"

#include <gtest/gtest.h>

namespace landwaiter::advisories {
namespace {

// Pitfall 96.
TEST(RedHatTest, MinorReleasesOfTheMainlineAreOneEcosystem) {
  struct Case {
    std::string name;
    std::string cpe;
    std::string ecosystem;
    bool of_minor = false;
  };
  const Case cases[] = {
      {"up to 9 the mainline has no minor", "cpe:/o:redhat:enterprise_linux:9",
       "Red Hat:enterprise_linux:9"},
      {"but channels", "cpe:/a:redhat:enterprise_linux:9::appstream",
       "Red Hat:enterprise_linux:9::appstream"},
      {"PITFALL: from 10 on what is fixed names the minor", "cpe:/o:redhat:enterprise_linux:10.0",
       "Red Hat:enterprise_linux:10", true},
      {"each minor is the same", "cpe:/o:redhat:enterprise_linux:10.12",
       "Red Hat:enterprise_linux:10", true},
      {"what is not fixed does not name it", "cpe:/o:redhat:enterprise_linux:10",
       "Red Hat:enterprise_linux:10"},
      {"a channel stays", "cpe:/a:redhat:enterprise_linux:10.1::appstream",
       "Red Hat:enterprise_linux:10::appstream", true},
      {"empty parts behind it are none",
       "cpe:/o:redhat:enterprise_linux:10.1::", "Red Hat:enterprise_linux:10", true},
      {"extended updates are a product of their own", "cpe:/o:redhat:enterprise_linux_eus:10.2",
       "Red Hat:enterprise_linux_eus:10.2"},
      {"older ones, too", "cpe:/a:redhat:rhel_eus:9.2::baseos", "Red Hat:rhel_eus:9.2::baseos"},
      {"other products have versions of their own", "cpe:/a:redhat:openshift:4.16::el9",
       "Red Hat:openshift:4.16::el9"},
      {"another product on the same release", "cpe:/o:redhat:enterprise_linux_nvidia:10.0",
       "Red Hat:enterprise_linux_nvidia:10.0"},
      {"no number behind the dot", "cpe:/o:redhat:enterprise_linux:10.",
       "Red Hat:enterprise_linux:10."},
      {"no number before it", "cpe:/o:redhat:enterprise_linux:.0", "Red Hat:enterprise_linux:.0"},
      {"three numbers are no release", "cpe:/o:redhat:enterprise_linux:10.0.1",
       "Red Hat:enterprise_linux:10.0.1"},
      {"another vendor's", "cpe:/o:other:enterprise_linux:10.0", ""},
      {"nothing", "", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(RedHatEcosystem(c.cpe), c.ecosystem) << c.name;
    EXPECT_EQ(IsOfRedHatMinor(c.cpe), c.of_minor) << c.name;
  }
}

TEST(RedHatTest, OtherEcosystemsKeepTheirReleases) {
  for (const char* name : {"AlmaLinux:9", "Photon OS:4.0", "Ubuntu:22.04:LTS", "npm", ""}) {
    EXPECT_EQ(WithoutRedHatMinor(name), name);
  }
}

}  // namespace
}  // namespace landwaiter::advisories
