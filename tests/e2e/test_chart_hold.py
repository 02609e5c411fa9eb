"""The chart with admission.hold, .pinDigests and .nudge as it is meant to run: the leading controller arms both
configurations under the shipped rights, and the hook disarms them. The roles are processes, with the chart's arguments."""

import json
import socket

import pytest

from chart_bench import MUTATING, Bench
from objects import pod, policy

GATE = {"name": "landwaiter.io/scan"}


@pytest.fixture(scope="module")
def bench(fresh, workdir):
    with Bench(fresh, workdir / "chart-hold", admission={"hold": True, "pinDigests": True, "nudge": True},
               registries={"allowAddresses": ["127.0.0.1/32"]}) as made:
        made.wait_armed()
        yield made


@pytest.fixture(scope="module")
def unknown():
    """An image of which nobody can say in time what it is: of a registry that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"127.0.0.1:{silent.getsockname()[1]}/app:1"


def _mutating(bench):
    return bench.cluster.get(MUTATING).get("webhooks")


def test_the_leader_arms_the_mutating_webhook_too(bench):
    (webhook,) = bench.cluster.wait_until(lambda: _mutating(bench), 60, "the mutating webhook is armed")
    validating = bench.configuration()["webhooks"][0]["clientConfig"]
    assert webhook["clientConfig"]["caBundle"] == validating["caBundle"]
    assert webhook["clientConfig"]["url"].endswith("/mutate") and validating["url"].endswith("/validate")


def _create(bench, name, image):
    """The pod as the API server has taken it."""
    made = bench.cluster.kubectl("create", "-o", "json", "-f", "-", stdin=pod(name, image, "default"), check=False)
    return json.loads(made.stdout) if made.returncode == 0 else {}


def _held(bench, name, image):
    """The name of a pod that is held, once the webhook has the policy."""
    names = (f"{name}-{n}" for n in range(1000))
    made = bench.cluster.wait_until(
        lambda: (made := _create(bench, next(names), image)) and GATE in made["spec"].get("schedulingGates", []) and made, 60,
        "a pod is held")
    return made["metadata"]["name"]


def test_a_pod_is_held_and_deleted_when_its_time_is_over(bench, unknown):
    bench.cluster.wait_until(lambda: _mutating(bench), 60, "the mutating webhook is armed")
    bench.cluster.apply(policy("hold", {"name": "no-critical", "vulnerabilities": {"severityAtLeast": "Critical"}},
                               onUnscanned="Hold", holdFor="5s", waitSeconds=1))
    name = _held(bench, "waits", unknown)
    bench.cluster.wait_until(lambda: bench.cluster.get(f"/api/v1/namespaces/default/pods/{name}") is None, 60,
                             "the controller deletes it under its shipped rights")


# Admission pitfall 24.
def test_nothing_differs_from_the_chart_while_it_holds(bench):
    bench.cluster.wait_until(lambda: _mutating(bench), 60, "the mutating webhook is armed")
    shown = bench.diff()
    assert (shown.returncode, shown.stdout + shown.stderr) == (0, "")


def test_the_hook_disarms_both_and_lets_held_pods_go(bench, unknown):
    bench.cluster.apply(policy("hold", {"name": "no-critical", "vulnerabilities": {"severityAtLeast": "Critical"}},
                               onUnscanned="Hold", holdFor="10m", waitSeconds=1))
    name = _held(bench, "goes", unknown)
    done = bench.disarm()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "webhooks" not in bench.configuration() and "webhooks" not in bench.cluster.get(MUTATING)
    left = bench.cluster.get(f"/api/v1/namespaces/default/pods/{name}")
    assert left is None or "schedulingGates" not in left["spec"]
