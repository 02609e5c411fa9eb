#include "scanner/matching/answer_memory.h"

#include <utility>

namespace landwaiter::matching {
namespace {

constexpr std::size_t kIdBytes = 64;
constexpr std::size_t kKilobyte = 1024;

}  // namespace

std::shared_ptr<const KeyFindings> AnswerMemory::Find(const std::string& question) {
  const std::lock_guard lock(mutex_);
  if (const auto at = young_.find(question); at != young_.end()) return at->second;
  const auto at = old_.find(question);
  if (at == old_.end()) return nullptr;
  auto answer = std::move(at->second);
  old_.erase(at);
  KeepLocked(question, answer);
  return answer;
}

void AnswerMemory::Keep(const std::string& question, std::shared_ptr<const KeyFindings> answer) {
  const std::lock_guard lock(mutex_);
  KeepLocked(question, std::move(answer));
}

std::size_t AnswerMemory::size() const {
  const std::lock_guard lock(mutex_);
  return young_.size() + old_.size();
}

void AnswerMemory::KeepLocked(const std::string& question,
                              std::shared_ptr<const KeyFindings> answer) {
  // In kilobytes, about: a finding is one, an id 64 bytes. An image can make up questions whose
  // answers are ids alone, thousands of them.
  const std::size_t ids = answer->mended.size() + answer->unaffected.size();
  const std::size_t takes =
      1 + answer->findings.size() + (question.size() + kIdBytes * ids) / kKilobyte;
  if (takes > room_) return;
  if (used_ + takes > room_) {
    old_ = std::exchange(young_, {});
    used_ = 0;
  }
  if (young_.emplace(question, std::move(answer)).second) used_ += takes;
}

}  // namespace landwaiter::matching
