"""A controller whose first list of the API server takes longer than a Lease lasts: it neither ends nor takes the Lease from
whoever leads, and leads when its turn comes."""

import os
import time

import pytest

from bench import logged
from cluster import Cluster
from making import build_database
from objects import NO_CRITICAL, policy
from roles import NAMESPACE, Roles
from slow_line import SlowLine

LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/landwaiter-controller"
LEASE_SECONDS = 15  # kube::ElectorOptions and the chart's default
RATE = 24 * 1024    # bytes a second: one list is of half a million bytes, and has 30 s for a page


@pytest.fixture(scope="module")
def roles(workdir, control_plane_built):
    """A cluster with policies of half a megabyte, about images that nobody has."""
    folder = workdir / "first-list"
    with Cluster(folder / "cluster") as running, \
            Roles(running, folder / "roles", build_database(folder / "database")) as made, logged(running, made):
        made.install()
        made.start_scanner()
        for number in range(3):
            long = policy(f"long-{number}", NO_CRITICAL, match={"images": ["none.invalid/**"]})
            long["metadata"]["annotations"] = {"test/long": os.urandom(80 * 1024).hex()}
            running.apply(long)
        yield made


def _lease(roles):
    """(who holds it, how often it went from one to another)."""
    spec = roles.cluster.get(LEASE)["spec"]
    return spec.get("holderIdentity") or None, spec.get("leaseTransitions", 0)


def _start_slowly(roles, line):
    """Starts a controller by the line and waits until it is ready; (the role, who held the Lease meanwhile, what it said of
    itself)."""
    begun = time.monotonic()
    role = roles.start_controller(wait=False, kubeconfig=line.kubeconfig(roles.kubeconfig("controller")))
    pid, holders, said = role.process.pid, set(), set()

    def ready():
        holders.add(_lease(roles)[0])
        status, text = role.get("/readyz")
        if status == 503:
            said.add(text.strip())
            assert role.get("/healthz")[0] == 200, "a liveness probe would end it"
        return status == 200
    roles.cluster.wait_until(ready, 180, "the slow one is ready")
    assert time.monotonic() - begun > LEASE_SECONDS, "or the line was too fast to show anything"
    assert role.process.is_running() and role.process.pid == pid
    return role, holders, said


# Admission pitfall 91.
def test_a_replica_that_lists_for_longer_than_the_lease_leaves_it_to_the_leader(roles):
    leader = roles.start_controller()
    roles.cluster.wait_until(roles.leader, 60, "it leads")
    before = _lease(roles)
    with SlowLine(roles.cluster.port, RATE) as line:
        slow, holders, said = _start_slowly(roles, line)
        assert any("scanpolicies" in text for text in said), said
        assert holders == {before[0]} and _lease(roles) == before, "nobody took the Lease, nobody lost it"
        leader.stop()
        roles.controllers.remove(leader)
        roles.cluster.wait_until(lambda: slow.metric("landwaiter_leader") == 1, 60, "it leads when the other one has gone")
        holder, transitions = _lease(roles)
        assert holder != before[0] and transitions == before[1] + 1
        slow.stop()
        roles.controllers.remove(slow)


# Admission pitfall 91: alone it takes the Lease when it can use it, and not before.
def test_alone_it_lists_first_and_leads_then(roles):
    roles.cluster.wait_until(lambda: _lease(roles)[0] is None, 60, "nobody holds the Lease")
    before = _lease(roles)[1]
    with SlowLine(roles.cluster.port, RATE) as line:
        slow, holders, _ = _start_slowly(roles, line)
        # It is ready a moment before it is elected.
        assert holders <= {None, _lease(roles)[0]}
        roles.cluster.wait_until(lambda: slow.metric("landwaiter_leader") == 1, 60, "it leads")
        assert _lease(roles)[1] - before <= 1, "once"
        slow.stop()
        roles.controllers.remove(slow)
