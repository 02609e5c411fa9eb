#include "lib/http/server_core.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <tuple>

namespace landwaiter::http {

bool BodyBudget::Take(std::size_t bytes) {
  std::size_t seen = used_.load();
  do {
    if (bytes > limit_ || seen > limit_ - bytes) return false;
  } while (!used_.compare_exchange_weak(seen, seen + bytes));
  return true;
}

bool BodyLease::Grow(std::size_t bytes) {
  if (!budget_->Take(bytes)) return false;
  held_ += bytes;
  return true;
}

ServerCore::ServerCore(ServerOptions server_options)
    : options(std::move(server_options)),
      bodies(std::make_shared<BodyBudget>(options.limits.max_total_body_bytes)),
      io(std::make_unique<boost::asio::io_context>()) {}

ServerCore::~ServerCore() = default;

bool ServerCore::IsAllowed(const std::string& peer_name) const {
  if (!options.tls || options.tls->allowed_peers.empty()) return true;
  const auto& allowed = options.tls->allowed_peers;
  return std::find(allowed.begin(), allowed.end(), peer_name) != allowed.end();
}

void ServerCore::SetTls(std::shared_ptr<boost::asio::ssl::context> context) {
  const std::lock_guard lock(tls_mutex_);
  tls_ = std::move(context);
}

std::shared_ptr<boost::asio::ssl::context> ServerCore::Tls() const {
  const std::lock_guard lock(tls_mutex_);
  return tls_;
}

void ServerCore::AddRoute(std::string_view method, std::string_view path, RouteEntry entry) {
  routes_[std::string(path)][std::string(method)] = std::move(entry);
}

const RouteEntry* ServerCore::FindRoute(const std::string& method, const std::string& path,
                                        int& status, std::string& allowed) const {
  auto found = routes_.find(path);
  if (found == routes_.end()) {
    // The longest route ending in '/' that `path` lies under.
    for (auto it = routes_.begin(); it != routes_.end(); ++it) {
      const std::string& prefix = it->first;
      if (prefix.ends_with('/') && path.size() > prefix.size() && path.starts_with(prefix) &&
          (found == routes_.end() || found->first.size() < prefix.size())) {
        found = it;
      }
    }
  }
  status = 404;
  if (found == routes_.end()) return nullptr;
  const auto entry = found->second.find(method);
  if (entry != found->second.end()) return &entry->second;
  status = 405;
  for (const auto& [name, unused] : found->second) allowed += (allowed.empty() ? "" : ", ") + name;
  return nullptr;
}

std::uint64_t ServerCore::Register(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = ++sequence_;
  entries_[id] = {connection, Standing::kSilent, id};
  return id;
}

void ServerCore::SetStanding(std::uint64_t id, Standing standing) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  entry->second.standing = standing;
  entry->second.since = ++sequence_;
}

void ServerCore::Unregister(std::uint64_t id) {
  {
    const std::lock_guard lock(mutex_);
    if (entries_.erase(id) == 0) return;
    if (entries_.empty()) none_left_.notify_all();
  }
  if (on_unregister) on_unregister();
}

std::size_t ServerCore::ConnectionCount() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

bool ServerCore::DropOne(std::size_t at_least) {
  std::shared_ptr<Connection> victim;
  std::uint64_t victim_id = 0;
  {
    const std::lock_guard lock(mutex_);
    const Entry* cheapest = nullptr;
    std::size_t droppable = 0;
    for (const auto& [id, entry] : entries_) {
      if (entry.standing == Standing::kAnswering) continue;
      ++droppable;
      if (cheapest == nullptr ||
          std::tie(entry.standing, entry.since) < std::tie(cheapest->standing, cheapest->since)) {
        cheapest = &entry;
        victim_id = id;
      }
    }
    if (cheapest == nullptr || droppable < at_least) return false;
    victim = cheapest->connection.lock();
    entries_.erase(victim_id);
  }
  if (victim) victim->Abort();
  return true;
}

std::vector<std::shared_ptr<Connection>> ServerCore::Connections() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> out;
  for (const auto& [id, entry] : entries_) {
    if (auto connection = entry.connection.lock()) out.push_back(std::move(connection));
  }
  return out;
}

bool ServerCore::WaitForNone(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return none_left_.wait_until(lock, deadline, [this] { return entries_.empty(); });
}

bool ServerCore::IfRunning(const std::function<void()>& post) {
  const std::lock_guard lock(running_mutex_);
  if (running_) post();
  return running_;
}

void ServerCore::MarkStopped() {
  const std::lock_guard lock(running_mutex_);
  running_ = false;
}

}  // namespace landwaiter::http
