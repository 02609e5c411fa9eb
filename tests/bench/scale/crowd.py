"""The load: images in a registry, ReplicaSets that run them on kwok's nodes, and what must be seen of them."""

import concurrent.futures
import http.client
import json
import ssl
import threading
import time

from making import advisory, debian_image
from objects import policy
from system import Pushed

NAMESPACES = 100
PACKAGES = 120   # in each image; a slim Debian has some 90, a language's image some 400
FINDINGS = 40    # of its packages that an advisory is about
CLIENTS = 8      # connections that ask the API server at once

_SCANS = "/apis/landwaiter.io/v1alpha1/imagescans"


def advisories():
    severities = ("HIGH", "MEDIUM", "MEDIUM", "LOW")
    return [advisory(f"CVE-2098-{1000 + n}", f"lib-{n:03}", fixed="9.0-1", severity=severities[n % 4]) for n in range(FINDINGS)]


def policies():
    """Three, as teams have them: one of everything, one of some namespaces, one that only tells."""
    return [policy("no-critical", {"name": "no-critical", "vulnerabilities": {"severityAtLeast": "Critical"}}),
            policy("not-root", {"name": "not-root", "image": {"runsAsRoot": True}},
                   match={"namespaceSelector": {"matchLabels": {"tier": "front"}}}),
            policy("few-high", {"name": "few-high", "vulnerabilities": {"severityAtLeast": "High", "maxCount": 50}},
                   enforcement="Audit")]


class ApiClients:
    """Keep-alive connections to the API server, one for each thread of a pool."""

    def __init__(self, cluster):
        self._cluster, self._local = cluster, threading.local()
        self.pool = concurrent.futures.ThreadPoolExecutor(CLIENTS)

    def _connection(self):
        if not hasattr(self._local, "connection"):
            context = ssl.create_default_context(cafile=self._cluster.authority.certificate)
            context.load_cert_chain(self._cluster.path("admin.crt"), self._cluster.path("admin.key"))
            self._local.connection = http.client.HTTPSConnection("127.0.0.1", self._cluster.port, timeout=120, context=context)
        return self._local.connection

    def send(self, method, path, body, content_type="application/json"):
        """Until it is answered: a busy API server asks for patience, and closes connections that were idle."""
        for tries in range(60):
            connection = self._connection()
            try:
                connection.request(method, path, json.dumps(body), {"Content-Type": content_type})
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()  # made again by the next request
                continue
            if answer.status in (200, 201) or (answer.status == 409 and tries > 0 and method == "POST"):
                return
            assert answer.status in (429, 500, 504), f"{method} {path}: {answer.status} {text[:300]}"
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        raise AssertionError(f"{method} {path}: no answer")

    def all(self, requests):
        """Sends (method, path, body[, content type]) of each, some at once; the first failure is raised."""
        for _ in self.pool.map(lambda r: self.send(*r), requests):
            pass


class Crowd:
    """`digests` images, each run by one ReplicaSet; every pod has one sidecar that all pods share."""

    def __init__(self, cluster, registry, digests, nodes):
        self.cluster, self.registry, self.digests, self.nodes = cluster, registry, digests, nodes
        self.clients = ApiClients(cluster)
        self.pods = 0
        self.images, self.sidecar = [], None

    # --- before any role runs

    def make_nodes(self):
        def node(name):
            return {"apiVersion": "v1", "kind": "Node", "metadata": {
                "name": name, "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}}}
        self.clients.all(("POST", "/api/v1/nodes", node(f"worker-{n:03}")) for n in range(self.nodes))

    def push_images(self):
        def push(number):
            packages = {f"lib-{n:03}": f"1.{number % 7}.{n}-{number % 5}" for n in range(PACKAGES)}
            return Pushed(self.registry, debian_image(packages), repository=f"shop-{number % NAMESPACES:02}/app-{number:04}")
        self.images = list(self.clients.pool.map(push, range(self.digests - 1)))
        self.sidecar = Pushed(self.registry, debian_image({"proxy": "1.0-1"}), repository="mesh/proxy")

    def make_namespaces(self):
        self.clients.all(("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": f"shop-{n:02}", "labels": {"tier": "front" if n % 3 == 0 else "back"}}}) for n in range(NAMESPACES))
        for n in range(NAMESPACES):
            self.cluster.wait_until(lambda n=n: self.cluster.get(f"/api/v1/namespaces/shop-{n:02}/serviceaccounts/default"),
                                    120, "service accounts are made")

    def _workload(self, number, image):
        labels = {"app": f"app-{number:04}", "app.kubernetes.io/part-of": "shop", "version": "v1"}
        environment = [{"name": f"SETTING_{n}", "value": f"value-{n}"} for n in range(8)]
        return {"apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {"name": f"app-{number:04}", "namespace": f"shop-{number % NAMESPACES:02}"},
                "spec": {"replicas": 0, "selector": {"matchLabels": {"app": labels["app"]}},
                         "template": {"metadata": {"labels": labels}, "spec": {
                             # kwok's nodes have no taints or sizes that a scheduler would have to look at.
                             "nodeName": f"worker-{number % self.nodes:03}",
                             "containers": [
                                 {"name": "app", "image": image.pinned, "env": environment, "ports": [{"containerPort": 8080}],
                                  "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}},
                                 {"name": "proxy", "image": self.sidecar.pinned, "env": environment[:3]}]}}}}

    def make_workloads(self):
        self.clients.all(("POST", f"/apis/apps/v1/namespaces/shop-{n % NAMESPACES:02}/replicasets", self._workload(n, image))
                         for n, image in enumerate(self.images))

    # --- filling

    def scale_to(self, pods):
        """Asks for as many pods, and returns when all of them run; the API server's own rate decides how long that takes."""
        share, rest = divmod(pods, len(self.images))
        self.clients.all(("PATCH", f"/apis/apps/v1/namespaces/shop-{n % NAMESPACES:02}/replicasets/app-{n:04}/scale",
                          {"spec": {"replicas": share + (n < rest)}}, "application/merge-patch+json")
                         for n in range(len(self.images)))
        self.cluster.wait_until(lambda: self._running() >= pods, 3600, f"{pods} pods run", pause=0.5)
        self.pods = pods

    def _running(self):
        total = 0
        for n in range(NAMESPACES):
            for item in self.cluster.items(f"/apis/apps/v1/namespaces/shop-{n:02}/replicasets"):
                total += item["status"].get("readyReplicas", 0)
        return total

    # --- what is seen of it

    def scans(self):
        return self.cluster.items(_SCANS)

    def counted(self):
        """Uses of images by pods as the ImageScans have them; each pod has two."""
        return sum(s.get("status", {}).get("usedBy", {}).get("pods", 0) for s in self.scans())

    def judged(self, generations):
        """ImageScans that are scanned and judged under these {policy: generation}."""
        return sum(1 for s in self.scans() if _ready(s) and _generations(s) == generations)


def _ready(scan):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in scan.get("status", {}).get("conditions", []))


def _generations(scan):
    return {p["name"]: p["generation"] for p in scan["status"].get("policies", [])}
