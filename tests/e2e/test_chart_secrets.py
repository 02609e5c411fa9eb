"""Which pull secrets the controller's own token reads in each mode of the chart, on the real API server: by name
alone, and never another's."""

import json

import pytest

from charts import CHART, NAMESPACE, helm

BASE = {"certificates": {"source": "secrets"}, "webhook": {"arm": False}, "store": {"persistence": {"enabled": False}},
        "database": {"source": "volume", "volume": {"persistentVolumeClaim": {"claimName": "db"}}},
        **{role: {"replicas": 1} for role in ("webhook", "controller", "scanner")}}
NAMESPACES, NAMES = ("shop", "bank", "attic"), ("regcred", "private")
EVERY = {(ns, name) for ns in NAMESPACES for name in NAMES}
# Mode: what may be read of (namespace, name).
MODES = {
    "cluster": ({"mode": "cluster"}, EVERY),
    "namespaces": ({"mode": "namespaces", "namespaces": ["shop", "bank"]}, {s for s in EVERY if s[0] != "attic"}),
    "names": ({"mode": "names", "names": ["regcred"]}, {s for s in EVERY if s[1] == "regcred"}),
    "none": ({"mode": "none"}, set()),
}


@pytest.fixture(scope="module")
def shipped(fresh):
    """The chart on a cluster of its own, with two pull secrets in each of three namespaces."""
    for namespace in NAMESPACES:
        fresh.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
                    *({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
                       "metadata": {"name": name, "namespace": namespace}, "stringData": {".dockerconfigjson": '{"auths":{}}'}}
                      for name in NAMES))
    helm("install", "landwaiter", CHART, "-n", NAMESPACE, "--create-namespace", "--values", "-", cluster=fresh, stdin=json.dumps(BASE))
    return fresh


def _status(cluster, token, path, method="GET", body=None):
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    return cluster.api(method, path, body, kind, token=token)[0]


def _readable(cluster, token):
    return {(ns, name) for ns, name in EVERY if _status(cluster, token, f"/api/v1/namespaces/{ns}/secrets/{name}") == 200}


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_gives_its_secrets_by_name_and_no_other_right(shipped, mode):
    secrets, readable = MODES[mode]
    helm("upgrade", "landwaiter", CHART, "-n", NAMESPACE, "--values", "-", cluster=shipped,
         stdin=json.dumps({**BASE, "registries": {"secrets": secrets}}))
    token = shipped.service_account_token(NAMESPACE, "controller")
    # The authorizer follows bindings by a watch.
    shipped.wait_until(lambda: _readable(shipped, token) == readable, 60, f"the secrets of mode {mode} are readable, and no others")
    for namespace in NAMESPACES:
        path = f"/api/v1/namespaces/{namespace}/secrets"
        assert [_status(shipped, token, p) for p in (path, f"{path}?watch=1&timeoutSeconds=1", "/api/v1/secrets")] == [403] * 3
        assert _status(shipped, token, path, "POST", {"metadata": {"name": "new"}}) == 403
        assert _status(shipped, token, f"{path}/regcred?dryRun=All", "PATCH", {"data": {}}) == 403
        assert _status(shipped, token, f"{path}/regcred?dryRun=All", "DELETE") == 403
    for role in ("webhook", "scanner"):
        assert _readable(shipped, shipped.service_account_token(NAMESPACE, role)) == set(), f"{role} reads none in any mode"
