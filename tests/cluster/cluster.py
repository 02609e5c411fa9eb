#!/usr/bin/env python3
"""A whole Kubernetes control plane on 127.0.0.1: etcd, kube-apiserver, kube-controller-manager,
kube-scheduler, and kwok in place of kubelets. Python's standard library only.

    with Cluster("/tmp/c") as cluster:
        cluster.kubectl("get", "nodes")

    python3 tests/cluster/cluster.py up DIR      # leaves it running; prints the KUBECONFIG line
    python3 tests/cluster/cluster.py down DIR

The binaries come from tests/cluster/build.sh or from KUBEBUILDER_ASSETS.
"""

import base64
import http.client
import itertools
import json
import os
import shutil
import ssl
import subprocess
import sys
import time

import server_flags
from certificates import Authority, make_key
from processes import (Process, ProcessFailed, ProcessGroup, end_by_exception_on_signals, free_ports,
                       stop_saved, wait_until)

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

def binary(name):
    """The path of a control plane binary: from KUBEBUILDER_ASSETS, else from build.sh's folder."""
    folders = [os.environ.get("KUBEBUILDER_ASSETS"),
               os.environ.get("LANDWAITER_CLUSTER_BIN", os.path.join(ROOT, "build", "cluster", "bin"))]
    for folder in filter(None, folders):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return path
    raise ProcessFailed(f"{name} is not built: run tests/cluster/build.sh")


def path_of(wanted):
    """The API path of an object of a kind that tests apply."""
    version = wanted["apiVersion"]
    base = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    kind = wanted["kind"].lower()
    plural = kind[:-1] + "ies" if kind.endswith("y") else kind + ("es" if kind.endswith("ch") else "s")
    namespace = wanted["metadata"].get("namespace")
    return f"{base}/{f'namespaces/{namespace}/' if namespace else ''}{plural}/{wanted['metadata']['name']}"


class KubectlFailed(Exception):
    def __init__(self, args, done):
        super().__init__(f"kubectl {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        self.stdout, self.stderr, self.returncode = done.stdout, done.stderr, done.returncode


class Cluster:
    """The control plane in one working folder. `nodes` are (name, os, arch)."""

    def __init__(self, workdir, nodes=(("node-a", "linux", "amd64"),), die_with_parent=True, more_flags=None,
                 audit_policy=server_flags.AUDIT_POLICY):
        """`more_flags`: {server's name: flags after the usual ones}."""
        self.workdir = os.path.abspath(workdir)
        self.kubeconfig = os.path.join(self.workdir, "admin.kubeconfig")
        self.audit_log = os.path.join(self.workdir, "audit.log")
        self._nodes = nodes
        self._more_flags = more_flags or {}
        self._audit_policy = audit_policy
        self._die_with_parent = die_with_parent
        self._group = ProcessGroup()
        self._by_name = {}
        self._kubeconfigs = itertools.count(1)

    # --- life

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def start(self):
        os.makedirs(self.workdir, mode=0o700, exist_ok=True)
        self.port, self.etcd_port, *rest = free_ports(5)
        self.server = f"https://127.0.0.1:{self.port}"
        self._make_identities()
        # The API server waits for etcd by itself and takes longer to get there: started together,
        # their starts overlap.
        self._spawn("etcd", *server_flags.etcd(self.path("etcd"), self.etcd_port)).start()
        self._spawn("kube-apiserver", *server_flags.apiserver(self, self._audit_policy)).start()
        self.process("etcd").wait_ready(self._etcd_answers)
        self.process("kube-apiserver").wait_ready(self._apiserver_ready)
        for process in (self._spawn("kube-controller-manager", *server_flags.controller_manager(self, rest[0])),
                        self._spawn("kube-scheduler", *server_flags.scheduler(self, rest[1])),
                        self._spawn("kwok", *server_flags.kwok(self, rest[2], os.path.join(HERE, "stages.yaml")))):
            process.start()
        for node in self._nodes:
            self.add_node(*node, wait=False)
        # No pod can be made before the controller manager made the namespace's service account.
        self.wait_until(lambda: self.api("GET", "/api/v1/namespaces/default/serviceaccounts/default")[0] == 200,
                        60, "serviceaccount default/default exists")
        for node in self._nodes:
            self.wait_node_ready(node[0])
        return self

    def stop(self):
        self._group.stop()

    def save(self):
        self._group.save(os.path.join(self.workdir, "processes.json"))

    def _spawn(self, name, *flags):
        process = Process(name, [binary(name), *flags, *self._more_flags.get(name, ())], os.path.join(self.workdir, f"{name}.log"),
                          die_with_parent=self._die_with_parent, patience=3)
        self._by_name[name] = process
        return self._group.add(process)

    def process(self, name):
        """One of the servers, as 'etcd'."""
        return self._by_name[name]

    def wait_until(self, condition, seconds, what, pause=0.05):
        """processes.wait_until, but a control plane process that ended is the better message."""
        def checked():
            for process in self._group.processes:
                if process.pid is not None and not process.is_running():
                    raise ProcessFailed(f"{process.name} ended with {process.exit_status()}\n{process.log_tail()}")
            return condition()
        return wait_until(checked, seconds, what, pause)

    # --- the API server's life, for tests

    def stop_apiserver(self):
        self.process("kube-apiserver").stop()

    def start_apiserver(self):
        self.process("kube-apiserver").start().wait_ready(self._apiserver_ready)

    def restart_apiserver(self):
        self.stop_apiserver()
        self.start_apiserver()

    def stop_scheduling(self):
        self.process("kube-scheduler").stop()

    def compact(self):
        """Compacts etcd at its newest revision: a watch or list that goes on from before it gets 410
        as soon as the API server's own cache does not cover it (that is, after its restart)."""
        status, answer = self._etcd_post("/v3/kv/range", {"key": base64.b64encode(b"/none").decode()})
        assert status == 200, answer
        revision = answer["header"]["revision"]
        status, answer = self._etcd_post("/v3/kv/compaction", {"revision": revision, "physical": True})
        assert status == 200, answer
        return int(revision)

    # --- clients

    def kubectl(self, *args, stdin=None, check=True, kubeconfig=None, timeout=120):
        """Runs kubectl; returns the CompletedProcess (text). `stdin` may be text or an object,
        which is given as JSON."""
        if stdin is not None and not isinstance(stdin, str):
            stdin = json.dumps(stdin)
        env = {"PATH": os.environ["PATH"], "HOME": self.workdir, "LC_ALL": "C.UTF-8",
               "KUBECONFIG": kubeconfig or self.kubeconfig}
        feed = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        done = subprocess.run([binary("kubectl"), *args], capture_output=True, text=True, env=env,
                              timeout=timeout, check=False, **feed)
        if check and done.returncode != 0:
            raise KubectlFailed(args, done)
        return done

    def apply(self, *objects):
        """Server-side apply of objects (dicts), as the administrator and without kubectl's start-up time."""
        for wanted in objects:
            status, answer = self._answered("PATCH", path_of(wanted) + "?fieldManager=tests&force=true", wanted,
                                            "application/apply-patch+yaml")
            assert status in (200, 201), f"apply of {wanted['kind']} {wanted['metadata']['name']}: {status} {answer}"

    def delete_all(self, path, label_selector):
        """Deletes the objects of a kind (its list's API path) that have this label."""
        status, answer = self._answered("DELETE", f"{path}?labelSelector={label_selector}")
        assert status in (200, 404), f"DELETE {path}: {status} {answer}"

    def api(self, method, path, body=None, content_type="application/json", timeout=30, token=None):
        """One request as the administrator, or by a token, without kubectl's start-up time: (status, object).
        Status 0 means that the API server could not be reached."""
        context, headers = self._tls, {"Content-Type": content_type, "Accept": "application/json"}
        if token:
            context = ssl.create_default_context(cafile=self.authority.certificate)
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            try:
                return answer.status, json.loads(text)
            except ValueError:
                return answer.status, text
        except OSError as error:
            return 0, str(error)
        finally:
            connection.close()

    def _answered(self, *request):
        """api(), asked again while the API server, just started, says that it is to be asked later."""
        deadline = time.monotonic() + 60
        while True:
            status, answer = self.api(*request)
            if status != 429 or time.monotonic() > deadline:
                return status, answer
            time.sleep(0.2)

    def get(self, path):
        """The object at an API path, or None where there is none."""
        status, answer = self._answered("GET", path)
        if status == 404:
            return None
        assert status == 200, f"GET {path}: {status} {answer}"
        return answer

    def items(self, path):
        found = self.get(path)
        return found["items"] if found else []

    def service_account_token(self, namespace, name, duration="24h"):
        return self.kubectl("create", "token", name, "-n", namespace, f"--duration={duration}").stdout.strip()

    def service_account_kubeconfig(self, namespace, name):
        """A kubeconfig that holds nothing but a fresh token of that service account. Each call has a file
        of its own: a process that is started again keeps its token, and the audit log tells two apart."""
        path = os.path.join(self.workdir, f"{namespace}.{name}-{next(self._kubeconfigs)}.kubeconfig")
        self._write_kubeconfig(path, {"token": self.service_account_token(namespace, name)})
        return path

    def add_node(self, name, os_name="linux", arch="amd64", wait=True):
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {
            "name": name, "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": os_name, "kubernetes.io/arch": arch}}}
        self.wait_until(lambda: self.api("POST", "/api/v1/nodes", node)[0] in (201, 409), 30, f"node {name} is made")
        if wait:
            self.wait_node_ready(name)

    def wait_node_ready(self, name):
        def ready():
            node = self.get(f"/api/v1/nodes/{name}")
            conditions = (node or {}).get("status", {}).get("conditions", [])
            return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
        self.wait_until(ready, 60, f"node {name} is Ready")

    def audit(self):
        """What the API server's audit log has of requests for objects, as far as it is written. A client that
        went away before it was understood is in there without one."""
        try:
            with open(self.audit_log, encoding="utf-8") as f:
                return [e for e in (json.loads(line) for line in f if line.endswith("\n")) if "objectRef" in e]
        except FileNotFoundError:
            return []

    def log_tails(self, lines=15):
        return "\n".join(p.log_tail(lines) for p in self._group.processes)

    # --- start-up details

    def _make_identities(self):
        self.authority = ca = Authority(self.workdir, "test-cluster-ca")
        ca.issue_server("apiserver", ["IP:127.0.0.1", "IP:10.0.0.1", "DNS:localhost", "DNS:kubernetes.default.svc"])
        if not os.path.exists(self.path("sa.key")):
            make_key(self.path("sa.key"))
        for name, subject in (("admin", "/O=system:masters/CN=admin"),
                              ("controller-manager", "/CN=system:kube-controller-manager"),
                              ("scheduler", "/CN=system:kube-scheduler")):
            certificate, key = ca.issue_client(name, subject)
            self._write_kubeconfig(self.path(f"{name}.kubeconfig"), {
                "client-certificate-data": _base64_of(certificate), "client-key-data": _base64_of(key)})
        self._tls = ssl.create_default_context(cafile=ca.certificate)
        self._tls.load_cert_chain(self.path("admin.crt"), self.path("admin.key"))

    def _write_kubeconfig(self, path, user):
        content = {"apiVersion": "v1", "kind": "Config", "current-context": "test",
                   "clusters": [{"name": "test", "cluster": {
                       "server": self.server, "certificate-authority-data": _base64_of(self.authority.certificate)}}],
                   "users": [{"name": "test", "user": user}],
                   "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as f:
            json.dump(content, f, indent=1)  # JSON is YAML

    def path(self, name):
        return os.path.join(self.workdir, name)

    def _etcd_post(self, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.etcd_port, timeout=5)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, ValueError) as error:
            return 0, str(error)
        finally:
            connection.close()

    def _etcd_answers(self):
        return self._etcd_post("/v3/maintenance/status", {})[0] == 200

    def _apiserver_ready(self):
        return self.api("GET", "/readyz", timeout=5)[0] == 200


def _base64_of(path):
    with open(path, "rb") as f:
        return base64.b64encode(f.read()).decode("ascii")


def main(argv):
    if len(argv) != 3 or argv[1] not in ("up", "down"):
        print(__doc__, file=sys.stderr)
        return 2
    state = os.path.join(argv[2], "processes.json")
    if argv[1] == "down":
        if os.path.exists(state):
            stop_saved(state)
        return 0
    if os.path.exists(state):
        print(f"{argv[2]} has a cluster already: `cluster.py down {argv[2]}` first", file=sys.stderr)
        return 1
    end_by_exception_on_signals()
    # The folder's old data would refer to the old ports and certificates.
    shutil.rmtree(os.path.join(argv[2], "etcd"), ignore_errors=True)
    started = time.monotonic()
    cluster = Cluster(argv[2], die_with_parent=False)
    try:
        cluster.start()
        cluster.save()
    except BaseException:
        cluster.stop()
        raise
    print(f"ready after {time.monotonic() - started:.1f} s")
    print(f"export KUBECONFIG={cluster.kubeconfig}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
