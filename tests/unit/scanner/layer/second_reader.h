// Every tar that a program's tests make, held against a second reader when they have run: Python's
// tarfile, on the same bytes. Where python3 is missing that is said aloud.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "tests/unit/scanner/layer/known_tars.h"
#include "tests/unit/scanner/layer/tar_listing.h"

namespace landwaiter::layer::testing {

inline std::string HexOf(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

/// What our reader says, one line an entry: name and link in hexadecimal digits, kind (d, h, s, f),
/// size, and SHA-256 of a regular file; at the end "stops: MESSAGE" where it refuses the rest.
inline std::string OurListing(std::string_view tar) {
  const Listed listed = List(tar, 1u << 20);
  std::string text;
  for (std::size_t i = 0; i < listed.entries.size(); ++i) {
    const TarEntry& entry = listed.entries[i];
    std::string name = entry.name;
    // Python drops the slash of a folder's name.
    while (entry.type == '5' && name.ends_with('/')) name.pop_back();
    const char kind = entry.type == '5'   ? 'd'
                      : entry.type == '1' ? 'h'
                      : entry.type == '2' ? 's'
                                          : 'f';
    text += HexOf(name) + " " + HexOf(entry.link) + " " + kind + " " +
            std::to_string(kind == 'f' ? entry.size : 0);
    if (entry.type == '0') text += " " + Sha256::Of(listed.contents[i]).ToString();
    text += "\n";
  }
  if (!listed.status) text += "stops: " + listed.status.error().message + "\n";
  return text;
}

/// The same of Python's tarfile; one process reads all. As long as `tars`, or empty where it fails.
inline std::vector<std::string> PythonListings(const std::vector<std::string>& tars) {
  static constexpr const char* kScript = R"(import hashlib, sys, tarfile
folder, count = sys.argv[1], int(sys.argv[2])
raw = lambda name: name.encode('utf-8', 'surrogateescape').hex()
for i in range(count):
  with open(f'{folder}/{i}.txt', 'w') as out:
    try:
      with tarfile.open(f'{folder}/{i}.tar', 'r:') as tar:
        for m in tar:
          kind = 'd' if m.isdir() else 'h' if m.islnk() else 's' if m.issym() else 'f'
          line = f'{raw(m.name)} {raw(m.linkname)} {kind} {m.size if kind == "f" else 0}'
          if m.isreg():
            line += ' sha256:' + hashlib.sha256(tar.extractfile(m).read()).hexdigest()
          print(line, file=out)
    except Exception as e:
      print('stops:', ascii(e), file=out)
)";
  std::string folder = (std::filesystem::temp_directory_path() / "landwaiter-tars-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return {};
  for (std::size_t i = 0; i < tars.size(); ++i) {
    std::ofstream(folder + "/" + std::to_string(i) + ".tar", std::ios::binary) << tars[i];
  }
  std::ofstream(folder + "/list.py") << kScript;
  const std::string command =
      "python3 '" + folder + "/list.py' '" + folder + "' " + std::to_string(tars.size());
  std::vector<std::string> listings;
  if (std::system(command.c_str()) == 0) {
    for (std::size_t i = 0; i < tars.size(); ++i) {
      std::ifstream file(folder + "/" + std::to_string(i) + ".txt", std::ios::binary);
      listings.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  std::filesystem::remove_all(folder);
  return listings;
}

inline bool HasPython() { return std::system("python3 -c 'import tarfile' >/dev/null 2>&1") == 0; }

/// Where the two fall apart; "" where they do not, or `differs` states why. What our reader refuses
/// the other may read, but what comes before must be the same. A stated difference that is not
/// there is one, too.
inline std::string Difference(const std::string& ours, const std::string& pythons,
                              std::string_view differs) {
  const std::size_t stop = ours.rfind("stops: ");
  const bool refused = stop != std::string::npos && (stop == 0 || ours[stop - 1] == '\n');
  // A file that breaks off is listed by both; its content is what could be read of it.
  const bool same = refused ? pythons.starts_with(ours.substr(0, stop)) : pythons == ours;
  if (same == differs.empty()) return {};
  if (same) return "do not differ, though it is stated that " + std::string(differs) + ":\n" + ours;
  return "ours:\n" + ours + "Python's:\n" + pythons;
}

class SecondReader : public ::testing::Environment {
 public:
  void TearDown() override {
    KnownTars& known = AllKnownTars();
    const std::scoped_lock guard(known.lock);
    std::vector<std::string> tars, reasons;
    for (const auto& [tar, differs] : known.differs) {
      tars.push_back(tar);
      reasons.push_back(differs);
    }
    if (!HasPython()) {
      std::printf("[  SKIPPED ] python3 is not installed: no second reader for %zu tars\n",
                  tars.size());
      return;
    }
    const auto pythons = PythonListings(tars);
    ASSERT_EQ(pythons.size(), tars.size()) << "the second reader failed";
    std::size_t stated = 0;
    for (std::size_t i = 0; i < tars.size(); ++i) {
      EXPECT_EQ(Difference(OurListing(tars[i]), pythons[i], reasons[i]), "");
      if (reasons[i].empty()) continue;
      ++stated;
      std::printf("[   INFO   ] Python's tarfile differs: %s\n", reasons[i].c_str());
    }
    std::printf("[   INFO   ] %zu tars read as Python's tarfile reads them, %zu otherwise\n",
                tars.size() - stated, stated);
  }
};

/// Asks the second reader at the end of the program that includes this.
inline ::testing::Environment* const kSecondReader =
    ::testing::AddGlobalTestEnvironment(new SecondReader);

}  // namespace landwaiter::layer::testing
