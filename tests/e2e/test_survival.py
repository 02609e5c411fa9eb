"""What is survived without hands: each server that Landwaiter needs goes away and comes back."""

import json
import signal
import threading

import pytest

from making import BAD, CRITICAL, debian_image
from objects import NO_CRITICAL, NOT_ROOT, PASSWORD, pod, policy
from odd_registry import Answer

LEASES = "/apis/coordination.k8s.io/v1/namespaces/landwaiter/leases"


@pytest.fixture
def guarded(system, namespace):
    system.enforce(namespace, policy(f"live-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    return namespace


def _still_works(system, namespace, name):
    """A new bad image is scanned and denied, a new good one is admitted. The first request may meet a
    role that has just come back: it is asked again as an owner would ask."""
    bad, good = system.push(packages=BAD), system.push()
    system.cluster.wait_until(lambda: CRITICAL in system.create(pod(f"{name}-bad", bad.tagged, namespace)).stderr, 60,
                              "a new bad image is denied for its finding")
    system.cluster.wait_until(lambda: system.create(pod(f"{name}-good", good.tagged, namespace)).returncode == 0, 60,
                              "a new good image is admitted")


def test_a_restart_of_the_api_server(system, guarded):
    system.cluster.restart_apiserver()
    _still_works(system, guarded, "after")


# Admission pitfall 89.
def test_a_watch_that_is_too_old_is_answered_by_a_new_list(system, namespace):
    """410 Gone: the roles sleep while a policy goes, another comes, etcd is compacted and the API server
    loses its memory. Both must be noticed, the deletion too, for which no event is left to see."""
    system.enforce(namespace, policy(f"goes-{namespace}", NOT_ROOT, namespace=namespace, waitSeconds=8))
    root = system.push(user="0")
    assert "not-root" in system.create(pod("p", root.tagged, namespace)).stderr
    lists = _lists_of_policies(system)
    roles = [r.process for r in (*system.roles.controllers, *system.roles.webhooks) if r.process.is_running()]
    for process in roles:
        process.send_signal(signal.SIGSTOP)
    try:
        system.cluster.kubectl("delete", "scanpolicy", f"goes-{namespace}")
        system.cluster.apply(policy(f"comes-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
        for i in range(20):  # so that the watches' versions are far behind
            system.cluster.api("POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": f"c{i}"}})
        system.cluster.compact()
        system.cluster.restart_apiserver()
    finally:
        for process in roles:
            process.send_signal(signal.SIGCONT)
    system.cluster.wait_until(lambda: system.create(pod("q", root.tagged, namespace)).returncode == 0, 60,
                              "the deleted policy is not in force any more")
    assert CRITICAL in system.create(pod("r", system.push(packages=BAD).tagged, namespace)).stderr
    assert _lists_of_policies(system) > lists, "the watch was answered by 410, so the webhook listed again"


def _lists_of_policies(system):
    return len([e for e in system.cluster.audit() if e["verb"] == "list" and e["objectRef"]["resource"] == "scanpolicies"
                and e["user"]["username"] == "system:serviceaccount:landwaiter:webhook"])


# Admission pitfall 6.
def test_the_webhook_answers_known_digests_while_the_controller_is_away(system, guarded):
    bad, good, unknown = system.push(packages=BAD), system.push(), system.push()
    assert CRITICAL in system.create(pod("a", bad.pinned, guarded)).stderr
    assert system.create(pod("b", good.pinned, guarded)).returncode == 0
    controller = system.roles.controllers[0]
    controller.stop()
    try:
        assert CRITICAL in system.create(pod("c", bad.pinned, guarded)).stderr
        assert system.create(pod("d", good.pinned, guarded)).returncode == 0
        done = system.create(pod("e", unknown.tagged, guarded))
        assert done.returncode != 0 and CRITICAL not in done.stderr
    finally:
        controller.restart()
    system.cluster.wait_until(lambda: system.create(pod("f", unknown.tagged, guarded)).returncode == 0, 60,
                              "the unknown image is scanned now")


def _held_image(odd_registry, name):
    """An image whose layer is not answered before the returned event is set."""
    image, release = debian_image(BAD), threading.Event()
    reference = odd_registry.serve(image, f"held/{name}")
    path = f"/v2/held/{name}/blobs/{image.layers[0].blob.digest}"
    body = odd_registry.answers[path].body
    odd_registry.answers[path] = Answer(200, body, hold=release)
    return reference, image.digest.replace(":", "-"), path, release


@pytest.mark.parametrize("victim", ["scanner", "controller"])
def test_killed_in_the_middle_of_a_scan(system, odd_registry, guarded, victim):
    reference, scan, path, release = _held_image(odd_registry, f"kill-{victim}")
    role = (system.roles.scanners if victim == "scanner" else system.roles.controllers)[0]
    try:
        system.create(pod("p", reference, guarded))
        system.cluster.wait_until(lambda: odd_registry.asked(path), 30, "the layer is being pulled")
        role.kill()
    finally:
        release.set()
        role.restart()
    assert system.wait_scan(scan, seconds=90)["status"]["vulnerabilities"]["critical"] == 1
    assert len(system.creations("imagescans", scan)) == 1


@pytest.mark.parametrize("victim", ["controllers", "webhooks", "scanners"])
def test_killed_and_started_again(system, guarded, victim):
    role = getattr(system.roles, victim)[0]
    role.kill()
    role.restart()
    _still_works(system, guarded, victim)


# --- two of each

@pytest.fixture
def doubled(system):
    """A second controller and a second webhook; the API server asks both webhooks about each pod."""
    controller = system.roles.start_controller()
    webhook = system.roles.start_webhook(controller=controller)
    system.roles.arm()
    yield system
    system.roles.disarm()
    for role, listed in ((webhook, system.roles.webhooks), (controller, system.roles.controllers)):
        role.stop()
        listed.remove(role)
    system.roles.arm()
    # The other one must lead again before the next test counts on it.
    system.cluster.wait_until(lambda: system.roles.controllers[0].get("/readyz")[0] == 200, 60, "one controller is ready")


# Admission pitfall 52.
def test_two_controllers_and_two_webhooks_make_one_scan_of_each_digest(doubled, guarded):
    doubled.enforce(guarded)
    images = [doubled.push() for _ in range(8)]
    before = len(doubled.registry.requests())
    pods = [pod(f"p{i}-{n}", image.tagged, guarded) for i, image in enumerate(images) for n in range(3)]
    threads = [threading.Thread(target=doubled.create, args=(p,)) for p in pods]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for image in images:
        doubled.wait_scan(image.scan_name)
        assert [s["metadata"]["name"] for s in doubled.scans_of(image.digest)] == [image.scan_name]
        assert len(doubled.creations("imagescans", image.scan_name)) == 1
        blobs = [r.path for r in doubled.registry.requests(before, of=image.repository) if "/blobs/" in r.path]
        assert len(blobs) == len(set(blobs)), "a blob was pulled twice"
    admitted = [p for p in pods if doubled.pod(guarded, p["metadata"]["name"])]
    assert len(admitted) == len(pods)


def _lease(system):
    lease, = system.cluster.items(LEASES)
    return lease


# Admission pitfall 92.
def test_a_controller_whose_lease_is_taken_stops_and_the_work_goes_on(doubled, guarded):
    doubled.enforce(guarded)
    deposed = doubled.cluster.wait_until(doubled.roles.leader, 60, "somebody leads")
    path = f"{LEASES}/{_lease(doubled)['metadata']['name']}"
    patch = {"spec": {"holderIdentity": "somebody-else", "leaseDurationSeconds": 5}}
    status, answer = doubled.cluster.api("PATCH", path, patch, "application/merge-patch+json")
    assert status == 200, answer
    doubled.cluster.wait_until(lambda: deposed.metric("landwaiter_leader") == 0, 60, "it leads no more")
    doubled.cluster.wait_until(lambda: _lease(doubled)["spec"]["holderIdentity"] != "somebody-else"
                               and doubled.roles.leader(), 90, "a controller leads again")
    _still_works(doubled, guarded, "lease")


def test_no_role_wrote_a_secret_into_its_log(system, private_registry):
    logs = system.roles.logs()
    assert logs
    secrets = [PASSWORD, *system.roles.tokens]
    for path in ("controller", "webhook", "scanner"):
        with open(f"{system.roles.certificates}/{path}/tls.key", encoding="ascii") as f:
            secrets.append(f.read().splitlines()[1])
    for secret in secrets:
        assert len(secret) > 8 and secret not in logs
    # Basic authentication's own form of the password.
    assert json.dumps(PASSWORD) not in logs
