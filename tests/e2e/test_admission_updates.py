"""Updates, dry runs, mirror pods and deletion: a pod that runs stays changeable and deletable."""

import pytest

from making import BAD, CRITICAL
from objects import JUDGE_RUNNING, NO_CRITICAL, NOT_ROOT, pod, policy

WAIT = {"waitSeconds": 8}


@pytest.fixture
def running_bad(system, namespace):
    """A pod that ran before its image was denied: (namespace, image)."""
    pushed = system.push(packages=BAD)
    system.request_scan(pushed)
    system.cluster.kubectl("create", "-f", "-", stdin=pod("p", pushed.tagged, namespace))
    system.enforce(namespace, policy(f"later-{namespace}", NO_CRITICAL, namespace=namespace, **WAIT, **JUDGE_RUNNING))
    assert system.create(pod("q", pushed.tagged, namespace)).returncode != 0
    return namespace, pushed


def _patch(system, namespace, body, *flags):
    return system.cluster.kubectl("patch", "pod", "p", "-n", namespace, "--type=merge", "-p", body, *flags, check=False)


def _set_image(system, namespace, pushed):
    return system.cluster.kubectl("set", "image", "pod/p", "-n", namespace, f"main={pushed.tagged}", check=False)


# Admission pitfall 32.
def test_a_running_pod_with_a_denied_image_can_be_labelled(system, running_bad):
    namespace, _ = running_bad
    assert system.cluster.kubectl("label", "pod", "p", "-n", namespace, "a=b", check=False).returncode == 0


def test_a_running_pod_cannot_be_given_another_denied_image(system, running_bad):
    namespace, _ = running_bad
    other = system.push(packages=BAD)
    done = _set_image(system, namespace, other)
    assert done.returncode != 0 and CRITICAL in done.stderr


def test_a_running_pod_can_be_given_a_clean_image(system, running_bad):
    namespace, _ = running_bad
    done = _set_image(system, namespace, system.push())
    assert done.returncode == 0, done.stderr


# Admission pitfall 31.
def test_a_pod_with_a_finalizer_can_be_deleted_and_let_go(system, running_bad):
    namespace, _ = running_bad
    assert _patch(system, namespace, '{"metadata":{"finalizers":["example.com/wait"]}}').returncode == 0
    system.cluster.kubectl("delete", "pod", "p", "-n", namespace, "--wait=false")
    assert system.pod(namespace, "p")["metadata"]["deletionTimestamp"]
    done = _patch(system, namespace, '{"metadata":{"finalizers":null}}')
    assert done.returncode == 0, done.stderr
    system.cluster.wait_until(lambda: system.pod(namespace, "p") is None, 30, "the pod is gone")


def test_a_dry_run_is_judged_from_memory(system, running_bad):
    namespace, pushed = running_bad
    done = system.create(pod("q", pushed.tagged, namespace), dry_run=True)
    assert done.returncode != 0 and CRITICAL in done.stderr


# Admission pitfalls 41 and 42.
def test_a_dry_run_asks_and_makes_nothing(system, namespace):
    system.enforce(namespace, policy(f"dry-{namespace}", NO_CRITICAL, namespace=namespace, onUnscanned="Deny", **WAIT))
    never_seen = system.push()
    before = len(system.registry.requests())
    done = system.create(pod("p", never_seen.tagged, namespace), dry_run=True)
    assert done.returncode != 0, "not scanned, and not scanned for a dry run: onUnscanned answers"
    # A real request makes the scan, so an earlier one would have been seen by now.
    assert system.create(pod("p", system.push().tagged, namespace)).returncode == 0
    assert system.scan(never_seen.scan_name) is None
    assert system.registry.requests(before, of=never_seen.repository) == []


MIRROR = {"kubernetes.io/config.mirror": "0123"}


def _mirror_pod(image, namespace):
    mirror = pod("mirror-node-a", image, namespace, nodeName="node-a", enableServiceLinks=False)
    mirror["metadata"]["annotations"] = MIRROR
    return mirror


# Admission pitfall 38.
def test_a_mirror_pod_of_a_node_is_warned_about_and_never_denied(system, running_bad):
    namespace, pushed = running_bad
    mirror = _mirror_pod(pushed.tagged, namespace)
    node = system.cluster.get("/api/v1/nodes/node-a")
    mirror["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "Node", "name": "node-a", "controller": True,
                                              "uid": node["metadata"]["uid"]}]
    done = system.cluster.kubectl("create", "-f", "-", "--as=system:node:node-a", "--as-group=system:nodes",
                                  "--as-group=system:authenticated", stdin=mirror, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning:" in done.stderr and CRITICAL in done.stderr


# Admission pitfall 38.
def test_a_tenant_who_writes_the_mirror_annotation_is_judged(system, running_bad):
    namespace, pushed = running_bad
    done = system.create(_mirror_pod(pushed.tagged, namespace))
    assert done.returncode != 0 and CRITICAL in done.stderr


UNSCANNED = {"Deny": (False, False), "Warn": (True, True), "Allow": (True, False)}


# Pitfall 156: a scan that is still to come is neither a pass nor a failure.
@pytest.mark.parametrize("answer", UNSCANNED)
def test_without_time_to_wait_a_new_image_is_answered_by_on_unscanned(system, namespace, answer):
    system.enforce(namespace, policy(f"un-{namespace}", NOT_ROOT, namespace=namespace, onUnscanned=answer, waitSeconds=0))
    pushed = system.push()
    done = system.create(pod("p", pushed.tagged, namespace))
    assert (done.returncode == 0, "Warning" in done.stderr) == UNSCANNED[answer], done.stderr
    # The question was the request: the scan comes, and the next pod is answered by it.
    system.wait_scan(pushed.scan_name)
    assert system.create(pod("q", pushed.tagged, namespace)).returncode == 0


INCOMPLETE = {"Deny": (False, False), "Warn": (True, True), "Allow": (True, False)}


@pytest.mark.parametrize("answer", INCOMPLETE)
def test_an_image_that_does_not_exist_is_answered_by_on_incomplete(system, namespace, answer):
    system.enforce(namespace, policy(f"inc-{namespace}", NOT_ROOT, namespace=namespace, onIncomplete=answer, **WAIT))
    done = system.create(pod("p", f"{system.registry.host}/no/such:1", namespace))
    assert (done.returncode == 0, "Warning" in done.stderr) == INCOMPLETE[answer], done.stderr
    if answer != "Allow":
        assert "NotFound" in done.stderr
