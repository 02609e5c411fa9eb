#include "controller/report_api/access.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "lib/base/digest.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "resources/image_scan.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

constexpr kube::Resource kTokenReviews{"authentication.k8s.io", "v1", "tokenreviews", "TokenReview",
                                       false};
constexpr kube::Resource kSubjectAccessReviews{"authorization.k8s.io", "v1", "subjectaccessreviews",
                                               "SubjectAccessReview", false};
constexpr std::size_t kMaxTokenBytes = 8 * 1024;
constexpr std::size_t kMaxBuckets = 4096;

Error Refused(std::string why) { return {Code::kUnauthenticated, std::move(why), "Unauthorized"}; }

/// The caller is told no more than that: the reason is the operator's.
Error NotAsked(const Error& why) {
  log::Warn("review of a caller failed", {{"error", why}});
  return Unavailable("the API server does not answer who this is, or what they may do")
      .WithReason("ReviewFailed");
}

std::string RandomSalt() {
  std::random_device random;
  std::string salt;
  for (int i = 0; i < 8; ++i) salt += std::to_string(random()) + ".";
  return salt;
}

std::vector<std::string> Texts(const json& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const json& item : list) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

std::string TextAt(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string()
             ? found->get<std::string>()
             : std::string();
}

json MemberOf(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : json();
}

bool IsTrue(const json& value) { return value.is_boolean() && value.get<bool>(); }

/// nullopt where the API server does not know the token, or where it is for somebody else.
std::optional<Caller> CallerOf(const json& review, const std::vector<std::string>& audiences) {
  const json status = MemberOf(review, "status");
  if (!IsTrue(MemberOf(status, "authenticated"))) return std::nullopt;
  if (!audiences.empty()) {
    // An authenticator that knows nothing of audiences names none: it has checked none.
    const auto meant = Texts(MemberOf(status, "audiences"));
    const bool ours = std::any_of(meant.begin(), meant.end(), [&](const std::string& one) {
      return std::find(audiences.begin(), audiences.end(), one) != audiences.end();
    });
    if (!ours) return std::nullopt;
  }
  const json user = MemberOf(status, "user");
  Caller caller{TextAt(user, "username"), TextAt(user, "uid"), Texts(MemberOf(user, "groups")), {}};
  const json extra = MemberOf(user, "extra");
  if (extra.is_object()) {
    for (const auto& [key, values] : extra.items()) caller.extra[key] = Texts(values);
  }
  if (caller.name.empty()) return std::nullopt;
  return caller;
}

json ReviewOf(const Caller& caller, const Right& right) {
  json spec{{"user", caller.name},
            {"groups", caller.groups},
            {"resourceAttributes",
             {{"group", resources::kGroup},
              {"version", resources::kVersion},
              {"resource", right.plural},
              {"verb", right.verb}}}};
  if (!caller.uid.empty()) spec["uid"] = caller.uid;
  if (!caller.extra.empty()) spec["extra"] = caller.extra;
  return {{"apiVersion", "authorization.k8s.io/v1"},
          {"kind", "SubjectAccessReview"},
          {"spec", std::move(spec)}};
}

}  // namespace

bool RateLimiter::Take(const std::string& key, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto refilled = [&](const Bucket& bucket) {
    const double seconds = std::chrono::duration<double>(now - bucket.at).count();
    return std::min(burst_, bucket.tokens + seconds * per_second_);
  };
  if (buckets_.size() >= kMaxBuckets && !buckets_.contains(key)) {
    // A full bucket is as good as none.
    std::erase_if(buckets_, [&](const auto& entry) { return refilled(entry.second) >= burst_; });
    if (buckets_.size() >= kMaxBuckets) return false;
  }
  auto [found, is_new] = buckets_.try_emplace(key, Bucket{burst_, now});
  Bucket& bucket = found->second;
  if (!is_new) bucket = {refilled(bucket), now};
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

Access::Access(kube::Api& api, AccessOptions options)
    : api_(api),
      options_(std::move(options)),
      salt_(RandomSalt()),
      reviews_(options_.reviews_per_second, options_.review_burst) {}

Access::SteadyTime Access::Now() const {
  return options_.now ? options_.now() : std::chrono::steady_clock::now();
}

std::string Access::KeyOf(const Secret& token) const {
  return std::string(Sha256::Of(salt_ + token.Reveal()).Hex());
}

template <class T>
std::optional<T> Access::Find(KeptMap<T>& map, const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = map.find(key);
  if (found == map.end() || found->second.until <= Now()) return std::nullopt;
  return found->second.value;
}

template <class T>
void Access::Keep(KeptMap<T>& map, const std::string& key, T value,
                  std::chrono::milliseconds time) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = Now();
  if (map.size() >= options_.max_kept) {
    std::erase_if(map, [&](const auto& entry) { return entry.second.until <= now; });
    if (map.size() >= options_.max_kept) map.clear();  // asked again, no more than that
  }
  map[key] = {std::move(value), now + time};
}

Result<Caller> Access::Authenticate(const Secret& token, const Cancellation& cancel) {
  const std::string key = KeyOf(token);
  auto known = Find(callers_, key);
  if (!known) {
    if (!reviews_.Take("", Now())) {
      return ResourceExhausted("too many tokens that are not known yet")
          .WithReason("TooManyRequests");
    }
    json spec{{"token", token.Reveal()}};
    if (!options_.audiences.empty()) spec["audiences"] = options_.audiences;
    auto review = api_.Create(kTokenReviews,
                              {{"apiVersion", "authentication.k8s.io/v1"},
                               {"kind", "TokenReview"},
                               {"spec", std::move(spec)}},
                              cancel);
    if (!review) {
      return NotAsked(review.error());
    }
    known = CallerOf(*review, options_.audiences);
    Keep(callers_, key, *known, *known ? options_.kept : options_.refused_kept);
  }
  if (!*known) return Refused("the API server does not take this token");
  return **std::move(known);
}

Status Access::Check(const Caller& caller, const Right& right, const Cancellation& cancel) {
  const json review = ReviewOf(caller, right);
  const std::string key(
      Sha256::Of(review.dump(-1, ' ', true, json::error_handler_t::replace)).Hex());
  auto allowed = Find(rights_, key);
  if (!allowed) {
    auto answer = api_.Create(kSubjectAccessReviews, review, cancel);
    if (!answer) {
      return NotAsked(answer.error());
    }
    allowed = IsTrue(MemberOf(MemberOf(*answer, "status"), "allowed"));
    Keep(rights_, key, *allowed, *allowed ? options_.kept : options_.refused_kept);
  }
  if (*allowed) return Ok();
  return Error{Code::kPermissionDenied,
               caller.name + " may not " + std::string(right.verb) + " " +
                   std::string(right.plural) + " in landwaiter.io",
               "Forbidden"};
}

Result<Secret> BearerToken(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() < kScheme.size() ||
      !text::EqualsIgnoreCase(header.substr(0, kScheme.size()), kScheme)) {
    return Refused("a bearer token is needed");
  }
  const std::string_view token = text::Trim(header.substr(kScheme.size()));
  const bool plain = std::all_of(token.begin(), token.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
  if (token.empty() || token.size() > kMaxTokenBytes || !plain) {
    return Refused("this is no bearer token");
  }
  return Secret(std::string(token));
}

}  // namespace landwaiter::controller::report_api
