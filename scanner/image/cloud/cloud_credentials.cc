#include "scanner/image/cloud/cloud_credentials.h"

#include <algorithm>
#include <array>
#include <condition_variable>

#include "lib/base/text.h"
#include "scanner/image/cloud/cloud.h"

namespace landwaiter::image {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Before its end a login may be on its way to a scanner and wait there for its turn.
constexpr minutes kMargin{10};
constexpr seconds kKeepFailure{30};
// Hosts are named by tenants: of ACR each is a login of its own.
constexpr std::size_t kMaxSlots = 1024;
constexpr seconds kLongestLogin{30};  // some three requests

std::array<cloud::Cloud, 3> Clouds() { return {cloud::Ecr(), cloud::Gar(), cloud::Acr()}; }

}  // namespace

http::ClientOptions MetadataClientOptions() {
  http::ClientOptions options;
  options.user_agent = "landwaiter/" LANDWAITER_VERSION;
  auto policy = http::AddressPolicy::Create(
      http::PrivateRanges::kRefuse,
      {"169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "fd00:ec2::23/128"});
  options.address_policy.emplace();  // were that not made, none of them would be reached
  if (policy) options.address_policy = *std::move(policy);
  return options;
}

struct CloudCredentials::Slot {
  std::mutex mutex;  // guards `asking`; what is below it is the one's whose turn it is
  std::condition_variable_any asked;
  bool asking = false;
  std::optional<cloud::Login> login;
  std::optional<Error> failure;
  TimePoint until;  // of either
};

CloudCredentials::CloudCredentials(std::vector<std::size_t> clouds, CloudPorts ports)
    : clouds_(std::move(clouds)), ports_(std::move(ports)) {}
CloudCredentials::~CloudCredentials() = default;

Result<std::unique_ptr<CloudCredentials>> CloudCredentials::Create(
    const std::vector<std::string>& clouds, CloudPorts ports) {
  const auto table = Clouds();
  std::vector<std::size_t> rows;
  for (const std::string& name : clouds) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const cloud::Cloud& row) { return row.name == name; });
    if (found == table.end()) {
      return InvalidArgument("cloud '" + text::Printable(text::Truncate(name, 80)) +
                             "' is none of ecr, gar, acr");
    }
    rows.push_back(static_cast<std::size_t>(found - table.begin()));
  }
  return std::unique_ptr<CloudCredentials>(new CloudCredentials(std::move(rows), std::move(ports)));
}

/// One asks at a time, the others wait for what it hears: at most `wait`, and not beyond a
/// cancellation.
class CloudCredentials::Turn {
 public:
  Turn(Slot& slot, const Cancellation& cancel, std::chrono::milliseconds wait) : slot_(slot) {
    std::unique_lock lock(slot_.mutex);
    has_it_ = slot_.asked.wait_for(lock, cancel.stop, wait, [&] { return !slot_.asking; });
    if (has_it_) slot_.asking = true;
  }
  ~Turn() {
    if (!has_it_) return;
    {
      const std::lock_guard lock(slot_.mutex);
      slot_.asking = false;
    }
    slot_.asked.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  bool has_it() const { return has_it_; }

 private:
  Slot& slot_;
  bool has_it_ = false;
};

std::shared_ptr<CloudCredentials::Slot> CloudCredentials::SlotOf(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(key);
  if (found != slots_.end()) return found->second;
  if (slots_.size() >= kMaxSlots) slots_.clear();  // logins can be had again
  return slots_.emplace(key, std::make_shared<Slot>()).first->second;
}

Result<std::optional<RegistryCredential>> CloudCredentials::For(const ImageReference& image,
                                                                const Cancellation& cancel) {
  const auto table = Clouds();
  for (const std::size_t row : clouds_) {
    const std::string identity = table.at(row).identity(image.registry);
    if (identity.empty()) continue;
    const auto slot = SlotOf(std::string(table.at(row).name) + " " + identity);
    const Turn turn(*slot, cancel,
                    std::min<std::chrono::milliseconds>(cancel.Left(), kLongestLogin));
    if (!turn.has_it()) {
      return Error{Code::kDeadlineExceeded, image.registry + ": waited for its login", ""};
    }
    const TimePoint now = ports_.clock->Now();
    if (now >= slot->until || (!slot->login && !slot->failure)) {
      auto login = table.at(row).log_in(image.registry, ports_, cancel.Within(kLongestLogin));
      if (!login && login.error().code == Code::kCancelled) return std::move(login).error();
      slot->login.reset();
      slot->failure.reset();
      if (login) {
        const auto life = login->ends - now;
        slot->until = login->ends - std::min<decltype(life)>(kMargin, life / 2);
        slot->login = *std::move(login);
      } else {
        slot->until = now + kKeepFailure;
        slot->failure = std::move(login).error().Context("login to " + image.registry);
      }
    }
    if (slot->failure) return *slot->failure;
    return std::optional(slot->login->credential);
  }
  return std::optional<RegistryCredential>();
}

}  // namespace landwaiter::image
