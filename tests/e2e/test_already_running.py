"""What ran in a namespace before it turned bad is let in there again for a time, with a warning; everywhere else it is
denied at once (docs/adr/0017)."""

import datetime

import pytest

from bench import audit_annotations
from making import ADVISORIES, BAD, CRITICAL, advisory, build_database
from objects import JUDGE_RUNNING, NO_CRITICAL, deployment, pod, policy

FOUND = "CVE-2099-3301"


def _of_both(name, namespace, other, **spec):
    """A policy of two namespaces, which goes with the first."""
    made = policy(name, NO_CRITICAL, waitSeconds=8, match={"namespaceSelector": {"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace, other]}]}}, **spec)
    made["metadata"]["labels"] = {"test": namespace}
    return made


def _record(system, pushed, name):
    """What the scan holds of when the image turned bad under a policy, once the pods are counted."""
    found = [p.get("turnedBad") for p in (system.scan(pushed.scan_name) or {}).get("status", {}).get("policies", [])
             if p["name"] == name]
    return found[0] if found and found[0] and not found[0].get("counting") else None


def _pods(system, namespace):
    return system.cluster.items(f"/api/v1/namespaces/{namespace}/pods")


def _uses(system, pushed, count):
    """Waits until so many pods are counted for an image."""
    system.cluster.wait_until(lambda: (system.scan(pushed.scan_name) or {}).get("status", {}).get("usedBy", {}).get("pods") == count,
                              60, f"{count} pods of {pushed.repository} are counted")


def _scale(system, namespace, pushed, replicas):
    system.cluster.kubectl("scale", "deployment/web", "-n", namespace, f"--replicas={replicas}")
    _uses(system, pushed, replicas)


def _denied(system, pushed, namespace, words):
    """Waits until the webhook denies a new pod for this, from memory."""
    system.cluster.wait_until(lambda: words in system.create(pod("other", pushed.pinned, namespace), dry_run=True).stderr, 60,
                              f"a pod of {namespace} is denied: {words}")


def _let_in(system, pushed, namespace, name, words):
    # The webhook has what the controller wrote a moment later: until a dry run says so.
    system.cluster.wait_until(lambda: "is let in until" in system.create(pod(name, pushed.pinned, namespace), dry_run=True).stderr, 60,
                              f"{pushed.repository} is let in again in {namespace}")
    done = system.create(pod(name, pushed.pinned, namespace))
    assert done.returncode == 0, done.stderr
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("Warning: landwaiter: ")]
    for part in ("fails, but ran here before it turned bad on 20", " and is let in until 20", "no-critical", words):
        assert part in warning, warning
    assert len(warning) <= 256 + len("Warning: ")
    system.cluster.kubectl("delete", "pod", name, "-n", namespace, "--now")


@pytest.fixture
def turned(system, namespace, other_namespace):
    """(namespace, other, image, policy's name): a Deployment of the first runs an image that passed, and a new advisory
    is against it now."""
    name = f"runs-{namespace}"
    system.enforce(namespace, _of_both(name, namespace, other_namespace))
    pushed = system.push(packages={"librunning": "1.0"})
    system.request_scan(pushed)
    assert system.create(deployment("web", pushed.pinned, namespace)).returncode == 0
    _uses(system, pushed, 1)
    try:
        build_database(system.roles.database, [*ADVISORIES, advisory(FOUND, "librunning", fixed="1.1")])
        record = system.cluster.wait_until(lambda: _record(system, pushed, name), 90, "the image has turned bad")
        assert record["namespaces"] == [namespace]
        _denied(system, pushed, other_namespace, FOUND)
        yield namespace, other_namespace, pushed, name
    finally:
        build_database(system.roles.database)


# Admission pitfalls 33 and 77: a new advisory stops no rollout of what runs.
def test_what_ran_before_it_turned_bad_is_let_in_there_and_nowhere_else(system, turned):
    namespace, other, pushed, name = turned
    _let_in(system, pushed, namespace, "more", FOUND)
    said = audit_annotations(system.cluster, namespace, "more")
    assert said["pods.landwaiter.io/verdict"] == "Warn" and FOUND in said["pods.landwaiter.io/failures"]
    assert f"{name}@1=Fail" in said["pods.landwaiter.io/policies"]
    done = system.create(pod("p", pushed.pinned, other))
    assert done.returncode != 0 and FOUND in done.stderr, "it never ran there"

    # An incident: down to nothing and up again, with no pod in between that would say that it runs.
    _uses(system, pushed, 1)
    _scale(system, namespace, pushed, 0)
    _scale(system, namespace, pushed, 2)
    system.cluster.wait_until(lambda: [p["status"].get("phase") for p in _pods(system, namespace)] == ["Running"] * 2, 60,
                              "two pods run again, and no other is there")

    # A new digest of the same thing is judged at once.
    new = system.push(packages={"librunning": "1.0"}, repository=pushed.repository, tag="2")
    done = system.create(pod("new", new.pinned, namespace))
    assert done.returncode != 0 and FOUND in done.stderr, done.stderr


# Admission pitfall 33.
def test_a_restart_of_the_controller_forgets_nothing(system, turned):
    namespace, other, pushed, name = turned
    record = _record(system, pushed, name)
    _scale(system, namespace, pushed, 0)
    system.roles.controllers[0].restart()
    # A pod's whole way: by then the controller has counted the pods and looked at its scans again.
    system.cluster.wait_until(system.roles.leader, 60, "it leads")
    next_one = system.push()
    assert system.create(pod("next", next_one.pinned, other)).returncode == 0
    _uses(system, next_one, 1)
    assert _record(system, pushed, name) == record
    _let_in(system, pushed, namespace, "again", FOUND)
    done = system.create(pod("p", pushed.pinned, other))
    assert done.returncode != 0 and FOUND in done.stderr, done.stderr


# Admission pitfall 33.
def test_a_policy_may_judge_what_runs_as_all_else(system, turned):
    namespace, other, pushed, name = turned
    system.enforce(namespace, _of_both(name, namespace, other, **JUDGE_RUNNING))
    _denied(system, pushed, namespace, FOUND)
    done = system.create(pod("p", pushed.pinned, namespace))
    assert done.returncode != 0 and FOUND in done.stderr, done.stderr
    # Allow again: what is recorded is recorded.
    system.enforce(namespace, _of_both(name, namespace, other))
    _let_in(system, pushed, namespace, "q", FOUND)


# Admission pitfall 33: an installation, or one policy more, takes nothing down.
def test_what_is_older_than_a_policy_is_let_in(system, namespace, other_namespace):
    pushed = system.push(packages=BAD)
    assert system.create(deployment("web", pushed.pinned, namespace)).returncode == 0
    _uses(system, pushed, 1)
    made = datetime.datetime.fromisoformat(_pods(system, namespace)[0]["metadata"]["creationTimestamp"].replace("Z", "+00:00"))
    # Times of creation are whole seconds.
    system.cluster.wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) >= made + datetime.timedelta(seconds=1), 30,
                              "the policy is younger than the pod")
    name = f"later-{namespace}"
    system.enforce(namespace, _of_both(name, namespace, other_namespace))
    record = system.cluster.wait_until(lambda: _record(system, pushed, name), 60, "the image is judged")
    assert record["namespaces"] == [namespace]
    _denied(system, pushed, other_namespace, CRITICAL)
    _let_in(system, pushed, namespace, "more", CRITICAL)


# Admission pitfall 33.
def test_what_slipped_in_while_it_was_not_scanned_earns_nothing(system, namespace):
    name = f"slips-{namespace}"
    system.enforce(namespace, policy(name, NO_CRITICAL, namespace=namespace, onUnscanned="Allow", waitSeconds=0))
    pushed = system.push(packages=BAD)
    assert system.create(pod("slipped", pushed.pinned, namespace)).returncode == 0
    _uses(system, pushed, 1)
    record = system.cluster.wait_until(lambda: _record(system, pushed, name), 60, "the image is judged")
    assert "namespaces" not in record
    _denied(system, pushed, namespace, CRITICAL)
    done = system.create(pod("second", pushed.pinned, namespace))
    assert done.returncode != 0 and CRITICAL in done.stderr, done.stderr
