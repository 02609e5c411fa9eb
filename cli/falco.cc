// `landwaiter falco rules`: what the controller keeps in a ConfigMap for Falco, once and on stdout;
// of a cluster, or of JSON reports.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "controller/names.h"
#include "controller/runtime/falco_keeper.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/kube/client.h"
#include "lib/kube/config.h"
#include "policy/scan_exception.h"

namespace landwaiter::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxReportBytes = 256u << 20;
constexpr std::size_t kMaxReportPlatforms = 64;

struct FalcoOptions {
  std::string kubeconfig;
  std::vector<std::string> reports;
  std::vector<std::string> namespaces;
  std::string format = "rules";
  std::string ns = "falco";
  std::string name = "landwaiter-falco";
  std::string timeout = "60s";
};

/// Each object of a kind, projected as the controller's informers do.
template <class Projection, class Each>
Status ForEachOf(kube::Api& api, const kube::Resource& resource, const Cancellation& cancel,
                 Projection project, Each each) {
  const auto listed = api.List(
      resource, {},
      [&](json&& item) -> Status {
        const std::string name = kube::KeyOf(item).name;
        auto record = project(item);
        // One that cannot be read is not in the controller's memory either.
        if (record) each(name, std::move(*record));
        return Ok();
      },
      cancel);
  return listed ? Ok() : Status(listed.error());
}

Result<report::FalcoInput> OfCluster(const FalcoOptions& options) {
  auto timeout = ParseDuration(options.timeout);
  if (!timeout) return std::move(timeout).error().Context("--timeout");
  std::string kubeconfig = options.kubeconfig;
  const char* named = std::getenv("KUBECONFIG");
  if (kubeconfig.empty() && named != nullptr) kubeconfig = named;
  auto config = kube::LoadConfig(kubeconfig);
  if (!config) return std::move(config).error();
  auto api = kube::Client::Create(*config, {.user_agent = "landwaiter-falco"});
  if (!api) return std::move(api).error();
  const Interrupt interrupt;
  const Cancellation cancel = Cancellation{interrupt.Token()}.Within(*timeout);

  std::vector<controller::PolicyRecord> of_owners;
  std::vector<policy::ScanException> exceptions;
  controller::Scans scans;
  controller::NamespaceLabels labels;
  Status status = ForEachOf(**api, controller::kScanPolicies, cancel, controller::ProjectPolicy,
                            [&](const std::string&, controller::PolicyRecord&& record) {
                              of_owners.push_back(std::move(record));
                            });
  if (status) {
    status = ForEachOf(**api, controller::kScanExceptions, cancel, controller::ProjectException,
                       [&](const std::string&, controller::ExceptionRecord&& record) {
                         exceptions.push_back(std::move(record.exception));
                       });
  }
  if (status) {
    status = ForEachOf(
        **api, controller::kImageScans, cancel, controller::ProjectScan,
        [&](const std::string&, controller::ScanRecord&& record) {
          scans.push_back(std::make_shared<const controller::ScanRecord>(std::move(record)));
        });
  }
  if (status) {
    status = ForEachOf(**api, kube::kNamespaces, cancel, controller::ProjectNamespace,
                       [&](const std::string& name, controller::NamespaceRecord&& record) {
                         labels[name] = std::move(record.labels);
                       });
  }
  if (!status) return std::move(status).error();
  controller::Policies policies;
  for (auto& record : of_owners) {
    record.policy = policy::WithScanExceptions(std::move(record.policy), exceptions);
    policies.push_back(std::make_shared<const controller::PolicyRecord>(std::move(record)));
  }
  return controller::FalcoFacts(policies, scans, labels, SystemClock().Now());
}

/// Of a report of `landwaiter scan --format json`.
Result<report::FalcoImage> ImageOf(const json& report) {
  report::FalcoImage image;
  std::string verdict;
  std::string digest;
  JsonFields fields(report, "");
  fields.String("verdict", verdict);
  fields.String("digest", digest);
  std::vector<std::string> texts{};
  fields.Objects("platforms", kMaxReportPlatforms, [&](JsonFields& platform) {
    std::string manifest;
    std::string id;
    platform.String("manifestDigest", manifest);
    platform.String("imageID", id);
    texts.push_back(std::move(manifest));
    texts.push_back(std::move(id));
    return Ok();
  });
  if (Status read = fields.Done(); !read) return std::move(read).error();
  texts.insert(texts.begin(), std::move(digest));
  for (const auto& text : texts) {
    if (text.empty()) continue;
    auto parsed = Digest::Parse(text);
    if (!parsed) return std::move(parsed).error();
    if (std::find(image.digests.begin(), image.digests.end(), *parsed) == image.digests.end()) {
      image.digests.push_back(std::move(*parsed));
    }
  }
  const Verdict judged = VerdictFromName(verdict);
  if (image.digests.empty() || VerdictName(judged) != verdict) {
    return InvalidArgument("is no report of `landwaiter scan --format json`");
  }
  image.fails = judged == Verdict::kFail;
  return image;
}

Result<report::FalcoInput> OfReports(const FalcoOptions& options) {
  report::FalcoInput input;
  input.watched.all = options.namespaces.empty();
  input.watched.names = options.namespaces;
  std::sort(input.watched.names.begin(), input.watched.names.end());
  for (const auto& path : options.reports) {
    auto text = ReadFile(path, kMaxReportBytes);
    if (!text) return std::move(text).error();
    auto report = ParseJson(*text, {.max_bytes = kMaxReportBytes});
    if (!report) return std::move(report).error().Context(path);
    auto image = ImageOf(*report);
    if (!image) return std::move(image).error().Context(path);
    image->where = input.watched;
    input.images.push_back(std::move(*image));
  }
  return input;
}

std::string ConfigMaps(const FalcoOptions& options, const report::FalcoRules& rules) {
  json items = json::array();
  for (std::size_t part = 0; part < rules.parts.size(); ++part) {
    items.push_back(controller::FalcoConfigMap(
        options.ns, controller::FalcoConfigMapName(options.name, part), rules.parts[part]));
  }
  return json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}}.dump(2) + "\n";
}

Result<std::string> Render(const FalcoOptions& options) {
  auto input = options.reports.empty() ? OfCluster(options) : OfReports(options);
  if (!input) return std::move(input).error();
  const bool bounded = options.format == "configmaps";
  auto rules =
      report::RenderFalcoRules(*input, bounded ? report::kConfigMapLimits : report::FalcoLimits{});
  if (!rules) return std::move(rules).error();
  if (rules->left_out > 0) {
    std::fprintf(stderr,
                 "landwaiter: falco rules: %llu images found no room in %zu ConfigMaps, %llu of "
                 "them fail: those that fail worst are listed, and nothing is said of images that "
                 "were never scanned\n",
                 static_cast<unsigned long long>(rules->left_out), report::kMaxFalcoParts,
                 static_cast<unsigned long long>(rules->failing_left_out));
  }
  if (bounded) return ConfigMaps(options, *rules);
  std::string text;
  for (const auto& part : rules->parts) {
    for (const auto& file : part) text += file.text + "\n";
  }
  return text;
}

}  // namespace

void AddFalcoCommand(CLI::App& parent, int& exit_code) {
  CLI::App* app = parent.add_subcommand("falco", "Rules for Falco, which watches what runs.");
  app->require_subcommand(1);
  auto options = std::make_shared<FalcoOptions>();
  CLI::App* rules = app->add_subcommand(
      "rules",
      "Write rules that fire when a container of an image that fails, or was never "
      "scanned, starts: of a cluster's ImageScans, or of JSON reports");
  rules->add_option("REPORT", options->reports,
                    "Reports of `landwaiter scan --format json`; without any, the cluster");
  rules->add_option("--kubeconfig", options->kubeconfig,
                    "Kubeconfig file (default: $KUBECONFIG, else the mounted service account)");
  rules->add_option("--watch-namespace", options->namespaces,
                    "With reports: fire in this namespace alone; may be repeated");
  rules->add_option("--format", options->format, "rules, or configmaps for kubectl apply")
      ->check(CLI::IsMember({"rules", "configmaps"}))
      ->capture_default_str();
  rules->add_option("-n,--namespace", options->ns, "Of the ConfigMaps")->capture_default_str();
  rules->add_option("--name", options->name, "Of the first ConfigMap")->capture_default_str();
  rules->add_option("--timeout", options->timeout, "How long the cluster may take")
      ->capture_default_str();
  rules->callback([options, &exit_code] {
    const auto text = Render(*options);
    if (!text) {
      std::fprintf(stderr, "landwaiter: falco rules: %s\n",
                   text::Printable(text.error().message).c_str());
      exit_code = text.error().code == Code::kInvalidArgument ? kExitUsage : kExitIncomplete;
      return;
    }
    std::fputs(text->c_str(), stdout);
    exit_code = kExitOk;
  });
}

}  // namespace landwaiter::cli
