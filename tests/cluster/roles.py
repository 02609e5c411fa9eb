"""Landwaiter's three roles as processes beside a Cluster, under exactly the shipped RBAC.

    roles = Roles(cluster, workdir, database)
    roles.install()                      # manifests/install.yaml without what needs images and nodes
    roles.start_scanner(); roles.start_controller(); roles.start_webhook()
    roles.arm()                          # manifests/webhook.yaml, with URLs where the file has a service

Each role has nothing but the token of its own service account; the scanner has none.
"""

import base64
import contextlib
import json
import os
import subprocess
import urllib.error
import urllib.request

import yaml

from processes import Process, ProcessGroup, free_ports

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
NAMESPACE = "landwaiter"
MANIFESTS = os.path.join(ROOT, "manifests")
# Of manifests/install.yaml: what the roles need of the API server when they run as processes. The
# webhook configuration is the one that arm() makes.
INSTALLED = ("Namespace", "CustomResourceDefinition", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role",
             "RoleBinding", "Lease", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


def landwaiter():
    """The binary under test: LANDWAITER_BINARY, else what `make build` left."""
    return os.environ.get("LANDWAITER_BINARY", os.path.join(ROOT, "build", "landwaiter"))


def manifest(name, *kinds):
    """The objects of a file of manifests/, of these kinds alone where any are given."""
    with open(os.path.join(MANIFESTS, name), encoding="utf-8") as f:
        found = [o for o in yaml.load_all(f, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if o]
    return [o for o in found if not kinds or o["kind"] in kinds]


def install(cluster, hold=False):
    """Applies CRDs, namespace, RBAC and guard as they are shipped; with `hold`, manifests/hold.yaml over it."""
    objects = manifest("install.yaml", *INSTALLED) + (manifest("hold.yaml", *INSTALLED) if hold else [])
    by_name = {(o["kind"], o["metadata"]["name"], o["metadata"].get("namespace")): o for o in objects}
    shipped = {"apiVersion": "v1", "kind": "List", "items": list(by_name.values())}
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=shipped)
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s",
                    "crd/imagescans.landwaiter.io", "crd/scanpolicies.landwaiter.io",
                    "crd/scanexceptions.landwaiter.io", "crd/registrywatches.landwaiter.io")


class Role:
    """One running role: its process, addresses and health."""

    def __init__(self, process, port, health_port):
        self.process, self.port, self.health_port = process, port, health_port
        self.url = f"https://127.0.0.1:{port}"
        self.credential = None  # what the audit log calls its token

    def get(self, path):
        """(status, text) of a GET from the health port; status 0 when it cannot be reached."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")
        except OSError as error:
            return 0, str(error)

    def wait_ready(self, seconds=180):
        self.process.wait_ready(lambda: self.get("/readyz")[0] == 200, seconds)

    def metric(self, name, **labels):
        """The sum of a metric's series that have these labels, 0 where there is none."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            head, _, value = line.rpartition(" ")
            if head.split("{")[0] == name and all(f'{k}="{v}"' in head for k, v in labels.items()):
                total += float(value)
        return total

    def stop(self):
        return self.process.stop()

    def kill(self):
        self.process.kill()

    def restart(self, wait=True):
        """Starts it again, with the same addresses and data, stopped first where it still runs."""
        self.process.stop()
        self.process.start()
        if wait:
            self.wait_ready()

    @contextlib.contextmanager
    def started_with(self, flags=None, env=None, wait=True):
        """Started again with other flags ({name: value}) and more environment; as before afterwards."""
        process = self.process
        argv, environment = process.argv, process.env
        process.argv, process.env = list(argv), {**environment, **(env or {})}
        for name, value in (flags or {}).items():
            if name in argv:
                process.argv[argv.index(name) + 1] = str(value)
            else:
                process.argv += [name, str(value)]
        try:
            self.restart(wait)
            yield self
        finally:
            process.argv, process.env = argv, environment
            self.restart()


def credential_of(token):
    """A service account's token as the audit log calls it (user.extra)."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return f"JTI={claims['jti']}"


class Roles:
    def __init__(self, cluster, workdir, database, plain_http=(), registry_ca=None, hold=False):
        """`plain_http`: hosts of registries without TLS; `registry_ca`: PEM file for the others. `hold`: with
        manifests/hold.yaml."""
        self.hold = hold
        self.cluster = cluster
        self.workdir = os.path.abspath(workdir)
        self.database = database
        self.plain_http = plain_http
        self.registry_ca = registry_ca
        self.tokens = []  # what no log may hold
        self._group = ProcessGroup()
        self._count = {}
        self.scanners, self.controllers, self.webhooks = [], [], []
        os.makedirs(self.workdir, mode=0o700, exist_ok=True)
        self.certificates = os.path.join(self.workdir, "certificates")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._group.stop()

    # --- what an installer does

    def install(self):
        """Applies CRDs, namespace, RBAC and guard as they are shipped, and makes the certificates."""
        install(self.cluster, self.hold)
        self.make_certificates()

    def make_certificates(self):
        if not os.path.exists(os.path.join(self.certificates, "ca.crt")):
            subprocess.run([landwaiter(), "certs", "--output", self.certificates], check=True, stdout=subprocess.DEVNULL)

    def webhook_configuration(self, urls=None):
        """manifests/webhook.yaml as objects, one for each webhook process: the API server of this
        bench reaches no services, so each clientConfig has a URL instead."""
        shipped = [json.dumps(o) for o in self._shipped_configurations()]
        with open(self.ca_file, "rb") as f:
            bundle = base64.b64encode(f.read()).decode()
        objects = []
        for number, url in enumerate(urls or [w.url for w in self.webhooks]):
            for configuration in map(json.loads, shipped):
                if number:
                    configuration["metadata"]["name"] += f"-{number}"
                for webhook in configuration["webhooks"]:
                    path = webhook["clientConfig"].pop("service")["path"]
                    webhook["clientConfig"] = {"url": url + path, "caBundle": bundle}
                objects.append(configuration)
        return objects

    def _shipped_configurations(self):
        if not self.hold:
            return manifest("webhook.yaml")
        (armed,) = [o for o in manifest("hold.yaml", "ConfigMap") if "webhook.yaml" in o["data"]]
        return list(yaml.safe_load_all(armed["data"]["webhook.yaml"]))

    def arm(self):
        """From here on the API server asks every webhook process about every pod."""
        self.cluster.apply(*self.webhook_configuration())

    def disarm(self):
        self.cluster.kubectl("delete", "validatingwebhookconfigurations,mutatingwebhookconfigurations",
                             "--ignore-not-found", "-l", "app.kubernetes.io/name=landwaiter")

    # --- the roles

    @property
    def ca_file(self):
        return os.path.join(self.certificates, "ca.crt")

    def _spawn(self, role, *flags):
        number = self._count[role] = self._count.get(role, 0) + 1
        name = role if number == 1 else f"{role}-{number}"
        port, health_port = free_ports(2)
        if "--listen" in flags:
            port = int(flags[flags.index("--listen") + 1].rpartition(":")[2])
        usual = {"--listen": f"127.0.0.1:{port}", "--health-listen": f"127.0.0.1:{health_port}",
                 "--certs": os.path.join(self.certificates, role)}
        argv = [landwaiter(), role, *(f for pair in usual.items() if pair[0] not in flags for f in pair), *flags]
        env = {"PATH": os.environ["PATH"], "HOME": self.workdir, "TZ": "UTC"}
        for passed_on in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
            if passed_on in os.environ:
                env[passed_on] = os.environ[passed_on]
        process = self._group.add(Process(name, argv, os.path.join(self.workdir, f"{name}.log"), env=env))
        process.start()
        return Role(process, port, health_port)

    def kubeconfig(self, account):
        path = self.cluster.service_account_kubeconfig(NAMESPACE, account)
        with open(path, encoding="utf-8") as f:
            self.tokens.append(json.load(f)["users"][0]["user"]["token"])
        return path

    def _registry_flags(self):
        """Registries on 127.0.0.1 are refused unless they are listed, and so is plain HTTP."""
        authority = ["--registry-ca", self.registry_ca] if self.registry_ca else []
        return ["--allow-address", "127.0.0.1/32", *authority, *(f for host in self.plain_http for f in ("--plain-http", host))]

    def start_scanner(self, flags=()):
        scratch = os.path.join(self.workdir, f"scratch-{len(self.scanners) + 1}")
        os.makedirs(scratch, mode=0o700, exist_ok=True)
        scanner = self._spawn("scanner", "--scratch", scratch, *self._registry_flags(), *flags)
        self.scanners.append(scanner)
        scanner.wait_ready()
        return scanner

    def start_controller(self, flags=(), wait=True, store_dsn_file=None, kubeconfig=None):
        """With a store of its own, or in the PostgreSQL database that the file names. `kubeconfig`: another than its
        account's, of kubeconfig("controller")."""
        if store_dsn_file:
            store = ("--store-dsn-file", store_dsn_file)
        else:
            store = ("--data", os.path.join(self.workdir, f"data-{len(self.controllers) + 1}"))
            os.makedirs(store[1], mode=0o700, exist_ok=True)
        controller = self._spawn(
            "controller", "--kubeconfig", kubeconfig or self.kubeconfig("controller"), *store, "--database", self.database,
            *(f for s in self.scanners for f in ("--scanner", s.url)), *self._registry_flags(),
            *(["--hold", "--nudge"] if self.hold else []), *flags)
        controller.credential = credential_of(self.tokens[-1])
        self.controllers.append(controller)
        if wait:
            controller.wait_ready()
        return controller

    def start_webhook(self, controller=None, flags=(), wait=True):
        webhook = self._spawn("webhook", "--kubeconfig", self.kubeconfig("webhook"),
                              "--controller", (controller or self.controllers[0]).url,
                              *(["--hold", "--pin-digests", "--nudge"] if self.hold else []), *flags)
        self.webhooks.append(webhook)
        if wait:
            webhook.wait_ready()
        return webhook

    def leader(self):
        """The controller that says of itself that it leads, None where none does."""
        return next((c for c in self.controllers if c.metric("landwaiter_leader") == 1), None)

    def log_tails(self, lines=25):
        return "\n".join(p.log_tail(lines) for p in self._group.processes)

    def logs(self):
        """Everything that any role of this object ever wrote."""
        return "\n".join(p.log() for p in self._group.processes)
