#include "controller/role.h"

#include <set>

#include "controller/names.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

using Priority = kube::WorkQueue::Priority;

// A key of the pod queue that comes after all pods of a start: when it is worked on, every pod has
// been looked at once.
const std::string kCountedKey = "!counted";
constexpr std::chrono::milliseconds kCountAgain{50};
// Later pods count when they are looked at: no tenant's registries keep images from being swept.
constexpr std::chrono::minutes kCountPatience{5};
// The numbers of pods in a status follow the pods at this pace: one write for all pods of a
// rollout's moment.
constexpr std::chrono::milliseconds kUsageDelay{500};
constexpr std::size_t kMaxPodsAgain = 10'000;

std::string AskedAt(const ScanRecord& record) {
  const auto found = record.scan.annotations.find(kAskedAtAnnotation);
  return found == record.scan.annotations.end() ? std::string() : found->second;
}

}  // namespace

Role::Role(const ControllerOptions& options, Ports ports, metrics::Registry& metrics)
    : options_(options),
      ports_(std::move(ports)),
      stages_(metrics),
      pods_(*ports_.api, {.resource = kube::kPods},
            [projector = std::make_shared<PodProjector>()](const nlohmann::json& pod) {
              return (*projector)(pod);
            }),
      scans_(
          *ports_.api, {.resource = kImageScans},
          ReportKindsOf(options.policy_reports).empty() ? ProjectScan : ProjectScanWithViolations),
      policies_(*ports_.api, {.resource = kScanPolicies}, ProjectPolicy),
      exceptions_(*ports_.api, {.resource = kScanExceptions}, ProjectException),
      book_(policies_, exceptions_),
      namespaces_(*ports_.api, {.resource = kube::kNamespaces}, ProjectNamespace),
      nodes_(*ports_.api, {.resource = kube::kNodes}, ProjectNode),
      elector_(*ports_.lease_api, *ports_.clock,
               {.ns = options.ns,
                .identity = options.identity,
                .lease_duration = options.lease_duration,
                .renew_deadline = options.renew_deadline,
                .retry_period = options.retry_period},
               {.on_started = [this] { OnLeading(); }, .on_stopped = [this] { OnNotLeading(); }}),
      fenced_(
          *ports_.api, [this] { return elector_.MayWrite(); },
          [this] { return elector_.MayWriteUntil(); }),
      events_(fenced_, *ports_.clock, {.instance = options.identity}),
      board_(options.scans_per_namespace),
      credentials_(*ports_.api, ports_.mirrors, ports_.cloud),
      resolver_(
          [this](const ImageReference& image, const std::vector<RegistryCredential>& credentials,
                 const Cancellation& cancel) {
            const StageTimer timer(&stages_, Stage::kResolve);
            return ports_.resolve(image, credentials, cancel);
          },
          {}),
      ensure_maker_(*ports_.api, scans_, *ports_.clock),
      maker_(fenced_, scans_, *ports_.clock),
      scan_events_({events_, *ports_.clock, runs_, book_, &metrics}),
      vex_(
          *ports_.api, options.ns, events_, [this] { return leading_.load(); },
          [this] {
            if (leading_) EnqueueAllScans();
          }),
      watches_(
          {.api = *ports_.api,
           .fenced = fenced_,
           .clock = *ports_.clock,
           .scans = scans_,
           .maker = maker_,
           .credentials = credentials_,
           .events = events_,
           .resolve = ports_.resolve,
           .lists = ports_.lists,
           .leading = [this] { return leading_.load(); },
           .on_change = [this](const std::string& scan) { scan_queue_.Add(scan, Priority::kLow); },
           .namespace_new_images = options.namespace_new_images,
           .bounds = ports_.look_bounds,
           .metrics = metrics}),
      held_({fenced_, *ports_.clock, scans_, book_, namespaces_, events_,
             [this](const std::string& scan) { scan_queue_.Add(scan, Priority::kHigh); },
             &metrics}),
      pod_reconciler_({pods_, scans_, aliases_, credentials_, resolver_, maker_, usage_, events_,
                       [this](const std::string& scan) { OnUsage(scan); },
                       [this](const std::string& pod, const ScanRecord& scan) {
                         scan_events_.Started(pod, scan);
                       },
                       options.hold ? &held_ : nullptr}),
      scan_reconciler_({fenced_,
                        *ports_.clock,
                        scans_,
                        pods_,
                        book_,
                        namespaces_,
                        nodes_,
                        *ports_.store,
                        ports_.database,
                        board_,
                        usage_,
                        resolver_,
                        maker_,
                        scan_events_,
                        scan_queue_,
                        &stages_,
                        options.readers,
                        &vex_,
                        [this](const resources::ImageScan& scan) { return watches_.Holds(scan); },
                        [this](const Digest& digest) { return watches_.NamesOf(digest); },
                        &bases_}),
      scan_refresher_({fenced_, *ports_.clock, scans_, *ports_.store, ports_.database,
                       [this] { return book_.List(); }, scan_queue_}),
      policy_reconciler_(fenced_, *ports_.clock, policies_, book_, scans_, runs_, events_),
      exception_reconciler_(fenced_, *ports_.clock, exceptions_, book_, scans_, events_),
      runtime_({{fenced_, *ports_.clock, scans_, namespaces_, [this] { return book_.List(); },
                 events_, options.falco_namespace.empty() ? options.ns : options.falco_namespace,
                 options.falco_config_map, &metrics},
                {fenced_, *ports_.clock, scans_, [this] { return book_.List(); }, runs_,
                 ReportKindsOf(options.policy_reports), &metrics},
                {*ports_.clock, scans_, ports_.notes},
                [this] { return leading_.load(); },
                &metrics}),
      runner_({scans_, usage_, credentials_, *ports_.store, *ports_.clock, board_, scan_queue_,
               ports_.scan, [this] { return scan_reconciler_.Wanted(); },
               [this] { return scan_reconciler_.WantedCollection(); }, &metrics, &stages_},
              options.workers),
      nudger_(
          *ports_.api, *ports_.clock, [this](const std::string& scan) { return HasVerdict(scan); },
          &metrics),
      ensure_({credentials_, resolver_, ensure_maker_, scans_,
               [this](const resources::ImageScan& scan, const Cancellation& cancel) {
                 JudgeNow(scan, cancel);
               },
               [this](const std::string& scan, const std::string& ns,
                      const resources::OwnerRef& owner) {
                 if (options_.nudge) nudger_.Denied(scan, ns, owner);
               }},
              {.namespace_new_images = options.namespace_new_images, .metrics = &metrics}),
      pod_workers_(
          pod_queue_, {.name = "pods", .threads = kPodThreads, .metrics = &metrics},
          [this] { return leading_.load(); },
          [this](const std::string& key, const Cancellation& cancel) {
            return ReconcilePod(key, cancel);
          }),
      scan_workers_(
          scan_queue_, {.name = "imagescans", .threads = 2, .metrics = &metrics},
          [this] { return leading_.load(); },
          [this](const std::string& key, const Cancellation& cancel) {
            return ScanRefresher::IsKey(key) ? scan_refresher_.Refresh(key, cancel)
                                             : scan_reconciler_.Reconcile(key, cancel);
          }),
      policy_workers_(
          policy_queue_, {.name = "scanpolicies", .threads = 1, .metrics = &metrics},
          [this] { return leading_.load(); },
          [this](const std::string& key, const Cancellation& cancel) {
            const std::size_t slash = key.find('/');  // no policy's name has one
            if (slash == std::string::npos) return policy_reconciler_.Reconcile(key, cancel);
            return exception_reconciler_.Reconcile({key.substr(0, slash), key.substr(slash + 1)},
                                                   cancel);
          }) {
  if (ports_.outbox != nullptr) {
    notifications_ =
        std::make_unique<Notifications>(Notifications::Parts{fenced_,
                                                             *ports_.clock,
                                                             scans_,
                                                             usage_,
                                                             events_,
                                                             *ports_.store,
                                                             *ports_.outbox,
                                                             *ports_.receivers,
                                                             *ports_.notify,
                                                             [this] { return leading_.load(); },
                                                             metrics,
                                                             {},
                                                             &vex_});
  }
  AddMetrics(metrics);
  AddHandlers();
}

Role::~Role() { Stop(); }

void Role::AddHandlers() {
  pods_.AddHandler([this](const auto& change) {
    if (!leading_) return;
    const bool waits = change.after && change.after->Gate();
    pod_queue_.Add(change.key.ToString(), waits ? Priority::kHigh : Priority::kNormal);
  });
  scans_.AddHandler([this](const auto& change) { OnScan(change); });
  policies_.AddHandler([this](const auto& change) { OnPolicy(change); });
  exceptions_.AddHandler([this](const auto& change) { OnException(change); });
  namespaces_.AddHandler([this](const auto& change) {
    const bool same =
        change.before && change.after && change.before->labels == change.after->labels;
    if (same || !leading_) return;
    EnqueueAllScans();
    EnqueueHeldPods();
    runtime_.Changed();
  });
  nodes_.AddHandler([this](const auto& change) {
    const bool same = change.before && change.after && *change.before == *change.after;
    if (same || !leading_) return;
    EnqueueAllScans();
    std::vector<Platform> left_out;
    scan_reconciler_.Wanted(&left_out);
    if (left_out.empty()) return;
    log::Warn("the nodes have more platforms than are looked at",
              {{"node", change.key.name},
               {"not_looked_at", left_out.front().ToString()},
               {"platforms", left_out.size()}});
  });
}

void Role::OnScan(const kube::Informer<ScanRecord>::Change& change) {
  aliases_.Change(change);
  change.after ? bases_.Set(change.key.name, change.after->scan) : bases_.Remove(change.key.name);
  nudger_.Look(change.key.name);  // on every replica
  if (!leading_) return;
  if (!change.before) PodsOfAliasAgain(*change.after);
  const std::string& name = change.key.name;
  // New, or somebody waits for it and asked another replica.
  const bool asked =
      change.before && change.after && AskedAt(*change.before) != AskedAt(*change.after);
  if (!scan_refresher_.TakeOwn(change)) {
    scan_queue_.Add(name, asked || !change.before ? Priority::kHigh : Priority::kNormal);
  }
  for (const auto& request : scan_reconciler_.RequestsFor(name)) scan_queue_.Add(request);
  for (const auto& pod : held_.WaitingFor(name)) pod_queue_.Add(pod, Priority::kHigh);
  if (!change.after) {
    // Whoever uses it still needs it: it is made again.
    for (const auto& pod : usage_.PodsOf(name, kMaxPodsAgain)) pod_queue_.Add(pod);
    if (const auto digest = CanonicalDigest(change.before->scan)) {
      scan_queue_.Add(ScanReconciler::GoneKey(*digest));
    }
  }
  EnqueuePolicies();
}

void Role::PodsOfAliasAgain(const ScanRecord& record) {
  const auto digest = CanonicalDigest(record.scan);
  const auto covering = digest ? aliases_.Canonical(*digest) : std::nullopt;
  if (!covering) return;
  // It has an object of its own now, so its pods count there.
  for (const auto& pod : usage_.PodsOf(resources::ScanName(*covering), kMaxPodsAgain)) {
    pod_queue_.Add(pod);
  }
}

void Role::OnDatabaseChanged() {
  if (!leading_) return;  // who begins to lead looks at all
  scans_.ForEach([this](const std::string& name, const ScanRecord&) {
    scan_queue_.Add(ScanRefresher::KeyOf(name), Priority::kLow);
  });
}

void Role::EnqueueAllScans() {
  scans_.ForEach([this](const std::string& name, const ScanRecord&) {
    scan_queue_.Add(name, Priority::kLow);
  });
}

void Role::OnUsage(const std::string& scan) {
  scan_queue_.AddAfter(scan, kUsageDelay);
  // What runs of what fails may have changed while its number did not.
  if (usage_.Complete()) EnqueueCounts();
}

bool Role::HasVerdict(const std::string& scan) const {
  const auto record = scans_.Get(scan);
  if (!record || record->scan.status.policies.empty()) return false;
  return !LacksJudgement(record->scan, book_.List());
}

void Role::EnqueueHeldPods() {
  for (const auto& pod : held_.All()) pod_queue_.Add(pod, Priority::kHigh);
}

void Role::OnLeading() {
  counting_since_ = std::chrono::steady_clock::now();
  leading_ = true;  // first: an event from now on finds its queue
  // Who is held has waited since it was made, and its time runs out.
  pods_.ForEach([this](const std::string& key, const PodRecord& pod) {
    pod_queue_.Add(key, pod.Gate() ? Priority::kHigh : Priority::kNormal);
  });
  pod_queue_.Add(kCountedKey, Priority::kLow);
  EnqueueAllScans();
  EnqueuePolicies();
  watches_.OnLeading();
  if (notifications_) notifications_->OnLeading();
}

void Role::JudgeNow(const resources::ImageScan& scan, const Cancellation& cancel) {
  if (!LacksJudgement(scan, book_.List())) return;
  if (leading_) return scan_queue_.Add(scan.name, Priority::kHigh);
  ensure_maker_.AskAgain(scan, cancel)
      .IgnoreError("it comes up in the leader's queue all the same");
}

void Role::OnNotLeading() {
  leading_ = false;
  pod_queue_.Clear();
  scan_queue_.Clear();
  policy_queue_.Clear();
  runtime_.Forget();
  board_.Reset();
  usage_.Reset();
  held_.Reset();
  scan_refresher_.Forget();
  watches_.OnNotLeading();
  if (notifications_) notifications_->OnNotLeading();
}

Outcome Role::ReconcilePod(const std::string& key, const Cancellation& cancel) {
  if (key != kCountedKey) return pod_reconciler_.Reconcile(key, cancel);
  // Others wait or are just being counted: those of a namespace with slow registries for long.
  const auto waited = std::chrono::steady_clock::now() - counting_since_.load();
  const bool others = pod_queue_.InWork() > 1 || pod_queue_.size() > 0 || pod_queue_.Failing() > 0;
  if (others && waited < kCountPatience) return {Ok(), kCountAgain};
  usage_.SetComplete();
  EnqueueAllScans();
  EnqueuePolicies();
  return {Ok()};
}

void Role::Sweep(const Cancellation& cancel) {
  if (!leading_ || !usage_.Complete()) return;
  const TimePoint now = ports_.clock->Now();
  std::set<std::string> alive;
  const Policies policies = book_.List();
  std::vector<resources::ImageScan> outlived;
  scans_.ForEach([&](const std::string&, const ScanRecord& record) {
    if (const auto digest = CanonicalDigest(record.scan)) alive.insert(digest->ToString());
    if (Outlived(record, policies, options_.retention, now)) outlived.push_back(record.scan);
  });
  for (const auto& scan : outlived) {
    // Only in the state that was looked at: a pod may just have come.
    const Status deleted =
        fenced_.Delete(kImageScans, {"", scan.name},
                       {.uid = scan.uid, .resource_version = scan.resource_version}, cancel);
    if (deleted) {
      log::Info("scan outlived its retention", {{"scan", scan.name}, {"image", scan.spec.image}});
    }
  }
  auto stored = ports_.store->Digests();
  if (!stored) {
    log::Warn("store not swept", {{"error", stored.error()}});
    return;
  }
  for (const auto& digest : *stored) {
    if (!alive.contains(digest.ToString())) scan_queue_.Add(ScanReconciler::GoneKey(digest));
  }
}

}  // namespace landwaiter::controller
