"""Two controllers, two webhooks: the leader dies or sleeps in the middle of its work."""

import time

import pytest

import crowds
import faults
from making import BAD, debian_image
from objects import NO_CRITICAL, pod, policy

LEASE = 15.0       # seconds, client-go's defaults: the lease's life,
RETRY = 2.0        # and how often it is looked at
TAKEOVER = 20.0    # what docs/ha.md promises: the lease, two looks, a second for the requests
LOADED = 10.0      # this machine may be busy with other things


@pytest.fixture
def leader(pair):
    """The one that leads, and the other one. Both run when the test ends, however it ends."""
    leading = pair.cluster.wait_until(pair.roles.leader, 60, "somebody leads")
    yield leading, *(c for c in pair.roles.controllers if c is not leading)
    if not leading.process.is_running():
        leading.restart()


@pytest.fixture
def known(pair, namespace):
    """A namespace under a policy, with an image that passes and one that fails, known to both webhooks."""
    good, bad = pair.push(), pair.push(packages=BAD)
    pair.enforce(namespace, policy(f"known-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    for image in (good, bad):
        pair.request_scan(image)
        for webhook in pair.roles.webhooks:
            expected = image is good
            for reference in (image.tagged, image.pinned):
                pair.cluster.wait_until(
                    lambda w=webhook, r=reference, e=expected: pair.review(w, pod("p", r, namespace))["allowed"] == e, 60,
                    "the webhook knows the image")
    return faults.KnownImages(pair, namespace, good, bad)


@pytest.fixture
def crowd(pair, other_namespace):
    """The 200 images, under a policy that lets all of them run. It is forgotten afterwards: later tests' controllers
    need not scan it all for their own stores."""
    pair.enforce(other_namespace, policy(f"crowd-{other_namespace}", NO_CRITICAL, namespace=other_namespace,
                                         enforcement="Audit"))
    pushed = crowds.push(pair, other_namespace)
    yield pushed
    crowds.forget(pair, other_namespace, pushed)


def _taken(old, new):
    """(when the old leader renewed its Lease last, when the new one took it), by the API server's clock."""
    last = old.renewals()[-1]
    return last, next(at for at in new.renewals() if at > last)


def test_a_leader_killed_in_the_middle_of_200_scans(pair, leader, known, crowd, other_namespace):
    """None lost, none doubled: each digest keeps its one ImageScan, made once. A blob is pulled again only
    where its scan was under way when the leader died, since what was read is in the scanner's layer cache,
    though not in the next leader's store. Known images are admitted and denied all the while."""
    leading, other = leader
    before = leading.metric("landwaiter_scans_total", result="success")
    with known, crowds.creating(pair, other_namespace, crowd) as refused:
        pair.cluster.wait_until(lambda: leading.metric("landwaiter_scans_total", result="success") - before >= crowds.SIZE // 4,
                                240, "a quarter is scanned")
        leading.kill()
        killed = time.monotonic()
        done = len(crowds.scanned(pair, crowd))
        pair.cluster.wait_until(lambda: other.metric("landwaiter_leader") == 1, TAKEOVER + LOADED, "the other one leads")
        took = time.monotonic() - killed
        leading.restart()
        assert refused() == []
        pair.cluster.wait_until(lambda: len(crowds.scanned(pair, crowd)) == crowds.SIZE, 300, "all are scanned", pause=0.5)
        digests = {image.digest for image, _ in crowd.values()}
        pair.cluster.wait_until(lambda: digests <= faults.stored(other), 300,
                                "what the old leader had scanned is in the new one's store, too", pause=0.5)
    assert done < crowds.SIZE, "the leader was killed too late to show anything"
    faults.figure(f"leader killed after {done} of {crowds.SIZE} scans: the other one led {took:.1f} s later")
    faults.figure(f"meanwhile {known.answers[True]} pods of known images admitted, {known.answers[False]} denied for "
                  f"their finding, none failed; the slowest took {known.slowest * 1000:.0f} ms")
    known.check()
    last, taken = _taken(faults.Writes(pair, leading), faults.Writes(pair, other))
    assert taken - last >= LEASE, "the dead leader's lease was not over"
    crowds.check(pair, other_namespace, crowd)


# Admission pitfall 92.
def test_a_leader_that_slept_past_its_lease_writes_nothing(pair, leader, known, other_namespace, odd_registry):
    """It wakes with scans in hand, and one that ends at that moment: by the audit log not one write of its
    is asked for after the other one has the lease."""
    crowd = [pair.push() for _ in range(8)]
    release, reference = odd_registry.held(debian_image(), f"sleep/{other_namespace}")
    leading, other = leader
    for number, image in enumerate([reference, *(c.pinned for c in crowd)]):
        assert pair.cluster.api("POST", f"/api/v1/namespaces/{other_namespace}/pods",
                                pod(f"p{number}", image, other_namespace))[0] == 201
    pair.cluster.wait_until(lambda: odd_registry.asked(f"/v2/sleep/{other_namespace}/blobs/"), 60, "a scan is under way")
    try:
        with known:
            with faults.paused(leading.process):
                asleep = time.monotonic()
                pair.cluster.wait_until(lambda: other.metric("landwaiter_leader") == 1, TAKEOVER + LOADED,
                                        "the other one leads")
                faults.figure(f"leader paused: the other one led {time.monotonic() - asleep:.1f} s later")
                release.set()
                for image in crowd:
                    pair.wait_scan(image.scan_name, seconds=120)
            pair.cluster.wait_until(lambda: leading.metric("landwaiter_leader") == 0, 60, "it leads no more")
            # Whatever it had in hand when it woke, it has had time for when the other one has done all of this.
            for _ in range(3):
                pair.request_scan(pair.push())
    finally:
        release.set()
    known.check()
    old = faults.Writes(pair, leading)
    _, taken = _taken(old, faults.Writes(pair, other))
    assert [w for w in old.all if w[0] >= taken] == []
    assert leading.get("/readyz")[0] == 200
