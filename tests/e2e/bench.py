"""A control plane with roles of one file's own, for what the shared one must not have."""

import contextlib
import threading

import conftest
from cluster import Cluster
from making import build_database, debian_image
from odd_registry import Answer
from roles import Roles
from system import System


@contextlib.contextmanager
def whole_system(workdir, registry, plain_http, hold=False, controller_flags=(), webhook_flags=(), **cluster):
    """A System on a Cluster of its own, armed."""
    with Cluster(workdir / "cluster", nodes=(("node-a", "linux", "amd64"), ("node-b", "linux", "amd64")), **cluster) as running:
        conftest._LOGGERS.append(running.log_tails)  # pylint: disable=protected-access
        with Roles(running, workdir / "roles", build_database(workdir / "database"), plain_http=plain_http, hold=hold) as roles:
            conftest._LOGGERS.append(roles.log_tails)  # pylint: disable=protected-access
            roles.install()
            roles.start_scanner()
            roles.start_controller(controller_flags)
            roles.start_webhook(flags=webhook_flags)
            roles.arm()
            yield System(running, registry, roles)
            roles.disarm()
            conftest._LOGGERS.remove(roles.log_tails)  # pylint: disable=protected-access
        conftest._LOGGERS.remove(running.log_tails)  # pylint: disable=protected-access


def fresh_namespace(cluster, name):
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.wait_until(lambda: cluster.get(f"/api/v1/namespaces/{name}/serviceaccounts/default"), 30,
                       f"the default service account of {name}")
    return name


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
