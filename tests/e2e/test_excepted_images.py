"""An image that an exception excuses is told of as one that passes, in everything that is kept about what runs: rules for
Falco, reports, status.runningFails, Events, the report API; in the exception's namespace alone, and until it ends."""

import datetime

import pytest

from charts import render
from making import BAD, CRITICAL
from objects import NO_CRITICAL, deployment, policy
from report_crds import OPENREPORTS, WGPOLICY
from test_falco import CONFIG_MAP, FAILING, _fires, _kept, _started
from test_policy_reports import KINDS, _install, _results
from test_running_fails import _events, _running, _runs

KEPT = ("landwaiter-policy-reports", "landwaiter-controller-falco")


@pytest.fixture(scope="module")
def keeping(system):
    """The leading controller keeps rules for Falco and reports of both kinds."""
    objects = [o for o in render({"controller": {"policyReports": "both", "falco": {"enabled": True}}})
               if o["metadata"]["name"].endswith(("-policy-reports", "-controller-falco"))]
    rights = {"apiVersion": "v1", "kind": "List", "items": objects}
    system.cluster.kubectl("apply", "-f", "-", stdin=rights)
    _install(system.cluster, WGPOLICY, OPENREPORTS)
    with system.roles.controllers[0].started_with({"--policy-reports": "both", "--falco-configmap": CONFIG_MAP}):
        yield system
    system.cluster.kubectl("delete", "-f", "-", stdin=rights)
    system.cluster.kubectl("delete", "configmap", CONFIG_MAP, "-n", "landwaiter", "--ignore-not-found")
    system.cluster.kubectl("delete", *(f"crd/{c['metadata']['name']}" for c in (WGPOLICY, OPENREPORTS)))


def _exception(namespace, until=None):
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=60)).strftime("%Y-%m-%d")
    return {"apiVersion": "landwaiter.io/v1alpha1", "kind": "ScanException", "metadata": {"name": "libbad", "namespace": namespace},
            "spec": {"ids": [CRITICAL], "until": until or soon, "reason": "ticket SEC-12"}}


def _guard(namespace, other, **spec):
    made = policy(f"excepted-{namespace}", NO_CRITICAL, enforcement="Audit", match={"namespaceSelector": {"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace, other]}]}}, **spec)
    made["metadata"]["labels"] = {"test": namespace}
    return made


def _reported(system, name, namespace, outcome):
    for kind in KINDS:
        system.cluster.wait_until(
            lambda k=kind: {r["result"] for (p, _), r in _results(system, k, namespace).items() if p == name} == {outcome}, 90,
            f"{kind} of {namespace} says {outcome}")


@pytest.fixture
def bad(keeping, namespace, other_namespace):
    """Runs in both namespaces, and fails in both."""
    system, name = keeping, f"excepted-{namespace}"
    system.enforce(namespace, _guard(namespace, other_namespace, allowExceptions={}))
    pushed = system.push(packages=BAD)
    system.request_scan(pushed)
    for where in (namespace, other_namespace):
        assert system.create(deployment("web", pushed.pinned, where)).returncode == 0
    _runs(system, name, 1, 2)
    _fires(system, [FAILING], "it fails in one", **_started(pushed.digest, namespace))
    _fires(system, [FAILING], "and in the other", **_started(pushed.digest, other_namespace))
    for where in (namespace, other_namespace):
        _reported(system, name, where, "fail")
    return pushed


def test_in_the_namespace_of_a_scanexception_it_is_told_of_nowhere(keeping, bad, namespace, other_namespace):
    system, name = keeping, f"excepted-{namespace}"
    system.cluster.apply(_exception(namespace))
    (workload,) = _runs(system, name, 1, 1)["workloads"]
    assert workload["namespace"] == other_namespace
    _fires(system, [], "no rule fires where it is excused", **_started(bad.digest, namespace))
    assert _kept(system).fired(**_started(bad.digest, other_namespace)) == [FAILING], "elsewhere it does"
    _reported(system, name, namespace, "pass")
    _reported(system, name, other_namespace, "fail")

    # Excused everywhere: nothing is left of it.
    system.cluster.apply(_exception(other_namespace))
    assert _runs(system, name, 0, 0)["workloads"] == []
    _fires(system, [], "nowhere any more", **_started(bad.digest, other_namespace))
    _reported(system, name, other_namespace, "pass")

    # And back, once the exception is gone.
    system.cluster.kubectl("delete", "sexc", "libbad", "-n", namespace)
    _runs(system, name, 1, 1)
    _fires(system, [FAILING], "it fails again", **_started(bad.digest, namespace))
    _reported(system, name, namespace, "fail")


def test_when_the_exception_ends_it_is_told_of_again_though_nothing_else_changes(keeping, bad, namespace, other_namespace):
    system, name = keeping, f"excepted-{namespace}"
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=12)
    system.cluster.apply(_exception(namespace, until.strftime("%Y-%m-%dT%H:%M:%SZ")))
    _runs(system, name, 1, 1)
    _runs(system, name, 1, 2)
    _fires(system, [FAILING], "the rule fires again", **_started(bad.digest, namespace))
    _reported(system, name, namespace, "fail")


def test_an_exception_of_the_policy_itself_is_told_of_nowhere_either(keeping, bad, namespace, other_namespace):
    system, name = keeping, f"excepted-{namespace}"
    before = sum(e[2] for e in _events(system, namespace))
    system.cluster.apply(_guard(namespace, other_namespace, exceptions=[
        {"ids": [CRITICAL], "until": "2099-01-01", "reason": "the tool is not run"}]))
    _runs(system, name, 0, 0)
    for where in (namespace, other_namespace):
        _fires(system, [], "no rule fires", **_started(bad.digest, where))
        _reported(system, name, where, "pass")
    assert _running(system, name)["workloads"] == []
    assert sum(e[2] for e in _events(system, namespace)) == before, "and nobody is told of a turn"
