"""Digests that are pinned, owners that are nudged, workloads that are denied: on the real API server."""

import functools
import itertools

import pytest

from bench import HeldBack, audit_annotations, fresh_namespace, holding_system, settle
from making import BAD, CRITICAL
from objects import NO_CRITICAL, cron_job, deployment, job, owned, pod, policy, replication_controller

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def system(workdir, control_plane_built, registry, odd_registry):
    with holding_system(workdir / "doors", registry, [registry.host, odd_registry.host]) as running:
        yield running


@pytest.fixture
def namespace(system):
    name = fresh_namespace(system.cluster, f"doors-{next(_numbers)}")
    yield name
    system.cluster.delete_all("/apis/landwaiter.io/v1alpha1/scanpolicies", f"test={name}")


def _enforce(system, namespace, **spec):
    system.enforce(namespace, policy(f"door-{namespace}", NO_CRITICAL, namespace=namespace, **{"waitSeconds": 8, **spec}))


def _images(system, namespace, name="p"):
    return [c["image"] for c in system.pod(namespace, name)["spec"]["containers"]]


# --- pinDigests

# Admission pitfalls 48 and 50: the tag is shown all the same.
def test_a_tag_is_pinned_to_the_digest_that_was_judged(system, namespace):
    _enforce(system, namespace, pinDigests=True)
    clean = system.push()
    settle(system, namespace, clean)
    done = system.create(pod("p", clean.tagged, namespace, initContainers=[{"name": "i", "image": clean.tagged}]))
    assert done.returncode == 0, done.stderr
    assert _images(system, namespace) == [f"{clean.tagged}@{clean.digest}"]
    assert system.pod(namespace, "p")["spec"]["initContainers"][0]["image"] == f"{clean.tagged}@{clean.digest}"
    system.cluster.wait_until(lambda: system.scan(clean.scan_name)["status"].get("displayName") == f"{clean.repository}:1", 30,
                              "the scan goes by the tag")


# Admission pitfall 48.
def test_a_tag_that_moves_later_brings_nothing_in(system, namespace):
    _enforce(system, namespace, pinDigests=True)
    clean = system.push()
    settle(system, namespace, clean)
    assert system.create(pod("p", clean.tagged, namespace)).returncode == 0
    system.push(packages=BAD, repository=clean.repository)
    assert _images(system, namespace) == [f"{clean.tagged}@{clean.digest}"]


def test_a_bad_image_is_denied_pinned_or_not(system, namespace):
    _enforce(system, namespace, pinDigests=True)
    bad = system.push(packages=BAD)
    settle(system, namespace, bad)
    done = system.create(pod("p", bad.tagged, namespace))
    assert done.returncode != 0 and CRITICAL in done.stderr, done.stderr


def test_an_image_that_is_put_into_a_pod_is_pinned_too(system, namespace):
    _enforce(system, namespace, pinDigests=True)
    first, second = system.push(), system.push()
    settle(system, namespace, first, second)
    assert system.create(pod("p", first.tagged, namespace)).returncode == 0
    system.cluster.kubectl("set", "image", "pod/p", "-n", namespace, f"main={second.tagged}")
    assert _images(system, namespace) == [f"{second.tagged}@{second.digest}"]
    system.cluster.kubectl("debug", "p", "-n", namespace, f"--image={first.tagged}", "--profile=general", "--attach=false", "--quiet",
                           "--", "true")
    assert system.pod(namespace, "p")["spec"]["ephemeralContainers"][0]["image"] == f"{first.tagged}@{first.digest}"


# Admission pitfall 49.
def test_a_deployment_stays_as_its_owner_wrote_it(system, namespace):
    _enforce(system, namespace, pinDigests=True)
    clean = system.push()
    settle(system, namespace, clean)
    made = deployment("web", clean.tagged, namespace)
    assert system.create(made).returncode == 0
    pods = f"/api/v1/namespaces/{namespace}/pods"
    system.cluster.wait_until(lambda: system.cluster.items(pods), 60, "its pod")
    assert system.cluster.items(pods)[0]["spec"]["containers"][0]["image"] == f"{clean.tagged}@{clean.digest}"
    found = system.cluster.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/web")
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == clean.tagged


def test_a_tag_that_a_rule_is_against_is_not_hidden_from_it(system, namespace):
    system.enforce(namespace,
                   policy(f"pin-{namespace}", NO_CRITICAL, namespace=namespace, pinDigests=True, waitSeconds=8),
                   policy(f"tags-{namespace}", {"name": "no-ones", "reference": {"deniedTags": ["1"]}}, namespace=namespace))
    clean = system.push()
    settle(system, namespace, clean)
    done = system.create(pod("p", clean.tagged, namespace))
    assert done.returncode != 0 and "no-ones" in done.stderr, done.stderr


# --- nudged owners

KINDS = {"ReplicaSet": "apis/apps/v1", "StatefulSet": "apis/apps/v1", "DaemonSet": "apis/apps/v1", "Job": "apis/batch/v1",
         "ReplicationController": "api/v1"}


# Each kind whose template holds pods: what makes one of (name, image, namespace).
WORKLOADS = {"Deployment": deployment, **{k: functools.partial(owned, k) for k in ("ReplicaSet", "StatefulSet", "DaemonSet")},
             "Job": job, "CronJob": cron_job, "ReplicationController": replication_controller}


def _make_owners(system, namespace, image):
    """One of each kind that makes pods, all of one image."""
    for kind in KINDS:
        name = kind.lower()
        done = system.create(WORKLOADS[kind](name, image, namespace))
        assert done.returncode == 0, done.stderr


def _owner(system, namespace, kind):
    return system.cluster.get(f"/{KINDS[kind]}/namespaces/{namespace}/{kind.lower()}s/{kind.lower()}")


def _denials(system, namespace, kind):
    """The FailedCreate Events of an owner."""
    return [e for e in system.cluster.items(f"/api/v1/namespaces/{namespace}/events")
            if e["reason"] == "FailedCreate" and e["involvedObject"]["kind"] == kind]


# Admission pitfall 10.
def test_owners_try_again_when_the_verdict_is_in(system, namespace, odd_registry):
    _enforce(system, namespace, waitSeconds=0)
    image = HeldBack(odd_registry, f"nudge-{next(_numbers)}")
    _make_owners(system, namespace, image.tagged)
    pods = f"/api/v1/namespaces/{namespace}/pods"

    def denied_often(kind):
        # Most try nine times within a second. By now the pauses double.
        return sum(e.get("count") or 1 for e in _denials(system, namespace, kind)) >= (3 if kind == "Job" else 11)
    for kind in KINDS:
        system.cluster.wait_until(lambda k=kind: denied_often(k), 60, f"the {kind} was denied again and again")
    assert system.cluster.items(pods) == []
    image.let_go()
    system.wait_scan(image.scan_name)
    for kind in KINDS:
        system.cluster.wait_until(lambda k=kind: "landwaiter.io/judged-at" in (_owner(system, namespace, k)["metadata"].get("annotations")
                                                                              or {}), 30, f"the {kind} is annotated")

    def owners():
        return {p["metadata"]["ownerReferences"][0]["kind"] for p in system.cluster.items(pods)}
    system.cluster.wait_until(lambda: owners() == set(KINDS), 60, "their pods come")


# --- workloads

def test_deny_workloads_denies_what_a_person_applies(system, namespace):
    _enforce(system, namespace, denyWorkloads=True)
    bad, clean = system.push(packages=BAD), system.push()
    settle(system, namespace, bad, clean)
    for kind, make in WORKLOADS.items():
        done = system.create(make("bad", bad.pinned, namespace))
        assert done.returncode != 0 and CRITICAL in done.stderr and "workloads.landwaiter.io" in done.stderr, (kind, done.stderr)
    assert system.create(cron_job("nightly", clean.pinned, namespace)).returncode == 0
    assert system.create(deployment("web", clean.pinned, namespace)).returncode == 0
    pods = f"/api/v1/namespaces/{namespace}/pods"
    system.cluster.wait_until(lambda: system.cluster.items(pods), 60, "its pod")


def test_deny_workloads_leaves_what_is_there_changeable(system, namespace):
    bad = system.push(packages=BAD)
    system.request_scan(bad)
    system.create(deployment("web", bad.pinned, namespace, replicas=0))
    _enforce(system, namespace, denyWorkloads=True)
    scaled = system.cluster.kubectl("scale", "deployment/web", "-n", namespace, "--replicas=1", check=False)
    assert scaled.returncode == 0, scaled.stderr
    assert system.cluster.kubectl("label", "deployment/web", "-n", namespace, "a=b", check=False).returncode == 0
    assert system.cluster.kubectl("delete", "deployment/web", "-n", namespace, check=False).returncode == 0


def test_a_policy_without_it_only_warns(system, namespace):
    _enforce(system, namespace)
    bad = system.push(packages=BAD)
    system.request_scan(bad)
    done = system.create(deployment("web", bad.pinned, namespace, replicas=0))
    assert done.returncode == 0, done.stderr


# --- what owners and the audit log show of a denial

# Admission pitfall 11.
def test_owners_show_the_reason_of_a_denial(system, namespace):
    _enforce(system, namespace)
    bad = system.push(packages=BAD)
    settle(system, namespace, bad)
    _make_owners(system, namespace, bad.tagged)
    for kind in KINDS:
        (*_, told) = system.cluster.wait_until(lambda k=kind: _denials(system, namespace, k), 60, f"an Event on the {kind}")
        for part in ('admission webhook "pods.landwaiter.io" denied the request', CRITICAL, "no-critical"):
            assert part in told["message"], told
    shown = system.cluster.wait_until(lambda: [c["message"] for c in _owner(system, namespace, "ReplicaSet")["status"].get("conditions", [])
                                               if c["type"] == "ReplicaFailure"], 30, "the ReplicaSet's condition")
    assert CRITICAL in shown[0]


def test_the_audit_log_has_the_denial_and_the_pin(system, namespace):
    _enforce(system, namespace, pinDigests=True)
    bad, clean = system.push(packages=BAD), system.push()
    settle(system, namespace, bad, clean)
    assert system.create(pod("bad", bad.tagged, namespace)).returncode != 0
    assert system.create(pod("clean", clean.tagged, namespace)).returncode == 0

    denied = audit_annotations(system.cluster, namespace, "bad")
    assert denied["pods.landwaiter.io/verdict"] == "Deny" and CRITICAL in denied["pods.landwaiter.io/failures"]
    assert bad.digest in denied["pods.landwaiter.io/digests"]
    pinned = audit_annotations(system.cluster, namespace, "clean")
    assert pinned["mutate.landwaiter.io/pinned"] == "1" and pinned["pods.landwaiter.io/verdict"] == "Allow"
