"""kill -9 of any role at any moment, again and again, while images are scanned: everything converges."""

import collections
import os
import random
import time

import faults
from making import BAD
from objects import NO_CRITICAL, pod, policy
from system import SCANS, condition

SEED = int(os.environ.get("LANDWAITER_KILL_SEED", "8"))
KILLS = 10 if faults.FULL else 3  # of each role
LONGEST_LIFE = 2.0  # seconds between two kills
PER_ROUND = 3      # images that are new in each round


def test_roles_killed_at_random_moments_lose_no_scan_and_give_no_wrong_verdict(system, namespace):
    """Each round new images are asked for by pods and a role is killed at a random moment of their scans."""
    system.enforce(namespace, policy(f"kills-{namespace}", NO_CRITICAL, namespace=namespace, enforcement="Audit"))
    chance = random.Random(SEED)
    controller = system.roles.controllers[0]
    everybody = (controller, system.roles.webhooks[0], system.roles.scanners[0])
    # By this name it takes its own Lease again at once, as a pod of a StatefulSet could; otherwise each of
    # its deaths would take a lease's life.
    with controller.started_with({"--leader-elect-identity": "the-one"}):
        asked, victims = {}, [*everybody] * KILLS
        chance.shuffle(victims)
        try:
            for role in victims:
                for _ in range(PER_ROUND):
                    bad = chance.random() < 0.5
                    image = system.push(packages=BAD if bad else None)
                    asked[image.scan_name] = (image, bad)
                    _ask(system, namespace, image)
                time.sleep(chance.uniform(0, LONGEST_LIFE))
                role.kill()
                role.restart(wait=chance.random() < 0.5)
        finally:
            for role in everybody:
                role.wait_ready()
        _converges(system, asked)
        opened = controller.process.log()
        assert "store was corrupt" not in opened
    faults.figure(f"seed {SEED}: {len(asked)} images, {len(victims)} kills; all converged")
    assert {image.digest for image, _ in asked.values()} <= faults.stored(controller)


def _ask(system, namespace, image):
    """A pod of the image, asked for until it is made: the API server may find the webhook dead."""
    system.cluster.wait_until(
        lambda: system.cluster.api("POST", f"/api/v1/namespaces/{namespace}/pods",
                                   pod(image.scan_name[7:40], image.pinned, namespace))[0] in (201, 409), 60, "the pod is made")


def _converges(system, asked):
    def scans():
        return {s["metadata"]["name"]: s for s in system.cluster.items(SCANS)}
    system.cluster.wait_until(lambda: (found := scans()) and all(
        condition(found.get(n), "Ready")["status"] == "True" for n in asked), 240, "every image is scanned", pause=0.5)
    found = scans()
    digests = collections.Counter(s["spec"]["image"].rpartition("@")[2] for s in found.values())
    for name, (image, bad) in asked.items():
        status = found[name]["status"]
        assert status["verdict"] == ("Fail" if bad else "Pass"), name
        assert status["vulnerabilities"].get("critical", 0) == (1 if bad else 0), name
        assert digests[image.digest] == 1
