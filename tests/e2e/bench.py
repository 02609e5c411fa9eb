"""A control plane with roles of one file's own, for what the shared one must not have."""

import contextlib
import itertools
import threading

import conftest
from cluster import Cluster
from making import build_database, debian_image
from objects import NO_CRITICAL, pod, policy
from odd_registry import Answer
from roles import Roles
from system import System

_numbers = itertools.count(1)


@contextlib.contextmanager
def holding_system(workdir, registry, plain_http):
    """A System on a Cluster of its own that holds, nudges and pins, armed."""
    with Cluster(workdir / "cluster", nodes=(("node-a", "linux", "amd64"), ("node-b", "linux", "amd64"))) as running:
        with Roles(running, workdir / "roles", build_database(workdir / "database"), plain_http=plain_http, hold=True) as roles:
            with logged(running, roles):
                roles.install()
                roles.start_scanner()
                roles.start_controller()
                roles.start_webhook()
                roles.arm()
                system = System(running, registry, roles)
                wait_armed(system)
                yield system
                roles.disarm()


@contextlib.contextmanager
def logged(*servers):
    """A failed test shows the ends of their logs."""
    tails = [s.log_tails for s in servers]
    conftest._LOGGERS.extend(tails)  # pylint: disable=protected-access
    try:
        yield
    finally:
        for tail in tails:
            conftest._LOGGERS.remove(tail)  # pylint: disable=protected-access


def wait_armed(system):
    """The API server learns of webhooks a moment after they were written: until a dry run meets both of them."""
    namespace = fresh_namespace(system.cluster, f"armed-{next(_numbers)}")
    system.enforce(namespace, policy(f"armed-{namespace}", NO_CRITICAL, namespace=namespace, onUnscanned="Hold", waitSeconds=0))

    def met():
        done = system.cluster.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", check=False,
                                      stdin=pod("p", "never-asked.invalid/x:1", namespace))
        return "schedulingGates" in done.stdout and "the pod waits for that" in done.stderr
    system.cluster.wait_until(met, 60, "the API server asks both webhooks")
    system.cluster.delete_all("/apis/landwaiter.io/v1alpha1/scanpolicies", f"test={namespace}")


def fresh_namespace(cluster, name):
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.wait_until(lambda: cluster.get(f"/api/v1/namespaces/{name}/serviceaccounts/default"), 30,
                       f"the default service account of {name}")
    return name


def audit_annotations(cluster, namespace, name):
    """The audit log's annotations of a pod's creation. Its binding is a creation, too, below the pod."""
    def found():
        return [e.get("annotations", {}) for e in cluster.audit() if e["verb"] == "create"
                and e["objectRef"]["resource"] == "pods" and "subresource" not in e["objectRef"]
                and (e["objectRef"].get("namespace"), e["objectRef"].get("name")) == (namespace, name)]
    return cluster.wait_until(found, 30, f"the audit event of {name}")[-1]


def settle(system, namespace, *images):
    """Until the first webhook knows what these tags are and how the namespace's policies judge them: the answers
    that follow do not depend on how fast the machine is."""
    for image in images:
        asked = pod("settle", image.tagged, namespace, serviceAccountName="default")
        system.cluster.wait_until(lambda a=asked: "unscanned" not in system.review(system.roles.webhooks[0], a)["auditAnnotations"],
                                  60, f"{image.tagged} is judged")


class HeldBack:
    """An image in the odd registry whose layer is not answered before let_go(): its scan is under way until then."""

    def __init__(self, odd_registry, name, packages=None):
        self.image, self._release = debian_image(packages), threading.Event()
        self.tagged = odd_registry.serve(self.image, f"held/{name}")
        self.pinned = f"{odd_registry.host}/held/{name}@{self.image.digest}"
        self.scan_name = self.image.digest.replace(":", "-")
        path = f"/v2/held/{name}/blobs/{self.image.layers[0].blob.digest}"
        odd_registry.answers[path] = Answer(200, odd_registry.answers[path].body, hold=self._release)

    def let_go(self):
        self._release.set()
