// What the controller makes of each answer of a scanner, and which scanner it asks next.
#include "controller/scanner_client.h"

#include <gtest/gtest.h>

#include "lib/http/client.h"
#include "model/inventory_codec.h"
#include "model/scan_request.h"
#include "tests/support/loopback_server.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using testing::Connection;
using testing::LoopbackServer;
using testing::SeenRequest;

const Digest kImage = DigestOf("image");

struct Answer {
  int status;
  std::string body;
};

std::string ErrorBody(const std::string& code, const std::string& reason) {
  return R"({"error":{"code":")" + code + R"(","reason":")" + reason + R"(","message":"no"}})";
}

LoopbackServer::Handler Answering(const Answer& answer) {
  return [answer](const SeenRequest&, Connection& connection) {
    return connection.Reply(answer.status, {{"Content-Type", "application/json"}}, answer.body);
  };
}

Result<ImageInventory> Ask(std::vector<std::string> urls) {
  ScannerClient client(std::move(*http::Client::Create({})), std::move(urls));
  ScanRequest request;
  request.image = *ImageReference::Parse("r.io/a@" + kImage.ToString());
  return client.Scan(request, {});
}

struct AnswerCase {
  const char* name;
  Answer answer;
  std::string_view reason;
};

TEST(ScannerClient, TellsATurnedAwayScanFromAFailedOne) {
  const AnswerCase cases[] = {
      {"full", {429, ErrorBody("Unavailable", "ScannerBusy")}, scan_reason::kScannerBusy},
      {"a server that ends", {503, ""}, scan_reason::kScannerBusy},
      {"a proxy before it", {502, "<html>"}, scan_reason::kScannerBusy},
      {"too many connections", {503, ErrorBody("Unavailable", "")}, scan_reason::kScannerBusy},
      {"a crash", {500, ErrorBody("Internal", "ScannerFailed")}, scan_reason::kScannerFailed},
      {"no words", {500, ""}, scan_reason::kScannerFailed},
      {"a registry that is down",
       {503, ErrorBody("Unavailable", "RegistryUnavailable")},
       scan_reason::kRegistryUnavailable},
      {"a bomb, which is 429 as well",
       {429, ErrorBody("ResourceExhausted", "TooLarge")},
       scan_reason::kTooLarge},
      {"bytes of another digest, which is 502 as well",
       {502, ErrorBody("DataLoss", "DigestMismatch")},
       scan_reason::kDigestMismatch},
      {"an inventory that is none", {200, "{}"}, scan_reason::kScannerFailed},
  };
  for (const auto& c : cases) {
    LoopbackServer server(Answering(c.answer));
    const auto inventory = Ask({"http://" + server.Host()});
    ASSERT_FALSE(inventory) << c.name;
    EXPECT_EQ(inventory.error().reason, c.reason) << c.name;
  }
}

// While an upgrade runs, the scanner may be the older one, or the newer.
TEST(ScannerClient, TakesTheInventoryInEitherFormAndByItsTypeAlone) {
  const auto answering = [](std::string type, std::string body) {
    return [=](const SeenRequest&, Connection& connection) {
      return connection.Reply(200, {{"Content-Type", type}}, body);
    };
  };
  const std::string type(kInventoryMediaType);
  const std::string json = ToJson(AnInventory(kImage));
  const std::string bytes = EncodeImageInventory(AnInventory(kImage));
  struct Row {
    const char* name;
    std::string type;
    std::string body;
    bool taken;
  };
  for (const auto& row :
       std::vector<Row>{{"bytes", type, bytes, true},
                        {"JSON", "application/json", json, true},
                        {"JSON that says that it is bytes", type, json, false},
                        {"bytes that say that they are JSON", "application/json", bytes, false},
                        {"bytes that break off", type, bytes.substr(0, bytes.size() / 2), false}}) {
    SCOPED_TRACE(row.name);
    LoopbackServer server(answering(row.type, row.body));
    const auto inventory = Ask({"http://" + server.Host()});
    EXPECT_EQ(inventory.has_value(), row.taken);
    if (inventory) {
      EXPECT_EQ(*inventory, AnInventory(kImage));
    } else {
      EXPECT_EQ(inventory.error().reason, scan_reason::kScannerFailed);
    }
  }
}

TEST(ScannerClient, AsksTheNextScannerWhereOneIsBusyOrAway) {
  LoopbackServer good(Answering({200, ToJson(AnInventory(kImage))}));
  LoopbackServer busy(Answering({429, ErrorBody("Unavailable", "ScannerBusy")}));
  std::string away;
  {
    const LoopbackServer gone(Answering({200, ""}));
    away = "http://" + gone.Host();
  }
  const auto inventory = Ask({away, "http://" + busy.Host(), "http://" + good.Host()});
  ASSERT_TRUE(inventory) << inventory.error().message;
  EXPECT_EQ(inventory->digest, kImage);
  const auto none = Ask({away});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, scan_reason::kScannerUnreachable);
  const auto later = Ask({away, "http://" + busy.Host()});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().reason, scan_reason::kScannerBusy) << "in either order";
}

TEST(ScannerClient, AsksNoOtherScannerWhereTheImageIsAtFault) {
  LoopbackServer one(Answering({400, ErrorBody("InvalidArgument", "MalformedImage")}));
  LoopbackServer two(Answering({400, ErrorBody("InvalidArgument", "MalformedImage")}));
  const auto inventory = Ask({"http://" + one.Host(), "http://" + two.Host()});
  ASSERT_FALSE(inventory);
  EXPECT_EQ(inventory.error().reason, scan_reason::kMalformedImage);
  EXPECT_EQ(one.Seen().size() + two.Seen().size(), 1u);
}

}  // namespace
}  // namespace landwaiter::controller
