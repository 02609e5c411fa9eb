"""Who connects to a role's port: malformed and over-large reviews, floods of idle connections."""

import json
import os
import resource
import socket
import ssl
import time

import pytest

from making import BAD, CRITICAL
from objects import NO_CRITICAL, pod, policy


def _review(**request):
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "operation": "CREATE", "namespace": "default", "name": "p", "dryRun": True,
        "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
        "userInfo": {"username": "test"}, "object": pod("p", "a:1", "default"), **request}}


MALFORMED = {
    "no JSON": b"{",
    "nothing": b"",
    "a list": b"[]",
    "another kind": json.dumps({"apiVersion": "v1", "kind": "Pod"}).encode(),
    "another version": json.dumps({**_review(), "apiVersion": "admission.k8s.io/v1beta1"}).encode(),
    "no request": json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}).encode(),
    "no uid": json.dumps(_review(uid=None)).encode(),
    "100,000 brackets": b'{"request":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 objects": b'{"request":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    "no UTF-8": b'{"apiVersion":"\xff\xfe"}',
    "21 MiB": b'{"a":"' + b"x" * (21 << 20) + b'"}',
}


# Admission pitfall 104.
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_review_gets_a_client_error(system, name):
    status, body = system.post(system.roles.webhooks[0], MALFORMED[name])
    assert status in (400, 413), f"{status} {body}"
    assert len(body) < 1000


WRONG_OBJECTS = {
    "an object that is a list": [],
    "containers that are a string": {"metadata": {"name": "p"}, "spec": {"containers": "none"}},
    "an image that is a number": {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": 5}]}},
    "no object at all": None,
}


@pytest.mark.parametrize("name", WRONG_OBJECTS)
def test_a_review_of_a_pod_that_is_none_is_never_allowed_where_a_policy_holds(system, namespace, name):
    system.enforce(namespace, policy(f"none-{namespace}", NO_CRITICAL, namespace=namespace))
    review = _review(namespace=namespace, object=WRONG_OBJECTS[name])
    status, body = system.post(system.roles.webhooks[0], json.dumps(review).encode())
    assert status == 400 or not json.loads(body)["response"]["allowed"], body


def test_a_legal_review_of_18_mb_is_answered(system, namespace):
    """A pod of 1.5 MB of '<' comes with its old self in \\u003c escapes: 18 MB."""
    system.enforce(namespace, policy(f"big-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    bad, good = system.push(packages=BAD), system.push()
    for image in (bad, good):
        system.request_scan(image)
    for image, allowed in ((good, True), (bad, False)):
        big = pod("p", image.pinned, namespace, volumes=[])
        big["spec"]["containers"][0]["env"] = [{"name": "TEXT", "value": "@@"}]
        old = json.loads(json.dumps(big))
        old["spec"]["containers"][0]["image"] = "other:1"
        body = json.dumps(_review(operation="UPDATE", namespace=namespace, object=big, oldObject=old))
        body = body.replace("@@", "\\u003c" * 1_500_000)
        assert 18_000_000 < len(body) < 20 << 20
        status, answer = system.post(system.roles.webhooks[0], body.encode())
        assert status == 200 and json.loads(answer)["response"]["allowed"] is allowed, answer[:500]


def test_a_reference_with_control_characters_is_denied_in_print(system, namespace):
    system.enforce(namespace, policy(f"ctl-{namespace}", NO_CRITICAL, namespace=namespace))
    answer = system.review(system.roles.webhooks[0], pod("p", "a\x1b[31mred\nsecond line:1", namespace))
    message = answer["status"]["message"]
    assert not answer["allowed"] and all(c.isprintable() for c in message), repr(message)


def test_more_images_than_a_pod_may_name_are_denied_with_the_reason(system, namespace):
    system.enforce(namespace, policy(f"many-{namespace}", NO_CRITICAL, namespace=namespace))
    many = pod("p", "a:1", namespace)
    many["spec"]["containers"] = [{"name": f"c{i}", "image": f"registry.example.com/a{i}:1"} for i in range(201)]
    answer = system.review(system.roles.webhooks[0], many, dry_run=True)
    assert not answer["allowed"] and "200" in answer["status"]["message"], answer


# --- floods

def _files(role):
    return len(os.listdir(f"/proc/{role.process.pid}/fd"))


def _connect(role):
    s = socket.socket()
    s.settimeout(5)
    try:
        s.connect(("127.0.0.1", role.port))
        return s
    except OSError:  # refused or not accepted in time: the door is full, which is an answer
        s.close()
        return None


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _bare(role, _):
    return [_connect(role) for _ in range(1100)]


def _stalled_tls(role, system):
    """Clients that finish the handshake, send half a header and say nothing more."""
    context = ssl.create_default_context(cafile=system.roles.ca_file)
    context.load_cert_chain(f"{system.roles.certificates}/controller/tls.crt", f"{system.roles.certificates}/controller/tls.key")
    found = []
    for _ in range(200):
        plain = _connect(role)
        if plain is None:
            continue
        try:
            secure = context.wrap_socket(plain, server_hostname="127.0.0.1")
            secure.sendall(b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Le")
            found.append(secure)
        except OSError:
            plain.close()
    return found


FLOODS = {"1,100 bare connections": _bare, "200 stalled TLS clients": _stalled_tls}


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("victim", ["webhook", "controller", "scanner"])
def test_a_flood_leaves_a_server_serving_and_leaks_nothing(system, namespace, many_files, victim, flood):
    role = getattr(system.roles, victim + "s")[0]
    system.enforce(namespace, policy(f"flood-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    before = _files(role)
    connections = FLOODS[flood](role, system)
    try:
        # All three roles have their part in the answer to a new image.
        pushed = system.push(packages=BAD)
        system.cluster.wait_until(lambda: CRITICAL in system.create(pod("p", pushed.tagged, namespace)).stderr, 90,
                                  f"a new image is judged while {victim} holds {flood}")
    finally:
        for connection in connections:
            if connection is not None:
                connection.close()
    # Within a few files: informers' and the registry's own connections come and go.
    system.cluster.wait_until(lambda: _files(role) <= before + 8, 60, f"{victim} has closed what the flood opened")
    assert role.process.is_running()


def test_a_role_closes_a_client_that_says_nothing(system):
    for role in (system.roles.webhooks[0], system.roles.controllers[0], system.roles.scanners[0]):
        silent = _connect(role)
        silent.settimeout(60)
        began = time.monotonic()
        assert silent.recv(1) == b"", "the server hangs up"
        assert time.monotonic() - began < 60
        silent.close()
