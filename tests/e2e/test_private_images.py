"""Private images behind a token server and behind a password: whose credential is tried, in which order, for which
path; what the next one is tried after."""

import base64
import itertools
import json

import pytest

from making import BAD, CRITICAL, debian_image
from objects import NO_CRITICAL, PASSWORD, TOKEN_USERS, pod, policy
from system import Pushed

_numbers = itertools.count(1)


def _auth(user, password):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _secret(name, namespace, auths):
    """A pull secret with {key: entry}."""
    data = base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": name, "namespace": namespace}, "data": {".dockerconfigjson": data}}


def _account(name, namespace, *secrets):
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace},
            "imagePullSecrets": [{"name": s} for s in secrets]}


def _user(name):
    return _auth(name, TOKEN_USERS[name][0])


@pytest.fixture
def guarded(system, namespace):
    system.enforce(namespace, policy(f"private-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    return namespace


@pytest.fixture
def pushed(token_registry):
    """An image that the users "team" and "all" may pull, "other" may not."""
    return Pushed(token_registry, debian_image(BAD), repository=f"team/private-{next(_numbers)}")


def _create(system, image, namespace, *secrets, **spec):
    return system.create(pod("p", image, namespace, imagePullSecrets=[{"name": s} for s in secrets], **spec))


def _denied(system, image, namespace, *secrets, **spec):
    """Creates the pod until it is denied for what was found in it; a busy scanner may take longer than a pod waits."""
    def tried():
        done = _create(system, image, namespace, *secrets, **spec)
        assert done.returncode != 0, "it was let in"
        return CRITICAL in done.stderr and done
    return system.cluster.wait_until(tried, 90, f"{image} is denied for {CRITICAL}")


def _users(token_registry, pushed):
    """Who tokens were asked for as, repetitions left out."""
    return [user for user, _ in itertools.groupby(a.user for a in token_registry.tokens.of(pushed.repository))]


def test_a_token_server_is_asked_as_the_pods_secret_says(system, token_registry, pushed, guarded):
    system.cluster.apply(_secret("regcred", guarded, {token_registry.host: _user("team")}))
    _denied(system, pushed.tagged, guarded, "regcred")
    asked = token_registry.tokens.of(pushed.repository)
    assert {(a.user, a.grant, a.status) for a in asked} == {("team", "basic", 200)}
    assert {a.scope for a in asked} == {f"repository:{pushed.repository}:pull"}


def test_an_identity_token_is_exchanged(system, token_registry, pushed, guarded):
    entry = {"auth": base64.b64encode(b"<token>:").decode(), "identitytoken": TOKEN_USERS["team"][0]}
    system.cluster.apply(_secret("regcred", guarded, {token_registry.host: entry}))
    _denied(system, pushed.tagged, guarded, "regcred")
    assert {(a.user, a.grant) for a in token_registry.tokens.of(pushed.repository)} == {("team", "refresh_token")}


def test_without_rights_it_is_unauthorized_and_no_password_is_shown(system, token_registry, pushed, guarded):
    system.cluster.apply(_secret("regcred", guarded, {token_registry.host: _user("other")}))
    done = _create(system, pushed.tagged, guarded, "regcred")
    assert done.returncode != 0 and "PullUnauthorized" in done.stderr and TOKEN_USERS["other"][0] not in done.stderr, done.stderr


# Pitfall 48.
@pytest.mark.parametrize("first", ["a wrong password", "a user without rights on it"])
def test_after_a_refusal_the_next_secret_of_the_pod_is_tried(system, token_registry, pushed, guarded, first):
    refused = _user("other") if "rights" in first else _auth("team", "no-longer-" + PASSWORD)
    system.cluster.apply(_secret("first", guarded, {token_registry.host: refused}),
                         _secret("second", guarded, {token_registry.host: _user("all")}))
    _denied(system, pushed.tagged, guarded, "first", "second")
    assert _users(token_registry, pushed)[:2] == ["other" if "rights" in first else "team", "all"]
    scan = system.wait_scan(pushed.scan_name)
    assert scan["spec"]["pullSecrets"] == [{"namespace": guarded, "name": n} for n in ("first", "second")]


def test_the_longest_path_is_tried_first_whatever_the_order(system, token_registry, pushed, guarded):
    host = token_registry.host
    system.cluster.apply(_secret("wide", guarded, {host: _user("other"), f"{host}/elsewhere": _user("all")}),
                         _secret("narrow", guarded, {f"{host}/team": _user("team")}))
    _denied(system, pushed.tagged, guarded, "wide", "narrow")
    assert _users(token_registry, pushed) == ["team"], "no other user's password was sent"


def test_the_pods_secrets_come_before_its_service_accounts(system, token_registry, pushed, guarded):
    system.cluster.apply(_secret("of-account", guarded, {token_registry.host: _user("all")}),
                         _secret("of-pod", guarded, {token_registry.host: _user("team")}),
                         _account("puller", guarded, "of-account"))
    _denied(system, pushed.tagged, guarded, "of-pod", serviceAccountName="puller")
    assert _users(token_registry, pushed) == ["team"]


def test_where_the_pods_secret_is_refused_the_service_accounts_is_tried(system, token_registry, pushed, guarded):
    system.cluster.apply(_secret("of-account", guarded, {token_registry.host: _user("all")}),
                         _secret("of-pod", guarded, {token_registry.host: _user("other")}),
                         _account("puller", guarded, "of-account"))
    _denied(system, pushed.tagged, guarded, "of-pod", serviceAccountName="puller")
    assert _users(token_registry, pushed)[:2] == ["other", "all"]


def test_a_secret_that_is_absent_or_of_another_type_is_passed_over(system, token_registry, pushed, guarded):
    opaque = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": "opaque", "namespace": guarded},
              "stringData": {".dockerconfigjson": json.dumps({"auths": {token_registry.host: _user("other")}})}}
    system.cluster.apply(opaque, _secret("right", guarded, {token_registry.host: _user("team")}))
    _denied(system, pushed.tagged, guarded, "absent", "opaque", "right")
    assert _users(token_registry, pushed) == ["team"]


def test_behind_a_password_the_next_secret_is_tried_too(system, private_registry, guarded):
    image = Pushed(private_registry, debian_image(BAD))
    system.cluster.apply(_secret("wrong", guarded, {private_registry.host: _auth("robot", "not-" + PASSWORD)}),
                         _secret("right", guarded, {private_registry.host: _auth("robot", PASSWORD)}))
    _denied(system, image.tagged, guarded, "wrong", "right")


def test_each_registry_of_a_pod_gets_its_own(system, token_registry, private_registry, pushed, guarded):
    other = Pushed(private_registry, debian_image(BAD))
    system.cluster.apply(_secret("one", guarded, {token_registry.host: _user("team"), private_registry.host: _auth("robot", PASSWORD)}))
    two = pod("p", pushed.tagged, guarded, imagePullSecrets=[{"name": "one"}])
    two["spec"]["containers"].append({"name": "second", "image": other.tagged})
    assert system.create(two).returncode != 0
    for image in (pushed, other):
        scan = system.wait_scan(image.scan_name)
        assert scan["spec"]["pullSecrets"] == [{"namespace": guarded, "name": "one"}]
    assert _users(token_registry, pushed) == ["team"]
