// Every system that images are made of, by the text that it writes of itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "scanner/packages/os_release.h"
#include "scanner/packages/release_files.h"

namespace landwaiter::packages {
namespace {

using ::testing::HasSubstr;

using Files = std::map<std::string, std::optional<std::string>, std::less<>>;

SystemIdentity Identify(const Files& files) {
  return IdentifySystem([&](std::string_view path) -> const std::optional<std::string>* {
    const auto found = files.find(path);
    return found == files.end() ? nullptr : &found->second;
  });
}

struct SystemCase {
  const char* name;
  const char* text;
  const char* family;
  const char* version;
  const char* codename = "";
  const char* variant = "";
};

class OsReleaseTextTest : public ::testing::TestWithParam<SystemCase> {};

TEST_P(OsReleaseTextTest, NamesItsSystem) {
  const SystemIdentity identity = Identify({{"etc/os-release", GetParam().text}});
  ASSERT_TRUE(identity.os) << identity.fault;
  EXPECT_EQ(identity.os->family, GetParam().family);
  EXPECT_EQ(identity.os->version, GetParam().version);
  EXPECT_EQ(identity.os->codename, GetParam().codename);
  EXPECT_EQ(identity.os->variant, GetParam().variant);
  EXPECT_EQ(identity.path, "etc/os-release");
}

std::vector<SystemCase> DebianAndAlpine() {
  return {
      {"Alpine",
       "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME=\"Alpine Linux v3.18\"\n",
       "alpine", "3.18.4"},
      // Pitfall 57: edge has a version of the release to come.
      {"AlpineEdge",
       "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.19_alpha20230901\n"
       "PRETTY_NAME=\"Alpine Linux edge\"\n",
       "alpine", "3.19_alpha20230901", "", "edge"},
      {"AlpineEdgeByItsNameAlone",
       "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.0\nPRETTY_NAME=\"Alpine Linux edge\"\n",
       "alpine", "3.20.0", "", "edge"},
      {"PostmarketOsIsNotAlpine",
       "PRETTY_NAME=\"postmarketOS v23.06\"\nNAME=\"postmarketOS\"\nVERSION_ID=\"v23.06\"\n"
       "ID=\"postmarketos\"\nID_LIKE=\"alpine\"\n",
       "postmarketos", "v23.06"},
      {"Wolfi",
       "ID=wolfi\nNAME=\"Wolfi\"\nPRETTY_NAME=\"Wolfi\"\nVERSION_ID=\"20230201\"\n"
       "HOME_URL=\"https://wolfi.dev\"\n",
       "wolfi", "20230201"},
      {"Chainguard",
       "ID=chainguard\nNAME=\"Chainguard\"\nPRETTY_NAME=\"Chainguard\"\nVERSION_ID=\"20230214\"\n",
       "chainguard", "20230214"},
      {"MinimOs", "ID=minimos\nNAME=\"MinimOS\"\nVERSION_ID=\"20241031\"\n", "minimos", "20241031"},
      {"EchoIsNotTheDebianThatItIsBuiltFrom", "NAME=\"Echo OS\"\nID=echo\nVERSION_ID=1\n", "echo",
       "1"},
      {"Debian",
       "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n"
       "VERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
       "debian", "12", "bookworm"},
      // Pitfall 58: testing and sid write the same, without version.
      {"DebianTestingOrSid",
       "PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nNAME=\"Debian GNU/Linux\"\n"
       "VERSION_CODENAME=forky\nID=debian\n",
       "debian", "", "forky", "testing"},
      // Pitfall 55.
      {"Distroless",
       "PRETTY_NAME=\"Distroless\"\nNAME=\"Debian GNU/Linux\"\nID=\"debian\"\nVERSION_ID=\"12\"\n"
       "VERSION=\"Debian GNU/Linux 12 (bookworm)\"\n",
       "debian", "12"},
      {"RaspbianIsNotDebian",
       "PRETTY_NAME=\"Raspbian GNU/Linux 11 (bullseye)\"\nVERSION_ID=\"11\"\n"
       "VERSION_CODENAME=bullseye\nID=raspbian\nID_LIKE=debian\n",
       "raspbian", "11", "bullseye"},
      {"Ubuntu",
       "PRETTY_NAME=\"Ubuntu 22.04.3 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\n"
       "VERSION=\"22.04.3 LTS (Jammy Jellyfish)\"\nVERSION_CODENAME=jammy\nID=ubuntu\n"
       "ID_LIKE=debian\nUBUNTU_CODENAME=jammy\n",
       "ubuntu", "22.04", "jammy"},
      {"UbuntuBeforeCodenames",
       "NAME=\"Ubuntu\"\nVERSION=\"14.04.6 LTS, Trusty Tahr\"\nID=ubuntu\nID_LIKE=debian\n"
       "VERSION_ID=\"14.04\"\n",
       "ubuntu", "14.04"},
      {"MintIsNotUbuntu",
       "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"21.2\"\n"
       "VERSION_CODENAME=victoria\nUBUNTU_CODENAME=jammy\n",
       "linuxmint", "21.2", "victoria"},
  };
}

std::vector<SystemCase> RedHat() {
  return {
      {"Rhel",
       "NAME=\"Red Hat Enterprise Linux\"\nVERSION=\"9.4 "
       "(Plow)\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\n"
       "VERSION_ID=\"9.4\"\nPLATFORM_ID=\"platform:el9\"\n",
       "rhel", "9.4"},
      {"Rhel7",
       "NAME=\"Red Hat Enterprise Linux Server\"\nVERSION=\"7.7 (Maipo)\"\nID=\"rhel\"\n"
       "VARIANT=\"Server\"\nVARIANT_ID=\"server\"\nVERSION_ID=\"7.7\"\n",
       "rhel", "7.7"},
      {"CentOs",
       "NAME=\"CentOS Linux\"\nVERSION=\"7 (Core)\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\n"
       "VERSION_ID=\"7\"\n",
       "centos", "7"},
      // Pitfall 60: ID and VERSION_ID are those of CentOS Linux.
      {"CentOsStream",
       "NAME=\"CentOS Stream\"\nVERSION=\"8\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\n"
       "VERSION_ID=\"8\"\nPRETTY_NAME=\"CentOS Stream 8\"\n"
       "REDHAT_SUPPORT_PRODUCT_VERSION=\"CentOS Stream\"\n",
       "centos", "8", "", "stream"},
      {"Alma",
       "NAME=\"AlmaLinux\"\nVERSION=\"9.4 (Seafoam Ocelot)\"\nID=\"almalinux\"\n"
       "ID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\n",
       "almalinux", "9.4"},
      {"Rocky",
       "NAME=\"Rocky Linux\"\nVERSION=\"9.3 (Blue Onyx)\"\nID=\"rocky\"\n"
       "ID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.3\"\n",
       "rocky", "9.3"},
      {"Oracle",
       "NAME=\"Oracle Linux Server\"\nVERSION=\"8.10\"\nID=\"ol\"\nID_LIKE=\"fedora\"\n"
       "VARIANT_ID=\"server\"\nVERSION_ID=\"8.10\"\n",
       "ol", "8.10"},
      // Pitfalls 59 and 104.
      {"Amazon1",
       "NAME=\"Amazon Linux AMI\"\nVERSION=\"2018.03\"\nID=\"amzn\"\nID_LIKE=\"rhel fedora\"\n"
       "VERSION_ID=\"2018.03\"\n",
       "amzn", "2018.03"},
      {"Amazon2",
       "NAME=\"Amazon Linux\"\nVERSION=\"2\"\nID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\n"
       "VERSION_ID=\"2\"\nPRETTY_NAME=\"Amazon Linux 2\"\n",
       "amzn", "2"},
      {"Amazon2023",
       "NAME=\"Amazon Linux\"\nVERSION=\"2023\"\nID=\"amzn\"\nID_LIKE=\"fedora\"\n"
       "VERSION_ID=\"2023\"\nPLATFORM_ID=\"platform:al2023\"\n",
       "amzn", "2023"},
      {"Fedora",
       "NAME=\"Fedora Linux\"\nVERSION=\"42 (Container Image)\"\nID=fedora\nVERSION_ID=42\n"
       "VERSION_CODENAME=\"\"\nREDHAT_BUGZILLA_PRODUCT_VERSION=42\nVARIANT_ID=container\n",
       "fedora", "42"},
      {"FedoraRawhide",
       "NAME=\"Fedora Linux\"\nVERSION=\"43 (Container Image Prerelease)\"\nID=fedora\n"
       "VERSION_ID=43\nREDHAT_BUGZILLA_PRODUCT_VERSION=rawhide\n",
       "fedora", "43", "", "rawhide"},
      {"Hummingbird",
       "NAME=\"Hummingbird OS\"\nVERSION_ID=\"20251124\"\nID=\"hummingbird\"\n"
       "ID_LIKE=\"fedora rhel\"\n",
       "hummingbird", "20251124"},
  };
}

std::vector<SystemCase> Others() {
  return {
      {"Sles",
       "NAME=\"SLES\"\nVERSION=\"15-SP5\"\nVERSION_ID=\"15.5\"\nID=\"sles\"\nID_LIKE=\"suse\"\n",
       "sles", "15.5"},
      {"SleMicro", "NAME=\"SLE Micro\"\nVERSION_ID=\"5.3\"\nID=\"sle-micro\"\nID_LIKE=\"suse\"\n",
       "sle-micro", "5.3"},
      {"SlMicro", "NAME=\"SL-Micro\"\nVERSION_ID=\"6.0\"\nID=\"sl-micro\"\nID_LIKE=\"suse\"\n",
       "sl-micro", "6.0"},
      {"Leap",
       "NAME=\"openSUSE Leap\"\nVERSION=\"15.5\"\nID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n"
       "VERSION_ID=\"15.5\"\n",
       "opensuse-leap", "15.5"},
      {"LeapBefore15",
       "NAME=\"openSUSE Leap\"\nVERSION=\"42.3\"\nID=opensuse\nVERSION_ID=\"42.3\"\n", "opensuse",
       "42.3"},
      {"Tumbleweed",
       "NAME=\"openSUSE Tumbleweed\"\n# VERSION=\"20220412\"\nID=\"opensuse-tumbleweed\"\n"
       "ID_LIKE=\"opensuse suse\"\nVERSION_ID=\"20220412\"\n",
       "opensuse-tumbleweed", "20220412"},
      {"Photon", "NAME=\"VMware Photon OS\"\nVERSION=\"4.0\"\nID=photon\nVERSION_ID=4.0\n",
       "photon", "4.0"},
      // Pitfall 107: Azure Linux was CBL-Mariner; each image has the name of its time.
      {"Mariner",
       "NAME=\"Common Base Linux "
       "Mariner\"\nVERSION=\"2.0.20240609\"\nID=mariner\nVERSION_ID=\"2.0\"\n",
       "mariner", "2.0"},
      {"AzureLinux",
       "NAME=\"Microsoft Azure "
       "Linux\"\nVERSION=\"3.0.20240727\"\nID=azurelinux\nVERSION_ID=\"3.0\"\n",
       "azurelinux", "3.0"},
      {"Bottlerocket",
       "NAME=Bottlerocket\nID=bottlerocket\nVERSION=\"1.34.0 (aws-ecs-2)\"\nVARIANT_ID=aws-ecs-2\n"
       "VERSION_ID=1.34.0\nBUILD_ID=18d04e52\n",
       "bottlerocket", "1.34.0"},
      {"Arch",
       "NAME=\"Arch Linux\"\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n"
       "VERSION_ID=20231001.0.182270\n",
       "arch", "20231001.0.182270"},
      {"ArchWithThePlaceOfAVersion",
       "NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\nVERSION_ID=TEMPLATE_VERSION_ID\n", "arch",
       ""},
      {"Gentoo", "NAME=Gentoo\nID=gentoo\nPRETTY_NAME=\"Gentoo Linux\"\nVERSION_ID=\"2.14\"\n",
       "gentoo", "2.14"},
      {"OpenWrt",
       "NAME=\"OpenWrt\"\nVERSION=\"22.03.5\"\nID=\"openwrt\"\nID_LIKE=\"lede openwrt\"\n"
       "PRETTY_NAME=\"OpenWrt 22.03.5\"\nVERSION_ID=\"22.03.5\"\n",
       "openwrt", "22.03.5"},
      {"FlatcarIsNotGentoo",
       "NAME=\"Flatcar Container Linux by "
       "Kinvolk\"\nID=flatcar\nID_LIKE=coreos\nVERSION_ID=3602.2.0\n",
       "flatcar", "3602.2.0"},
  };
}

const auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(DebianAndAlpine, OsReleaseTextTest, ::testing::ValuesIn(DebianAndAlpine()),
                         kName);
INSTANTIATE_TEST_SUITE_P(RedHat, OsReleaseTextTest, ::testing::ValuesIn(RedHat()), kName);
INSTANTIATE_TEST_SUITE_P(Others, OsReleaseTextTest, ::testing::ValuesIn(Others()), kName);

struct ReleaseCase {
  const char* name;
  Files files;
  const char* identity;  // "family version codename variant", "" for none
};

class ReleaseFileTest : public ::testing::TestWithParam<ReleaseCase> {};

TEST_P(ReleaseFileTest, NamesItsSystemOrNone) {
  const SystemIdentity identity = Identify(GetParam().files);
  std::string got;
  if (identity.os) {
    const OperatingSystem& os = *identity.os;
    got = os.family + " " + os.version + " " + os.codename + " " + os.variant;
  }
  EXPECT_EQ(got, GetParam().identity);
}

std::vector<ReleaseCase> ReleaseCases() {
  return {
      {"Rhel6",
       {{"etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n"}},
       "rhel 6.10  "},
      {"RhelAtomic",
       {{"etc/redhat-release", "Red Hat Enterprise Linux Atomic Host release 7.9\n"}},
       "rhel 7.9  "},
      {"CentOs6", {{"etc/redhat-release", "CentOS release 6.10 (Final)\n"}}, "centos 6  "},
      {"CentOs7", {{"etc/centos-release", "CentOS Linux release 7.9.2009 (Core)\n"}}, "centos 7  "},
      {"CentOsStream", {{"etc/centos-release", "CentOS Stream release 9\n"}}, "centos 9  stream"},
      {"OracleSaysItIsRhelToo",
       {{"etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n"},
        {"etc/oracle-release", "Oracle Linux Server release 6.10\n"}},
       "ol 6.10  "},
      {"Alma",
       {{"etc/almalinux-release", "AlmaLinux release 8.4 (Electric Cheetah)\n"}},
       "almalinux 8.4  "},
      {"Rocky",
       {{"etc/rocky-release", "Rocky Linux release 8.4 (Green Obsidian)\n"}},
       "rocky 8.4  "},
      {"Fedora", {{"etc/fedora-release", "Fedora release 29 (Twenty Nine)\n"}}, "fedora 29  "},
      {"Amazon1", {{"etc/system-release", "Amazon Linux AMI release 2018.03\n"}}, "amzn 2018.03  "},
      {"Amazon2", {{"etc/system-release", "Amazon Linux release 2 (Karoo)\n"}}, "amzn 2  "},
      {"Amazon2023",
       {{"etc/system-release", "Amazon Linux release 2023.4.20240429 (Amazon Linux)\n"}},
       "amzn 2023  "},
      {"Alpine", {{"etc/alpine-release", "3.4.6\n"}}, "alpine 3.4.6  "},
      {"AlpineEdge",
       {{"etc/alpine-release", "3.19_alpha20230901\n"}},
       "alpine 3.19_alpha20230901  edge"},
      {"Debian", {{"etc/debian_version", "7.11\n"}}, "debian 7  "},
      {"Ubuntu",
       {{"etc/lsb-release",
         "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\nDISTRIB_CODENAME=trusty\n"
         "DISTRIB_DESCRIPTION=\"Ubuntu 14.04.6 LTS\"\n"},
        {"etc/debian_version", "jessie/sid\n"}},
       "ubuntu 14.04 trusty "},
      {"MintIsNotDebian",
       {{"etc/lsb-release", "DISTRIB_ID=LinuxMint\nDISTRIB_RELEASE=17\nDISTRIB_CODENAME=qiana\n"},
        {"etc/debian_version", "8.0\n"}},
       "linuxmint 17 qiana "},
      {"Arch",
       {{"etc/lsb-release", "DISTRIB_ID=\"Arch\"\nDISTRIB_RELEASE=\"rolling\"\n"}},
       "arch   "},
      {"OpenWrt",
       {{"etc/openwrt_release", "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='15.05.1'\n"}},
       "openwrt 15.05.1  "},
      {"Sles11",
       {{"etc/SuSE-release",
         "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n"}},
       "sles 11.4  "},
      {"OpenSuse",
       {{"etc/SuSE-release", "openSUSE 13.2 (x86_64)\nVERSION = 13.2\nCODENAME = Harlequin\n"}},
       "opensuse 13.2  "},
      {"Photon",
       {{"etc/photon-release", "VMware Photon Linux 1.0\nPHOTON_BUILD_NUMBER=62c543d\n"}},
       "photon 1.0  "},
      {"Mariner",
       {{"etc/mariner-release", "CBL-Mariner 2.0.20220226\nMARINER_BUILD_NUMBER=2\n"}},
       "mariner 2.0  "},
      {"Gentoo", {{"etc/gentoo-release", "Gentoo Base System release 2.14\n"}}, "gentoo 2.14  "},
      // What names none, or more than one.
      {"DebianTestingOrUbuntu", {{"etc/debian_version", "bookworm/sid\n"}}, ""},
      {"RedHatLinuxOf1999", {{"etc/redhat-release", "Red Hat Linux release 6.2 (Zoot)\n"}}, ""},
      {"ADerivativeOfRhel", {{"etc/redhat-release", "EuroLinux release 9.0 (Kyiv)\n"}}, ""},
      {"ANameThatOnlyBeginsAlike",
       {{"etc/redhat-release", "Red Hat Enterprise Linux Nextgen release 9.0\n"}},
       ""},
      {"WithoutVersion", {{"etc/redhat-release", "CentOS Linux release (Core)\n"}}, ""},
      {"LsbOfRedHat", {{"etc/lsb-release", "LSB_VERSION=base-4.0-amd64:base-4.0-noarch\n"}}, ""},
      {"Empty", {{"etc/alpine-release", ""}, {"etc/debian_version", "\n"}}, ""},
      {"Binary", {{"etc/alpine-release", std::string("3.\0\x1b", 4)}}, ""},
      {"None", {}, ""},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, ReleaseFileTest, ::testing::ValuesIn(ReleaseCases()), kName);

std::vector<ReleaseCase> WhichFileCases() {
  const std::string debian = "ID=debian\nVERSION_ID=12\n";
  const std::string alpine = "ID=alpine\nVERSION_ID=3.18.4\n";
  return {
      {"OsReleaseCountsBeforeReleaseFiles",
       {{"etc/os-release", debian}, {"etc/alpine-release", "3.4.6"}},
       "debian 12  "},
      {"EtcCountsBeforeUsr",
       {{"etc/os-release", debian}, {"usr/lib/os-release", alpine}},
       "debian 12  "},
      {"AnOsReleaseWithoutIdIsNone",
       {{"etc/os-release", "NAME=\"Alpine Linux\"\n"}, {"etc/alpine-release", "3.15.4"}},
       "alpine 3.15.4  "},
      {"AnEmptyOsReleaseIsNone",
       {{"etc/os-release", ""}, {"usr/lib/os-release", debian}},
       "debian 12  "},
      {"AnUnreadOsReleaseIsNotPassedOver",
       {{"etc/os-release", std::nullopt}, {"usr/lib/os-release", debian}},
       ""},
      {"AnUnreadReleaseFileIsPassedOver",
       {{"etc/oracle-release", std::nullopt}, {"etc/alpine-release", "3.4.6"}},
       "alpine 3.4.6  "},
      {"EveryRepositoryOfEdge",
       {{"etc/os-release", alpine},
        {"etc/apk/repositories",
         "# old\n#https://dl-cdn.alpinelinux.org/alpine/v3.18/main\n\n"
         "https://dl-cdn.alpinelinux.org/alpine/edge/main\n"
         "https://dl-cdn.alpinelinux.org/alpine/edge/community\n"}},
       "alpine 3.18.4  edge"},
      {"ARepositoryOfEdgeAmongOthers",
       {{"etc/os-release", alpine},
        {"etc/apk/repositories",
         "https://dl-cdn.alpinelinux.org/alpine/v3.18/main\n"
         "https://dl-cdn.alpinelinux.org/alpine/edge/testing\n"}},
       "alpine 3.18.4  "},
      {"ATaggedRepositoryOfEdge",
       {{"etc/os-release", alpine},
        {"etc/apk/repositories", "@edge https://dl-cdn.alpinelinux.org/alpine/edge/main\n"}},
       "alpine 3.18.4  "},
      {"RepositoriesOfWolfi",
       {{"etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n"},
        {"etc/apk/repositories", "https://packages.wolfi.dev/edge\n"}},
       "wolfi 20230201  "},
  };
}

INSTANTIATE_TEST_SUITE_P(WhichFile, ReleaseFileTest, ::testing::ValuesIn(WhichFileCases()), kName);

TEST(SystemIdentityTest, SaysWhatIsWrong) {
  EXPECT_EQ(Identify({}).fault, "");
  EXPECT_THAT(Identify({{"usr/lib/os-release", std::nullopt}}).fault,
              HasSubstr("usr/lib/os-release is too large"));
  EXPECT_THAT(Identify({{"etc/os-release", "NAME=x\n"}}).fault,
              HasSubstr("etc/os-release: os-release has no ID"));
}

TEST(SystemFileTest, AreThoseTheIdentityAsksFor) {
  for (const ReleaseFile& file : ReleaseFiles()) EXPECT_TRUE(IsSystemFile(file.path)) << file.path;
  EXPECT_TRUE(IsSystemFile(kApkRepositoriesPath));
}

TEST(ReleaseFilesTest, AnyTextIsReadByAny) {
  for (const std::string& text :
       {std::string(100'000, 'a'), std::string(5000, '\n'), std::string("= release "),
        std::string("CentOS release "), std::string("VERSION ="), std::string("openSUSE ")}) {
    for (const ReleaseFile& file : ReleaseFiles()) {
      const auto os = file.read(text);
      if (os) {
        EXPECT_FALSE(os->family.empty());
        EXPECT_LE(os->version.size(), 256u);
      }
    }
  }
}

}  // namespace
}  // namespace landwaiter::packages
