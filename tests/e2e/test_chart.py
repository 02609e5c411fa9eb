"""charts/landwaiter as it renders: what the real API server says of each set of values, what is refused,
and that manifests/ is the same."""

import os
import sys

import pytest

from charts import CHART, NAMESPACE, containers, flags_of, has_command, helm, objects_of, one, render, template
from chart_values import RENDERED
from cluster import ROOT
from foreign import FOREIGN_CRDS

sys.path.insert(0, os.path.join(ROOT, "scripts"))
import render_manifests  # noqa: E402  pylint: disable=wrong-import-position

REFUSED = {
    "a misspelt key": ({"webhok": {}}, "additional properties 'webhok' not allowed"),
    "a misspelt key within a role": ({"scanner": {"replica": 3}}, "additional properties 'replica' not allowed"),
    "a number that is text": ({"webhook": {"replicas": "two"}}, "/webhook/replicas': got string, want integer"),
    "no replicas": ({"controller": {"replicas": 0}}, "/controller/replicas': minimum: got 0, want 1"),
    "an unknown source of the database": ({"database": {"source": "web"}}, "value must be one of 'update', 'oci', 'volume'"),
    "a registry without a reference": ({"database": {"source": "oci"}}, "set database.oci.reference, as oci://"),
    "a reference that is no oci://": ({"database": {"source": "oci", "oci": {"reference": "registry.example/x"}}},
                                      "/database/oci/reference': 'registry.example/x' does not match pattern"),
    "a volume that is none": ({"database": {"source": "volume"}}, "set database.volume, as {persistentVolumeClaim"),
    "keys of nothing": ({"database": {"source": "oci", "oci": {"reference": "oci://r.example/x:1", "verifyKeys": {"keys": ["a"]}}}},
                        "set database.oci.verifyKeys.configMap or .secret"),
    "a Secret of keys without their names": (
        {"database": {"source": "oci", "oci": {"reference": "oci://r.example/x:1", "verifyKeys": {"secret": "keys"}}}},
        "nothing would be verified"),
    "namespaces that are not listed": ({"registries": {"secrets": {"mode": "namespaces"}}}, "list them in registries.secrets.namespaces"),
    "names that are not listed": ({"registries": {"secrets": {"mode": "names"}}}, "list them in registries.secrets.names"),
    "one account for two roles": ({"scanner": {"serviceAccount": {"name": "controller"}}}, "each role needs one of its own"),
    "a failure policy of another word": ({"webhook": {"failurePolicy": "Open"}}, "value must be one of 'Fail', 'Ignore'"),
    "a timeout that no webhook may have": ({"webhook": {"timeoutSeconds": 60}}, "maximum: got 60, want 30"),
    "a duration without a unit": ({"database": {"every": "6"}}, "/database/every': '6' does not match pattern"),
    "a digest cut short": ({"image": {"digest": "sha256:abc"}}, "/image/digest'"),
    "an address that is no range": ({"registries": {"allowAddresses": ["10.0.0.1"]}}, "/registries/allowAddresses/0'"),
    "fewer scanners at most than at least": ({"scanner": {"autoscaling": {"minReplicas": 9}}}, "minReplicas is above maxReplicas"),
}


@pytest.fixture(scope="module")
def server(cluster, helm_built):
    """The API server with what a rendering needs to be judged: CRDs of the chart and of those whose kinds
    it uses, and the namespaces."""
    crds = [o for o in render() if o["kind"] == "CustomResourceDefinition"]
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": crds + FOREIGN_CRDS})
    for crd in crds + FOREIGN_CRDS:
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"crd/{crd['metadata']['name']}")
    for name in (NAMESPACE, "shop", "bank", "falco"):
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for account in ("landwaiter-test", "gate-test"):  # a pod is taken only where its account is there
        cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": NAMESPACE}})
    return cluster


@pytest.mark.parametrize("values", RENDERED.values(), ids=RENDERED)
def test_the_api_server_takes_every_object_of(server, values):
    objects = render(values)
    done = server.kubectl("apply", "--dry-run=server", "--validate=strict", "--server-side", "--force-conflicts", "-f", "-",
                          stdin={"apiVersion": "v1", "kind": "List", "items": objects}, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("serverside-applied") == len(objects)
    # Where a test before this one made the namespace, it is "restricted": the host's network is not.
    warnings = [line for line in done.stderr.splitlines() if "Warning" in line]
    if values.get("webhook", {}).get("hostNetwork"):
        warnings = [line for line in warnings if "host namespaces (hostNetwork=true)" not in line]
    assert not warnings


def test_a_misspelt_field_would_have_been_seen(server):
    objects = render()
    one(objects, "Deployment", "landwaiter-webhook")["spec"]["template"]["spec"]["enableServiceLink"] = False
    done = server.kubectl("apply", "--dry-run=server", "--validate=strict", "--server-side", "--force-conflicts", "-f", "-",
                          stdin={"apiVersion": "v1", "kind": "List", "items": objects}, check=False)
    assert done.returncode != 0 and "enableServiceLink" in done.stderr, done.stderr


@pytest.mark.parametrize("values, message", REFUSED.values(), ids=REFUSED)
def test_the_chart_refuses(helm_built, values, message):
    done = template(values, check=False)
    assert done.returncode != 0 and message in done.stderr, done.stderr


def test_an_older_cluster_is_refused(helm_built):
    done = template({}, "--kube-version", "1.29.0", check=False)
    assert done.returncode != 0 and "requires kubeVersion: >=1.30.0-0" in done.stderr


def test_the_manifests_are_the_chart_rendered(helm_built):
    for name, text in render_manifests.rendered().items():
        with open(os.path.join(ROOT, "manifests", name), encoding="utf-8") as f:
            assert f.read() == text, f"manifests/{name} is not what the chart renders: run scripts/render_manifests.py"


# Admission pitfall 24.
def test_rendering_twice_gives_the_same(helm_built):
    twice = [helm("template", "landwaiter", CHART, "-n", NAMESPACE).stdout for _ in range(2)]
    assert twice[0] == twice[1]


# --- what the API server and the controllers are given

# Admission pitfall 19.
def test_the_webhook_configuration_is_shipped_without_webhooks(helm_built):
    assert "webhooks" not in one(render(), "ValidatingWebhookConfiguration", "landwaiter")


# Admission pitfalls 1 and 12.
@pytest.mark.parametrize("excluded", [["kube-system"], ["kube-system", NAMESPACE]])
def test_the_webhook_is_never_asked_about_the_release_s_own_namespace(helm_built, excluded):
    shipped = one(render({"webhook": {"excludedNamespaces": excluded}}), "ConfigMap", "landwaiter-webhook-configuration")
    for webhook in objects_of(shipped["data"]["webhook.yaml"])[0]["webhooks"]:
        (asked,) = webhook["namespaceSelector"]["matchExpressions"]
        assert asked == {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", NAMESPACE]}
        assert "DELETE" not in str(webhook["rules"]) and "CONNECT" not in str(webhook["rules"])
        assert webhook["sideEffects"] == "NoneOnDryRun" and "caBundle" not in webhook["clientConfig"]


def test_a_changed_webhook_configuration_restarts_the_controllers_and_another_change_does_not(helm_built):
    def template_of(values):
        return one(render(values), "StatefulSet", "landwaiter-controller")["spec"]["template"]
    assert template_of({"webhook": {"failurePolicy": "Ignore"}}) != template_of({})
    assert template_of({"scanner": {"replicas": 5}}) == template_of({})


# --- the flags, against the binary

COMMANDS = ("webhook", "controller", "scanner", "db", "update", "pull", "disarm", "doctor")


@pytest.mark.parametrize("values", RENDERED.values(), ids=RENDERED)
def test_the_binary_knows_every_flag_of(helm_built, values):
    unknown = {}
    for where, found in containers(render(values)):
        command = tuple(a for a in found["args"][:2] if a in COMMANDS)
        unknown[where] = {a.split("=")[0] for a in found["args"] if a.startswith("--")} - flags_of(command)
    assert not any(unknown.values()), unknown
