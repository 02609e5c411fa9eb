// What one database has said, kept for the next inventory: images share most of their packages.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "scanner/matching/key_findings.h"

namespace landwaiter::matching {

/// Questions, findings and kilobytes of all else together that a memory is for, unless it is told
/// otherwise. Each takes about a kilobyte, and at most twice as many are kept: 50 MB.
inline constexpr std::size_t kRemembered = 20'000;

/// For one database alone. Thread-safe. What was not asked for while `room` others were may be
/// forgotten.
class AnswerMemory {
 public:
  explicit AnswerMemory(std::size_t room = kRemembered) : room_(room) {}

  /// nullptr: not known (any more).
  std::shared_ptr<const KeyFindings> Find(const std::string& question);
  void Keep(const std::string& question, std::shared_ptr<const KeyFindings> answer);
  std::size_t size() const;  // questions

 private:
  using Answers = std::unordered_map<std::string, std::shared_ptr<const KeyFindings>>;
  void KeepLocked(const std::string& question, std::shared_ptr<const KeyFindings> answer);

  const std::size_t room_;
  mutable std::mutex mutex_;
  Answers young_;
  Answers old_;           // forgotten as soon as the young ones have filled the room
  std::size_t used_ = 0;  // by the young ones
};

}  // namespace landwaiter::matching
