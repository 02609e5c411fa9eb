// What the walk takes of files because a policy asks for it, and the bounds of it.
#include <algorithm>
#include <utility>

#include "scanner/layer/walker.h"

namespace landwaiter::layer {
namespace {

// Of one layer; the largest distributions' images have as many in all.
constexpr std::size_t kMaxHashedFiles = 300'000;

}  // namespace

// A hard link's own header need not say what its target's does.
bool Walker::LinkIsUnmarked(const TarEntry& entry, const std::string& path,
                            const std::string& target) const {
  if (!collector_.MarksFiles()) return false;
  const auto names = NamesOf(target);
  if (std::find(names.begin(), names.end(), path) != names.end()) return false;
  return !collector_.NeedOf({path}, entry).Within(collector_.NeedOf(names, entry));
}

bool Walker::HasRoomForMark() {
  if (marked_ < kMaxCollectedFiles) {
    ++marked_;
    return true;
  }
  if (marked_ == kMaxCollectedFiles) {
    ++marked_;
    Gap(kFilesCoverage, "a layer has more than " + std::to_string(kMaxCollectedFiles) +
                            " files that the policies' rules ask for");
  }
  return false;
}

void Walker::Gap(std::string_view source, std::string reason) {
  const bool told = std::any_of(inventory_.gaps.begin(), inventory_.gaps.end(),
                                [&](const Coverage& c) { return c.source == source; });
  if (told) return;
  inventory_.gaps.push_back({std::string(source), CoverageState::kFailed, std::move(reason)});
}

bool Walker::ShowsForMalware(const TarEntry& entry, KeptFile& kept) {
  if (malware_ == nullptr || entry.size == 0) return false;
  const std::uint64_t most = malware_->max_file_bytes();
  if (entry.size <= most) return true;
  kept.unscanned = "has " + std::to_string(entry.size) + " bytes, at most " + std::to_string(most) +
                   " are shown to clamd";
  return false;
}

void Walker::TakeMalware(const std::string& path, KeptFile& kept) {
  MalwareAnswer answer = malware_->Finish();
  if (!answer.failed.empty()) {  // and would with every other file
    malware_ = nullptr;
    return Gap(kMalwareCoverage, std::move(answer.failed));
  }
  kept.unscanned = std::move(answer.unscanned);
  if (!answer.signature.empty()) kept.malware = MalwareFound{std::move(answer.signature), path};
}

void Walker::BoundMalware(KeptFile& kept) {
  if (!kept.malware && kept.unscanned.empty()) return;
  if (malware_told_++ < kMaxMalware) return;
  Gap(kMalwareCoverage, "a layer holds more than " + std::to_string(kMaxMalware) +
                            " files that are malware or were not looked at");
  kept.malware.reset();
  kept.unscanned.clear();
}

bool Walker::HasRoomForHashes() {
  if (!hasher_) return false;
  if (hashed_ < kMaxHashedFiles) {
    ++hashed_;
    return true;
  }
  Gap(kIntegrityCoverage, "a layer has more than " + std::to_string(kMaxHashedFiles) + " files");
  return false;
}

void Walker::TakeHashes(KeptFile& kept) {
  kept.hashes = hasher_->Finish();
  if (!kept.hashes) Gap(kIntegrityCoverage, "OpenSSL, as it is set up here, refuses a hash");
}

void Walker::TakeSecrets(KeptFile& kept) {
  auto finds = finder_->Finish();
  if (!finds.left_out.empty()) Gap(kSecretsCoverage, std::move(finds.left_out));
  for (SecretFound& secret : finds.secrets) {
    if (secrets_ == kMaxSecrets) {
      return Gap(kSecretsCoverage,
                 "a layer holds more than " + std::to_string(kMaxSecrets) + " secrets");
    }
    ++secrets_;
    kept.secrets.push_back(std::move(secret));
  }
}

}  // namespace landwaiter::layer
