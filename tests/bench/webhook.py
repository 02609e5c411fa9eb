"""The webhook's half of `make bench`: the role itself, for a known digest, beside a bare Beast TLS echo of the
same body. The role reads its policy and scan from a small list-and-watch server here, since what is measured is the
way of a review through the role; the end-to-end tests run it on the real API server."""

import http.server
import json
import os
import statistics
import subprocess
import threading
import time
import urllib.request

DIGEST = "sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1"
IMAGE = f"registry.example.com/shop/cart@{DIGEST}"
REQUESTS = int(os.environ.get("LANDWAITER_BENCH_REQUESTS", "20000"))
CONNECTIONS = 64
PAIRS = 3

POLICY = {
    "apiVersion": "landwaiter.io/v1alpha1", "kind": "ScanPolicy",
    "metadata": {"name": "baseline", "generation": 1, "uid": "p", "resourceVersion": "1"},
    "spec": {"rules": [{"name": "no-critical", "vulnerabilities": {"severityAtLeast": "Critical"}}]},
}
SCAN = {
    "apiVersion": "landwaiter.io/v1alpha1", "kind": "ImageScan",
    "metadata": {"name": DIGEST.replace(":", "-"), "generation": 1, "uid": "s", "resourceVersion": "1"},
    "spec": {"image": IMAGE},
    "status": {"digest": DIGEST, "verdict": "Pass",
               "policies": [{"name": "baseline", "uid": "p", "generation": 1, "verdict": "Pass"}],
               "conditions": [{"type": "Ready", "status": "True", "reason": "Scanned", "message": "",
                               "lastTransitionTime": "2026-01-01T00:00:00Z"}]},
}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace",
             "metadata": {"name": "shop", "uid": "n", "resourceVersion": "1", "labels": {"team": "shop"}}}
ITEMS = {"scanpolicies": [POLICY], "imagescans": [SCAN], "namespaces": [NAMESPACE]}


def review():
    """A CREATE of an ordinary pod: some 8 KiB, as a ReplicaSet's pods are with their managedFields."""
    fields = {f"f:field{i}": {".": {}, "f:value": {}} for i in range(200)}
    pod = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "cart-7d9c", "namespace": "shop", "labels": {"app": "cart"},
                     "managedFields": [{"manager": "kube-controller-manager", "operation": "Update",
                                        "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields}]},
        "spec": {"serviceAccountName": "default",
                 "containers": [{"name": "cart", "image": IMAGE,
                                 "env": [{"name": f"VARIABLE_{i}", "value": f"value {i}"} for i in range(20)]}]},
    }
    return json.dumps({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {"uid": "7f0b2891-916f-4ed6-b7cd-27bff1815a8c", "operation": "CREATE", "namespace": "shop",
                    "kind": {"group": "", "version": "v1", "kind": "Pod"},
                    "resource": {"group": "", "version": "v1", "resource": "pods"},
                    "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller",
                                 "groups": ["system:serviceaccounts", "system:authenticated"]},
                    "object": pod, "oldObject": None, "dryRun": False}})


class ListAndWatch(http.server.BaseHTTPRequestHandler):
    """Each list as it stands; a watch that never has news."""

    protocol_version = "HTTP/1.1"
    ended = threading.Event()

    def do_GET(self):  # noqa: N802  the name is http.server's
        path, _, query = self.path.partition("?")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if "watch=" in query:
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.flush()
            self.ended.wait()
            self.close_connection = True
            return
        items = ITEMS.get(path.rsplit("/", 1)[-1], [])
        body = json.dumps({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "1"},
                           "items": items}).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def _start_api(workdir):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ListAndWatch)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kubeconfig = os.path.join(workdir, "kubeconfig")
    with open(kubeconfig, "w", encoding="utf-8") as file:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "c",
                   "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
                   "users": [{"name": "u", "user": {"token": "bench"}}],
                   "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}, file)
    return server, kubeconfig


def _free_port():
    import socket  # pylint: disable=import-outside-toplevel
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_ready(port, process):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"webhook ended early with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        threading.Event().wait(0.05)
    raise SystemExit("webhook did not become ready")


def _load(bench, url, body, authority, expect):
    out = subprocess.run([os.path.join(bench, "webhook_bench"), url, body, authority, "--connections", str(CONNECTIONS),
                          "--requests", str(REQUESTS), "--expect", expect], check=True, stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def bench_webhook(workdir, landwaiter, bench):
    certs = os.path.join(workdir, "certs")
    subprocess.run([landwaiter, "certs", "--output", certs], check=True, stdout=subprocess.DEVNULL)
    role = os.path.join(certs, "webhook")
    authority = os.path.join(certs, "ca.crt")
    body = os.path.join(workdir, "review.json")
    with open(body, "w", encoding="utf-8") as file:
        file.write(review())
    api, kubeconfig = _start_api(workdir)
    port, health = _free_port(), _free_port()
    webhook = subprocess.Popen([landwaiter, "webhook", "--kubeconfig", kubeconfig, "--listen", f"127.0.0.1:{port}",
                                "--health-listen", f"127.0.0.1:{health}", "--certs", role,
                                "--controller", "https://127.0.0.1:1", "--log-level", "warn"])
    echo = subprocess.Popen([os.path.join(bench, "echo_server"), os.path.join(role, "tls.crt"),
                             os.path.join(role, "tls.key"), "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        echo_port = int(echo.stdout.readline())
        _wait_ready(health, webhook)
        targets = {"bare echo": (f"https://127.0.0.1:{echo_port}/", "AdmissionReview"),
                   "webhook": (f"https://127.0.0.1:{port}/validate?timeout=10s", '"allowed":true')}
        rows = {name: [] for name in targets}
        for turn in range(PAIRS + 1):  # the first pair warms up
            for name, (url, expect) in targets.items():
                row = _load(bench, url, body, authority, expect)
                if turn > 0:
                    rows[name].append(row)
    finally:
        ListAndWatch.ended.set()
        webhook.terminate()
        echo.stdin.close()
        webhook.wait()
        echo.wait()
        api.shutdown()
    _report(rows, os.path.getsize(body))


def _report(rows, size):
    print(f"webhook: known digest, {size} byte review, {CONNECTIONS} TLS connections, {PAIRS} pairs of {REQUESTS} requests")
    print(f"  {'':14}{'p50 ms':>9}{'p99 ms':>9}{'rate/s':>9}")
    for name, runs in rows.items():
        cells = [statistics.median(run[key] for run in runs) for key in ("p50_ms", "p99_ms", "rate")]
        print(f"  {name:14}{cells[0]:9.2f}{cells[1]:9.2f}{cells[2]:9.0f}")
    ratios = [statistics.median(ours[key] / bare[key] for ours, bare in zip(rows["webhook"], rows["bare echo"]))
              for key in ("p50_ms", "p99_ms", "rate")]
    print(f"  ratio (median){ratios[0]:9.2f}{ratios[1]:9.2f}{ratios[2]:9.2f}")
