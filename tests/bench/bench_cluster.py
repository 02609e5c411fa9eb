#!/usr/bin/env python3
"""`make bench-cluster`: a real API server filled with pods by kwok, Landwaiter's roles beside it.

1. install: pods of 2,000 digests run; the roles start: how long until each digest is scanned and judged.
2. growth: 5,000, 10,000, 15,000, 20,000 pods, created by the ReplicaSet controller at the rate that the API server bears
   with the webhook in the way: memory of the roles, bytes a pod, requests of Landwaiter a pod, p50 and p99 of the webhook
   during it, seconds from the last pod to the last ImageScan that counts it.
3. restart: the controller starts anew beside them all.
4. policy: a policy changes: how long until all digests are judged by it.
5. rate: pods a second with the webhook and without, in pairs.

    LANDWAITER_BENCH_PODS=20000 LANDWAITER_BENCH_DIGESTS=2000 LANDWAITER_BENCH_NODES=500 make bench-cluster

Every server shares this machine's cores, so times are the machine's; memory and requests are not. docs/scale.md has what
was seen and what follows from it for larger clusters.
"""

import json
import os
import statistics
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", part) for part in ("cluster", "e2e", "bench/scale")]

from cluster import Cluster  # noqa: E402  pylint: disable=wrong-import-position
from crowd import Crowd, advisories, policies  # noqa: E402
from making import build_database  # noqa: E402
from processes import end_by_exception_on_signals  # noqa: E402
from readings import (Histogram, Requests, apiserver_metrics, cpu_seconds, forget_peak, resident, role_metrics)  # noqa: E402
from registry import Registry  # noqa: E402
from roles import Roles  # noqa: E402
from system import POLICIES  # noqa: E402

PODS = int(os.environ.get("LANDWAITER_BENCH_PODS", "20000"))
DIGESTS = int(os.environ.get("LANDWAITER_BENCH_DIGESTS", "2000"))
NODES = int(os.environ.get("LANDWAITER_BENCH_NODES", "500"))
STEPS = 4
RATE_PAIRS = 3
PATIENCE = 3600  # seconds for anything that must come

# Landwaiter's own requests alone: a line for each of the pods' would cost more than they do.
AUDIT_POLICY = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": [
    {"level": "Metadata", "userGroups": ["system:serviceaccounts:landwaiter"]}, {"level": "None"}]}
# What bounds the rate of pods is to be the API server, and not a client's politeness.
MORE_FLAGS = {
    "kube-apiserver": ("--max-requests-inflight=800", "--max-mutating-requests-inflight=400"),
    "kube-controller-manager": ("--kube-api-qps=5000", "--kube-api-burst=10000", "--concurrent-replicaset-syncs=20"),
}
KWOK = {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration",
        "options": {"podPlayStageParallelism": 32, "nodePlayStageParallelism": 8, "nodeLeaseParallelism": 8}}


def say(text=""):
    print(text, flush=True)


class Bench:
    def __init__(self, cluster, registry, roles):
        self.cluster, self.roles = cluster, roles
        self.crowd = Crowd(cluster, registry, DIGESTS, NODES)
        self.requests = Requests(cluster)
        self.rows = []

    @property
    def controller(self):
        return self.roles.controllers[0]

    @property
    def webhook(self):
        return self.roles.webhooks[0]

    def run(self):
        self._prepare()
        self._install()
        for step in range(1, STEPS + 1):
            self._grow(PODS * step // STEPS)
        self._summary()
        self._restart()
        self._change_policy()
        self._compare_rates()

    def _prepare(self):
        started = time.monotonic()
        self.crowd.make_nodes()
        self.crowd.make_namespaces()
        self.crowd.push_images()
        self.crowd.make_workloads()
        self.crowd.scale_to(DIGESTS - 1)
        say(f"cluster: {NODES} nodes, {DIGESTS} images, {DIGESTS - 1} ReplicaSets in {time.monotonic() - started:.0f} s")

    def _install(self):
        self.roles.install()
        self.cluster.apply(*policies())
        started = time.monotonic()
        self.roles.start_scanner()
        self.roles.start_controller()
        self._wait_judged({"no-critical": 1, "not-root": 1, "few-high": 1}, "scanned and judged")
        took = time.monotonic() - started
        asked = self.requests.new()
        self.roles.start_webhook()
        say(f"install: {DIGESTS} digests that run already scanned and judged in {took:.0f} s ({DIGESTS / took:.0f} a second), "
            f"{sum(asked.values()) / DIGESTS:.1f} requests of the API server each")
        _explain(asked)
        sizes = [len(json.dumps(scan, separators=(",", ":"))) for scan in self.crowd.scans()]
        say(f"    an ImageScan has {sum(sizes) / len(sizes) / 1024:.1f} KiB (at most {max(sizes) / 1024:.1f}); "
            f"controller {resident(self.controller.process.pid) / 1e6:.1f} MB, "
            f"webhook {resident(self.webhook.process.pid) / 1e6:.1f} MB, "
            f"store {_size_of(os.path.join(self.roles.workdir, 'data-1')) / 1e6:.1f} MB")
        self.roles.arm()
        self._wait_counted()
        self.requests.new()

    def _wait_judged(self, generations, what):
        self.cluster.wait_until(lambda: self.crowd.judged(generations) >= DIGESTS, PATIENCE, f"all digests are {what}", pause=0.5)

    def _wait_counted(self):
        self.cluster.wait_until(lambda: self.crowd.counted() == 2 * self.crowd.pods, PATIENCE,
                                f"ImageScans count all {self.crowd.pods} pods", pause=0.5)

    def _histograms(self):
        return (Histogram(role_metrics(self.webhook), "landwaiter_admission_duration_seconds"),
                Histogram(apiserver_metrics(self.cluster), "apiserver_admission_webhook_admission_duration_seconds",
                          {"type": "validating", "name": "pods.landwaiter.io"}))

    def _grow(self, pods):
        before, started, had = self._histograms(), time.monotonic(), self.crowd.pods
        cpu = cpu_seconds(self.controller.process.pid), cpu_seconds(self.webhook.process.pid)
        self.crowd.scale_to(pods)
        run_at = time.monotonic()
        self._wait_counted()
        ours, seen = (now.since(then) for now, then in zip(self._histograms(), before))
        made, asked = pods - had, self.requests.new()
        self.rows.append({
            "pods": pods, "rate": made / (run_at - started), "converged": time.monotonic() - run_at,
            "controller": resident(self.controller.process.pid), "webhook": resident(self.webhook.process.pid),
            "requests": sum(asked.values()) / made, "asked": asked,
            "p50": ours.quantile(0.5), "p99": ours.quantile(0.99), "p99 seen": seen.quantile(0.99), "reviews": ours.count,
            "cpu": [1e6 * (cpu_seconds(role.process.pid) - then) / made
                    for role, then in zip((self.controller, self.webhook), cpu)]})
        if len(self.rows) == 1:
            say(f"{'pods':>7} {'pods/s':>7} {'webhook p50':>12} {'p99':>8} {'by API server':>14} {'counted':>9} "
                f"{'requests':>9} {'CPU a pod':>18} {'controller':>11} {'webhook':>8}")
        row = self.rows[-1]
        say(f"{pods:7} {row['rate']:7.0f} {row['p50'] * 1e3:9.2f} ms {row['p99'] * 1e3:5.1f} ms {row['p99 seen'] * 1e3:11.1f} ms "
            f"{row['converged']:7.1f} s {row['requests']:5.2f}/pod {row['cpu'][0]:6.0f} + {row['cpu'][1]:4.0f} µs "
            f"{row['controller'] / 1e6:8.1f} MB {row['webhook'] / 1e6:5.1f} MB")

    def _summary(self):
        first, last = self.rows[0], self.rows[-1]
        more = last["pods"] - first["pods"]
        for role in ("controller", "webhook"):
            steps = ", ".join(f"{(b[role] - a[role]) / (b['pods'] - a['pods']):.0f}" for a, b in zip(self.rows, self.rows[1:]))
            say(f"memory: {role} {(last[role] - first[role]) / more:.0f} bytes a pod from {first['pods']} to {last['pods']} "
                f"(by step: {steps})")
        total = sum((row["asked"] for row in self.rows[1:]), type(first["asked"])())
        say(f"requests: {sum(total.values()) / more:.2f} a pod")
        _explain(total)

    def _restart(self):
        self.controller.stop()
        self.requests.new()
        started = time.monotonic()
        self.controller.restart()
        ready = time.monotonic() - started
        self.cluster.wait_until(lambda: self.controller.metric("landwaiter_leader") == 1, PATIENCE, "it leads")
        self.cluster.wait_until(lambda: self._settled(), PATIENCE, "all objects are looked at", pause=0.2)
        took, pid = time.monotonic() - started, self.controller.process.pid
        asked = self.requests.new()
        say(f"restart beside {self.crowd.pods} pods: ready after {ready:.1f} s, every object looked at after {took:.1f} s, "
            f"{cpu_seconds(pid):.1f} s of CPU, {resident(pid) / 1e6:.1f} MB (at most {resident(pid, 'VmHWM') / 1e6:.1f}), "
            f"{sum(asked.values())} requests")
        _explain(asked)

    def _settled(self):
        return self.controller.metric("landwaiter_pods") >= self.crowd.pods and \
            self.controller.metric("landwaiter_queue_depth") == 0

    def _change_policy(self):
        pid = self.controller.process.pid
        forget_peak(pid)
        self.requests.new()
        cpu, started = cpu_seconds(pid), time.monotonic()
        status, _ = self.cluster.api("PATCH", f"{POLICIES}/few-high", {"spec": {"rules": [
            {"name": "few-high", "vulnerabilities": {"severityAtLeast": "High", "maxCount": 5}}]}}, "application/merge-patch+json")
        assert status == 200
        self._wait_judged({"no-critical": 1, "not-root": 1, "few-high": 2}, "judged by the changed policy")
        asked = self.requests.new()
        say(f"policy: {DIGESTS} digests judged by a changed policy in {time.monotonic() - started:.1f} s, "
            f"{cpu_seconds(pid) - cpu:.1f} s of CPU, at most {resident(pid, 'VmHWM') / 1e6:.1f} MB, "
            f"{sum(asked.values()) / DIGESTS:.1f} requests each")


    def _compare_rates(self):
        """The same number of pods with the webhook and without, in turn: what its way costs the API server."""
        rates = {True: [], False: []}
        for armed in (True, False) * RATE_PAIRS:
            (self.roles.arm if armed else self.roles.disarm)()
            time.sleep(2)  # until the API server goes by it
            pods, started = self.crowd.pods + PODS // 20, time.monotonic()
            self.crowd.scale_to(pods)
            rates[armed].append(PODS // 20 / (time.monotonic() - started))
        ratio = statistics.median(a / b for a, b in zip(rates[True], rates[False]))
        say(f"rate: {statistics.median(rates[True]):.0f} pods/s with the webhook, {statistics.median(rates[False]):.0f} without: "
            f"{ratio:.2f} (median of {RATE_PAIRS} pairs of {PODS // 20} pods)")


def _size_of(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


def _explain(asked):
    """Which requests they were, most first."""
    for (account, verb, what), number in asked.most_common(6):
        say(f"    {number:7} {account}: {verb} {what}")


def _flags(workdir):
    config = os.path.join(workdir, "kwok.json")
    with open(config, "w", encoding="utf-8") as f:
        json.dump(KWOK, f)  # JSON is YAML
    return {**MORE_FLAGS, "kwok": (f"--config={config}",)}


def main():
    end_by_exception_on_signals()
    with tempfile.TemporaryDirectory(prefix="landwaiter-bench-", ignore_cleanup_errors=True) as workdir, \
            Cluster(os.path.join(workdir, "cluster"), more_flags=_flags(workdir), audit_policy=AUDIT_POLICY) as cluster, \
            Registry(os.path.join(workdir, "registry")) as registry:
        database = build_database(os.path.join(workdir, "database"), advisories())
        with Roles(cluster, os.path.join(workdir, "roles"), database, plain_http=[registry.host]) as roles:
            try:
                Bench(cluster, registry, roles).run()
            except BaseException:
                say(roles.log_tails(5))
                raise


if __name__ == "__main__":
    main()
