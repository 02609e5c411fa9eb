"""`landwaiter doctor` on a real installation that is broken in one way after the other: it finds each, says what
to do, and finds nothing when it is mended. The roles are processes beside the chart's pods (chart_bench.py)."""

import base64
import collections
import contextlib
import json
import subprocess

import pytest

from chart_bench import CONFIGURATION, Bench, make_database_volume
from charts import NAMESPACE, RELEASE, container, has_command, helm, objects_of
from objects import NO_CRITICAL, image_scan, policy
from processes import wait_until
from roles import landwaiter

pytestmark = pytest.mark.skipif(not has_command("doctor"), reason="this binary has no doctor")

SERVICES = f"/api/v1/namespaces/{NAMESPACE}/services"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
Finding = collections.namedtuple("Finding", "what todo")
RBAC = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"


def doctor(bench, *args, kubeconfig=None):
    return subprocess.run([landwaiter(), "doctor", "--kubeconfig", kubeconfig or bench.cluster.kubeconfig, *args], capture_output=True,
                          text=True, check=False, timeout=90, stdin=subprocess.DEVNULL)


def findings(bench, **how):
    """{(check, grade): Finding}"""
    done = doctor(bench, "--format", "json", **how)
    assert done.returncode in (0, 1, 3) and not done.stderr, done.stderr
    return {(c["name"], f["grade"]): Finding(f["what"], f["todo"]) for c in json.loads(done.stdout)["checks"] for f in c["findings"]
            if f["grade"] != "nothingToLookAt"}


def call(bench, method, path, body=None, **how):
    status, answer = bench.cluster.api(method, path, body, **how)
    assert status < 300, f"{method} {path}: {status} {answer}"
    return answer


@contextlib.contextmanager
def without(bench, path):
    """The object deleted, and made again as it was."""
    old = bench.cluster.get(path)
    call(bench, "DELETE", path)
    try:
        yield
    finally:
        for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"):
            old["metadata"].pop(field, None)
        wait_until(lambda: bench.cluster.get(path) is None, 30, f"{path} is gone")
        call(bench, "POST", path.rsplit("/", 1)[0], old)


@contextlib.contextmanager
def patched(bench, path, patch, back, kind="merge"):
    bench.cluster.kubectl("patch", f"--type={kind}", "-p", json.dumps(patch), *path)
    try:
        yield
    finally:
        bench.cluster.kubectl("patch", f"--type={kind}", "-p", json.dumps(back), *path)


@contextlib.contextmanager
def beside(bench, thing, path):
    """An object more."""
    bench.cluster.apply(thing)
    try:
        yield
    finally:
        call(bench, "DELETE", path)


@pytest.fixture(scope="module")
def bench(fresh, workdir):
    with Bench(fresh, workdir / "doctor") as made:
        make_database_volume(fresh)
        made.wait_armed()
        made.cluster.apply(policy("baseline", NO_CRITICAL))
        yield made


def until(bench, wanted, what):
    """The findings, as soon as they are `wanted`."""
    last = {}

    def looked():
        last.clear()
        last.update(findings(bench))
        return wanted(last)
    try:
        wait_until(looked, 90, what, pause=0.5)
    except AssertionError as error:
        raise AssertionError(f"{error}; found {last}") from error
    return last


def settled(bench):
    """What was broken is mended, and what runs has come to rest."""
    until(bench, lambda found: not found, "nothing is found")


def test_a_sound_installation_is_said_to_be_so(bench):
    settled(bench)
    done = doctor(bench)
    assert done.returncode == 0, done.stdout
    assert "ok       leader: one controller leads\n" in done.stdout
    assert done.stdout.endswith("0 faults, 0 warnings, 0 things not looked at\n")


def _selector(value):
    return {"spec": {"selector": {"app.kubernetes.io/component": value}}}


def _left_behind(bench):
    left = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": "old-gate"},
            "webhooks": [{"name": "old.landwaiter.io", "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"],
                          "clientConfig": {"service": {"namespace": NAMESPACE, "name": "old-webhook"}},
                          "rules": [{"apiGroups": ["example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}]}]}
    return beside(bench, left, f"{ADMISSION}/mutatingwebhookconfigurations/old-gate")


@contextlib.contextmanager
def _pod_without_an_image(bench):
    """As a kubelet reports it; kwok would pull anything."""
    name = next(p["metadata"]["name"] for p in bench.cluster.items(PODS) if "-webhook-" in p["metadata"]["name"])
    status = {"conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [{
        "name": "webhook", "image": "registry.example.com/landwaiter:0.1.0", "imageID": "", "ready": False, "restartCount": 0,
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}}]}
    bench.cluster.kubectl("patch", "pod", "-n", NAMESPACE, name, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
    try:
        yield
    finally:
        call(bench, "DELETE", f"{PODS}/{name}")


def _scanner_that_fits_nowhere(bench):
    of = ("deployment", "-n", NAMESPACE, "landwaiter-scanner")
    return patched(bench, of, {"spec": {"template": {"spec": {"nodeSelector": {"no-such": "label"}}}}},
                  {"spec": {"template": {"spec": {"nodeSelector": {"no-such": None}}}}})


def _another_image_of_one_role(bench):
    def image(name):
        return {"spec": {"template": {"spec": {"containers": [{"name": "scanner", "image": name}]}}}}
    was = container(bench.objects, "Deployment", "landwaiter-scanner", "scanner")["image"]
    return patched(bench, ("deployment", "-n", NAMESPACE, "landwaiter-scanner"), image("registry.example.com/landwaiter:0.0.9"), image(was),
                   kind="strategic")


def _unreadable_registry(bench):
    return beside(bench, image_scan("asked", "127.0.0.1:1/shop/app:1"), "/apis/landwaiter.io/v1alpha1/imagescans/asked")


@contextlib.contextmanager
def _disarmed(bench):
    assert bench.disarm().returncode == 0
    try:
        yield
    finally:
        bench.cluster.kubectl("annotate", "validatingwebhookconfiguration", "landwaiter", "landwaiter.io/disarmed-")
        bench.wait_armed()


def _broken_policy(bench):
    """One that the schema lets through: it knows what a duration looks like, not that this is none."""
    return beside(bench, policy("broken", NO_CRITICAL, maxDatabaseAge="0s"), "/apis/landwaiter.io/v1alpha1/scanpolicies/broken")


REINSTALL = "helm upgrade, or kubectl apply -f manifests/install.yaml again"
# What is broken: (how, check, grade, what it says, what is to do)
BROKEN = {
    "a role lost its rights": (lambda b: without(b, f"{RBAC}/landwaiter-webhook"), "rights", "fault",
                               "system:serviceaccount:landwaiter:webhook may not: list scanpolicies.landwaiter.io", REINSTALL),
    "nobody guards pull secrets": (lambda b: without(b, f"{ADMISSION}/validatingadmissionpolicybindings/landwaiter-guard"), "guard", "fault",
                                   "bound by no binding that denies", REINSTALL),
    "a Service selects no pods": (lambda b: patched(b, ("service", "-n", NAMESPACE, "landwaiter-webhook"), _selector("nobody"), _selector("webhook")),
                                  "endpoints", "fault", "Service landwaiter/landwaiter-webhook leads to no ready pod",
                                  "compare the Service's selector with their labels"),
    "a Service is gone": (lambda b: without(b, f"{SERVICES}/landwaiter-scanner"), "endpoints", "fault",
                          "Service landwaiter/landwaiter-scanner is not there", "install it again (helm upgrade)"),
    "an image cannot be pulled": (_pod_without_an_image, "pods", "warning", "ImagePullBackOff of registry.example.com/landwaiter:0.1.0: no such host",
                                  "set image.repository and image.tag to your copy of the image, or imagePullSecrets"),
    "no node takes a role": (_scanner_that_fits_nowhere, "pods", "warning", "has no node: ",
                             "make room, or change nodeSelector, tolerations or resources of the role"),
    "the roles are of two versions": (_another_image_of_one_role, "versions", "warning", "landwaiter:0.0.9",
                                      "during an upgrade wait for kubectl rollout status; else set one image for all roles"),
    "there is no policy": (lambda b: without(b, "/apis/landwaiter.io/v1alpha1/scanpolicies/baseline"), "policies", "warning",
                           "there is no ScanPolicy: nothing is judged", "kubectl apply -f manifests/policies/audit-everything.yaml"),
    "a policy cannot be read": (_broken_policy, "policies", "fault", "ScanPolicy broken: InvalidSpec: spec.maxDatabaseAge: '0s' is no time at all",
                                "kubectl describe scanpolicy broken"),
    "a registry cannot be reached": (_unreadable_registry, "registries", "warning", "registry 127.0.0.1:1: AddressRefused for 1 images",
                                     "values: registries.allowAddresses"),
    "it was disarmed by hand": (_disarmed, "armed", "fault", "was disarmed by hand",
                                "landwaiter arm, or kubectl annotate validatingwebhookconfiguration landwaiter landwaiter.io/disarmed-"),
    "an earlier installation left a webhook": (_left_behind, "targets", "fault", "leads to Service landwaiter/old-webhook, which is not there",
                                               "kubectl delete mutatingwebhookconfiguration old-gate"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_doctor_finds_that(bench, name):
    breaks, check, grade, says, todo = BROKEN[name]
    settled(bench)
    with breaks(bench):
        found = until(bench, lambda found: (check, grade) in found, f"{check} finds it")
        assert says in found[(check, grade)].what and todo in found[(check, grade)].todo, found
        assert doctor(bench).returncode == (1 if "fault" in {g for _, g in found} else 0)
    settled(bench)


def test_a_webhook_that_does_not_answer(bench):
    settled(bench)
    bench.roles["webhook"].stop()
    found = findings(bench)
    assert "https://127.0.0.1:" in found[("answer", "fault")].what and "NetworkPolicies" in found[("answer", "fault")].todo, found
    bench.start("webhook")
    bench.roles["webhook"].wait_ready()
    settled(bench)


def test_who_may_read_little_is_told_so_and_not_that_all_is_well(bench):
    settled(bench)
    kubeconfig = bench.cluster.service_account_kubeconfig(NAMESPACE, "webhook")
    found = findings(bench, kubeconfig=kubeconfig)
    assert {grade for _, grade in found} == {"notLookedAt"} and "forbidden" in found[("pods", "notLookedAt")].what, found
    assert all(finding.todo.startswith("run it as somebody who may ") for finding in found.values()), found
    assert doctor(bench, kubeconfig=kubeconfig).returncode == 3


def test_helm_test_asks_it_under_rights_of_its_own(bench):
    settled(bench)
    hooks = objects_of(helm("get", "hooks", RELEASE, "-n", NAMESPACE, cluster=bench.cluster).stdout)
    tests = [o for o in hooks if o["metadata"]["annotations"]["helm.sh/hook"] == "test"]
    together = {"apiVersion": "v1", "kind": "List", "items": [o for o in tests if o["kind"] != "Pod"]}
    bench.cluster.kubectl("apply", "-f", "-", stdin=together)
    try:
        (spec,) = [o["spec"] for o in tests if o["kind"] == "Pod"]
        kubeconfig = bench.cluster.service_account_kubeconfig(NAMESPACE, spec["serviceAccountName"])
        done = subprocess.run([landwaiter(), *spec["containers"][0]["args"], "--kubeconfig", kubeconfig], capture_output=True, text=True,
                              check=False, timeout=180, stdin=subprocess.DEVNULL)
        assert done.returncode == 0 and "0 faults, 0 warnings, 0 things not looked at" in done.stdout, done.stdout + done.stderr
    finally:
        bench.cluster.kubectl("delete", "-f", "-", stdin=together)


def test_a_check_that_is_unknown_is_bad_usage(bench):
    done = doctor(bench, "--skip", "nonesuch")
    assert done.returncode == 2 and 'no check "nonesuch"' in done.stderr and done.stdout == "", done.stderr


def test_an_api_server_that_is_not_there_is_an_error(bench, tmp_path):
    config = tmp_path / "kubeconfig"
    config.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "c", "users": [{"name": "u", "user": {"token": "t"}}],
                                  "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
                                  "clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:1"}}]}))
    done = doctor(bench, kubeconfig=str(config))
    assert done.returncode == 3 and done.stdout == "" and "landwaiter: doctor: " in done.stderr, done.stderr


# From here on no controller mends what is broken.
def test_without_a_controller_what_it_keeps_falls_apart(bench, tmp_path):
    settled(bench)
    for name in ("controller", "controller-2"):
        assert bench.roles[name].stop() == 0
    found = until(bench, lambda found: ("leader", "fault") in found, "leader finds it")
    logs = f"kubectl -n {NAMESPACE} logs -l app.kubernetes.io/component=controller"
    assert "landwaiter-controller" in found[("leader", "fault")].what and found[("leader", "fault")].todo == logs

    # A certificate of nobody's, which ends tomorrow.
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=webhook",
         "-addext", f"subjectAltName=DNS:landwaiter-webhook.{NAMESPACE}.svc", "-keyout", tmp_path / "key", "-out", tmp_path / "crt"],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert made.returncode == 0, made.stderr
    certificate = base64.b64encode((tmp_path / "crt").read_bytes()).decode()
    bench.cluster.kubectl("patch", "secret", "-n", NAMESPACE, "landwaiter-webhook-tls", "--type=merge", "-p",
                          json.dumps({"data": {"tls.crt": certificate}}))
    found = findings(bench)
    assert "does not vouch for the certificate" in found[("caBundle", "fault")].what, found
    assert "the controller mends it while it leads" in found[("caBundle", "fault")].todo, found
    assert "landwaiter-webhook-tls: the certificate ends " in found[("certificates", "warning")].what, found
    assert found[("certificates", "warning")].todo == f"it should have been renewed: {logs}", found

    bench.cluster.kubectl("patch", "secret", "-n", NAMESPACE, "landwaiter-webhook-tls", "--type=merge", "-p", '{"data":null}')
    fault = findings(bench)[("certificates", "fault")]
    assert "landwaiter-webhook-tls: tls.crt" in fault.what and fault.todo == f"who makes it is silent: {logs}"

    bench.cluster.kubectl("patch", "validatingwebhookconfiguration", "landwaiter", "--type=merge", "-p", '{"webhooks":null}')
    fault = findings(bench)[("armed", "fault")]
    assert "has no webhooks: no pod is judged" in fault.what and fault.todo.endswith(logs)

    call(bench, "DELETE", CONFIGURATION)
    fault = findings(bench)[("armed", "fault")]
    assert "is not there: no pod is judged" in fault.what and fault.todo == "install it again (helm upgrade)"

    call(bench, "DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/scanpolicies.landwaiter.io")
    found = until(bench, lambda found: ("schemas", "fault") in found, "schemas finds it")
    assert "scanpolicies.landwaiter.io is not there" in found[("schemas", "fault")].what
    assert found[("schemas", "fault")].todo == REINSTALL
