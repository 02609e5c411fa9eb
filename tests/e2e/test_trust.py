"""The arming of the webhook on the real API server under the shipped RBAC: when it answers, and never else; and its
disarming. The roles are this file's own (trust.py)."""

import os
import ssl
import subprocess
import time

import pytest

from roles import NAMESPACE, ROOT, landwaiter
from trust import CONFIGURATION, SECRETS, trust_cluster, trust_roles


@pytest.fixture(scope="module")
def cluster(workdir, control_plane_built):
    with trust_cluster(workdir / "trust-cluster") as running:
        yield running


@pytest.fixture(scope="module")
def trust(cluster, workdir, helm_built):
    with trust_roles(cluster, workdir / "trust-roles") as running:
        yield running


@pytest.fixture
def armed(trust):
    trust.make_armed()
    return trust


# In the order of a first start: nothing was there before.

# Admission pitfall 29.
def test_certificates_are_made_and_the_webhook_is_armed_only_when_it_answers(trust, namespace):
    trust.start_controller()
    for name, keys in (("ca", {"ca.crt", "ca.key"}), ("webhook-tls", {"ca.crt", "tls.crt", "tls.key"}),
                       ("controller-tls", {"ca.crt", "tls.crt", "tls.key"}), ("scanner-tls", {"ca.crt", "tls.crt", "tls.key"})):
        assert set(trust.secret(name)["data"]) == keys
    trust.cluster.wait_until(trust.roles.leader, 30, "the controller leads")
    trust.wait_mounted()
    # The leader has looked several times by now.
    time.sleep(3)
    assert trust.webhooks() == []
    assert trust.create(namespace, "before")[0] == 201
    trust.start_webhook()
    trust.wait_armed()
    assert trust.bundle() == trust.pem("ca", "ca.crt")
    assert trust.create(namespace, "after")[0] == 201
    assert trust.roles.webhooks[0].metric("landwaiter_admission_requests_total", reason="no_policy") > 0
    events = trust.cluster.wait_until(lambda: _events(trust, "Armed"), 30, "an Event says so")
    assert events[0]["involvedObject"]["name"] == "landwaiter"


def _events(trust, reason):
    return [e for e in trust.cluster.items("/api/v1/namespaces/default/events")
            if e["reason"] == reason and e["involvedObject"]["kind"] == "ValidatingWebhookConfiguration"]


# Admission pitfalls 19, 28 and 87.
def test_the_webhooks_alone_are_the_controllers(armed):
    """GitOps-clean: who ships the object without webhooks sees no difference while it is armed."""
    shipped = os.path.join(ROOT, "manifests", "webhook-configuration.yaml")
    diff = armed.cluster.kubectl("diff", "--server-side", "--field-manager=helm", "-f", shipped, check=False)
    assert (diff.returncode, diff.stdout) == (0, ""), diff.stderr
    fields = {m["manager"]: m["fieldsV1"] for m in armed.configuration()["metadata"]["managedFields"]
              if m["operation"] == "Apply"}
    assert "f:webhooks" in fields["landwaiter-arming"] and "f:webhooks" not in fields["helm"]
    namespace = armed.cluster.get(f"/api/v1/namespaces/{NAMESPACE}")
    assert [o["uid"] for o in armed.configuration()["metadata"]["ownerReferences"]] == [namespace["metadata"]["uid"]]
    armed.cluster.kubectl("apply", "--server-side", "--field-manager=helm", "-f", shipped)
    assert armed.webhooks(), "an upgrade does not disarm"


# Admission pitfall 28.
def test_what_somebody_changed_in_the_configuration_is_mended(armed, namespace):
    patch = [{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]
    assert armed.cluster.api("PATCH", CONFIGURATION, patch, "application/json-patch+json")[0] == 200
    armed.cluster.wait_until(lambda: "caBundle" in armed.webhooks()[0]["clientConfig"], 30, "caBundle is back")
    armed.cluster.wait_until(lambda: armed.create(namespace, "mended")[0] == 201, 30, "pods are made again")


# Admission pitfall 2.
def test_a_webhook_that_is_down_is_disarmed_and_armed_again(armed, namespace):
    webhook = armed.roles.webhooks[0]
    webhook.kill()
    assert armed.create(namespace, "blocked")[0] == 500, "failurePolicy Fail while it is armed"
    armed.wait_armed(False)
    assert armed.create(namespace, "free")[0] == 201
    event = armed.cluster.wait_until(lambda: _events(armed, "Disarmed"), 30, "an Event says so")[-1]
    assert event["type"] == "Warning" and "has not answered" in event["message"]
    assert armed.roles.leader().metric("landwaiter_webhook_armed") == 0
    webhook.restart()
    armed.wait_armed()
    assert armed.create(namespace, "judged")[0] == 201


# Admission pitfall 18.
def test_disarm_leaves_nothing_blocked_while_the_controller_runs(armed, namespace):
    done = armed.run_command("disarm")
    assert (done.returncode, done.stderr) == (0, "") and "landwaiter disarmed" in done.stdout
    assert armed.webhooks() == []
    armed.roles.webhooks[0].kill()
    deadline = time.monotonic() + 4  # four looks of a controller that would arm
    while time.monotonic() < deadline:
        assert armed.webhooks() == []
        time.sleep(0.2)
    assert armed.create(namespace, "free")[0] == 201
    assert armed.run_command("disarm").returncode == 0, "twice is as once"
    armed.roles.webhooks[0].restart()
    assert armed.run_command("arm").returncode == 0
    armed.wait_armed()


def test_the_chart_s_hook_disarms_when_no_role_runs(armed, namespace):
    running = [r for r in (*armed.roles.controllers, *armed.roles.webhooks) if r.process.is_running()]
    for role in running:
        role.kill()
    assert armed.create(namespace, "blocked")[0] == 500
    done = armed.run_hook()
    assert (done.returncode, done.stderr) == (0, "") and "landwaiter disarmed" in done.stdout
    assert armed.create(namespace, "free")[0] == 201


def test_disarm_without_rights_says_so_and_a_missing_configuration_is_no_fault(armed):
    done = armed.run_command("disarm", account="scanner")
    assert done.returncode == 3 and "landwaiter: disarm:" in done.stderr and "forbidden" in done.stderr
    done = subprocess.run([landwaiter(), "disarm", "--kubeconfig", armed.cluster.kubeconfig, "--validating", "none",
                           "--mutating", "none"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_next_leader_goes_on(armed, namespace):
    """A second replica takes its certificate from the same Secrets; the first one dies, and the second one
    renews and arms."""
    before = {n: armed.secret(n)["metadata"]["resourceVersion"] for n in ("ca", "webhook-tls", "controller-tls")}
    second = armed.start_controller()
    assert before == {n: armed.secret(n)["metadata"]["resourceVersion"] for n in before}, "it writes no Secret"
    assert ssl.get_server_certificate(("127.0.0.1", second.port)) == armed.pem("controller-tls", "tls.crt")
    armed.cluster.wait_until(armed.roles.leader, 60, "one leads")
    first = armed.roles.leader()
    other, = [c for c in armed.roles.controllers if c is not first]
    first.kill()
    armed.cluster.api("DELETE", f"{SECRETS}/landwaiter-scanner-tls")
    armed.cluster.wait_until(lambda: other.metric("landwaiter_leader") == 1, 60, "the other one leads")
    armed.cluster.wait_until(lambda: armed.secret("scanner-tls"), 30, "and makes what is missing")
    armed.cluster.wait_until(lambda: other.metric("landwaiter_webhook_armed") == 1, 30, "and is armed")
    assert armed.create(namespace, "with-the-next")[0] == 201
    first.restart()
