// `landwaiter request IMAGE`: has the cluster scan an image.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/report_client.h"
#include "scanner/updates/fetch.h"

namespace landwaiter::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kPause{1'000};

/// Reasons of a scan that is on its way.
bool IsOnItsWay(const std::string& reason) {
  for (const char* known : {"Pending", "Queued", "Scanning", "Resolving", "NoDatabase"}) {
    if (reason == known) return true;
  }
  return false;
}

Result<json> Wait(const std::string& name, const ReportClient& client, const Cancellation& cancel) {
  while (true) {
    auto scan = client.Get("/v1/scans/" + name, {}, cancel);
    if (!scan) return std::move(scan).error();
    const json ready = scan->value("ready", json::object());
    if (Field(ready, "status") == "True" && Field(*scan, "digest") != "-") {
      return client.Get("/v1/images/" + Field(*scan, "digest"), {}, cancel);
    }
    if (Field(ready, "status") == "False" && !IsOnItsWay(Field(ready, "reason"))) {
      return Error{Code::kUnavailable,
                   Field(*scan, "image") + " was not scanned: " + Field(ready, "message"),
                   Field(ready, "reason")};
    }
    if (!updates::WaitFor(kPause, "", cancel)) {
      return Error{Code::kDeadlineExceeded,
                   Field(*scan, "image") + " is not scanned yet: " + Field(ready, "message"),
                   Field(ready, "reason")};
    }
  }
}

Result<int> Run(const std::string& image, bool wait, bool as_json, const ReportClient& client,
                const Cancellation& cancel) {
  auto asked = client.Post("/v1/scans", {{"image", image}}, cancel);
  if (!asked) return std::move(asked).error();
  if (!wait) {
    if (as_json) {
      PrintJson(*asked);
    } else {
      std::printf("imagescan %s asks for %s\n", Field(*asked, "name").c_str(),
                  Field(*asked, "image").c_str());
    }
    return kExitOk;
  }
  auto answer = Wait(Field(*asked, "name"), client, cancel);
  if (!answer) return std::move(answer).error();
  if (as_json) {
    PrintJson(*answer);
  } else {
    std::printf("%s %s: %s; %s\n", Field(*answer, "displayName").c_str(),
                Field(*answer, "digest").c_str(), Field(*answer, "verdict").c_str(),
                CountsOf(answer->value("vulnerabilities", json())).c_str());
  }
  return ExitCodeOfImage(*answer);
}

}  // namespace

void AddRequestCommand(CLI::App& parent, int& exit_code) {
  struct Flags {
    ReportFlags api;
    std::string image;
    bool wait = false;
  };
  auto flags = std::make_shared<Flags>();
  flags->api.timeout = "10m";
  CLI::App* app = parent.add_subcommand("request", "Have the cluster scan an image.");
  app->add_option("IMAGE", flags->image, "reference, as a pod writes it")->required();
  app->add_flag("--wait", flags->wait,
                "until the verdict is in, and exit by it as `landwaiter check` does");
  AddReportFlags(*app, flags->api);
  app->callback([flags, &exit_code] {
    exit_code = RunReportCommand(
        "request", flags->api, [&](const ReportClient& client, const Cancellation& cancel) {
          return Run(flags->image, flags->wait, flags->api.Json(), client, cancel);
        });
  });
}

}  // namespace landwaiter::cli
