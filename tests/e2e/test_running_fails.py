"""What runs and fails now: status.runningFails of ScanPolicies, a column, and Events on the workloads, once for each time
that an image turns."""

import pytest

from making import ADVISORIES, BAD, advisory, build_database
from objects import NO_CRITICAL, deployment, policy
from system import POLICIES

FOUND = "CVE-2099-3601"


def _running(system, name):
    return (system.cluster.get(f"{POLICIES}/{name}") or {}).get("status", {}).get("runningFails", {})


def _runs(system, name, images, pods):
    def looked():
        running = _running(system, name)
        return running if (running.get("images"), running.get("pods")) == (images, pods) else None
    try:
        return system.cluster.wait_until(looked, 90, f"{name} has {images} images and {pods} pods")
    except AssertionError as error:
        raise AssertionError(f"{error}; it has {_running(system, name)}") from None


def _events(system, namespace, reason="ImageFailsPolicy"):
    return [(e["involvedObject"]["kind"], e["involvedObject"]["name"], e["count"], e["message"])
            for e in system.cluster.items(f"/api/v1/namespaces/{namespace}/events") if e["reason"] == reason]


def _uses(system, pushed, count):
    system.cluster.wait_until(lambda: (system.scan(pushed.scan_name) or {}).get("status", {}).get("usedBy", {}).get("pods") == count, 60,
                              f"{count} pods of {pushed.repository} are counted")


@pytest.fixture
def running(system, namespace, other_namespace):
    """(policy of the first namespace, image): two pods of the first namespace run it, and one of another."""
    name = f"run-{namespace}"
    system.enforce(namespace, policy(name, NO_CRITICAL, namespace=namespace))
    pushed = system.push(packages={"librunfail": "1.0"})
    system.request_scan(pushed)
    for where, replicas in ((namespace, 2), (other_namespace, 1)):
        assert system.create(deployment("web", pushed.pinned, where, replicas)).returncode == 0
    _uses(system, pushed, 3)
    yield name, pushed
    build_database(system.roles.database)


def _turn_bad(system):
    build_database(system.roles.database, [*ADVISORIES, advisory(FOUND, "librunfail", fixed="1.1")])


def test_a_policy_says_what_runs_and_fails_now(system, running, namespace, other_namespace):
    name, pushed = running
    assert _runs(system, name, 0, 0)["workloads"] == []
    _turn_bad(system)
    (workload,) = _runs(system, name, 1, 2)["workloads"]
    (replica_set,) = system.cluster.items(f"/apis/apps/v1/namespaces/{namespace}/replicasets")
    # By digest, or by the tag that the request for its scan named.
    assert workload.pop("image") in (pushed.repository, f"{pushed.repository}:1")
    assert workload == {"namespace": namespace, "kind": "ReplicaSet", "name": replica_set["metadata"]["name"],
                        "scan": pushed.scan_name, "pods": 2}
    header, row = system.cluster.kubectl("get", "scanpolicy", name).stdout.splitlines()
    assert dict(zip(header.split(), row.split()))["RUNNING-FAILS"] == "2"
    controller = system.roles.controllers[0]
    assert controller.metric("landwaiter_running_failing_images") >= 1 and controller.metric("landwaiter_running_failing_pods") >= 2

    system.cluster.kubectl("scale", "deployment/web", "-n", namespace, "--replicas=1")
    _runs(system, name, 1, 1)
    # Another namespace comes under the policy: what runs there counts.
    system.enforce(namespace, policy(name, NO_CRITICAL, namespace=namespace, match={"namespaceSelector": {"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace, other_namespace]}]}}))
    both = _runs(system, name, 1, 2)["workloads"]
    assert {w["namespace"] for w in both} == {namespace, other_namespace}
    system.cluster.kubectl("delete", "deployment/web", "-n", other_namespace)
    _runs(system, name, 1, 1)


def test_workloads_are_told_once_of_each_turn(system, running, namespace, other_namespace):
    name, pushed = running
    _turn_bad(system)
    _runs(system, name, 1, 2)
    ((kind, owner, count, message),) = system.cluster.wait_until(lambda: _events(system, namespace), 60, "an Event on what runs it")
    (replica_set,) = system.cluster.items(f"/apis/apps/v1/namespaces/{namespace}/replicasets")
    assert (kind, owner, count) == ("ReplicaSet", replica_set["metadata"]["name"], 1)
    assert FOUND in message and name in message and pushed.scan_name in message
    assert _events(system, other_namespace) == [], "no policy is for that namespace"
    shown = system.cluster.kubectl("describe", "replicaset", owner, "-n", namespace).stdout.partition("\nEvents:")[2]
    assert "ImageFailsPolicy" in shown

    # Looked at again: by a restart, by another policy, by a pod more that fails like the others did.
    system.roles.controllers[0].restart()
    system.cluster.wait_until(system.roles.leader, 60, "it leads")
    system.enforce(other_namespace, policy(f"more-{other_namespace}", NO_CRITICAL, namespace=other_namespace))
    _runs(system, f"more-{other_namespace}", 1, 1)
    system.cluster.wait_until(lambda: _events(system, other_namespace), 60, "and who comes under it is told")
    assert [e[2] for e in _events(system, namespace)] == [1], "nobody was told twice"

    # Good and bad again: that is a turn.
    build_database(system.roles.database)
    _runs(system, name, 0, 0)
    _turn_bad(system)
    _runs(system, name, 1, 2)
    system.cluster.wait_until(lambda: sum(e[2] for e in _events(system, namespace)) == 2, 60, "they are told again")


def test_a_name_that_a_policy_refuses_fails_where_it_is_used(system, namespace):
    """By a rule of references: decided by the name alone, while the image itself is good."""
    name = f"names-{namespace}"
    pushed = system.push()
    assert system.create(deployment("web", pushed.tagged, namespace)).returncode == 0
    _uses(system, pushed, 1)
    system.enforce(namespace, policy(name, {"name": "no-such-tag", "reference": {"deniedTags": ["1"]}}, namespace=namespace))
    (workload,) = _runs(system, name, 1, 1)["workloads"]
    assert workload["image"] == f"{pushed.repository}:1"


def test_a_pod_that_starts_with_what_fails_is_told_of(system, namespace):
    system.enforce(namespace, policy(f"warns-{namespace}", NO_CRITICAL, namespace=namespace, enforcement="Warn"))
    pushed = system.push(packages=BAD)
    system.request_scan(pushed)
    assert system.create(deployment("web", pushed.pinned, namespace)).returncode == 0
    _runs(system, f"warns-{namespace}", 1, 1)
    (told,) = system.cluster.wait_until(lambda: _events(system, namespace), 60, "an Event")
    assert f"policy warns-{namespace}" in told[3]
