#include "controller/trust/renewal.h"

#include <algorithm>

namespace landwaiter::controller {
namespace {

using std::chrono::seconds;

/// Beside the signing authority and the next one; http::kMaxBundle is twice that.
constexpr std::size_t kMaxRetired = 6;

TimePoint MadeAt(const http::CertificateInfo& info) {
  return info.not_before + http::kCertificateBackDating;
}

bool Live(const http::CertificateInfo& info, TimePoint now) {
  return info.not_before <= now && now < info.not_after;
}

/// A third of its life, or less, is left.
bool Due(const http::CertificateInfo& info, TimePoint now) {
  return now >= info.not_after - (info.not_after - MadeAt(info)) / 3;
}

bool IsLiveAuthority(const std::string& pem, TimePoint now) {
  const auto info = http::ReadCertificate(pem);
  return info && info->authority && Live(*info, now);
}

bool SameSet(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

/// One pass over what was found; each step sees what the steps before it have left.
class Renewal {
 public:
  Renewal(const Trust& found, const RenewalSettings& settings, TimePoint now)
      : trust_(found), all_(trust_.authorities), settings_(settings), now_(now) {}

  Result<Trust> Run() {
    Retire(all_.signing);
    Retire(all_.next);
    RecoverLost();
    if (Status made = MakeAuthorities(); !made) return std::move(made).error();
    DropRetired();
    for (const auto& names : settings_.roles) {
      if (Status done = RenewRole(names); !done) return std::move(done).error();
    }
    return std::move(trust_);
  }

 private:
  /// An authority without its key cannot sign; what it has signed is still to be trusted.
  void Retire(std::optional<http::CertificatePair>& authority) {
    if (!authority) return;
    const bool live = IsLiveAuthority(authority->certificate_pem, now_);
    if (live && http::VerifyKeyFits(*authority)) return;
    if (live) AddRetired(authority->certificate_pem);
    authority.reset();
  }

  void AddRetired(const std::string& pem) {
    auto& retired = all_.retired;
    if (std::find(retired.begin(), retired.end(), pem) == retired.end()) retired.push_back(pem);
  }

  /// The Secret of the authority is gone: who signed what the roles serve stands in their bundles.
  /// Only then, or whoever may write a role's Secret could add an authority of his own.
  void RecoverLost() {
    if (all_.signing) return;
    for (const auto& [role, certificate] : trust_.roles) {
      if (Trusted(certificate) || !http::VerifyKeyFits(certificate.pair)) continue;
      for (const auto& pem : http::SplitBundle(certificate.bundle)) {
        if (!IsLiveAuthority(pem, now_)) continue;
        if (http::VerifySignedBy(certificate.pair.certificate_pem, pem, now_)) AddRetired(pem);
      }
    }
  }

  bool Trusted(const RoleCertificate& certificate) const {
    for (const auto& pem : http::SplitBundle(BundleOf(all_))) {
      if (http::VerifySignedBy(certificate.pair.certificate_pem, pem, now_)) return true;
    }
    return false;
  }

  /// It has the names that are wanted, its own key, and no longer a life than is wanted.
  bool Fits(const RoleCertificate& certificate, const http::ServingNames& names) const {
    const auto info = http::ReadCertificate(certificate.pair.certificate_pem);
    return info && info->common_name == names.common_name && SameSet(info->dns, names.dns) &&
           SameSet(info->ip, names.ip) && Live(*info, now_) &&
           info->not_after <= now_ + settings_.serving_lifetime + http::kCertificateBackDating &&
           http::VerifyKeyFits(certificate.pair);
  }

  bool AllStand() const {
    return std::all_of(settings_.roles.begin(), settings_.roles.end(), [&](const auto& names) {
      const auto found = trust_.roles.find(names.common_name);
      return found != trust_.roles.end() && Fits(found->second, names) && Trusted(found->second);
    });
  }

  Status MakeAuthorities() {
    const bool must_sign = !all_.signing && !AllStand();
    if (!all_.next && (!all_.signing || SigningIsDue())) {
      // The time in the name: two authorities of one name are hard to tell apart for people, and
      // for some verifiers.
      auto made = http::MakeAuthority("landwaiter authority " + FormatTime(now_), now_,
                                      settings_.authority_lifetime);
      if (!made) return std::move(made).error();
      all_.next = *std::move(made);
    }
    if (all_.next && (must_sign || NextHasWaited())) Promote();
    return Ok();
  }

  bool SigningIsDue() const {
    const auto info = http::ReadCertificate(all_.signing->certificate_pem);
    return !info || Due(*info, now_);
  }

  bool NextHasWaited() const {
    const auto info = http::ReadCertificate(all_.next->certificate_pem);
    return info && now_ >= MadeAt(*info) + settings_.overlap;
  }

  void Promote() {
    if (all_.signing) AddRetired(all_.signing->certificate_pem);
    all_.signing = std::move(all_.next);
    all_.next.reset();
  }

  void DropRetired() {
    auto& retired = all_.retired;
    bool none_left = false;  // that a retired one has signed: it stopped when this one began
    if (all_.signing) {
      const auto info = http::ReadCertificate(all_.signing->certificate_pem);
      none_left = info && now_ > MadeAt(*info) + settings_.overlap + settings_.serving_lifetime;
    }
    std::erase_if(retired,
                  [&](const auto& pem) { return none_left || !IsLiveAuthority(pem, now_); });
    if (retired.size() > kMaxRetired) retired.erase(retired.begin(), retired.end() - kMaxRetired);
  }

  Status RenewRole(const http::ServingNames& names) {
    const auto found = trust_.roles.find(names.common_name);
    const bool there = found != trust_.roles.end();
    if (!all_.signing && there) {  // all stand, and nobody signs yet
      found->second.bundle = BundleOf(all_);
      return Ok();
    }
    if (there && Fits(found->second, names) && !DueOrForeign(found->second)) {
      found->second.bundle = BundleOf(all_);
      return Ok();
    }
    auto made = http::MakeServing(*all_.signing, names, now_, ServingLife());
    if (!made) return std::move(made).error().Context(names.common_name);
    trust_.roles[names.common_name] = {BundleOf(all_), *std::move(made)};
    return Ok();
  }

  bool DueOrForeign(const RoleCertificate& certificate) const {
    const auto info = http::ReadCertificate(certificate.pair.certificate_pem);
    return !info || Due(*info, now_) ||
           !http::VerifySignedBy(certificate.pair.certificate_pem, all_.signing->certificate_pem,
                                 now_);
  }

  /// What outlives its authority is worth nothing then.
  seconds ServingLife() const {
    const auto info = http::ReadCertificate(all_.signing->certificate_pem);
    if (!info) return settings_.serving_lifetime;
    return std::min(settings_.serving_lifetime,
                    std::chrono::floor<seconds>(info->not_after - now_));
  }

  Trust trust_;
  Authorities& all_;
  const RenewalSettings& settings_;
  const TimePoint now_;
};

}  // namespace

std::string BundleOf(const Authorities& authorities) {
  std::string bundle;
  if (authorities.signing) bundle += authorities.signing->certificate_pem;
  if (authorities.next) bundle += authorities.next->certificate_pem;
  for (const auto& pem : authorities.retired) bundle += pem;
  return bundle;
}

Result<Trust> Renewed(const Trust& found, const RenewalSettings& settings, TimePoint now) {
  return Renewal(found, settings, now).Run();
}

bool Usable(const RoleCertificate& certificate, TimePoint now) {
  if (!http::VerifyKeyFits(certificate.pair)) return false;
  const auto bundle = http::SplitBundle(certificate.bundle);
  return std::any_of(bundle.begin(), bundle.end(), [&](const auto& pem) {
    return http::VerifySignedBy(certificate.pair.certificate_pem, pem, now).has_value();
  });
}

}  // namespace landwaiter::controller
