#include "controller/policy_book.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "policy/scan_exception.h"

namespace landwaiter::controller {

Policies PolicyBook::List() const {
  const std::lock_guard lock(mutex_);
  // Read first: what changes while the lists are read is seen by the next caller.
  const std::uint64_t changes = changes_.load();
  if (listed_at_ == changes) return list_;
  std::vector<policy::ScanException> exceptions;
  exceptions_.ForEach([&](const std::string&, const ExceptionRecord& record) {
    exceptions.push_back(record.exception);
  });
  Policies out;
  for (auto& [key, record] : policies_.List()) {
    if (exceptions.empty() || !record->policy.allow_exceptions) {
      out.push_back(std::move(record));
      continue;
    }
    auto widened = std::make_shared<PolicyRecord>(*record);
    widened->policy = policy::WithScanExceptions(std::move(widened->policy), exceptions);
    out.push_back(std::move(widened));
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a->policy.name < b->policy.name; });
  list_ = std::move(out);
  listed_at_ = changes;
  return list_;
}

std::shared_ptr<const PolicyRecord> PolicyBook::Get(const std::string& name) const {
  const Policies all = List();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& record) { return record->policy.name == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace landwaiter::controller
