#include "admission/already_running.h"

#include "resources/turned_bad.h"

namespace landwaiter::admission {
namespace {

constexpr std::size_t kDate = 10;  // YYYY-MM-DD

}  // namespace

void LetInAsRunning(const policy::ScanPolicy& policy, const resources::PolicyStatus& row,
                    const std::string& ns, TimePoint now, Judgement& judgement) {
  if (judgement.ground != Ground::kContent || judgement.action != Action::kDeny) return;
  if (!row.turned_bad || !resources::RanIn(*row.turned_bad, ns)) return;
  const auto until = resources::LetInUntil(*row.turned_bad, policy);
  if (!until || now >= *until) return;
  judgement.ground = Ground::kAlreadyRunning;
  judgement.action = Action::kWarn;
  // What is new goes first: a warning has room for 256 bytes.
  judgement.text = "fails, but ran here before it turned bad on " +
                   row.turned_bad->since.substr(0, kDate) + " and is let in until " +
                   FormatTime(*until) + ": " + judgement.text;
}

}  // namespace landwaiter::admission
