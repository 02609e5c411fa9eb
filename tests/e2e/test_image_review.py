"""POST /image-review behind the real API server's ImagePolicyWebhook, given by an AdmissionConfiguration and a
kubeconfig, and no other webhook armed: the weaker door alone."""

import itertools
import json
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest

from bench import audit_annotations, fresh_namespace, logged, settle
from certificates import Authority
from cluster import Cluster
from making import BAD, CRITICAL, build_database
from objects import JUDGE_RUNNING, NO_CRITICAL, pod, policy
from processes import free_ports
from roles import Roles
from system import System

CLIENT = "kube-apiserver-image-review"
PLUGIN = "imagepolicywebhook.image-policy.k8s.io"
DENY_TTL = 2  # seconds
_numbers = itertools.count(1)


class Door:
    """The API server's side: its files, and what is written into them."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder, self.port = folder, free_ports(1)[0]
        self.authority = Authority(str(folder), "image-review-ca")
        self.certificate, self.key = self.authority.issue_client("image-review", f"/CN={CLIENT}")
        self.stranger = self.authority.issue_client("stranger", "/CN=stranger")
        self.configuration = folder / "admission.json"

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}/image-review"

    @property
    def apiserver_flags(self):
        return ("--enable-admission-plugins=ImagePolicyWebhook", f"--admission-control-config-file={self.configuration}")

    @property
    def webhook_flags(self):
        return ["--image-review-listen", f"127.0.0.1:{self.port}", "--image-review-client-ca", self.authority.certificate,
                "--image-review-client", CLIENT, "--image-review-exclude", "kube-system"]

    def write(self, ca_file, default_allow):
        kubeconfig = self.folder / "kubeconfig.json"
        kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "webhook",
            "clusters": [{"name": "webhook", "cluster": {"server": self.url, "certificate-authority": ca_file}}],
            "users": [{"name": "apiserver", "user": {"client-certificate": self.certificate, "client-key": self.key}}],
            "contexts": [{"name": "webhook", "context": {"cluster": "webhook", "user": "apiserver"}}]}))
        self.configuration.write_text(json.dumps({
            "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration", "plugins": [
                {"name": "ImagePolicyWebhook", "configuration": {"imagePolicy": {
                    "kubeConfigFile": str(kubeconfig), "allowTTL": 600, "denyTTL": DENY_TTL, "retryBackoff": 50,
                    "defaultAllow": default_allow}}}]}))


@pytest.fixture(scope="module")
def bench(workdir, control_plane_built, registry):
    """(System, Door)"""
    door = Door(workdir / "image-review")
    cluster = Cluster(workdir / "image-review-cluster", more_flags={"kube-apiserver": door.apiserver_flags})
    roles = Roles(cluster, workdir / "image-review-roles", build_database(workdir / "image-review-database"),
                  plain_http=[registry.host])
    roles.make_certificates()
    door.write(roles.ca_file, default_allow=False)
    with cluster, roles, logged(cluster, roles):
        roles.install()
        roles.start_scanner()
        roles.start_controller()
        roles.start_webhook(flags=door.webhook_flags)
        yield System(cluster, registry, roles), door


@pytest.fixture
def system(bench):
    return bench[0]


@pytest.fixture
def namespace(system):
    name = fresh_namespace(system.cluster, f"review-{next(_numbers)}")
    yield name
    system.cluster.delete_all("/apis/landwaiter.io/v1alpha1/scanpolicies", f"test={name}")


@pytest.fixture
def guarded(system, namespace):
    system.enforce(namespace, policy(f"review-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    return namespace


def _reviews(system):
    return system.roles.webhooks[0].metric("landwaiter_image_reviews_total")


def _annotations(system, namespace, name):
    """What the audit log holds of our annotations, which the API server puts under a name of its own."""
    prefix = f"{PLUGIN}/"
    said = audit_annotations(system.cluster, namespace, name)
    return {k.removeprefix(prefix): v for k, v in said.items() if k.startswith(prefix)}


# Admission pitfall 103: by an address, which stands in the certificate.
def test_a_bad_image_is_denied_with_its_reason(system, guarded):
    bad, seen = system.push(packages=BAD), []

    def denied():
        # Never seen before: until it is scanned it is denied for that.
        seen.append(system.create(pod("p", bad.tagged, guarded)))
        return CRITICAL in seen[-1].stderr
    system.cluster.wait_until(denied, 60, "it is denied for what is in it")
    assert all(done.returncode != 0 for done in seen)
    done = seen[-1]
    for part in ("denied one or more images", CRITICAL, "no-critical", f"review-{guarded}", bad.scan_name):
        assert part in done.stderr, done.stderr


def test_a_clean_image_runs_and_the_audit_log_says_what_was_judged(system, guarded):
    clean = system.push()
    settle(system, guarded, clean)
    assert system.create(pod("p", clean.tagged, guarded)).returncode == 0
    said = _annotations(system, guarded, "p")
    assert said["verdict"] == "Allow" and f"review-{guarded}@1=Pass" in said["policies"] and clean.digest in said["digests"]


# Admission pitfall 35.
def test_init_and_ephemeral_containers_are_asked_about(system, guarded):
    clean, bad = system.push(), system.push(packages=BAD)
    settle(system, guarded, clean, bad)
    assert CRITICAL in system.create(pod("p", clean.tagged, guarded, initContainers=[{"name": "i", "image": bad.tagged}])).stderr
    assert system.create(pod("p", clean.tagged, guarded)).returncode == 0
    debug = system.cluster.kubectl("debug", "p", "-n", guarded, f"--image={bad.tagged}", "--profile=general", "--attach=false",
                                   "--quiet", "--", "true", check=False)
    assert debug.returncode != 0 and CRITICAL in debug.stderr, debug.stderr


def test_a_warning_is_in_the_audit_log_alone(system, namespace):
    system.enforce(namespace, policy(f"warn-{namespace}", NO_CRITICAL, namespace=namespace, enforcement="Warn", waitSeconds=8))
    bad = system.push(packages=BAD)
    settle(system, namespace, bad)
    done = system.create(pod("p", bad.tagged, namespace))
    assert done.returncode == 0 and "Warning" not in done.stderr
    said = _annotations(system, namespace, "p")
    assert said["verdict"] == "Warn" and CRITICAL in said["failures"]


# Admission pitfalls 33 and 102: an update looks like a creation.
def test_what_a_pod_of_the_namespace_runs_already_is_let_in(system, namespace):
    bad = system.push(packages=BAD)
    assert system.create(pod("first", bad.pinned, namespace)).returncode == 0
    system.cluster.wait_until(lambda: namespace in (system.scan(bad.scan_name) or {}).get("status", {}).get("usedBy", {}).get(
        "namespaces", []), 60, "the scan knows who uses it")
    system.wait_scan(bad.scan_name)
    system.enforce(namespace, policy(f"later-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8, **JUDGE_RUNNING))
    other = system.push(packages=BAD)
    settle(system, namespace, bad, other)
    # Another review than the first one's, whose answer the API server remembers.
    again = pod("second", bad.pinned, namespace)
    again["metadata"]["annotations"] = {"again.image-policy.k8s.io/x": "1"}
    done = system.create(again)
    assert done.returncode == 0, done.stderr
    assert "runs" in _annotations(system, namespace, "second")["running"]
    assert CRITICAL in system.create(pod("third", other.tagged, namespace)).stderr


# Admission pitfalls 44 and 102.
def test_what_a_tenant_writes_into_annotations_opens_nothing(system, guarded):
    bad = system.push(packages=BAD)
    settle(system, guarded, bad)
    made = pod("p", bad.tagged, guarded)
    made["metadata"]["annotations"] = {"break-glass.image-policy.k8s.io/allow": "true"}
    assert CRITICAL in system.create(made).stderr


def test_an_excluded_namespace_is_let_in(system):
    system.enforce("kube-system", policy("review-kube-system", NO_CRITICAL, namespace="kube-system"))
    try:
        bad, name = system.push(packages=BAD), f"p{next(_numbers)}"
        settle(system, "kube-system", bad)
        done = system.create(pod(name, bad.tagged, "kube-system"))
        assert done.returncode == 0, done.stderr
    finally:
        system.cluster.delete_all("/apis/landwaiter.io/v1alpha1/scanpolicies", "test=kube-system")


# Admission pitfall 102.
def test_answers_are_remembered_for_their_time(system, guarded):
    clean, bad = system.push(), system.push(packages=BAD)
    settle(system, guarded, clean, bad)
    before = _reviews(system)
    for name in ("a", "b"):
        assert system.create(pod(name, clean.tagged, guarded)).returncode == 0
    assert _reviews(system) == before + 1, "allowTTL: the second was not asked about"
    assert system.create(pod("c", bad.tagged, guarded)).returncode != 0
    system.cluster.wait_until(lambda: system.create(pod("c", bad.tagged, guarded)).returncode != 0 and
                              _reviews(system) >= before + 3, 60, "denyTTL is over: it is asked about again")


def _ask(door, roles, certificate=None):
    context = ssl.create_default_context(cafile=roles.ca_file)
    if certificate:
        context.load_cert_chain(*certificate)
    body = {"apiVersion": "imagepolicy.k8s.io/v1alpha1", "kind": "ImageReview", "spec": {"namespace": "kube-system", "containers": []}}
    request = urllib.request.Request(door.url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_nobody_but_the_api_server_is_answered(bench):
    system, door = bench
    assert _ask(door, system.roles) == 0, "no certificate, no connection"
    assert _ask(door, system.roles, door.stranger) == 403
    assert _ask(door, system.roles, (door.certificate, door.key)) == 200


def test_without_the_authority_the_role_does_not_start(bench):
    from roles import landwaiter  # pylint: disable=import-outside-toplevel
    system, _ = bench
    done = subprocess.run([landwaiter(), "webhook", "--certs", f"{system.roles.certificates}/webhook",
                           "--controller", "https://127.0.0.1:1", "--kubeconfig", system.cluster.kubeconfig,
                           "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--image-review-listen", "127.0.0.1:0"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0 and "--image-review-client-ca" in done.stderr + done.stdout


# The last of this file: what it does to the API server is not undone.
def test_without_an_answer_the_api_server_s_own_default_counts(bench, namespace):
    system, door = bench
    system.roles.webhooks[0].stop()
    done = system.create(pod("p", "r.invalid/never-asked:1", namespace))
    assert done.returncode != 0 and "connection refused" in done.stderr, done.stderr
    door.write(system.roles.ca_file, default_allow=True)
    system.cluster.restart_apiserver()
    done = system.create(pod("q", "r.invalid/never-asked:1", namespace))
    assert done.returncode == 0, done.stderr
    assert _annotations(system, namespace, "q") == {"failed-open": "true"}
