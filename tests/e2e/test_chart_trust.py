"""The chart's defaults as they are meant to run: two controllers under the shipped rights make the
certificates, arm the webhook, and are disarmed. The roles are processes, with the chart's arguments."""

import base64
import json
import os
import subprocess

import pytest

from charts import CHART, NAMESPACE, container, has_command, helm, placed, render, template
from objects import pod, policy
from processes import Process, ProcessGroup, free_ports, wait_until
from roles import Role, landwaiter

CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/landwaiter"
PERIOD = 1  # seconds between two looks of the controllers

pytestmark = pytest.mark.skipif(not has_command("disarm"), reason="this binary neither keeps certificates nor arms")


class Bench:
    """The release, and its roles as processes beside it."""

    def __init__(self, cluster, folder):
        self.cluster, self.folder = cluster, folder
        self.group, self.roles = ProcessGroup(), {}
        self.ports = {name: free_ports(2) for name in ("controller", "controller-2", "scanner", "webhook")}
        self.values = {
            "store": {"persistence": {"enabled": False}},
            "database": {"source": "volume", "volume": {"persistentVolumeClaim": {"claimName": "db"}}},
            "certificates": {"extraNames": ["127.0.0.1"]},
            # The API server of the bench reaches no Services.
            "controller": {"extraArgs": [f"--webhook-url=https://127.0.0.1:{self.ports['webhook'][0]}", f"--check-period={PERIOD}s"]},
        }
        self.objects = render(self.values)

    def install(self):
        helm("install", "landwaiter", CHART, "-n", NAMESPACE, "--create-namespace", "--values", "-", cluster=self.cluster,
             stdin=json.dumps(self.values))

    def diff(self):
        rendered = template(self.values, "--no-hooks").stdout
        return self.cluster.kubectl("diff", "-f", "-", stdin=rendered, check=False)

    def start(self, name):
        role = name.split("-")[0]
        found = container(self.objects, "Deployment", f"landwaiter-{role}", role)
        mounts = {"/etc/landwaiter/certificates": self.folder / name / "certificates", "/var/lib/landwaiter": self.folder / name / "data",
                  "/etc/landwaiter/database": self.folder / "database", "/scratch": self.folder / name / "scratch",
                  "/layers": self.folder / name / "layers", "/etc/landwaiter/webhook": self.folder / name / "webhook"}
        argv = [landwaiter(), *placed(found["args"], mounts, self.ports[name], {r: p[0] for r, p in self.ports.items()})]
        if role == "controller":
            shipped = next(o for o in self.objects if o["kind"] == "ConfigMap")
            (mounts["/etc/landwaiter/webhook"] / "webhook.yaml").write_text(shipped["data"]["webhook.yaml"])
        else:
            self._mount_secret(f"landwaiter-{role}-tls", mounts["/etc/landwaiter/certificates"])
        if role != "scanner":
            argv += ["--kubeconfig", self.cluster.service_account_kubeconfig(NAMESPACE, role)]
        process = self.group.add(Process(name, argv, self.folder / f"{name}.log", env={"PATH": os.environ["PATH"]})).start()
        self.roles[name] = Role(process, *self.ports[name])

    def _mount_secret(self, name, folder):
        """As a kubelet does, which waits until the keys that the mount names are there."""
        data = self.cluster.wait_until(
            lambda: (self.cluster.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/{name}") or {}).get("data"), 30, f"{name} is filled")
        for key in ("ca.crt", "tls.crt", "tls.key"):
            (folder / key).write_bytes(base64.b64decode(data[key]))

    def configuration(self):
        return self.cluster.get(CONFIGURATION)

    def wait_armed(self):
        return self.cluster.wait_until(lambda: self.configuration().get("webhooks"), 60, "the webhook is armed")

    def disarm(self):
        """What the hook's container says, under the account that it says."""
        job = next(o for o in self.objects if o["kind"] == "Job")["spec"]["template"]["spec"]
        return subprocess.run(
            [landwaiter(), *job["containers"][0]["args"], "--kubeconfig",
             self.cluster.service_account_kubeconfig(NAMESPACE, job["serviceAccountName"])],
            capture_output=True, text=True, check=False, timeout=90, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def bench(fresh, workdir):
    made = Bench(fresh, workdir / "chart-trust")
    made.install()
    try:
        for name in ("controller", "controller-2", "scanner", "webhook"):
            made.start(name)
        for role in made.roles.values():
            role.wait_ready()
        yield made
    finally:
        made.group.stop()


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
    helm("upgrade", "landwaiter", CHART, "-n", NAMESPACE, "--values", "-", "--set", "scanner.replicas=3", cluster=bench.cluster,
         stdin=json.dumps(bench.values))
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
