"""The chart's release with its roles as processes beside it: with the chart's arguments, under the shipped rights."""

import base64
import json
import os

from charts import CHART, NAMESPACE, container, helm, placed, render, run_disarm_hook, template
from processes import Process, ProcessGroup, free_ports
from roles import Role, landwaiter

MUTATING = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/landwaiter"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/landwaiter"
PERIOD = 1  # seconds between two looks of the controllers


class Bench:
    """The release, and its roles as processes beside it."""

    def __init__(self, cluster, folder, **more):
        """`more`: values beside those that the bench needs."""
        self.cluster, self.folder = cluster, folder
        self.group, self.roles = ProcessGroup(), {}
        self.ports = {name: free_ports(2) for name in ("controller", "controller-2", "scanner", "webhook")}
        self.values = {
            "store": {"persistence": {"enabled": False}},
            "database": {"source": "volume", "volume": {"persistentVolumeClaim": {"claimName": "db"}}},
            "certificates": {"extraNames": ["127.0.0.1"]},
            # The API server of the bench reaches no Services.
            "controller": {"extraArgs": [f"--webhook-url=https://127.0.0.1:{self.ports['webhook'][0]}", f"--check-period={PERIOD}s"]},
            **more,
        }
        self.objects = render(self.values)

    def install(self):
        self.helm("install", "--create-namespace")

    def __enter__(self):
        self.install()
        try:
            for name in self.ports:
                self.start(name)
            for role in self.roles.values():
                role.wait_ready()
        except BaseException:
            self.group.stop()
            raise
        return self

    def __exit__(self, *_):
        self.group.stop()

    def helm(self, verb, *args):
        helm(verb, "landwaiter", CHART, "-n", NAMESPACE, "--values", "-", *args, cluster=self.cluster, stdin=json.dumps(self.values))

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
        return run_disarm_hook(self.cluster, self.objects)


def make_database_volume(cluster):
    """That of the database, which the chart's values name; without it no controller has a node."""
    cluster.apply(
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "db"},
         "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadOnlyMany"], "hostPath": {"path": "/nonexistent"}}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "db", "namespace": NAMESPACE},
         "spec": {"accessModes": ["ReadOnlyMany"], "storageClassName": "", "volumeName": "db", "resources": {"requests": {"storage": "1Gi"}}}})
