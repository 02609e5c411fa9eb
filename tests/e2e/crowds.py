"""Two hundred images that nobody has seen, asked for by pods while a leader dies, and what is to be true of them then."""

import collections
import concurrent.futures
import contextlib

import faults
from making import BAD, debian_image
from objects import pod
from system import SCANS, condition

SIZE = 200
WORKERS = 4        # scans that a controller has under way at once (--workers)
UNANSWERED = 4     # creations that a controller has under way at once (kPodThreads)


def push(system, namespace):
    """{scan name: (image, fails)} of images that nobody has seen, a fifth of them bad."""
    images = [debian_image(BAD if i % 5 == 0 else None) for i in range(SIZE)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        pushed = list(pool.map(lambda i: system.push(i, repository=f"crowd/{namespace}", tag=i.digest[7:27]), images))
    return {p.scan_name: (p, i % 5 == 0) for i, p in enumerate(pushed)}


def forget(system, namespace, crowd):
    pods = f"/api/v1/namespaces/{namespace}/pods"
    assert system.cluster.api("DELETE", f"{pods}?gracePeriodSeconds=0")[0] == 200
    system.cluster.wait_until(lambda: not system.cluster.items(pods), 120, "the crowd's pods are gone", pause=0.5)
    for name in crowd:
        system.cluster.api("DELETE", f"{SCANS}/{name}")


@contextlib.contextmanager
def creating(system, namespace, crowd):
    """Makes pods of all the images, beside the test. Yields a function that waits for the last one and returns the
    answers that were no 201."""
    refused = []

    def create():
        for number, (image, _) in enumerate(crowd.values()):
            status, answer = system.cluster.api("POST", f"/api/v1/namespaces/{namespace}/pods",
                                                pod(f"crowd-{number}", image.pinned, namespace))
            if status != 201:
                refused.append(answer)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        done = pool.submit(create)
        yield lambda: done.result() or refused


def scanned(system, crowd):
    return [s for s in system.cluster.items(SCANS) if s["metadata"]["name"] in crowd
            and condition(s, "Ready")["status"] == "True"]


def check(system, namespace, crowd):
    """None was lost, none was made or judged twice, and a blob was pulled again only where its scan was under way when the
    leader died."""
    scans = {s["metadata"]["name"]: s for s in scanned(system, crowd)}
    digests = collections.Counter(s["spec"]["image"].rpartition("@")[2] for s in system.cluster.items(SCANS))
    for name, (image, fails) in crowd.items():
        assert digests[image.digest] == 1
        assert scans[name]["status"]["verdict"] == ("Fail" if fails else "Pass"), name
    made = [e["objectRef"].get("name") for e in system.cluster.audit()
            if e["objectRef"]["resource"] == "imagescans" and e["verb"] == "create" and e["responseStatus"]["code"] == 201]
    times = collections.Counter(n for n in made if n in crowd)
    assert max(times.values()) == 1, "made once each"
    # The API server makes what a client asked for that is killed before it is answered, and logs no 201 for it.
    assert len(crowd) - len(times) <= UNANSWERED, f"{sorted(set(crowd) - set(times))} were made by nobody"
    pulls = collections.Counter(r.path for r in system.registry.requests(of=f"crowd/{namespace}")
                                if r.method == "GET" and r.status == 200 and "/blobs/" in r.path)
    again = [p for p, times in pulls.items() if times > 1]
    faults.figure(f"{len(again)} of {len(pulls)} blobs were pulled a second time, none a third")
    assert max(pulls.values()) <= 2
    assert len(again) <= WORKERS * 2, "of scans under way, each a layer and a configuration"
