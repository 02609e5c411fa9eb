"""Certificates in Secrets and the arming of the webhook, on the real API server under the shipped RBAC.

The roles are this file's own: one scanner, two controllers with --manage-certificates, one webhook.
What a kubelet does for a mounted Secret, Mount does.
"""

import base64
import json
import os
import shutil
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

import conftest
from cluster import Cluster
from making import build_database
from objects import pod
from processes import free_ports
from roles import NAMESPACE, ROOT, Role, Roles, install, landwaiter

SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/landwaiter"
MERGE = "application/merge-patch+json"
OVERLAP = 15  # seconds; a role follows its files within 10


class Mount(threading.Thread):
    """A folder that follows a Secret, swapped whole by a symbolic link as the kubelet does."""

    def __init__(self, cluster, secret, folder):
        super().__init__(daemon=True)
        self.cluster, self.secret, self.folder = cluster, secret, str(folder)
        self._done = threading.Event()
        self._count = 0
        self._version = None

    def run(self):
        while not self._done.wait(0.2):
            try:
                status, found = self.cluster.api("GET", f"{SECRETS}/{self.secret}")
            except (OSError, ValueError):
                continue
            if status == 200 and found["metadata"]["resourceVersion"] != self._version:
                self._write(found)

    def _write(self, secret):
        os.makedirs(self.folder, exist_ok=True)
        self._count += 1
        fresh = os.path.join(self.folder, f"..{self._count}")
        os.makedirs(fresh)
        for name, value in (secret.get("data") or {}).items():
            with open(os.path.join(fresh, name), "wb") as f:
                f.write(base64.b64decode(value))
        os.symlink(f"..{self._count}", os.path.join(self.folder, "..tmp"))
        os.replace(os.path.join(self.folder, "..tmp"), os.path.join(self.folder, "..data"))
        for name in secret.get("data") or {}:
            link = os.path.join(self.folder, name)
            if not os.path.islink(link):
                os.symlink(os.path.join("..data", name), link)
        shutil.rmtree(os.path.join(self.folder, f"..{self._count - 2}"), ignore_errors=True)
        self._version = secret["metadata"]["resourceVersion"]

    def stop(self):
        self._done.set()
        self.join()


class Trust:
    """The roles with certificates from Secrets, and what the tests ask about them."""

    def __init__(self, cluster, workdir, database):
        self.cluster = cluster
        self.roles = Roles(cluster, workdir, database)
        self.ports = {"webhook": free_ports(1)[0]}
        self.mounts = []

    def certs(self, role):
        return os.path.join(self.roles.certificates, role)

    def mount(self, role):
        mount = Mount(self.cluster, f"landwaiter-{role}-tls", self.certs(role))
        mount.start()
        self.mounts.append(mount)

    def mounted(self, role):
        return os.path.exists(os.path.join(self.certs(role), "tls.crt"))

    def start_controller(self):
        """A replica of its own folder; its scanner need not run yet."""
        if not self.roles.scanners:
            self.roles.scanners.append(Role(None, *free_ports(2)))  # nothing is scanned here
        number = len(self.roles.controllers) + 1
        flags = ["--certs", self.certs(f"controller-{number}"), "--manage-certificates",
                 "--certificate-name", "127.0.0.1", "--check-period", "1s", "--authority-overlap", f"{OVERLAP}s",
                 "--webhook-configuration", os.path.join(ROOT, "manifests", "webhook.yaml"),
                 "--webhook-url", f"https://127.0.0.1:{self.ports['webhook']}",
                 "--when-down", "Disarm", "--when-down-after", "4s"]
        return self.roles.start_controller(flags)

    def start_webhook(self):
        return self.roles.start_webhook(flags=["--listen", f"127.0.0.1:{self.ports['webhook']}"])

    def secret(self, name):
        return self.cluster.get(f"{SECRETS}/landwaiter-{name}")

    def pem(self, name, key):
        return base64.b64decode(self.secret(name)["data"][key]).decode()

    def configuration(self):
        return self.cluster.get(CONFIGURATION)

    def webhooks(self):
        return self.configuration().get("webhooks", [])

    def wait_armed(self, armed=True, seconds=60):
        self.cluster.wait_until(lambda: bool(self.webhooks()) == armed, seconds, f"armed: {armed}")

    def bundle(self):
        """The caBundle that the API server uses now."""
        return base64.b64decode(self.webhooks()[0]["clientConfig"]["caBundle"]).decode()

    def run_command(self, name, kubeconfig=None):
        return subprocess.run([landwaiter(), name, "--kubeconfig", kubeconfig or self.cluster.kubeconfig],
                              capture_output=True, text=True, timeout=60, check=False)

    def create(self, namespace, name):
        """kubectl create of a pod without kubectl: (status, answer)."""
        return self.cluster.api("POST", f"/api/v1/namespaces/{namespace}/pods", pod(name, "r.invalid/a:1", namespace))

    def served(self, role):
        """The certificate that a port serves, as PEM."""
        port = self.ports.get(role) or self.roles.controllers[0].port
        return ssl.get_server_certificate(("127.0.0.1", port))

    def stop(self):
        self.roles.stop()
        for mount in self.mounts:
            mount.stop()


@pytest.fixture(scope="module")
def cluster(workdir):
    """A control plane of this file's own: the other files' controllers hold the Lease of theirs."""
    subprocess.run([os.path.join(ROOT, "tests", "cluster", "build.sh")], check=True)
    with Cluster(workdir / "trust-cluster") as running:
        conftest._LOGGERS.append(running.log_tails)  # pylint: disable=protected-access
        install(running)
        running.kubectl("apply", "--server-side", "--field-manager=helm", "-f",
                        os.path.join(ROOT, "manifests", "webhook-configuration.yaml"))
        yield running
        conftest._LOGGERS.remove(running.log_tails)  # pylint: disable=protected-access


@pytest.fixture(scope="module")
def trust(cluster, workdir):
    """Nothing runs yet and no Secret exists: the first test sees the first start."""
    running = Trust(cluster, workdir / "trust-roles", build_database(workdir / "trust-database"))
    conftest._LOGGERS.append(running.roles.log_tails)  # pylint: disable=protected-access
    yield running
    conftest._LOGGERS.remove(running.roles.log_tails)  # pylint: disable=protected-access
    running.stop()


@pytest.fixture
def armed(trust):
    """Everything runs and the webhook is armed, whichever tests ran before."""
    if not trust.roles.controllers:
        trust.start_controller()
        for role in ("webhook", "scanner"):
            trust.mount(role)
            trust.cluster.wait_until(lambda r=role: trust.mounted(r), 30, f"the {role}'s certificate is mounted")
    for controller in trust.roles.controllers:
        if not controller.process.is_running():
            controller.restart()
    if not trust.roles.webhooks:
        trust.start_webhook()
    if not trust.roles.webhooks[0].process.is_running():
        trust.roles.webhooks[0].restart()
    assert trust.run_command("arm").returncode == 0
    trust.wait_armed()
    return trust


# In the order of a first start: nothing was there before.

# Admission pitfall 29.
def test_certificates_are_made_and_the_webhook_is_armed_only_when_it_answers(trust, namespace):
    trust.start_controller()
    for name, keys in (("ca", {"ca.crt", "ca.key"}), ("webhook-tls", {"ca.crt", "tls.crt", "tls.key"}),
                       ("controller-tls", {"ca.crt", "tls.crt", "tls.key"}), ("scanner-tls", {"ca.crt", "tls.crt", "tls.key"})):
        assert set(trust.secret(name)["data"]) == keys
    trust.cluster.wait_until(trust.roles.leader, 30, "the controller leads")
    for role in ("webhook", "scanner"):
        trust.mount(role)
        trust.cluster.wait_until(lambda r=role: trust.mounted(r), 30, f"the {role}'s certificate is mounted")
    # The leader has looked several times by now.
    time.sleep(3)
    assert trust.webhooks() == []
    assert trust.create(namespace, "before")[0] == 201
    trust.start_webhook()
    trust.wait_armed()
    assert trust.bundle() == trust.pem("ca", "ca.crt")
    assert trust.create(namespace, "after")[0] == 201
    assert trust.roles.webhooks[0].metric("landwaiter_admission_requests_total", reason="no_policy") > 0
    events = trust.cluster.wait_until(lambda: _events(trust, "Armed"), 30, "an Event says so")
    assert events[0]["involvedObject"]["name"] == "landwaiter"


def _events(trust, reason):
    return [e for e in trust.cluster.items("/api/v1/namespaces/default/events")
            if e["reason"] == reason and e["involvedObject"]["kind"] == "ValidatingWebhookConfiguration"]


# Admission pitfalls 19, 28 and 87.
def test_the_webhooks_alone_are_the_controllers(armed):
    """GitOps-clean: who ships the object without webhooks sees no difference while it is armed."""
    shipped = os.path.join(ROOT, "manifests", "webhook-configuration.yaml")
    diff = armed.cluster.kubectl("diff", "--server-side", "--field-manager=helm", "-f", shipped, check=False)
    assert (diff.returncode, diff.stdout) == (0, ""), diff.stderr
    fields = {m["manager"]: m["fieldsV1"] for m in armed.configuration()["metadata"]["managedFields"]
              if m["operation"] == "Apply"}
    assert "f:webhooks" in fields["landwaiter-arming"] and "f:webhooks" not in fields["helm"]
    namespace = armed.cluster.get(f"/api/v1/namespaces/{NAMESPACE}")
    assert [o["uid"] for o in armed.configuration()["metadata"]["ownerReferences"]] == [namespace["metadata"]["uid"]]
    armed.cluster.kubectl("apply", "--server-side", "--field-manager=helm", "-f", shipped)
    assert armed.webhooks(), "an upgrade does not disarm"


# Admission pitfall 28.
def test_what_somebody_changed_in_the_configuration_is_mended(armed, namespace):
    patch = [{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]
    assert armed.cluster.api("PATCH", CONFIGURATION, patch, "application/json-patch+json")[0] == 200
    armed.cluster.wait_until(lambda: "caBundle" in armed.webhooks()[0]["clientConfig"], 30, "caBundle is back")
    armed.cluster.wait_until(lambda: armed.create(namespace, "mended")[0] == 201, 30, "pods are made again")


@pytest.mark.parametrize("role", ["webhook", "controller", "scanner"])
def test_a_deleted_secret_comes_back(armed, role):
    before = armed.pem(f"{role}-tls", "tls.crt")
    assert armed.cluster.api("DELETE", f"{SECRETS}/landwaiter-{role}-tls")[0] == 200
    armed.cluster.wait_until(lambda: armed.secret(f"{role}-tls"), 30, "it is back")
    assert armed.pem(f"{role}-tls", "tls.crt") != before
    assert armed.pem(f"{role}-tls", "ca.crt") == armed.pem("ca", "ca.crt") + _retired(armed)


def _retired(trust):
    return trust.pem("ca", "retired.crt") if "retired.crt" in trust.secret("ca")["data"] else ""


def test_a_broken_secret_is_repaired(armed):
    spoilt = {"data": {"tls.crt": base64.b64encode(b"hello").decode(), "tls.key": base64.b64encode(b"hello").decode()}}
    assert armed.cluster.api("PATCH", f"{SECRETS}/landwaiter-webhook-tls", spoilt, MERGE)[0] == 200
    armed.cluster.wait_until(lambda: armed.pem("webhook-tls", "tls.crt") != "hello", 30, "it is made good")
    armed.cluster.wait_until(lambda: armed.served("webhook") == armed.pem("webhook-tls", "tls.crt"), 30,
                             "and served")


# --- rotation under load

class Load:
    """Pods through the API server, and reviews by fresh connections, until it is stopped; every failure is kept."""

    def __init__(self, trust, namespace):
        self.trust, self.namespace = trust, namespace
        self.failures, self.answers = [], {"pods": 0, "reviews": 0, "calls": 0}
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=(f,)) for f in (self._pod, self._review, self._call)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, action):
        number = 0
        while not self._stop.wait(0.02):
            number += 1
            try:
                action(number)
            except Exception as error:  # noqa: BLE001  every kind of failure counts
                self.failures.append(f"{time.time():.3f} {action.__name__}: {error!r}")

    def _pod(self, number):
        path = f"/api/v1/namespaces/{self.namespace}/pods?dryRun=All"
        status, answer = self.trust.cluster.api("POST", path, pod(f"load-{number}", "r.invalid/a:1", self.namespace))
        if status != 201:
            raise AssertionError(f"{status} {answer}")
        self.answers["pods"] += 1

    def _review(self, _):
        """As a fresh API server would: by the caBundle of this moment."""
        body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "CREATE", "dryRun": True,
            "namespace": self.namespace, "name": "p", "userInfo": {"username": "t"},
            "object": pod("p", "r.invalid/a:1", self.namespace)}}
        request = urllib.request.Request(f"https://127.0.0.1:{self.trust.ports['webhook']}/validate",
                                         data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20,
                                    context=ssl.create_default_context(cadata=self.trust.bundle())) as answer:
            assert json.loads(answer.read())["response"]["allowed"] is True
        self.answers["reviews"] += 1

    def _call(self, _):
        """As the webhook calls the controller: with the webhook's own certificate, by the webhook's own bundle."""
        folder = os.path.realpath(f"{self.trust.certs('webhook')}/..data")  # three files of one moment
        with open(f"{folder}/ca.crt", encoding="ascii") as f:
            context = ssl.create_default_context(cadata=f.read())
        context.load_cert_chain(f"{folder}/tls.crt", f"{folder}/tls.key")
        body = {"namespace": self.namespace, "serviceAccount": "default", "images": []}
        url = f"https://127.0.0.1:{self.trust.roles.controllers[0].port}/v1/ensure"
        request = urllib.request.Request(url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=20, context=context).close()
        except urllib.error.HTTPError as error:
            assert error.code == 400, error  # let in, and told that it asked for nothing
        self.answers["calls"] += 1


# Admission pitfall 26.
def test_a_new_authority_drops_no_request(armed, namespace):
    """The authority's Secret is lost: a new one is trusted everywhere, then signs; nothing fails meanwhile."""
    old = armed.pem("ca", "ca.crt")
    served = armed.served("webhook")
    with Load(armed, namespace) as load:
        time.sleep(1)
        assert armed.cluster.api("DELETE", f"{SECRETS}/landwaiter-ca")[0] == 200
        armed.cluster.wait_until(lambda: armed.secret("ca") and "next.crt" in armed.secret("ca")["data"], 30,
                                 "a new authority is made")
        new = armed.pem("ca", "next.crt")
        armed.cluster.wait_until(lambda: new in armed.bundle() and old in armed.bundle(), 30, "both are trusted")
        assert armed.pem("webhook-tls", "ca.crt") == armed.bundle()
        assert armed.served("webhook") == served, "the old one vouches for it still"
        armed.cluster.wait_until(lambda: "ca.crt" in armed.secret("ca")["data"] and armed.pem("ca", "ca.crt") == new, 60,
                                 "the new one signs")
        for role in ("webhook", "controller"):
            armed.cluster.wait_until(lambda r=role: armed.served(r) == armed.pem(f"{r}-tls", "tls.crt"), 60,
                                     f"{role} serves by it")
        time.sleep(2)
    assert load.failures == []
    assert min(load.answers.values()) > 10, load.answers  # every door was under load, on a slow machine too
    assert old in armed.bundle(), "what it has signed may live still"
    assert armed.served("webhook") != served


def test_renewed_certificates_drop_no_request(armed, namespace):
    with Load(armed, namespace) as load:
        for role in ("webhook", "controller", "webhook"):
            assert armed.cluster.api("DELETE", f"{SECRETS}/landwaiter-{role}-tls")[0] == 200
            armed.cluster.wait_until(lambda r=role: armed.secret(f"{r}-tls"), 30, "it is made anew")
            armed.cluster.wait_until(lambda r=role: armed.served(r) == armed.pem(f"{r}-tls", "tls.crt"), 60,
                                     f"{role} serves it")
    assert load.failures == []
    assert min(load.answers.values()) > 10, load.answers  # every door was under load, on a slow machine too


# Admission pitfall 2.
def test_a_webhook_that_is_down_is_disarmed_and_armed_again(armed, namespace):
    webhook = armed.roles.webhooks[0]
    webhook.kill()
    assert armed.create(namespace, "blocked")[0] == 500, "failurePolicy Fail while it is armed"
    armed.wait_armed(False)
    assert armed.create(namespace, "free")[0] == 201
    event = armed.cluster.wait_until(lambda: _events(armed, "Disarmed"), 30, "an Event says so")[-1]
    assert event["type"] == "Warning" and "has not answered" in event["message"]
    assert armed.roles.leader().metric("landwaiter_webhook_armed") == 0
    webhook.restart()
    armed.wait_armed()
    assert armed.create(namespace, "judged")[0] == 201


# Admission pitfall 18.
def test_disarm_leaves_nothing_blocked_while_the_controller_runs(armed, namespace):
    controllers_rights = armed.cluster.service_account_kubeconfig(NAMESPACE, "controller")
    done = armed.run_command("disarm", controllers_rights)
    assert (done.returncode, done.stderr) == (0, "") and "landwaiter disarmed" in done.stdout
    assert armed.webhooks() == []
    armed.roles.webhooks[0].kill()
    deadline = time.monotonic() + 4  # four looks of a controller that would arm
    while time.monotonic() < deadline:
        assert armed.webhooks() == []
        time.sleep(0.2)
    assert armed.create(namespace, "free")[0] == 201
    assert armed.run_command("disarm", controllers_rights).returncode == 0, "twice is as once"
    armed.roles.webhooks[0].restart()
    assert armed.run_command("arm", controllers_rights).returncode == 0
    armed.wait_armed()


def test_disarm_works_when_no_role_runs(armed, namespace):
    running = [r for r in (*armed.roles.controllers, *armed.roles.webhooks) if r.process.is_running()]
    for role in running:
        role.kill()
    assert armed.create(namespace, "blocked")[0] == 500
    assert armed.run_command("disarm").returncode == 0
    assert armed.create(namespace, "free")[0] == 201


def test_disarm_without_rights_says_so_and_a_missing_configuration_is_no_fault(armed):
    nobody = armed.cluster.service_account_kubeconfig(NAMESPACE, "scanner")
    done = armed.run_command("disarm", nobody)
    assert done.returncode == 3 and "landwaiter: disarm:" in done.stderr and "forbidden" in done.stderr
    done = subprocess.run([landwaiter(), "disarm", "--kubeconfig", armed.cluster.kubeconfig, "--validating", "none",
                           "--mutating", "none"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_next_leader_goes_on(armed, namespace):
    """A second replica takes its certificate from the same Secrets; the first one dies, and the second one
    renews and arms."""
    before = {n: armed.secret(n)["metadata"]["resourceVersion"] for n in ("ca", "webhook-tls", "controller-tls")}
    second = armed.start_controller()
    assert before == {n: armed.secret(n)["metadata"]["resourceVersion"] for n in before}, "it writes no Secret"
    assert ssl.get_server_certificate(("127.0.0.1", second.port)) == armed.pem("controller-tls", "tls.crt")
    armed.cluster.wait_until(armed.roles.leader, 60, "one leads")
    first = armed.roles.leader()
    other, = [c for c in armed.roles.controllers if c is not first]
    first.kill()
    armed.cluster.api("DELETE", f"{SECRETS}/landwaiter-scanner-tls")
    armed.cluster.wait_until(lambda: other.metric("landwaiter_leader") == 1, 60, "the other one leads")
    armed.cluster.wait_until(lambda: armed.secret("scanner-tls"), 30, "and makes what is missing")
    armed.cluster.wait_until(lambda: other.metric("landwaiter_webhook_armed") == 1, 30, "and is armed")
    assert armed.create(namespace, "with-the-next")[0] == 201
    first.restart()


def test_no_key_was_written_into_a_log(armed):
    logs = armed.roles.logs()
    for name, key in (("ca", "ca.key"), ("webhook-tls", "tls.key"), ("controller-tls", "tls.key"), ("scanner-tls", "tls.key")):
        line = armed.pem(name, key).splitlines()[1]
        assert len(line) > 8 and line not in logs
