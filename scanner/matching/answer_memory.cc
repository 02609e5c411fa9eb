#include "scanner/matching/answer_memory.h"

#include <utility>

namespace landwaiter::matching {

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
  const std::size_t takes = 1 + answer->findings.size();
  if (takes > room_) return;
  if (used_ + takes > room_) {
    old_ = std::exchange(young_, {});
    used_ = 0;
  }
  if (young_.emplace(question, std::move(answer)).second) used_ += takes;
}

}  // namespace landwaiter::matching
