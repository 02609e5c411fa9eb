"""One control plane and one registry for the whole run; a namespace of its own for each test.

A failed test prints the end of every server's log beside its assertion.
"""

import itertools
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "cluster"), HERE]

from cluster import Cluster, binary  # noqa: E402  pylint: disable=wrong-import-position
import objects  # noqa: E402
from processes import ProcessFailed, end_by_exception_on_signals  # noqa: E402
from registry import Registry  # noqa: E402
from roles import install, landwaiter  # noqa: E402

# Tests count what a registry is asked for: what another test read must not answer. Those of the cache name
# a folder of their own.
os.environ["LANDWAITER_LAYER_CACHE"] = "off"

_numbers = itertools.count(1)
_LOGGERS = []  # what log_tail() can be asked for when a test fails


def pytest_configure(config):
    # A stopped CI job ends by TERM: fixtures must end their servers then, too.
    end_by_exception_on_signals()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for tail in _LOGGERS:
            report.sections.append(("server logs", tail()))


# What the suite ran on, at the end of its output: name, how it says its version.
_VERSIONS = (("etcd", "--version"), ("kube-apiserver", "--version"), ("kwok", "--version"), ("kubectl", "version", "--client"),
             ("helm", "version", "--short"), ("docker-registry", "--version"), ("promtool", "--version"), ("landwaiter", "--version"))
_ON_PATH = ("docker-registry", "promtool")


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("servers and tools", sep="-")
    for name, *how in _VERSIONS:
        try:
            path = landwaiter() if name == "landwaiter" else name if name in _ON_PATH else binary(name)
            said = subprocess.run([path, *how], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
            terminalreporter.line(f"{name}: {(said.stdout or said.stderr).strip().splitlines()[0]}")
        except (OSError, IndexError, ProcessFailed, subprocess.TimeoutExpired):
            terminalreporter.line(f"{name}: not there")


@pytest.fixture(scope="session")
def workdir(tmp_path_factory):
    return tmp_path_factory.mktemp("landwaiter")


@pytest.fixture(scope="session")
def control_plane_built():
    subprocess.run([os.path.join(ROOT, "tests", "cluster", "build.sh")], check=True)


@pytest.fixture(scope="session")
def cluster(workdir, control_plane_built):
    with Cluster(workdir / "cluster", nodes=(("node-a", "linux", "amd64"), ("node-b", "linux", "amd64"))) as running:
        _LOGGERS.append(running.log_tails)
        yield running
        _LOGGERS.remove(running.log_tails)


@pytest.fixture(scope="session")
def helm_built():
    subprocess.run([os.path.join(ROOT, "tests", "cluster", "helm", "build.sh")], check=True)


@pytest.fixture(scope="module")
def fresh(workdir, control_plane_built, helm_built):
    """A control plane of the module's own, with nothing of ours in it: what helm installs, it must own."""
    with Cluster(workdir / f"fresh-{next(_numbers)}", nodes=(("node-a", "linux", "amd64"), ("node-b", "linux", "amd64"))) as running:
        _LOGGERS.append(running.log_tails)
        yield running
        _LOGGERS.remove(running.log_tails)


@pytest.fixture(scope="session")
def installed(cluster):
    """The cluster with CRDs, RBAC and guard as shipped, without any role running."""
    install(cluster)
    return cluster


@pytest.fixture(scope="session")
def registry(workdir):
    with Registry(workdir / "registry") as running:
        yield running


@pytest.fixture(scope="session")
def private_registry(workdir):
    with Registry(workdir / "private-registry", {"robot": objects.PASSWORD}, name="private-registry") as running:
        yield running


@pytest.fixture(scope="session")
def token_registry(workdir):
    """A registry whose tokens come from a server of its own, over TLS."""
    from token_registry import TokenRegistry
    with TokenRegistry(workdir / "token-registry", objects.TOKEN_USERS) as running:
        yield running


@pytest.fixture(scope="session")
def odd_registry():
    """A registry that answers as each test says."""
    from odd_registry import OddRegistry
    with OddRegistry() as running:
        yield running


@pytest.fixture(scope="session")
def limiting_registry():
    """Another one, for what asks to be left alone: whoever else asked at its host would have to wait, too."""
    from odd_registry import OddRegistry
    with OddRegistry() as running:
        yield running


def _new_namespace(cluster):
    """A fresh namespace, ready for pods. It is not deleted (the control plane goes after the run), but its
    policies are: each would be one more that every image of every later test is judged by."""
    name = f"test-{next(_numbers)}"
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.wait_until(lambda: cluster.get(f"/api/v1/namespaces/{name}/serviceaccounts/default"), 30,
                       f"the default service account of {name}")
    yield name
    cluster.delete_all("/apis/landwaiter.io/v1alpha1/scanpolicies", f"test={name}")


@pytest.fixture
def namespace(cluster):
    yield from _new_namespace(cluster)


@pytest.fixture
def other_namespace(cluster):
    yield from _new_namespace(cluster)


@pytest.fixture(scope="module")
def pair(system, tmp_path_factory):
    """Two controllers, two webhooks, and a scanner that keeps what it read of layers, as the chart has them.
    The API server asks both webhooks about each pod."""
    roles = system.roles
    with roles.scanners[0].started_with({"--layer-cache": tmp_path_factory.mktemp("pair") / "layers"}):
        controller = roles.start_controller()
        webhook = roles.start_webhook(controller=controller)
        roles.arm()
        yield system
        roles.disarm()
        for role, listed in ((webhook, roles.webhooks), (controller, roles.controllers)):
            role.stop()
            listed.remove(role)
    roles.arm()
    # The other one must lead again before the next test counts on it.
    system.cluster.wait_until(roles.leader, 60, "the controller that is left leads")


@pytest.fixture(scope="session")
def system(installed, registry, private_registry, token_registry, odd_registry, limiting_registry, workdir):
    """One scanner, one controller, one webhook, and the API server asking it. Tests that stop or add
    processes leave it as they found it."""
    from making import build_database
    from roles import Roles
    from system import System
    database = build_database(workdir / "database")
    with Roles(installed, workdir / "roles", database, registry_ca=token_registry.ca_file,
               plain_http=[r.host for r in (registry, private_registry, token_registry, odd_registry, limiting_registry)]) as roles:
        _LOGGERS.append(roles.log_tails)
        roles.install()
        roles.start_scanner()
        roles.start_controller()
        roles.start_webhook()
        roles.arm()
        yield System(installed, registry, roles)
        # Namespaces' own pods need no webhook any more when the processes are gone.
        roles.disarm()
        _LOGGERS.remove(roles.log_tails)
