"""Pull secrets: the pod's, then its service account's, from the pod's namespace, for one registry."""

import base64
import json

import pytest

from making import BAD, CRITICAL, debian_image
from objects import NO_CRITICAL, PASSWORD, pod, policy
from system import Pushed



def _secret(name, namespace, host, password=PASSWORD):
    auth = {"auths": {host: {"username": "robot", "password": password,
                             "auth": base64.b64encode(f"robot:{password}".encode()).decode()}}}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": name, "namespace": namespace},
            "data": {".dockerconfigjson": base64.b64encode(json.dumps(auth).encode()).decode()}}


@pytest.fixture
def guarded(system, namespace):
    system.enforce(namespace, policy(f"sec-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    return namespace


def _push(registry):
    return Pushed(registry, debian_image(BAD))


# Admission pitfall 61.
def test_without_a_secret_a_private_image_is_not_pullable(system, private_registry, guarded):
    done = system.create(pod("p", _push(private_registry).tagged, guarded))
    assert done.returncode != 0 and "PullUnauthorized" in done.stderr, done.stderr


def test_the_pods_own_secret_is_used(system, private_registry, guarded):
    system.cluster.apply(_secret("regcred", guarded, private_registry.host))
    pushed = _push(private_registry)
    done = system.create(pod("p", pushed.tagged, guarded, imagePullSecrets=[{"name": "regcred"}]))
    assert CRITICAL in done.stderr, done.stderr
    assert system.wait_scan(pushed.scan_name)["spec"]["pullSecrets"] == [{"namespace": guarded, "name": "regcred"}]


# Admission pitfall 63.
# Pitfall 48.
def test_the_service_accounts_secret_is_used(system, private_registry, guarded):
    system.cluster.apply(
        _secret("of-account", guarded, private_registry.host),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "puller", "namespace": guarded},
         "imagePullSecrets": [{"name": "of-account"}]})
    done = system.create(pod("p", _push(private_registry).tagged, guarded, serviceAccountName="puller"))
    assert CRITICAL in done.stderr, done.stderr


def test_a_secret_for_another_registry_is_not_sent(system, private_registry, guarded):
    system.cluster.apply(_secret("elsewhere", guarded, "registry.example.com"))
    before = len(private_registry.requests())
    pushed = _push(private_registry)
    done = system.create(pod("p", pushed.tagged, guarded, imagePullSecrets=[{"name": "elsewhere"}]))
    assert "PullUnauthorized" in done.stderr
    assert {r.status for r in private_registry.requests(before, of=pushed.repository)} == {401}


def test_the_secret_of_another_namespace_is_not_used(system, private_registry, guarded):
    system.cluster.kubectl("create", "namespace", f"{guarded}-other")
    system.cluster.apply(_secret("regcred", f"{guarded}-other", private_registry.host))
    done = system.create(pod("p", _push(private_registry).tagged, guarded, imagePullSecrets=[{"name": "regcred"}]))
    assert "PullUnauthorized" in done.stderr


def test_a_wrong_password_is_said_and_not_shown(system, private_registry, guarded):
    system.cluster.apply(_secret("wrong", guarded, private_registry.host, password="not-" + PASSWORD))
    done = system.create(pod("p", _push(private_registry).tagged, guarded, imagePullSecrets=[{"name": "wrong"}]))
    assert "PullUnauthorized" in done.stderr and PASSWORD not in done.stderr
