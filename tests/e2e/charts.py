"""The chart, rendered and installed by the real helm; and what a kubelet brings when a container of it is run
as a process: folders for mounts, addresses for names."""

import copy
import functools
import os
import re
import subprocess

import yaml

from cluster import ROOT, binary
from roles import landwaiter

CHART = os.path.join(ROOT, "charts", "landwaiter")
RELEASE = "landwaiter"
NAMESPACE = "landwaiter"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
WORKLOADS = ("Deployment", "StatefulSet", "Job", "Pod")


def helm(*args, cluster=None, check=True, timeout=180, stdin=None):
    """Runs helm; returns the CompletedProcess (text). Without a cluster it can reach none."""
    home = cluster.workdir if cluster else "/nonexistent"
    env = {"PATH": os.environ["PATH"], "HOME": home, "KUBECONFIG": cluster.kubeconfig if cluster else os.devnull,
           "HELM_CACHE_HOME": f"{home}/helm", "HELM_CONFIG_HOME": f"{home}/helm", "HELM_DATA_HOME": f"{home}/helm"}
    done = subprocess.run([binary("helm"), *args], capture_output=True, text=True, env=env, timeout=timeout,
                          check=False, **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}))
    if check:
        assert done.returncode == 0, f"helm {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


@functools.cache
def _template(values, args):
    return helm("template", RELEASE, CHART, "--namespace", NAMESPACE, "--values", "-", *args, stdin=values, check=False)


def template(values=None, *args, check=True):
    """`helm template` with these values; made once for the same ones."""
    done = _template(yaml.safe_dump(values or {}), args)
    if check:
        assert done.returncode == 0, done.stderr
    return done


def objects_of(text):
    return [o for o in yaml.load_all(text, Loader=LOADER) if o]


@functools.cache
def _objects(values, args):
    return objects_of(template(yaml.safe_load(values), *args).stdout)


def render(values=None, *args):
    """The rendered objects, the caller's own."""
    return copy.deepcopy(_objects(yaml.safe_dump(values or {}), args))


def one(objects, kind, name):
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} objects {kind} {name}"
    return found[0]


def pod_spec(workload):
    spec = workload["spec"]
    return spec if workload["kind"] == "Pod" else spec["template"]["spec"]


def containers(objects):
    """(where, container) of every container of every workload."""
    for workload in (o for o in objects if o["kind"] in WORKLOADS):
        spec = pod_spec(workload)
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            yield f"{workload['metadata']['name']}/{container['name']}", container


def container(objects, kind, name, of):
    spec = pod_spec(one(objects, kind, name))
    return next(copy.deepcopy(c) for c in (*spec.get("initContainers", ()), *spec["containers"]) if c["name"] == of)


def run_disarm_hook(cluster, objects):
    """What the container of the release's pre-delete hook says, as a process under the account that its pod names; the
    CompletedProcess."""
    job = pod_spec(one(objects, "Job", f"{RELEASE}-disarm"))
    return subprocess.run(
        [landwaiter(), *job["containers"][0]["args"], "--kubeconfig", cluster.service_account_kubeconfig(NAMESPACE, job["serviceAccountName"])],
        capture_output=True, text=True, check=False, timeout=90, stdin=subprocess.DEVNULL)


@functools.cache
def flags_of(command):
    """Every flag that `landwaiter COMMAND --help` shows."""
    shown = subprocess.run([landwaiter(), *command, "--help"], capture_output=True, text=True, check=True).stdout
    return {word.split("=")[0].rstrip(",") for line in shown.splitlines() for word in line.replace(",", " ").split()
            if word.startswith("--")}


@functools.cache
def has_command(command):
    """Whether this binary has it: `landwaiter nonesuch --help` shows the general help."""
    shown = subprocess.run([landwaiter(), "--help"], capture_output=True, text=True, check=True).stdout
    return any(line.split()[:1] == [command] for line in shown.splitlines())


def placed(args, mounts, ports, addresses):
    """A container's arguments for a process on this machine. `mounts`: {path in the container: folder},
    `ports`: of --listen and --health-listen, `addresses`: {role: port of 127.0.0.1}."""
    for folder in mounts.values():
        os.makedirs(folder, mode=0o700, exist_ok=True)
    for arg in args:
        flag, equals, value = arg.partition("=")
        if flag in ("--listen", "--health-listen"):
            value = f"127.0.0.1:{ports[flag == '--health-listen']}"
        for path, folder in mounts.items():
            if value == path or value.startswith(f"{path}/"):
                value = str(folder) + value[len(path):]
        named = re.fullmatch(r"https://landwaiter-(\w+)\.landwaiter\.svc:\d+", value)
        yield flag + equals + (f"https://127.0.0.1:{addresses[named[1]]}" if named else value)
