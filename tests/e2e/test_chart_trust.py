"""The chart's defaults as they are meant to run: two controllers under the shipped rights make the
certificates, arm the webhook, and are disarmed. The roles are processes, with the chart's arguments."""

import pytest

from chart_bench import Bench
from charts import NAMESPACE, has_command, helm
from objects import pod, policy
from processes import wait_until

pytestmark = pytest.mark.skipif(not has_command("disarm"), reason="this binary neither keeps certificates nor arms")


@pytest.fixture(scope="module")
def bench(fresh, workdir):
    with Bench(fresh, workdir / "chart-trust") as made:
        yield made


def test_the_defaults_come_to_a_first_denial(bench):
    webhooks = bench.wait_armed()
    assert [w["name"] for w in webhooks] == ["pods.landwaiter.io", "workloads.landwaiter.io"]
    assert all(w["clientConfig"]["caBundle"] for w in webhooks) and webhooks[0]["failurePolicy"] == "Fail"
    bench.cluster.apply(policy("no-latest", {"name": "no-latest", "reference": {"deniedTags": ["latest"]}}))
    denied = bench.cluster.wait_until(
        lambda: (done := bench.cluster.kubectl("run", "p", "--image", "registry.example.com/a", "--dry-run=server",
                                               check=False)).returncode and done, 30, "the policy is in force")
    assert 'admission webhook "pods.landwaiter.io" denied the request' in denied.stderr and "no-latest" in denied.stderr


# Admission pitfall 24.
def test_nothing_differs_from_the_chart_while_it_runs(bench):
    bench.wait_armed()
    shown = bench.diff()
    assert (shown.returncode, shown.stdout + shown.stderr) == (0, "")


# Admission pitfall 24.
def test_an_upgrade_leaves_certificates_and_webhooks(bench):
    webhooks = bench.wait_armed()
    secret = f"/api/v1/namespaces/{NAMESPACE}/secrets/landwaiter-webhook-tls"
    data = bench.cluster.get(secret)["data"]
    bench.helm("upgrade", "--set", "scanner.replicas=3")
    assert bench.configuration()["webhooks"] == webhooks and bench.cluster.get(secret)["data"] == data


# Admission pitfall 18.
def test_what_the_hook_disarms_stays_so_beside_running_controllers_and_nothing_is_blocked(bench):
    bench.wait_armed()
    done = bench.disarm()
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("webhook", "scanner"):
        bench.roles[name].stop()
    accepted = bench.cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=pod("p", "a:latest", "default"), check=False)
    assert accepted.returncode == 0, accepted.stderr
    # Two controllers that look every second have looked: a lease was renewed several times since.
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/landwaiter-controller"
    seen = {bench.cluster.get(lease)["spec"]["renewTime"]}
    wait_until(lambda: len(seen.add(bench.cluster.get(lease)["spec"]["renewTime"]) or seen) > 3, 60, "the leader renewed its Lease thrice")
    assert "webhooks" not in bench.configuration()
    helm("uninstall", "landwaiter", "-n", NAMESPACE, "--wait", "--timeout", "120s", cluster=bench.cluster)
    assert bench.configuration() is None
    left = [o["metadata"]["name"] for o in bench.cluster.items(f"/api/v1/namespaces/{NAMESPACE}/secrets")]
    assert left == [], "the keys went with the release"
    assert {bench.roles[name].stop() for name in ("controller", "controller-2")} == {0}
