// An installation as `landwaiter doctor` sees it when everything is as it should be.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "doctor/installation.h"

namespace landwaiter::doctor {

/// 2026-11-26T00:00:00Z.
TimePoint Now();

struct CertificateSettings {
  std::chrono::hours ends_in = std::chrono::hours(24 * 60);
  std::string ns = "landwaiter";
  bool new_authority = false;  // not the one whose bundle the webhooks have
};
void SetCertificate(Installation& installation, const std::string& role,
                    const CertificateSettings& settings);

/// Two pods of each role: webhook (0, 1), controller (2, 3), scanner (4, 5).
Installation Sound();

}  // namespace landwaiter::doctor
