"""Faults of what Landwaiter stands on: the API server hangs, etcd dies, registries fail.

Of each: what is admitted and denied meanwhile, that nothing passes as "no findings", that it mends by itself,
and that the message names the thing and the reason.
"""

import concurrent.futures
import time

import pytest

import faults
from making import BAD, CRITICAL, debian_image
from objects import NO_CRITICAL, image_scan, policy
from odd_registry import Answer

RENEW = 10.0    # seconds: a leader that could not renew its Lease for so long stops writing
OUTAGE = 60.0 if faults.FULL else 2 * RENEW  # without the API server
RATE_LIMITED = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit reached"}]}'


@pytest.fixture
def guarded(system, namespace):
    system.enforce(namespace, policy(f"fault-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    return namespace


@pytest.fixture
def known(system, guarded):
    return faults.Known(system, guarded)


# --- the API server and etcd

# Admission pitfall 92.
def test_the_api_server_hangs(system, known, odd_registry):
    """Known images are answered from memory all the while, an unknown one is denied, the leader stops leading
    when its Lease cannot be renewed, and a scan that ends meanwhile is not lost and not made again."""
    controller, webhook = system.roles.controllers[0], system.roles.webhooks[0]
    image = debian_image(BAD)
    release, reference = odd_registry.held(image, f"hung/{known.namespace}")
    layer = f"/v2/hung/{known.namespace}/blobs/{image.layers[0].blob.digest}"
    system.cluster.apply(image_scan(f"hung-{known.namespace}", reference))
    system.cluster.wait_until(lambda: odd_registry.asked(layer), 60, "its layer is being pulled")
    stopped_leading = None
    try:
        with faults.apiserver_hanging(system.cluster):
            started = time.monotonic()
            while (passed := time.monotonic() - started) < OUTAGE:
                known.check()
                assert webhook.get("/readyz")[0] == controller.get("/readyz")[0] == 200
                if stopped_leading is None and controller.metric("landwaiter_leader") == 0:
                    stopped_leading = passed
                if passed > RENEW:
                    release.set()
                time.sleep(0.2)
            assert stopped_leading is not None, "a leader that cannot renew leads no more"
            allowed, message = known.ask(known.unknown.pinned)
            assert not allowed and known.unknown.repository in message and CRITICAL not in message
            back = time.monotonic()
    finally:
        release.set()
    system.cluster.wait_until(system.roles.leader, 60, "the controller leads again")
    faults.figure(f"API server hung for {OUTAGE:.0f} s: {known.asked} answers from memory, the leader stopped after "
                  f"{stopped_leading:.0f} s and led again {time.monotonic() - back:.1f} s after its return")
    scan = system.wait_scan(image.digest.replace(":", "-"), seconds=90)
    assert scan["status"]["vulnerabilities"]["critical"] == 1
    assert len(odd_registry.asked(layer)) == 1, "what was scanned during the outage was kept"
    faults.works(system, known.namespace, "after")
    lost = [line for line in controller.process.log().splitlines() if '"message":"the lease could not be renewed"' in line][-1]
    assert system.cluster.server in lost and "not finished within its time" in lost, "the log says why"


def test_etcd_is_killed_and_comes_back(system, known):
    with faults.etcd_killed(system.cluster):
        status, answer = system.cluster.api("GET", "/api/v1/namespaces", timeout=5)
        assert status != 200, answer
        for _ in range(20):
            known.check()
        allowed, message = known.ask(known.unknown.pinned)
        assert not allowed and known.unknown.repository in message and CRITICAL not in message
    started = time.monotonic()
    faults.works(system, known.namespace, "after")
    faults.figure(f"etcd killed: new images were judged {time.monotonic() - started:.1f} s after its return")
    known.check()


# --- registries, side by side: each waits for something most of its time

def _slow(system, odd_registry, namespace):
    """The pod is told that its image is not scanned yet, and admitted when the registry has answered."""
    ill = faults.IllImage(system, odd_registry, namespace, "slow")
    release = ill.held()
    try:
        assert "not scanned yet" in ill.denied()
    finally:
        release.set()
    system.cluster.wait_until(lambda: ill.create().returncode == 0, 120, "it is admitted")


def _answers_500(system, odd_registry, namespace):
    """The scan fails with the reason, and is made by itself once the registry is well."""
    ill = faults.IllImage(system, odd_registry, namespace, "ill-500", BAD)
    ill.answer(Answer(500, b"boom: stack line two"))
    ill.denied()
    assert "boom" not in ill.told("RegistryUnavailable", odd_registry.host, "500")
    ill.answer(ill.good)
    system.wait_scan(ill.scan, seconds=120)  # nobody asks again
    ill.wait_denied_for_its_finding()


def _answers_429(system, odd_registry, namespace):
    """Longer than anybody waits within a scan: it is not hammered, and made when it is asked for again."""
    ill = faults.IllImage(system, odd_registry, namespace, "ill-429", BAD)
    ill.answer(Answer(429, RATE_LIMITED, {"Retry-After": "120"}))
    ill.denied()
    ill.told("RateLimited", odd_registry.host, "TOOMANYREQUESTS", "120 s")
    assert len(odd_registry.asked(ill.path)) <= 3, "one scan, and one each half minute that somebody asks"
    ill.answer(ill.good)
    ill.wait_denied_for_its_finding()


def _asks_to_wait(system, odd_registry, namespace):
    ill = faults.IllImage(system, odd_registry, namespace, "wait")
    wait = Answer(429, RATE_LIMITED, {"Retry-After": "2"})
    ill.answer([wait, wait, ill.good])
    system.cluster.wait_until(lambda: ill.create().returncode == 0, 120, "it is admitted")
    asked = [r.at for r in odd_registry.asked(ill.path)]
    assert len(asked) == 3 and all(later - sooner >= 2 for sooner, later in zip(asked, asked[1:])), asked


def _limits(system, registry, namespace):
    """One after the other: what one of them is asked for at this host, the other would keep."""
    _asks_to_wait(system, registry, namespace)
    _answers_429(system, registry, namespace)


def test_registries_that_are_slow_fail_or_ask_to_wait(system, guarded, other_namespace, odd_registry, limiting_registry):
    """All of them at once, while another namespace's images of a good registry are judged."""
    ill = ((_slow, odd_registry), (_answers_500, odd_registry), (_limits, limiting_registry))
    system.enforce(other_namespace, policy(f"fault-{other_namespace}", NO_CRITICAL, namespace=other_namespace, waitSeconds=8))
    with concurrent.futures.ThreadPoolExecutor(len(ill)) as pool:
        running = [pool.submit(f, system, where, guarded) for f, where in ill]
        faults.works(system, other_namespace, "meanwhile")
        for future in running:
            future.result()
