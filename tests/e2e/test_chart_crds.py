"""CRDs of an earlier version: an upgrade by the real helm brings their new fields and kinds, and a role that is there before its
kinds waits for them."""

import shutil

import pytest
import yaml

from charts import CHART, LOADER, NAMESPACE, RELEASE, helm
from cluster import Cluster
from bench import logged
from objects import image_scan, policy
from roles import INSTALLED, Roles, manifest

KINDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
VALUES = ("-n", NAMESPACE, "--set", "store.persistence.enabled=false")
RULE = {"name": "mended-in-time", "vulnerabilities": {"severityAtLeast": "Critical", "publishedFor": "14d"}}
OLD_RULE = {"name": "any", "vulnerabilities": {"severityAtLeast": "Critical"}}


def _without(node, name):
    """The node without any property of that name."""
    if isinstance(node, dict):
        return {k: _without({p: s for p, s in v.items() if p != name} if k == "properties" else v, name) for k, v in node.items()}
    return [_without(n, name) for n in node] if isinstance(node, list) else node


@pytest.fixture(scope="module")
def earlier(workdir):
    """The chart as it was before one field of policies, and before there were ImageScans."""
    folder = workdir / "earlier-chart"
    shutil.copytree(CHART, folder)
    crds = folder / "files" / "crds"
    (crds / "imagescans.yaml").unlink()
    path = crds / "scanpolicies.yaml"
    old = _without(yaml.load(path.read_text(), LOADER), "publishedFor")
    path.write_text(yaml.safe_dump(old))
    return folder


def _try(cluster, wanted):
    """'' where the API server takes the object as it is, else what it says."""
    done = cluster.kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=wanted, check=False)
    return done.stderr if done.returncode else ""


# Admission pitfall 21.
def test_an_upgrade_brings_new_fields_and_new_kinds_and_keeps_what_is_stored(fresh, earlier):
    helm("install", RELEASE, earlier, "--create-namespace", *VALUES, cluster=fresh)
    fresh.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd/scanpolicies.landwaiter.io")
    fresh.apply(policy("stored", OLD_RULE))
    assert 'unknown field "spec.rules[0].vulnerabilities.publishedFor"' in _try(fresh, policy("new", RULE))
    assert fresh.get(f"{KINDS}/imagescans.landwaiter.io") is None
    stored = fresh.get("/apis/landwaiter.io/v1alpha1/scanpolicies/stored")

    helm("upgrade", RELEASE, CHART, *VALUES, cluster=fresh)
    fresh.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd/imagescans.landwaiter.io")
    # Both are served a moment after they were written.
    fresh.wait_until(lambda: _try(fresh, policy("new", RULE)) == "", 30, "the new field is taken")
    fresh.wait_until(lambda: _try(fresh, image_scan("new", "registry.example.com/a:1")) == "", 30, "the new kind is taken")
    fresh.apply(policy("new", RULE))
    assert fresh.get("/apis/landwaiter.io/v1alpha1/scanpolicies/new")["spec"]["rules"][0]["vulnerabilities"]["publishedFor"] == "14d"
    kept = fresh.get("/apis/landwaiter.io/v1alpha1/scanpolicies/stored")
    assert (kept["metadata"]["uid"], kept["spec"]) == (stored["metadata"]["uid"], stored["spec"])


@pytest.fixture(scope="module")
def roles(workdir, control_plane_built):
    """Roles on a cluster with everything of Landwaiter's but its kinds."""
    with Cluster(workdir / "no-kinds") as running, Roles(running, workdir / "no-kinds-roles", workdir / "no-database") as made, \
            logged(running, made):
        shipped = manifest("install.yaml", *(kind for kind in INSTALLED if kind != "CustomResourceDefinition"))
        running.kubectl("apply", "--server-side", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": shipped})
        made.make_certificates()
        yield made


def _lists_of_nothing(cluster, account):
    """How often a role asked for kinds that are not there."""
    return len([e for e in cluster.audit() if e["verb"] == "list" and e["objectRef"].get("apiGroup") == "landwaiter.io"
                and e["user"]["username"] == f"system:serviceaccount:{NAMESPACE}:{account}" and e["responseStatus"]["code"] == 404])


# Admission pitfall 21: no crash loop, and no restart when they come.
def test_roles_that_are_there_before_their_kinds_wait_for_them(roles):
    cluster = roles.cluster
    roles.start_scanner()
    controller = roles.start_controller(wait=False)
    webhook = roles.start_webhook(controller=controller, wait=False)
    started = {"controller": controller, "webhook": webhook}
    for account, role in started.items():
        cluster.wait_until(lambda a=account: _lists_of_nothing(cluster, a) >= 6, 120, f"the {account} asks again and again")
        assert role.process.is_running() and role.get("/healthz")[0] == 200
        status, text = role.get("/readyz")
        assert status == 503 and "imagescans" in text.lower(), text
    before = {account: role.process.pid for account, role in started.items()}
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin={
        "apiVersion": "v1", "kind": "List", "items": manifest("install.yaml", "CustomResourceDefinition")})
    for role in started.values():
        role.wait_ready()
    cluster.wait_until(roles.leader, 60, "the controller leads")
    assert {account: role.process.pid for account, role in started.items()} == before
