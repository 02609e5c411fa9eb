// What matching costs: one inventory against the bare reading of the rows that it needs, many
// stored ones, reads included, and what a controller does with those when a database follows
// another. Prints JSON.
//
//   matching_bench DATABASE NEXT STORE IMAGES
// DATABASE knows Debian:12's packages "pkg-0" … (matching.py makes it), NEXT says otherwise of some
// of them; STORE is an empty folder.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "controller/database.h"
#include "controller/stored_image.h"
#include "lib/store/sqlite_store.h"
#include "scanner/advisories/database.h"
#include "scanner/matching/answer_memory.h"
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

Digest DigestOf(int image) { return Sha256::Of("image " + std::to_string(image)); }

ImageInventory AnImage(int image) {
  ImageInventory out;
  out.digest = DigestOf(image);
  out.media_type = "application/vnd.oci.image.manifest.v1+json";
  Inventory inventory = AnInventory(image);
  inventory.manifest_digest = out.digest;
  inventory.image_id = out.digest;
  out.platforms.push_back(std::move(inventory));
  return out;
}

/// Two threads, as the controller has for its images. CPU seconds of both.
double ForEachImage(int images, const std::function<void(int image)>& look) {
  std::array<double, 2> cpu{};
  {
    std::vector<std::jthread> threads;
    for (int worker = 0; worker < 2; ++worker) {
      threads.emplace_back([&, worker] {
        for (int i = worker; i < images; i += 2) look(i);
        cpu[static_cast<std::size_t>(worker)] = CpuSeconds();
      });
    }
  }
  return cpu[0] + cpu[1];
}

struct Refresh {
  double cpu = 0;      // seconds, of the threads that look at images
  double compare = 0;  // seconds, of the one that opens the database
  int reads = 0;       // inventories
};

/// As ScanRefresher and ScanReconciler do it, without the API server and the policies.
Refresh RefreshTo(const std::string& path, controller::DatabaseWatch& watch,
                  const std::string& current, store::Store& store, int images) {
  std::filesystem::remove(current);
  std::filesystem::create_directory_symlink(std::filesystem::absolute(path), current);
  Refresh out;
  const double started = CpuSeconds();
  watch.Look();
  out.compare = CpuSeconds() - started;
  const auto database = watch.Current();
  std::atomic<int> reads{0};
  out.cpu = ForEachImage(images, [&](int i) {
    const Digest digest = DigestOf(i);
    controller::StoredMatch match{database->Id(), database->BuiltAt(), TimePoint{}, {}, {}, 0};
    const auto basis = Must(controller::LoadBasis(store, digest));
    if (basis && database->SaysTheSame(*basis) &&
        Must(controller::RenewMatch(store, digest, *basis, match))) {
      return;
    }
    ++reads;
    const auto image = Must(controller::LoadImage(store, digest, controller::LoadFindings::kNo));
    match.platforms = Must(database->Match(image->inventory));
    Must(controller::SaveMatch(store, digest, match));
  });
  out.reads = reads;
  return out;
}

int Main(const std::string& database_path, const std::string& next_path,
         const std::string& store_path, int images) {
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
  matching::AnswerMemory memory;
  const double cpu = ForEachImage(images, [&](int i) {
    const auto image = Must(controller::LoadImage(*store, DigestOf(i)));
    Must(matching::Match(image->inventory.platforms[0], *database, &memory));
  });
  const double stored = Seconds(started);
  const std::string current = store_path + "/current";
  controller::DatabaseWatch watch(current, {});
  const Refresh all = RefreshTo(database_path, watch, current, *store, images);
  const Refresh some = RefreshTo(next_path, watch, current, *store, images);
  std::printf(
      "{\"packages\":%d,\"rows\":%zu,\"findings\":%zu,\"match_ms\":%.3f,\"lookup_ms\":%.3f,"
      "\"images\":%d,\"stored_s\":%.3f,\"stored_cpu_s\":%.3f,\"refresh_all_cpu_s\":%.3f,"
      "\"refresh_cpu_s\":%.3f,\"compare_cpu_s\":%.3f,\"refresh_all_reads\":%d,\"refresh_reads\":%d}"
      "\n",
      kPackages, rows, findings, match, bare, images, stored, cpu, all.cpu, some.cpu, some.compare,
      all.reads, some.reads);
  return 0;
}

}  // namespace
}  // namespace landwaiter

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s DATABASE NEXT STORE IMAGES\n", argv[0]);
    return 2;
  }
  return landwaiter::Main(argv[1], argv[2], argv[3], std::atoi(argv[4]));
}
