#include "webhook/ensurer.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/http/client.h"

namespace landwaiter::webhook {
namespace {

/// The controller is near: a connection that takes longer will not come in time for the request.
constexpr std::chrono::milliseconds kConnectTimeout{1000};
/// What the controller says of an image goes into messages: no more of it than fits.
constexpr std::size_t kMaxReasonBytes = 64;
constexpr std::size_t kMaxFailureBytes = 400;

class HttpController final : public Controller {
 public:
  HttpController(std::string url, std::unique_ptr<http::Client> client)
      : url_(std::move(url)), client_(std::move(client)) {}

  Result<resources::EnsureResponse> Ensure(const resources::EnsureRequest& request,
                                           const Cancellation& cancel) override {
    http::Request call;
    call.method = "POST";
    call.url = url_ + "/v1/ensure";
    call.headers = {{"Content-Type", "application/json"}};
    call.body = resources::ToJson(request);
    call.connect_timeout = kConnectTimeout;
    call.max_body_bytes = resources::kMaxEnsureBytes;
    call.trusted_address = true;
    auto response = client_->Send(call, cancel);
    if (!response) return std::move(response).error().Context("controller");
    if (response->status != 200) {
      return Unavailable("controller: answered " + std::to_string(response->status) + ": " +
                         text::Truncate(text::Printable(response->body), 200));
    }
    return resources::EnsureResponseFromJson(response->body);
  }

 private:
  const std::string url_;
  const std::unique_ptr<http::Client> client_;
};

std::size_t QuarterOf(std::size_t all) { return std::max<std::size_t>(1, all / 4); }

metrics::Counter& EnsureCounter(metrics::Registry& registry, const char* result) {
  return registry.AddCounter("landwaiter_webhook_ensure_total",
                             "Images asked of the controller by what became of it.",
                             {{"result", result}});
}

}  // namespace

Result<std::unique_ptr<Controller>> MakeControllerClient(const ControllerClientOptions& options) {
  http::ClientOptions client_options;
  client_options.user_agent = "landwaiter-webhook";
  if (!options.certificates.empty()) {
    client_options.ca_file = options.certificates + "/ca.crt";
    client_options.client_cert_file = options.certificates + "/tls.crt";
    client_options.client_key_file = options.certificates + "/tls.key";
  }
  auto client = http::Client::Create(std::move(client_options));
  if (!client) return std::move(client).error();
  std::string url = options.url;
  while (url.ends_with('/')) url.pop_back();
  return std::unique_ptr<Controller>(
      std::make_unique<HttpController>(std::move(url), *std::move(client)));
}

Ensurer::Ensurer(Controller& controller, Memory& memory, metrics::Registry& registry,
                 EnsurerOptions options)
    : controller_(controller),
      memory_(memory),
      options_(options),
      answered_(EnsureCounter(registry, "answered")),
      refused_(EnsureCounter(registry, "failed")),
      unreachable_(EnsureCounter(registry, "unreachable")),
      dropped_(EnsureCounter(registry, "dropped")) {
  for (int i = 0; i < std::max(1, options_.threads); ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

Ensurer::~Ensurer() { Stop(); }

void Ensurer::Stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Ensurer::Ask(const CredentialSet& credentials, const std::vector<std::string>& references) {
  Put({credentials, {}}, references);
}

void Ensurer::Tell(const CredentialSet& credentials, const std::vector<std::string>& references,
                   const resources::OwnerRef& denied_owner) {
  Put({credentials, {}, denied_owner}, references);
}

std::string Ensurer::KeyOf(const Question& question, const std::string& reference) {
  const std::string key = EnsureKey(question.credentials, reference);
  return question.denied_owner.uid.empty() ? key : key + " " + question.denied_owner.uid;
}

void Ensurer::Put(Question question, const std::vector<std::string>& references) {
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& reference : references) {
      if (under_way_.insert(KeyOf(question, reference)).second) {
        question.references.push_back(reference);
      }
    }
    if (question.references.empty()) return;
    full = !Enqueue(question);
  }
  if (full) {
    dropped_.Add(question.references.size());
    return SettleAll(question, "too many questions are waiting for the controller");
  }
  changed_.notify_one();
}

bool Ensurer::Enqueue(const Question& question) {
  const std::string& ns = question.credentials.ns;
  const auto lane = lanes_.find(ns);
  const std::size_t own = lane == lanes_.end() ? 0 : lane->second.waiting.size();
  if (waiting_ >= options_.queue || own >= QuarterOf(options_.queue)) return false;
  if (own == 0) turns_.push_back(ns);
  lanes_[ns].waiting.push_back(question);
  ++waiting_;
  return true;
}

bool Ensurer::MayAsk(const std::string& ns) const {
  return lanes_.at(ns).asking < QuarterOf(static_cast<std::size_t>(options_.threads));
}

Ensurer::Question Ensurer::Take() {
  const auto turn = std::find_if(turns_.begin(), turns_.end(),
                                 [this](const std::string& ns) { return MayAsk(ns); });
  Lane& lane = lanes_.at(*turn);
  Question question = std::move(lane.waiting.front());
  lane.waiting.pop_front();
  ++lane.asking;
  --waiting_;
  // Behind all others, if it has more.
  if (lane.waiting.empty()) {
    turns_.erase(turn);
  } else {
    turns_.splice(turns_.end(), turns_, turn);
  }
  return question;
}

void Ensurer::GiveBack(const std::string& ns) {
  const std::lock_guard lock(mutex_);
  const auto lane = lanes_.find(ns);
  if (--lane->second.asking == 0 && lane->second.waiting.empty()) lanes_.erase(lane);
}

void Ensurer::Run(const std::stop_token& stop) {
  const auto has_next = [this] {
    return std::any_of(turns_.begin(), turns_.end(),
                       [this](const std::string& ns) { return MayAsk(ns); });
  };
  for (;;) {
    Question question;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, has_next)) return;
      if (stop.stop_requested()) return;
      question = Take();
    }
    try {
      AskNow(question, stop);
    } catch (const std::exception& error) {
      log::Error("asking the controller failed", {{"error", error.what()}});
      SettleAll(question, "internal error");
    }
    // This thread looks for the next one itself: no other has to be woken.
    GiveBack(question.credentials.ns);
  }
}

void Ensurer::AskNow(const Question& question, const std::stop_token& stop) {
  const resources::EnsureRequest request{question.references, question.credentials.ns,
                                         question.credentials.service_account,
                                         question.credentials.pull_secrets, question.denied_owner};
  const Cancellation cancel = Cancellation{stop}.Within(options_.timeout);
  const auto response = controller_.Ensure(request, cancel);
  if (!response || response->images.size() != question.references.size()) {
    const std::string why =
        response ? "the controller answered for other images" : response.error().message;
    log::Warn("controller gave no answer", {{"error", why}});
    unreachable_.Add(question.references.size());
    return SettleAll(question, why);
  }
  for (std::size_t i = 0; i < question.references.size(); ++i) {
    const resources::EnsuredImage& image = response->images[i];
    Ensured ensured;
    ensured.at = std::chrono::steady_clock::now();
    auto digest = Digest::Parse(image.digest);
    if (digest) {
      answered_.Add();
      ensured.digest = *std::move(digest);
    } else {
      refused_.Add();
      const std::string reason = image.error_reason.empty() ? "NotResolved" : image.error_reason;
      const std::string message =
          image.error_message.empty() ? "the controller gave no digest" : image.error_message;
      ensured.failure = EnsureFailure{text::Truncate(text::Printable(reason), kMaxReasonBytes),
                                      text::Truncate(text::Printable(message), kMaxFailureBytes),
                                      reason == resources::kTooManyNewImages};
    }
    Settle(question, question.references[i], std::move(ensured));
  }
}

void Ensurer::SettleAll(const Question& question, const std::string& why) {
  for (const std::string& reference : question.references) {
    Ensured ensured;
    ensured.at = std::chrono::steady_clock::now();
    ensured.failure =
        EnsureFailure{std::string(admission::kReasonControllerUnreachable), why, true};
    Settle(question, reference, std::move(ensured));
  }
}

void Ensurer::Settle(const Question& question, const std::string& reference, Ensured ensured) {
  const std::string key = EnsureKey(question.credentials, reference);
  {
    // First, so that whoever is woken may ask again.
    const std::lock_guard lock(mutex_);
    under_way_.erase(KeyOf(question, reference));
  }
  memory_.PutEnsured(key, std::move(ensured));
}

}  // namespace landwaiter::webhook
