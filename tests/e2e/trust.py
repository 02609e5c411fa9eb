"""The roles with certificates in Secrets on the real API server under the shipped RBAC: one scanner, two controllers
with --manage-certificates, one webhook. What a kubelet does for a mounted Secret, Mount does."""

import base64
import contextlib
import os
import shutil
import ssl
import subprocess
import threading

from bench import logged
from charts import render, run_disarm_hook
from cluster import Cluster
from making import build_database
from objects import pod
from processes import free_ports
from roles import NAMESPACE, ROOT, Role, Roles, install, landwaiter

SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/landwaiter"
MERGE = "application/merge-patch+json"
OVERLAP = 15  # seconds; a role follows its files within 10


class Mount(threading.Thread):
    """A folder that follows a Secret, swapped whole by a symbolic link as the kubelet does."""

    def __init__(self, cluster, secret, folder):
        super().__init__(daemon=True)
        self.cluster, self.secret, self.folder = cluster, secret, str(folder)
        self._done = threading.Event()
        self._count = 0
        self._version = None

    def run(self):
        while not self._done.wait(0.2):
            try:
                status, found = self.cluster.api("GET", f"{SECRETS}/{self.secret}")
            except (OSError, ValueError):
                continue
            if status == 200 and found["metadata"]["resourceVersion"] != self._version:
                self._write(found)

    def _write(self, secret):
        os.makedirs(self.folder, exist_ok=True)
        self._count += 1
        fresh = os.path.join(self.folder, f"..{self._count}")
        os.makedirs(fresh)
        for name, value in (secret.get("data") or {}).items():
            with open(os.path.join(fresh, name), "wb") as f:
                f.write(base64.b64decode(value))
        os.symlink(f"..{self._count}", os.path.join(self.folder, "..tmp"))
        os.replace(os.path.join(self.folder, "..tmp"), os.path.join(self.folder, "..data"))
        for name in secret.get("data") or {}:
            link = os.path.join(self.folder, name)
            if not os.path.islink(link):
                os.symlink(os.path.join("..data", name), link)
        shutil.rmtree(os.path.join(self.folder, f"..{self._count - 2}"), ignore_errors=True)
        self._version = secret["metadata"]["resourceVersion"]

    def stop(self):
        self._done.set()
        self.join()


class Trust:
    """The roles with certificates from Secrets, and what the tests ask about them."""

    def __init__(self, cluster, workdir, database):
        self.cluster = cluster
        self.roles = Roles(cluster, workdir, database)
        self.ports = {"webhook": free_ports(1)[0]}
        self.mounts = []

    def certs(self, role):
        return os.path.join(self.roles.certificates, role)

    def mount(self, role):
        mount = Mount(self.cluster, f"landwaiter-{role}-tls", self.certs(role))
        mount.start()
        self.mounts.append(mount)

    def mounted(self, role):
        return os.path.exists(os.path.join(self.certs(role), "tls.crt"))

    def start_controller(self):
        """A replica of its own folder; its scanner need not run yet."""
        if not self.roles.scanners:
            self.roles.scanners.append(Role(None, *free_ports(2)))  # nothing is scanned here
        number = len(self.roles.controllers) + 1
        flags = ["--certs", self.certs(f"controller-{number}"), "--manage-certificates",
                 "--certificate-name", "127.0.0.1", "--check-period", "1s", "--authority-overlap", f"{OVERLAP}s",
                 "--webhook-configuration", os.path.join(ROOT, "manifests", "webhook.yaml"),
                 "--webhook-url", f"https://127.0.0.1:{self.ports['webhook']}",
                 "--when-down", "Disarm", "--when-down-after", "4s"]
        return self.roles.start_controller(flags)

    def start_webhook(self):
        return self.roles.start_webhook(flags=["--listen", f"127.0.0.1:{self.ports['webhook']}"])

    def secret(self, name):
        return self.cluster.get(f"{SECRETS}/landwaiter-{name}")

    def pem(self, name, key):
        return base64.b64decode(self.secret(name)["data"][key]).decode()

    def configuration(self):
        return self.cluster.get(CONFIGURATION)

    def webhooks(self):
        return self.configuration().get("webhooks", [])

    def wait_armed(self, armed=True, seconds=60):
        self.cluster.wait_until(lambda: bool(self.webhooks()) == armed, seconds, f"armed: {armed}")

    def bundle(self):
        """The caBundle that the API server uses now."""
        return base64.b64decode(self.webhooks()[0]["clientConfig"]["caBundle"]).decode()

    def run_command(self, name, account="controller"):
        """`landwaiter NAME` by the token of a role's account."""
        return subprocess.run([landwaiter(), name, "--kubeconfig", self.cluster.service_account_kubeconfig(NAMESPACE, account)],
                              capture_output=True, text=True, timeout=60, check=False)

    def run_hook(self):
        """What the chart runs before a release goes, by the account that it runs under."""
        return run_disarm_hook(self.cluster, render())

    def create(self, namespace, name):
        """kubectl create of a pod without kubectl: (status, answer)."""
        return self.cluster.api("POST", f"/api/v1/namespaces/{namespace}/pods", pod(name, "r.invalid/a:1", namespace))

    def served(self, role):
        """The certificate that a port serves, as PEM."""
        port = self.ports.get(role) or self.roles.controllers[0].port
        return ssl.get_server_certificate(("127.0.0.1", port))

    def make_armed(self):
        """Everything runs and the webhook is armed, whichever tests ran before."""
        if not self.roles.controllers:
            self.start_controller()
            self.wait_mounted()
        for controller in self.roles.controllers:
            if not controller.process.is_running():
                controller.restart()
        if not self.roles.webhooks:
            self.start_webhook()
        if not self.roles.webhooks[0].process.is_running():
            self.roles.webhooks[0].restart()
        assert self.run_command("arm").returncode == 0
        self.wait_armed()

    def wait_mounted(self):
        for role in ("webhook", "scanner"):
            self.mount(role)
            self.cluster.wait_until(lambda r=role: self.mounted(r), 30, f"the {role}'s certificate is mounted")

    def stop(self):
        self.roles.stop()
        for mount in self.mounts:
            mount.stop()


@contextlib.contextmanager
def trust_cluster(folder):
    """A control plane of one file's own, with what is shipped and no role: the other files' controllers hold the Lease of
    theirs."""
    with Cluster(folder) as running, logged(running):
        install(running)
        running.kubectl("apply", "--server-side", "--field-manager=helm", "-f",
                        os.path.join(ROOT, "manifests", "webhook-configuration.yaml"))
        yield running


@contextlib.contextmanager
def trust_roles(cluster, folder):
    """Nothing runs yet and no Secret exists."""
    trust = Trust(cluster, folder, build_database(f"{folder}-database"))
    with logged(trust.roles):
        try:
            yield trust
        finally:
            trust.stop()
