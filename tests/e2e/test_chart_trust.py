"""The chart's defaults as they are meant to run: two controllers under the shipped rights make the
certificates, arm the webhook, and are disarmed. The roles are processes, with the chart's arguments."""

import os
import re
import subprocess

import pytest

import metrics_page
from chart_bench import Bench
from charts import CHART, NAMESPACE, ROOT, has_command
from cluster import binary
from kubelet import uninstall
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


# Admission pitfall 93.
@pytest.mark.parametrize("role", metrics_page.ROLES)
def test_the_metrics_page_says_what_a_role_serves_and_nothing_else(bench, role):
    status, text = bench.roles[role].get("/metrics")
    assert status == 200
    served, documented = metrics_page.served(text), metrics_page.documented()[role]
    # A label without values on the page is open: a version.
    for name, (_, labels) in documented.items():
        for label in (label for label, values in labels.items() if not values and label in served.get(name, (0, {}))[1]):
            labels[label] = served[name][1][label]
    assert served.keys() ^ documented.keys() == set()
    assert served == documented


# Admission pitfall 25.
@pytest.mark.parametrize("name", ["rules.yaml", "dashboard.json"])
def test_rules_and_dashboard_ask_for_metrics_that_are_served(name):
    known = {metric for metrics in metrics_page.documented().values() for metric in metrics}
    asked = metrics_page.asked_for(os.path.join(CHART, "files", name))
    assert len(asked) > 5 and asked - known == set()


# Admission pitfall 25.
def test_the_metrics_page_names_every_alert_and_no_other():
    with open(os.path.join(CHART, "files", "rules.yaml"), encoding="utf-8") as f:
        alerts = set(re.findall(r"alert: (\w+)", f.read()))
    with open(metrics_page.PAGE, encoding="utf-8") as f:
        assert set(re.findall(r"\bLandwaiter[A-Z]\w+", f.read())) == alerts


# Admission pitfall 24.
def test_an_upgrade_leaves_certificates_and_webhooks(bench):
    webhooks = bench.wait_armed()
    secret = f"/api/v1/namespaces/{NAMESPACE}/secrets/landwaiter-webhook-tls"
    data = bench.cluster.get(secret)["data"]
    bench.helm("upgrade", "--set", "scanner.replicas=3")
    assert bench.configuration()["webhooks"] == webhooks and bench.cluster.get(secret)["data"] == data


def _renewals(bench):
    """Waits until controllers that look every second have looked: the Lease was renewed several times."""
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/landwaiter-controller"
    seen = {bench.cluster.get(lease)["spec"]["renewTime"]}
    wait_until(lambda: len(seen.add(bench.cluster.get(lease)["spec"]["renewTime"]) or seen) > 3, 60, "the leader renewed its Lease thrice")


def _shell(bench, command):
    env = {"PATH": f"{os.path.dirname(binary('kubectl'))}:{os.environ['PATH']}", "HOME": bench.cluster.workdir,
           "LC_ALL": "C.UTF-8", "KUBECONFIG": bench.cluster.kubeconfig}
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=env, timeout=120, check=False)


# Admission pitfall 18.
def test_three_commands_of_the_documents_open_the_door_while_no_webhook_answers(bench):
    bench.wait_armed()
    with open(os.path.join(ROOT, "docs", "install.md"), encoding="utf-8") as f:
        text = f.read().split("## Everything is denied", 1)[1].split("These three commands", 1)[1]
    commands = re.findall(r"^\$ (.*)$", text, re.MULTILINE)[:3]
    assert [word for c in commands for word in ("scanpolicies", "annotate", '"webhooks":null') if word in c] == \
        ["scanpolicies", "annotate", '"webhooks":null'], commands
    bench.roles["webhook"].stop()
    make = lambda: bench.cluster.kubectl("create", "-f", "-", stdin=pod("door", "a:latest", "default"), check=False)  # noqa: E731
    denied = make()
    assert denied.returncode and 'failed calling webhook "pods.landwaiter.io"' in denied.stderr
    for command in commands:
        done = _shell(bench, command)
        assert done.returncode == 0, done.stderr
    assert make().returncode == 0
    _renewals(bench)
    assert not bench.configuration().get("webhooks"), "a controller has armed it again"
    assert {p["spec"]["enforcement"] for p in bench.cluster.items("/apis/landwaiter.io/v1alpha1/scanpolicies")} == {"Audit"}
    # And back.
    bench.cluster.kubectl("delete", "pod", "door", "-n", "default", "--wait=false")
    bench.cluster.kubectl("annotate", "validatingwebhookconfiguration", "landwaiter", "landwaiter.io/disarmed-")
    bench.roles["webhook"].restart()
    bench.wait_armed()


# Admission pitfall 18.
def test_what_the_hook_disarms_stays_so_beside_running_controllers_and_nothing_is_blocked(bench):
    bench.wait_armed()
    done = bench.disarm()
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("webhook", "scanner"):
        bench.roles[name].stop()
    accepted = bench.cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=pod("p", "a:latest", "default"), check=False)
    assert accepted.returncode == 0, accepted.stderr
    _renewals(bench)
    assert "webhooks" not in bench.configuration()
    uninstall(bench.cluster)
    assert bench.configuration() is None
    left = [o["metadata"]["name"] for o in bench.cluster.items(f"/api/v1/namespaces/{NAMESPACE}/secrets")]
    assert left == [], "the keys went with the release"
    assert {bench.roles[name].stop() for name in ("controller", "controller-2")} == {0}
