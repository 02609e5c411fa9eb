"""What another mutating webhook does to a pod after ours: the API server asks ours once more, and the pod that comes of
it is held and pinned as if it had come so."""

import base64
import copy
import http.server
import itertools
import json
import ssl
import threading

import pytest

from bench import HeldBack, audit_annotations, fresh_namespace, holding_system, settle
from certificates import Authority
from making import BAD, CRITICAL
from objects import NO_CRITICAL, pod, policy

GATE = {"name": "landwaiter.io/scan"}
OURS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/landwaiter"
_numbers = itertools.count(1)


class OtherWebhook:
    """Does to a new pod's spec what `change` says. Its configuration's name comes after ours, and so does it; it is not
    asked again itself."""

    NAME = "zz-sidecars"
    PATH = f"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/{NAME}"

    def __init__(self, cluster, folder, namespace, change):
        self.cluster, self.namespace, self.change, self.asked = cluster, namespace, change, 0
        self.authority = Authority(str(folder), "another-webhook-ca")
        self._pair = self.authority.issue_server("webhook", ["IP:127.0.0.1"])

    def __enter__(self):
        other = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):  # pylint: disable=invalid-name
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps({**review, "request": None, "response": other.answer(review["request"])}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._pair)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._register()
        return self

    def __exit__(self, *_):
        self.cluster.api("DELETE", self.PATH)
        self._server.shutdown()
        self._server.server_close()

    def _register(self):
        with open(self.authority.certificate, "rb") as f:
            bundle = base64.b64encode(f.read()).decode()
        self.cluster.apply({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": self.NAME},
            "webhooks": [{"name": "sidecars.example.com", "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"],
                          "timeoutSeconds": 10, "reinvocationPolicy": "Never",
                          "clientConfig": {"url": f"https://127.0.0.1:{self._server.server_address[1]}/", "caBundle": bundle},
                          "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}},
                          "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]}]})
        probe = pod("probe", "never-asked.invalid/x:1", self.namespace)

        def asked():
            self.cluster.api("POST", f"/api/v1/namespaces/{self.namespace}/pods?dryRun=All", probe)
            return self.asked
        self.cluster.wait_until(asked, 60, "the API server asks the other webhook")

    def answer(self, request):
        self.asked += 1
        spec = copy.deepcopy(request["object"]["spec"])
        self.change(spec)
        patch = [{"op": "replace", "path": "/spec", "value": spec}]
        return {"uid": request["uid"], "allowed": True, "patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}


@pytest.fixture(scope="module")
def system(workdir, control_plane_built, registry, odd_registry):
    with holding_system(workdir / "reinvocation", registry, [registry.host, odd_registry.host]) as running:
        yield running


@pytest.fixture
def namespace(system):
    name = fresh_namespace(system.cluster, f"reinvoked-{next(_numbers)}")
    yield name
    system.cluster.delete_all("/apis/landwaiter.io/v1alpha1/scanpolicies", f"test={name}")


def _enforce(system, namespace, **spec):
    system.enforce(namespace, policy(f"again-{namespace}", NO_CRITICAL, namespace=namespace, **spec))


def _image_becomes(reference):
    def change(spec):
        spec["containers"][0]["image"] = reference
    return change


def _sidecar(reference):
    def change(spec):
        spec["containers"].append({"name": "sidecar", "image": reference})
    return change


def _asked_again(system, namespace, name="p"):
    """Whether the API server has asked ours a second time about that pod, and what came of it was written: its audit log
    has each round."""
    said = audit_annotations(system.cluster, namespace, name)
    rounds = [json.loads(v) for k, v in said.items() if k.startswith("mutation.webhook.admission.k8s.io/round_1_")]
    return [r["mutated"] for r in rounds if r["webhook"] == "mutate.landwaiter.io"]


def _spec(system, namespace, name="p"):
    return (system.pod(namespace, name) or {}).get("spec", {})


def test_an_image_that_another_webhook_puts_in_is_pinned(system, namespace, tmp_path):
    _enforce(system, namespace, pinDigests=True, waitSeconds=8)
    written, put_in = system.push(), system.push()
    settle(system, namespace, written, put_in)
    with OtherWebhook(system.cluster, tmp_path, namespace, _image_becomes(put_in.tagged)):
        done = system.create(pod("p", written.tagged, namespace))
    assert done.returncode == 0, done.stderr
    assert [c["image"] for c in _spec(system, namespace)["containers"]] == [f"{put_in.tagged}@{put_in.digest}"]
    assert _asked_again(system, namespace) == [True]


def test_without_reinvocation_it_would_not_be(system, namespace, tmp_path):
    """The sight of the test above: as the other webhook left it, where ours is asked once."""
    _enforce(system, namespace, pinDigests=True, waitSeconds=8)
    written, put_in = system.push(), system.push()
    settle(system, namespace, written, put_in)
    (shipped,) = [o for o in system.roles.webhook_configuration() if o["kind"] == "MutatingWebhookConfiguration"]
    once = copy.deepcopy(shipped)
    once["webhooks"][0]["reinvocationPolicy"] = "Never"
    names = (f"p-{n}" for n in range(1000))

    def images():
        name = next(names)
        assert system.create(pod(name, written.tagged, namespace)).returncode == 0
        return [c["image"] for c in _spec(system, namespace, name)["containers"]]
    try:
        system.cluster.apply(once)
        with OtherWebhook(system.cluster, tmp_path, namespace, _image_becomes(put_in.tagged)):
            system.cluster.wait_until(lambda: images() == [put_in.tagged], 60, "a pod as the other webhook left it")
            system.cluster.apply(shipped)
            system.cluster.wait_until(lambda: images() == [f"{put_in.tagged}@{put_in.digest}"], 60, "as shipped it is pinned again")
    finally:
        system.cluster.apply(shipped)


def test_a_sidecar_of_an_unknown_image_holds_a_pod_that_was_let_through(system, namespace, odd_registry, tmp_path):
    _enforce(system, namespace, onUnscanned="Hold", waitSeconds=0)
    known, sidecar = system.push(), HeldBack(odd_registry, f"sidecar-{next(_numbers)}")
    settle(system, namespace, known)
    try:
        with OtherWebhook(system.cluster, tmp_path, namespace, _sidecar(sidecar.tagged)):
            done = system.create(pod("p", known.tagged, namespace))
        assert done.returncode == 0, done.stderr
        assert GATE in _spec(system, namespace).get("schedulingGates", []) and _asked_again(system, namespace) == [True]
        assert len(_spec(system, namespace)["containers"]) == 2
    finally:
        sidecar.let_go()
    system.cluster.wait_until(lambda: (system.pod(namespace, "p") or {}).get("status", {}).get("phase") == "Running", 60, "it runs")


def test_a_sidecar_that_fails_takes_the_held_pod_with_it(system, namespace, odd_registry, tmp_path):
    _enforce(system, namespace, onUnscanned="Hold", waitSeconds=0)
    known, sidecar = system.push(), HeldBack(odd_registry, f"sidecar-{next(_numbers)}", BAD)
    settle(system, namespace, known)
    try:
        with OtherWebhook(system.cluster, tmp_path, namespace, _sidecar(sidecar.tagged)):
            assert system.create(pod("p", known.tagged, namespace)).returncode == 0
        assert GATE in _spec(system, namespace).get("schedulingGates", [])
    finally:
        sidecar.let_go()
    system.cluster.wait_until(lambda: system.pod(namespace, "p") is None, 60, "it is deleted")


# Admission pitfall 40.
def test_a_known_bad_sidecar_is_denied_at_the_door(system, namespace, tmp_path):
    _enforce(system, namespace, onUnscanned="Hold", waitSeconds=8)
    known, bad = system.push(), system.push(packages=BAD)
    settle(system, namespace, known, bad)
    with OtherWebhook(system.cluster, tmp_path, namespace, _sidecar(bad.pinned)):
        done = system.create(pod("p", known.tagged, namespace))
    assert done.returncode != 0 and CRITICAL in done.stderr, done.stderr
