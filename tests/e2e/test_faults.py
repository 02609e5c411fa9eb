"""Faults of what Landwaiter stands on: the API server hangs, etcd dies, registries fail.

Of each: what is admitted and denied meanwhile, that nothing passes as "no findings", that it mends by itself,
and that the message names the thing and the reason.
"""

import concurrent.futures
import threading
import time

import pytest

import faults
from making import BAD, CRITICAL, debian_image
from objects import NO_CRITICAL, image_scan, pod, policy
from odd_registry import Answer
from system import condition

OUTAGE = 60.0   # seconds without the API server
RENEW = 10.0    # a leader that could not renew its Lease for so long stops writing
RATE_LIMITED = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit reached"}]}'


@pytest.fixture
def guarded(system, namespace):
    system.enforce(namespace, policy(f"fault-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    return namespace


class Known:
    """An image that passes and one that fails, known to the webhook; `check` asks the webhook about them, as
    another API server would."""

    def __init__(self, system, namespace):
        self.system, self.namespace = system, namespace
        self.good, self.bad, self.unknown = system.push(), system.push(packages=BAD), system.push()
        self.asked = 0
        assert system.create(pod("known-good", self.good.tagged, namespace)).returncode == 0
        assert CRITICAL in system.create(pod("known-bad", self.bad.tagged, namespace)).stderr

    def ask(self, image):
        self.asked += 1
        answer = self.system.review(self.system.roles.webhooks[0], pod("asked", image, self.namespace))
        return answer["allowed"], answer.get("status", {}).get("message", "")

    def check(self):
        for image in (self.good.pinned, self.good.tagged):
            assert self.ask(image)[0]
        for image in (self.bad.pinned, self.bad.tagged):
            allowed, message = self.ask(image)
            assert not allowed and CRITICAL in message


@pytest.fixture
def known(system, guarded):
    return Known(system, guarded)


def _works(system, namespace, name, seconds=90):
    """A new bad image is denied for its finding, a new good one admitted, asked for as an owner asks: again."""
    bad, good = system.push(packages=BAD), system.push()
    system.cluster.wait_until(lambda: CRITICAL in system.create(pod(f"{name}-bad", bad.tagged, namespace)).stderr, seconds,
                              "a new bad image is denied for its finding")
    system.cluster.wait_until(lambda: system.create(pod(f"{name}-good", good.tagged, namespace)).returncode == 0, seconds,
                              "a new good image is admitted")


def _until_told(system, scan, reason, *words, seconds=60):
    """Waits until the failure of a scan is told, with this reason and these words: by its condition (of this
    try or the last), or by an Event, where the next try has begun already. Returns the text."""
    def told():
        ready = condition(system.scan(scan), "Ready")
        texts = [f"{ready['reason']}: {ready['message']}"] + [
            f"{e['reason']}: {e['message']}" for e in system.cluster.items("/api/v1/namespaces/default/events")
            if e["involvedObject"]["name"] == scan]
        return next((t for t in texts if reason in t and all(w in t for w in words)), None)
    return system.cluster.wait_until(told, seconds, f"{reason} of {scan} is told with {words}")


# --- the API server and etcd

def test_the_api_server_hangs_for_a_minute(system, known, odd_registry):
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
        with faults.paused(system.cluster.process("kube-apiserver")):
            started = time.monotonic()
            while (passed := time.monotonic() - started) < OUTAGE:
                known.check()
                assert webhook.get("/readyz")[0] == controller.get("/readyz")[0] == 200
                if stopped_leading is None and controller.metric("landwaiter_leader") == 0:
                    stopped_leading = passed
                if passed > RENEW:
                    release.set()
                time.sleep(0.2)
            allowed, message = known.ask(known.unknown.pinned)
            assert not allowed and known.unknown.repository in message and CRITICAL not in message
    finally:
        release.set()
    back = time.monotonic()
    assert stopped_leading is not None, "a leader that cannot renew leads no more"
    faults.wait_apiserver(system.cluster)
    system.cluster.wait_until(system.roles.leader, 60, "the controller leads again")
    faults.figure(f"API server hung for {OUTAGE:.0f} s: {known.asked} answers from memory, the leader stopped after "
                  f"{stopped_leading:.0f} s and led again {time.monotonic() - back:.1f} s after its return")
    scan = system.wait_scan(image.digest.replace(":", "-"), seconds=90)
    assert scan["status"]["vulnerabilities"]["critical"] == 1
    assert len(odd_registry.asked(layer)) == 1, "what was scanned during the outage was kept"
    _works(system, known.namespace, "after")
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
    _works(system, known.namespace, "after")
    faults.figure(f"etcd killed: new images were judged {time.monotonic() - started:.1f} s after its return")
    known.check()


# --- registries, side by side: each waits for something most of its time

class IllImage:
    """An image in the odd registry, and the path of its layer, whose answer a test changes."""

    def __init__(self, system, odd_registry, namespace, name, packages=None):
        self.system, self.registry, self.namespace, self.name = system, odd_registry, namespace, name
        self.repository = f"{name}/{namespace}"
        self.image = debian_image(packages)
        self.reference = odd_registry.serve(self.image, self.repository)
        self.layer = self.image.layers[0].blob.digest
        self.path = f"/v2/{self.repository}/blobs/{self.layer}"
        self.good = odd_registry.answers[self.path]
        self.scan = self.image.digest.replace(":", "-")

    def answer(self, answer):
        self.registry.answers[self.path] = answer

    def held(self):
        """It is not answered until the event that is returned is set."""
        release = threading.Event()
        self.answer(Answer(200, self.good.body, hold=release))
        return release

    def create(self):
        return self.system.create(pod(self.name, self.reference, self.namespace))

    def denied(self):
        """The pod is denied, for no finding; the text."""
        done = self.create()
        assert done.returncode != 0 and self.repository in done.stderr and CRITICAL not in done.stderr, done.stderr
        assert (self.system.scan(self.scan) or {}).get("status", {}).get("verdict") not in ("Pass", "Fail")
        return done.stderr

    def told(self, reason, *words):
        """The failed scan's message has these words."""
        return _until_told(self.system, self.scan, reason, self.layer, *words)

    def wait_denied_for_its_finding(self):
        self.system.cluster.wait_until(lambda: CRITICAL in self.create().stderr, 120, "it is denied for its finding")

    def wait_asked(self):
        self.system.cluster.wait_until(lambda: self.registry.asked(self.path), 60, "its layer is being pulled")


def _slow(system, odd_registry, namespace):
    """The pod is told that its image is not scanned yet, and admitted when the registry has answered."""
    ill = IllImage(system, odd_registry, namespace, "slow")
    release = ill.held()
    try:
        assert "not scanned yet" in ill.denied()
    finally:
        release.set()
    system.cluster.wait_until(lambda: ill.create().returncode == 0, 120, "it is admitted")


def _answers_500(system, odd_registry, namespace):
    """The scan fails with the reason, and is made by itself once the registry is well."""
    ill = IllImage(system, odd_registry, namespace, "ill-500", BAD)
    ill.answer(Answer(500, b"boom: stack line two"))
    ill.denied()
    assert "boom" not in ill.told("RegistryUnavailable", odd_registry.host, "500")
    ill.answer(ill.good)
    system.wait_scan(ill.scan, seconds=120)  # nobody asks again
    ill.wait_denied_for_its_finding()


def _answers_429(system, odd_registry, namespace):
    """Longer than anybody waits within a scan: it is not hammered, and made when it is asked for again."""
    ill = IllImage(system, odd_registry, namespace, "ill-429", BAD)
    ill.answer(Answer(429, RATE_LIMITED, {"Retry-After": "120"}))
    ill.denied()
    ill.told("RateLimited", odd_registry.host, "TOOMANYREQUESTS", "120 s")
    assert len(odd_registry.asked(ill.path)) <= 3, "one scan, and one each half minute that somebody asks"
    ill.answer(ill.good)
    ill.wait_denied_for_its_finding()


def _asks_to_wait(system, odd_registry, namespace):
    ill = IllImage(system, odd_registry, namespace, "wait")
    wait = Answer(429, RATE_LIMITED, {"Retry-After": "2"})
    ill.answer([wait, wait, ill.good])
    system.cluster.wait_until(lambda: ill.create().returncode == 0, 120, "it is admitted")
    asked = [r[3] for r in odd_registry.asked(ill.path)]
    assert len(asked) == 3 and all(later - sooner >= 2 for sooner, later in zip(asked, asked[1:])), asked


REGISTRIES = [_slow, _answers_500, _answers_429, _asks_to_wait]


def test_registries_that_are_slow_fail_or_ask_to_wait(system, guarded, other_namespace, odd_registry):
    """Each of REGISTRIES, while another namespace's images of a good registry are judged."""
    system.enforce(other_namespace, policy(f"fault-{other_namespace}", NO_CRITICAL, namespace=other_namespace, waitSeconds=8))
    with concurrent.futures.ThreadPoolExecutor(len(REGISTRIES)) as pool:
        running = [pool.submit(f, system, odd_registry, guarded) for f in REGISTRIES]
        _works(system, other_namespace, "meanwhile")
        for future in running:
            future.result()
