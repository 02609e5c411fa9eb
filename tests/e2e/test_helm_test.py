"""`helm test RELEASE` by the real helm: its pod's command is run by the pod's own account (kubelet.py), beside the roles
as processes (chart_bench.py)."""

import pytest

from chart_bench import Bench, make_database_volume
from charts import NAMESPACE, RELEASE, has_command, helm
from kubelet import PODS, Kubelet
from objects import NO_CRITICAL, policy

pytestmark = pytest.mark.skipif(not has_command("doctor"), reason="this binary has no doctor")

TEST_POD = f"{PODS}/{RELEASE}-test"
# What is there for the time of a test alone.
ACCOUNTS = (f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{RELEASE}-test",
            f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{RELEASE}-test",
            f"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{RELEASE}-test")


@pytest.fixture(scope="module")
def bench(fresh, workdir):
    # So long the test looks for an installation without a fault.
    with Bench(fresh, workdir / "helm-test", test={"wait": "20s"}) as made:
        make_database_volume(fresh)
        made.cluster.apply(policy("baseline", NO_CRITICAL))
        yield made


@pytest.fixture
def settled(bench):
    """Everything runs, is armed, and its pods are ready."""
    if not bench.roles["webhook"].process.is_running():
        bench.roles["webhook"].restart()
    bench.wait_armed()

    def ready():
        found = [p for p in bench.cluster.items(PODS) if p["metadata"]["labels"].get("app.kubernetes.io/component") != "test"]
        return found and all(p["status"].get("phase") == "Running" for p in found)
    bench.cluster.wait_until(ready, 60, "the release's pods run")
    return bench


def _helm_test(bench):
    with Kubelet(bench.cluster, "test") as kubelet:
        done = helm("test", RELEASE, "-n", NAMESPACE, "--timeout", "120s", cluster=bench.cluster, check=False)
    return done, kubelet


def _nothing_is_left(bench):
    return [path for path in ACCOUNTS if bench.cluster.get(path) is not None] == []


def test_a_good_installation_passes(settled):
    done, kubelet = _helm_test(settled)
    assert done.returncode == 0, (done.stdout, done.stderr, kubelet.output)
    assert kubelet.ran == [(f"{RELEASE}-test", 0)]
    assert "Phase:          Succeeded" in done.stdout
    assert "0 faults" in kubelet.output[0], kubelet.output
    settled.cluster.wait_until(lambda: settled.cluster.get(TEST_POD) is None, 30, "the pod goes")
    assert _nothing_is_left(settled), "rights that are the test's alone do not outlive it"


def test_an_installation_whose_webhook_does_not_answer_fails_and_the_pod_stays_to_be_looked_at(settled):
    settled.roles["webhook"].stop()
    done, kubelet = _helm_test(settled)
    assert done.returncode != 0 and f"pod {RELEASE}-test failed" in done.stdout + done.stderr, (done.stdout, done.stderr, kubelet.output)
    assert kubelet.ran == [(f"{RELEASE}-test", 1)]
    assert "FAULT    answer: " in kubelet.output[0] and "NetworkPolicies" in kubelet.output[0], kubelet.output
    assert settled.cluster.get(TEST_POD)["status"]["phase"] == "Failed"
    assert _nothing_is_left(settled), "nor does it where it failed"


def test_it_passes_again_when_that_is_mended(settled):
    done, kubelet = _helm_test(settled)
    assert done.returncode == 0 and kubelet.ran == [(f"{RELEASE}-test", 0)], (done.stdout, done.stderr, kubelet.output)
