#include "cli/trust_flags.h"

#include <CLI/CLI.hpp>

#include "lib/base/clock.h"

namespace landwaiter::cli {

void AddTrustFlags(CLI::App& app, TrustFlags& flags, controller::TrustOptions& options) {
  app.add_flag("--manage-certificates", options.manage_certificates,
               "Keep authority and certificates in Secrets; --certs is then written, not read");
  app.add_option("--name-prefix", options.name_prefix,
                 "What the names of those Secrets and of the roles' Services begin with")
      ->capture_default_str();
  app.add_option("--certificate-name", options.certificate_names,
                 "[ROLE=]NAME: further DNS name or address of certificates; may be repeated");
  app.add_option("--certificate-lifetime", flags.certificate_lifetime,
                 "Of a role's certificate (90d)")
      ->capture_default_str();
  app.add_option("--authority-lifetime", flags.authority_lifetime, "Of the authority")
      ->capture_default_str();
  app.add_option("--authority-overlap", flags.authority_overlap,
                 "How long a new authority is trusted before it signs")
      ->capture_default_str();
  app.add_option("--check-period", flags.check_period,
                 "How often Secrets and webhook are looked at")
      ->capture_default_str();
  app.add_option("--webhook-configuration", options.webhook_configuration,
                 "File of the webhook configurations to arm once the webhook answers");
  app.add_option("--webhook-url", options.webhook_url,
                 "Where the API server reaches the webhook, in place of its Service");
  app.add_option("--when-down", flags.when_down,
                 "Disarm: take the webhooks away while the webhook does not answer")
      ->check(CLI::IsMember({"Keep", "Disarm"}))
      ->capture_default_str();
  app.add_option("--when-down-after", flags.when_down_after, "After how long it does so")
      ->capture_default_str();
}

Status ReadTrustFlags(const TrustFlags& flags, controller::TrustOptions& options) {
  const struct {
    const char* flag;
    const std::string& text;
    std::chrono::milliseconds& target;
  } durations[] = {
      {"--certificate-lifetime", flags.certificate_lifetime, options.certificate_lifetime},
      {"--authority-lifetime", flags.authority_lifetime, options.authority_lifetime},
      {"--authority-overlap", flags.authority_overlap, options.authority_overlap},
      {"--check-period", flags.check_period, options.check_period},
      {"--when-down-after", flags.when_down_after, options.when_down_after},
  };
  for (const auto& duration : durations) {
    auto parsed = ParseDuration(duration.text);
    if (!parsed) return std::move(parsed).error().Context(duration.flag);
    duration.target = *parsed;
  }
  options.disarm_when_down = flags.when_down == "Disarm";
  return Ok();
}

}  // namespace landwaiter::cli
