// What matching costs: one inventory against the bare reading of the rows that it needs, and many
// stored ones, reads included, as a controller does it when the database changes. Prints JSON.
//
//   matching_bench DATABASE STORE IMAGES
// DATABASE knows Debian:12's packages "pkg-0" … (bench.py makes it); STORE is an empty folder.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "controller/stored_image.h"
#include "lib/store/sqlite_store.h"
#include "scanner/advisories/database.h"
#include "scanner/matching/match.h"

namespace landwaiter {
namespace {

constexpr int kPackages = 500;
constexpr int kRounds = 41;

template <class T>
T Must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}
void Must(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  std::exit(1);
}

/// Of this thread: others share the machine.
double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

template <class Fn>
double MedianMilliseconds(Fn run) {
  std::vector<double> times;
  for (int i = 0; i < kRounds; ++i) {
    const double started = CpuSeconds();
    run();
    times.push_back(1000 * (CpuSeconds() - started));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

/// 500 of the 4,000 packages that the database knows; another choice for each image.
Inventory AnInventory(int image) {
  Inventory inventory;
  inventory.platform = {"linux", "amd64"};
  inventory.os.emplace();
  inventory.os->family = "debian";
  inventory.os->version = "12";
  for (int i = 0; i < kPackages; ++i) {
    Package package;
    package.type = "deb";
    package.name = "pkg-" + std::to_string((image * 37 + i * 8) % 4000);
    package.version = "5.0-1";
    package.architecture = "amd64";
    package.source_name = package.name;
    package.source_version = package.version;
    package.purl = "pkg:deb/debian/" + package.name + "@" + package.version + "?arch=amd64";
    package.path = "var/lib/dpkg/status";
    package.found_by = "dpkg";
    package.licenses = {"GPL-2.0-or-later"};
    inventory.packages.push_back(std::move(package));
  }
  std::sort(inventory.packages.begin(), inventory.packages.end(),
            [](const Package& a, const Package& b) { return a.name < b.name; });
  return inventory;
}

ImageInventory AnImage(int image) {
  ImageInventory out;
  out.digest = Sha256::Of("image " + std::to_string(image));
  out.media_type = "application/vnd.oci.image.manifest.v1+json";
  Inventory inventory = AnInventory(image);
  inventory.manifest_digest = out.digest;
  inventory.image_id = out.digest;
  out.platforms.push_back(std::move(inventory));
  return out;
}

int Main(const std::string& database_path, const std::string& store_path, int images) {
  const auto database = Must(advisories::AdvisoryDatabase::Open(database_path));
  const Inventory inventory = AnInventory(0);
  std::size_t findings = 0;
  const double match = MedianMilliseconds(
      [&] { findings = Must(matching::Match(inventory, *database)).findings.size(); });
  std::size_t rows = 0;
  const double bare = MedianMilliseconds([&] {
    rows = 0;
    for (const Package& package : inventory.packages) {
      rows += Must(database->Lookup("Debian:12", package.name)).size();
    }
  });

  auto opened = Must(store::OpenSqliteStore(store_path));
  const auto& store = opened.store;
  for (int i = 0; i < images; ++i) {
    Must(controller::SaveInventory(*store, AnImage(i), TimePoint{}));
  }
  const auto started = std::chrono::steady_clock::now();
  std::array<double, 2> cpu{};
  {
    std::vector<std::jthread> threads;
    for (int worker = 0; worker < 2; ++worker) {
      threads.emplace_back([&, worker] {
        for (int i = worker; i < images; i += 2) {
          const auto image =
              Must(controller::LoadImage(*store, Sha256::Of("image " + std::to_string(i))));
          Must(matching::Match(image->inventory.platforms[0], *database));
        }
        cpu[static_cast<std::size_t>(worker)] = CpuSeconds();
      });
    }
  }
  const double stored = Seconds(started);
  std::printf(
      "{\"packages\":%d,\"rows\":%zu,\"findings\":%zu,\"match_ms\":%.3f,\"lookup_ms\":%.3f,"
      "\"images\":%d,\"stored_s\":%.3f,\"stored_cpu_s\":%.3f}\n",
      kPackages, rows, findings, match, bare, images, stored, cpu[0] + cpu[1]);
  return 0;
}

}  // namespace
}  // namespace landwaiter

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s DATABASE STORE IMAGES\n", argv[0]);
    return 2;
  }
  return landwaiter::Main(argv[1], argv[2], std::atoi(argv[3]));
}
