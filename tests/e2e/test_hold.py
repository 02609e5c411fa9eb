"""Pods behind the scan gate on the real API server: held, released, deleted; and every way around the gate that
a tenant has, tried with a tenant's own token."""

import itertools
import json

import pytest

from bench import HeldBack, audit_annotations, fresh_namespace, holding_system, wait_armed
from making import BAD, CRITICAL
from objects import NO_CRITICAL, job, owned, pod, policy

GATE = "landwaiter.io/scan"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def system(workdir, control_plane_built, registry, odd_registry):
    with holding_system(workdir / "hold", registry, [registry.host, odd_registry.host]) as running:
        yield running


@pytest.fixture
def namespace(system):
    name = fresh_namespace(system.cluster, f"hold-{next(_numbers)}")
    yield name
    system.cluster.delete_all("/apis/landwaiter.io/v1alpha1/scanpolicies", f"test={name}")


@pytest.fixture
def held(system, odd_registry):
    """Makes images whose scan ends when the test says so; what a test left waiting goes on at its end."""
    made = []

    def make(packages=None):
        made.append(HeldBack(odd_registry, f"h{next(_numbers)}", packages))
        return made[-1]
    yield make
    for image in made:
        image.let_go()


def _guard(system, namespace, **spec):
    system.enforce(namespace, policy(f"hold-{namespace}", NO_CRITICAL, namespace=namespace,
                                     **{"onUnscanned": "Hold", "waitSeconds": 0, **spec}))


@pytest.fixture
def holding(system, namespace):
    _guard(system, namespace)
    return namespace


@pytest.fixture
def tenant(system, namespace):
    """A kubeconfig that may do everything with pods in its namespace, bind them too."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "tenant", "namespace": namespace},
            "rules": [{"apiGroups": [""], "verbs": ["*"],
                       "resources": ["pods", "pods/binding", "bindings", "pods/ephemeralcontainers", "pods/resize", "pods/status"]}]}
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "tenant", "namespace": namespace},
               "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"},
               "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}]}
    system.cluster.apply(role, binding)
    kubeconfig = system.cluster.service_account_kubeconfig(namespace, "default")

    def kubectl(*args, stdin=None):
        return system.cluster.kubectl("-n", namespace, *args, stdin=stdin, check=False, kubeconfig=kubeconfig)
    system.cluster.wait_until(lambda: kubectl("auth", "can-i", "create", "pods/binding").returncode == 0, 30, "the tenant's rights")
    return kubectl


def _gates(system, namespace, name="p"):
    return [g["name"] for g in (system.pod(namespace, name) or {}).get("spec", {}).get("schedulingGates", [])]


def _running(system, namespace, name="p", seconds=60):
    system.cluster.wait_until(lambda: (system.pod(namespace, name) or {}).get("status", {}).get("phase") == "Running", seconds,
                              f"{name} runs")


def _gone(system, namespace, name="p", seconds=60):
    system.cluster.wait_until(lambda: system.pod(namespace, name) is None, seconds, f"{name} is deleted")


def _events(system, namespace, reason, kind="Pod"):
    return [e["message"] for e in system.cluster.items(f"/api/v1/namespaces/{namespace}/events")
            if e["reason"] == reason and e["involvedObject"]["kind"] == kind]


def _make_held(system, namespace, image, name="p", **spec):
    """By the API server's own answer: a moment later the wait may be over."""
    done = system.cluster.kubectl("create", "-o", "json", "-f", "-", check=False, stdin=pod(name, image.tagged, namespace, **spec))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["spec"].get("schedulingGates") == [{"name": GATE}]
    return done


# --- what becomes of a held pod

# Admission pitfall 10.
def test_a_new_image_is_held_and_released_when_it_passes(system, holding, held):
    image = held()
    done = _make_held(system, holding, image)
    assert "the pod waits for that, at most 10m" in done.stderr, "kubectl shows why"
    told = system.cluster.wait_until(lambda: _events(system, holding, "HeldForScan"), 30, "an Event says why it waits")
    assert "not scanned yet" in told[0] and f"hold-{holding}" in told[0]
    conditions = system.pod(holding, "p")["status"]["conditions"]
    assert [c["reason"] for c in conditions if c["type"] == "PodScheduled"] == ["SchedulingGated"]
    image.let_go()
    _running(system, holding)
    assert _gates(system, holding) == []
    system.cluster.wait_until(lambda: _events(system, holding, "ReleasedAfterScan"), 30, "an Event of the release")


def test_the_audit_log_tells_of_the_hold(system, holding, held):
    image = held()
    _make_held(system, holding, image)
    said = audit_annotations(system.cluster, holding, "p")
    assert said["pods.landwaiter.io/verdict"] == "Hold" and image.tagged in said["pods.landwaiter.io/unscanned"]
    assert image.tagged in said["mutate.landwaiter.io/held"]


def test_a_held_pod_whose_image_fails_is_deleted_and_its_owner_says_why(system, holding, held):
    image = held(BAD)
    system.create(owned("ReplicaSet", "web", image.tagged, holding))
    system.cluster.wait_until(lambda: len(system.cluster.items(f"/api/v1/namespaces/{holding}/pods")) == 1, 30, "a held pod")
    image.let_go()
    system.cluster.wait_until(lambda: system.cluster.items(f"/api/v1/namespaces/{holding}/pods") == [], 60, "the pod is deleted")
    told = system.cluster.wait_until(lambda: _events(system, holding, "DeniedAfterScan", "ReplicaSet"), 30, "the owner's Event")[0]
    for part in (CRITICAL, "no-critical", f"hold-{holding}", image.scan_name):
        assert part in told, told
    # The next one is denied at the door.
    denied = system.cluster.wait_until(lambda: _events(system, holding, "FailedCreate", "ReplicaSet"), 60, "FailedCreate")
    assert CRITICAL in denied[0]


def test_the_wait_ends_by_on_incomplete(system, namespace, held):
    _guard(system, namespace, holdFor="3s")
    _make_held(system, namespace, held())
    _gone(system, namespace)
    told = system.cluster.wait_until(lambda: _events(system, namespace, "DeniedAfterScan"), 30, "an Event")
    assert "the pod was held for 3s already" in told[0]
    _guard(system, namespace, holdFor="3s", onIncomplete="Allow")
    _make_held(system, namespace, held(), "q")
    _running(system, namespace, "q")


def test_a_held_pod_outlives_the_controller(system, holding, held):
    good, bad = held(), held(BAD)
    controller = system.roles.controllers[0]
    try:
        _make_held(system, holding, good)
        _make_held(system, holding, bad, "q")
        controller.stop()
        good.let_go()
        bad.let_go()
        assert _gates(system, holding) == [GATE]
    finally:
        controller.restart()
    _running(system, holding, seconds=120)
    _gone(system, holding, "q", seconds=120)


def test_what_is_known_is_not_held(system, holding):
    clean, bad = system.push(), system.push(packages=BAD)
    for pushed in (clean, bad):
        system.request_scan(pushed)
        _judged(system, pushed, holding)
    done = system.create(pod("p", clean.pinned, holding))
    assert done.returncode == 0 and "Warning" not in done.stderr and _gates(system, holding) == []
    assert CRITICAL in system.create(pod("q", bad.pinned, holding)).stderr


def _judged(system, pushed, namespace):
    system.cluster.wait_until(lambda: [p for p in system.scan(pushed.scan_name)["status"].get("policies", [])
                                       if p["name"] == f"hold-{namespace}"], 30, f"{pushed.scan_name} is judged")


def test_a_pod_whose_policy_goes_is_let_go(system, holding, held):
    _make_held(system, holding, held())
    system.cluster.delete_all("/apis/landwaiter.io/v1alpha1/scanpolicies", f"test={holding}")
    _running(system, holding)


def test_the_gates_of_others_stay(system, holding, held):
    image = held()
    done = system.create(pod("p", image.tagged, holding, schedulingGates=[{"name": "other.example/x"}]))
    assert done.returncode == 0 and _gates(system, holding) == ["other.example/x", GATE]
    image.let_go()
    system.cluster.wait_until(lambda: _gates(system, holding) == ["other.example/x"], 60, "ours is taken off, the other's stays")


def test_owners_of_every_kind_get_their_pods(system, holding, held):
    image, kinds = held(), ("ReplicaSet", "StatefulSet", "DaemonSet", "Job")
    for kind in kinds:
        made = job("job", image.tagged, holding) if kind == "Job" else owned(kind, kind.lower(), image.tagged, holding)
        assert system.create(made).returncode == 0

    def pods(*phases):
        return {p["metadata"]["ownerReferences"][0]["kind"] for p in system.cluster.items(f"/api/v1/namespaces/{holding}/pods")
                if p["status"].get("phase") in phases}
    system.cluster.wait_until(lambda: pods("Pending") == set(kinds), 30, "a held pod of each")
    image.let_go()
    system.cluster.wait_until(lambda: pods("Running", "Succeeded") == set(kinds) and not pods("Pending"), 60, "they run")


def test_a_dry_run_shows_the_gate_and_asks_nothing(system, holding):
    never_seen = system.push()
    done = system.create(pod("p", never_seen.tagged, holding), dry_run=True)
    assert done.returncode == 0, done.stderr
    shown = system.cluster.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", stdin=pod("p", never_seen.tagged, holding))
    assert json.loads(shown.stdout)["spec"]["schedulingGates"] == [{"name": GATE}]
    assert system.scan(never_seen.scan_name) is None


# --- the ways around

REMOVALS = {
    "a JSON patch": ("--type=json", '[{"op":"remove","path":"/spec/schedulingGates/0"}]'),
    "a merge patch": ("--type=merge", '{"spec":{"schedulingGates":null}}'),
    "a strategic patch": ("--type=strategic", '{"spec":{"schedulingGates":[{"name":"%s","$patch":"delete"}]}}' % GATE),
}


@pytest.mark.parametrize("way", REMOVALS)
def test_a_tenant_does_not_take_the_gate_off_by(system, holding, held, tenant, way):
    _make_held(system, holding, held())
    done = tenant("patch", "pod", "p", REMOVALS[way][0], "-p", REMOVALS[way][1])
    assert done.returncode != 0 and "taken off by landwaiter's controller alone" in done.stderr, done.stderr
    assert _gates(system, holding) == [GATE]
    assert tenant("label", "pod", "p", "a=b").returncode == 0, "other changes pass"


def test_a_tenant_does_not_take_the_gate_off_by_a_replace(system, holding, held, tenant):
    _make_held(system, holding, held())
    whole = system.pod(holding, "p")
    del whole["spec"]["schedulingGates"], whole["metadata"]["resourceVersion"]
    done = tenant("replace", "-f", "-", stdin=whole)
    assert done.returncode != 0 and "taken off by landwaiter's controller alone" in done.stderr, done.stderr


def test_not_even_an_administrator_does(system, holding, held):
    _make_held(system, holding, held())
    done = system.cluster.kubectl("patch", "pod", "p", "-n", holding, *("--type=json", "-p", REMOVALS["a JSON patch"][1]), check=False)
    assert done.returncode != 0 and _gates(system, holding) == [GATE]


def test_a_swapped_image_is_judged_before_the_pod_runs(system, holding, held, tenant):
    good, bad = held(), held(BAD)
    _make_held(system, holding, good)
    assert tenant("set", "image", "pod/p", f"main={bad.tagged}").returncode == 0, "not scanned yet: it waits on"
    good.let_go()
    system.wait_scan(good.scan_name)
    assert _gates(system, holding) == [GATE], "the verdict of the first image says nothing of the second"
    bad.let_go()
    _gone(system, holding)


def test_an_image_is_not_swapped_for_a_known_bad_one(system, holding, held, tenant):
    bad = system.push(packages=BAD)
    system.request_scan(bad)
    _judged(system, bad, holding)
    _make_held(system, holding, held())
    done = tenant("set", "image", "pod/p", f"main={bad.pinned}")
    assert done.returncode != 0 and CRITICAL in done.stderr, done.stderr


def test_a_released_pod_is_given_no_unjudged_image(system, holding, held, tenant):
    good = held()
    _make_held(system, holding, good)
    good.let_go()
    _running(system, holding)
    done = tenant("set", "image", "pod/p", f"main={held(BAD).tagged}")
    assert done.returncode != 0 and "cannot be held" in done.stderr, done.stderr


# Admission pitfall 34: nor to a pod that waits.
def test_an_ephemeral_container_is_not_added_unjudged(system, holding, held, tenant):
    good = held()
    _make_held(system, holding, good)
    for image in (held(BAD), held()):
        done = tenant("debug", "p", f"--image={image.tagged}", "--profile=general", "--attach=false", "--quiet", "--", "true")
        assert done.returncode != 0 and "cannot be held" in done.stderr, done.stderr
    assert "ephemeralContainers" not in system.pod(holding, "p")["spec"]
    good.let_go()
    _running(system, holding)


def test_a_pod_for_a_chosen_node_is_decided_at_the_door(system, holding, held, tenant):
    done = tenant("create", "-f", "-", stdin=pod("p", held().tagged, holding, nodeName="node-a"))
    assert done.returncode != 0 and "cannot be held" in done.stderr, done.stderr
    assert system.pod(holding, "p") is None


def test_a_held_pod_is_not_given_a_node(system, holding, held, tenant):
    _make_held(system, holding, held())
    done = tenant("patch", "pod", "p", "--type=merge", "-p", '{"spec":{"nodeName":"node-a"}}')
    assert done.returncode != 0
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p", "namespace": holding},
               "target": {"apiVersion": "v1", "kind": "Node", "name": "node-a"}}
    token = system.cluster.service_account_token(holding, "default")
    for path in (f"/api/v1/namespaces/{holding}/pods/p/binding", f"/api/v1/namespaces/{holding}/bindings"):
        status, answer = system.cluster.api("POST", path, binding, token=token)
        assert status == 409 and "non-empty .spec.schedulingGates" in answer["message"], answer
    assert "nodeName" not in system.pod(holding, "p")["spec"]


def test_a_scheduler_of_the_tenant_s_own_does_not_help(system, holding, held):
    image = held()
    _make_held(system, holding, image, schedulerName="mine")
    conditions = system.pod(holding, "p")["status"]["conditions"]
    assert [c["reason"] for c in conditions if c["type"] == "PodScheduled"] == ["SchedulingGated"]


# Admission pitfall 38.
def test_a_forged_mirror_pod_is_judged_as_any_other(system, holding, held, tenant):
    forged = pod("p", held(BAD).tagged, holding, nodeName="node-a", enableServiceLinks=False)
    forged["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "0123"}
    done = tenant("create", "-f", "-", stdin=forged)
    assert done.returncode != 0 and "cannot be held" in done.stderr, done.stderr
    assert system.pod(holding, "p") is None


# Admission pitfall 38.
def test_a_mirror_pod_of_a_node_is_let_in_without_a_gate(system, holding, held):
    mirror = pod("p", held(BAD).tagged, holding, nodeName="node-a", enableServiceLinks=False)
    node = system.cluster.get("/api/v1/nodes/node-a")
    mirror["metadata"].update(annotations={"kubernetes.io/config.mirror": "0123"}, ownerReferences=[
        {"apiVersion": "v1", "kind": "Node", "name": "node-a", "controller": True, "uid": node["metadata"]["uid"]}])
    done = system.cluster.kubectl("create", "-f", "-", "--as=system:node:node-a", "--as-group=system:nodes",
                                  "--as-group=system:authenticated", stdin=mirror, check=False)
    assert done.returncode == 0, done.stderr
    assert _gates(system, holding) == []


def test_a_gate_of_the_tenant_s_own_making_is_no_way_in(system, namespace, held, tenant):
    _guard(system, namespace, onUnscanned="Deny")
    made = pod("p", held(BAD).tagged, namespace, schedulingGates=[{"name": GATE}])
    done = tenant("create", "-f", "-", stdin=made)
    assert done.returncode != 0 and "not scanned yet" in done.stderr, done.stderr


def test_a_status_written_by_a_tenant_takes_no_gate_off(system, holding, held, tenant):
    _make_held(system, holding, held())
    whole = system.pod(holding, "p")
    del whole["spec"]["schedulingGates"]
    token = system.cluster.service_account_token(holding, "default")
    system.cluster.api("PUT", f"/api/v1/namespaces/{holding}/pods/p/status", whole, token=token)
    assert _gates(system, holding) == [GATE]


def test_resize_brings_no_image(system, holding, held, tenant):
    image = held()
    _make_held(system, holding, image)
    patch = {"spec": {"containers": [{"name": "main", "image": held(BAD).tagged, "resources": {"requests": {"cpu": "10m"}}}]}}
    tenant("patch", "pod", "p", "--subresource=resize", "--type=strategic", "-p", json.dumps(patch))
    assert system.pod(holding, "p")["spec"]["containers"][0]["image"] == image.tagged


def test_disarm_releases_what_is_held(system, holding, held):
    import subprocess  # pylint: disable=import-outside-toplevel
    from roles import landwaiter  # pylint: disable=import-outside-toplevel
    _make_held(system, holding, held())
    try:
        done = subprocess.run([landwaiter(), "disarm", "--mutating", "landwaiter", "--release-held-pods", "--kubeconfig",
                               system.cluster.service_account_kubeconfig("landwaiter", "controller")],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and "held pods released" in done.stdout, done.stdout + done.stderr
        _running(system, holding)
    finally:
        system.roles.disarm()
        system.roles.arm()
        wait_armed(system)


def test_hold_gives_the_controller_two_rights_on_pods_and_nobody_else_any(system):
    from test_rights import CONTROLLER, SCANNER, WEBHOOK, _allowed  # pylint: disable=import-outside-toplevel
    verbs = ("get", "create", "update", "patch", "delete", "deletecollection")
    rights = {user: [v for v in verbs if _allowed(system.cluster, user, "pods", v, "shop")] for user in (CONTROLLER, WEBHOOK, SCANNER)}
    assert rights == {CONTROLLER: ["patch", "delete"], WEBHOOK: [], SCANNER: []}
    mutating = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
    assert _allowed(system.cluster, CONTROLLER, mutating, "patch", "", "landwaiter")
    assert not _allowed(system.cluster, CONTROLLER, mutating, "patch", "", "another")
