"""Certificates in Secrets on the real API server under the shipped RBAC: what was lost or spoilt is made again, and a
new authority or certificate drops no request. The roles are this file's own (trust.py)."""

import base64
import json
import os
import ssl
import threading
import time
import urllib.error
import urllib.request

import pytest

from objects import pod
from trust import MERGE, SECRETS, trust_cluster, trust_roles


@pytest.fixture(scope="module")
def cluster(workdir, control_plane_built):
    with trust_cluster(workdir / "rotation-cluster") as running:
        yield running


@pytest.fixture(scope="module")
def trust(cluster, workdir, helm_built):
    with trust_roles(cluster, workdir / "rotation-roles") as running:
        yield running


@pytest.fixture
def armed(trust):
    trust.make_armed()
    return trust


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


def _more_of_each(trust, load):
    """Every door has answered five times more, on a slow machine too."""
    wanted = {door: count + 5 for door, count in load.answers.items()}
    trust.cluster.wait_until(lambda: load.failures or all(load.answers[door] >= count for door, count in wanted.items()), 120,
                             "every door is under load")


# Admission pitfall 26.
def test_a_new_authority_drops_no_request(armed, namespace):
    """The authority's Secret is lost: a new one is trusted everywhere, then signs; nothing fails meanwhile."""
    old = armed.pem("ca", "ca.crt")
    served = armed.served("webhook")
    with Load(armed, namespace) as load:
        _more_of_each(armed, load)
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
        _more_of_each(armed, load)
    assert load.failures == []
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


def test_no_key_was_written_into_a_log(armed):
    logs = armed.roles.logs()
    for name, key in (("ca", "ca.key"), ("webhook-tls", "tls.key"), ("controller-tls", "tls.key"), ("scanner-tls", "tls.key")):
        line = armed.pem(name, key).splitlines()[1]
        assert len(line) > 8 and line not in logs
