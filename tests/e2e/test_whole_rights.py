"""The whole of each role's rights, as the real API server lists them to the role's own token (SelfSubjectRulesReview, which
is what `kubectl auth can-i --list` shows), against the table here: a right more in the chart, however it is given, fails."""

import json

import pytest

from charts import CHART, NAMESPACE, RELEASE, helm

TEAM = "team"
# Of the release, of the cluster's own, of a tenant, and where people look first.
NAMESPACES = (NAMESPACE, "kube-system", TEAM, "default")
EXTENDED = {"admission": {"hold": True, "nudge": True, "pinDigests": True,
                          "imageReview": {"enabled": True, "clientCA": {"secret": "apiserver-ca"}}},
            # The port of image reviews is opened to the API server alone.
            "networkPolicy": {"apiServer": [{"ipBlock": {"cidr": "10.0.0.1/32"}}]}}
RELEASES = {
    "the defaults": {},
    "every door open": EXTENDED,
    "pull secrets of one name": {"registries": {"secrets": {"mode": "names", "names": ["regcred"]}}},
    "pull secrets of a tenant's namespace": {"registries": {"secrets": {"mode": "namespaces", "namespaces": [TEAM]}}},
    "certificates and arming are somebody else's, no pull secrets": {
        "certificates": {"source": "secrets"}, "webhook": {"arm": False}, "registries": {"secrets": {"mode": "none"}}},
}


def rights(*rules):
    """{(group, resource, name or "", verb)} of (verbs, group, resources[, names])."""
    return {(group, resource, name, verb) for verbs, group, resources, *names in rules for verb in verbs.split()
            for resource in resources.split() for name in (names[0].split() if names else [""])}


# What Kubernetes gives to every account: discovery, health, the version, trust bundles, questions about itself.
ANYBODY = rights(("create", "authentication.k8s.io", "selfsubjectreviews"),
                 ("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
                 ("get list watch", "certificates.k8s.io", "clustertrustbundles"))
ANYBODY_S_PATHS = {(path, "get") for path in (
    "/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez",
    "/openapi", "/openapi/*", "/openid/v1/jwks", "/openid/v1/jwks/", "/readyz", "/version", "/version/")}
WEBHOOK = rights(("list watch", "landwaiter.io", "scanpolicies scanexceptions imagescans"), ("list watch", "", "namespaces"))
CONTROLLER = rights(
    ("get list watch create patch delete", "landwaiter.io", "imagescans"), ("update", "landwaiter.io", "imagescans/status"),
    ("list watch", "landwaiter.io", "scanpolicies scanexceptions registrywatches"),
    ("patch", "landwaiter.io", "scanpolicies/status scanexceptions/status registrywatches/status"),
    ("list watch", "", "pods namespaces nodes"), ("create patch", "", "events"))
ARMS = rights(("get patch delete", "admissionregistration.k8s.io", "validatingwebhookconfigurations", RELEASE))
ELECTS = rights(("get update", "coordination.k8s.io", "leases", "landwaiter-controller"), ("create", "coordination.k8s.io", "leases"),
                ("list watch", "", "configmaps"))
KEYS = " ".join(f"{RELEASE}-{part}" for part in ("ca", "webhook-tls", "controller-tls", "scanner-tls"))
CERTIFIES = rights(("get update", "", "secrets", KEYS), ("create", "", "secrets"))
PULLS = rights(("get", "", "serviceaccounts secrets"))
HOLDS_NUDGES_PINS = rights(
    ("patch delete", "", "pods"), ("patch", "apps", "replicasets statefulsets daemonsets"), ("patch", "batch", "jobs"),
    ("patch", "", "replicationcontrollers"), ("get patch delete", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", RELEASE))


def _controllers(release, namespace):
    """The controller's rights in a namespace, those for the whole cluster among them."""
    own = CONTROLLER | (ELECTS if namespace == NAMESPACE else set())
    if release.startswith("certificates"):
        return own
    own |= ARMS | (CERTIFIES if namespace == NAMESPACE else set())
    if release == "pull secrets of one name":
        return own | rights(("get", "", "serviceaccounts"), ("get", "", "secrets", "regcred"))
    if release == "pull secrets of a tenant's namespace":
        return own | (PULLS if namespace == TEAM else set())
    return own | PULLS | (HOLDS_NUDGES_PINS if release == "every door open" else set())


def _expected(role, release, namespace):
    return ANYBODY | {"webhook": WEBHOOK, "scanner": set(), "nobody": set(), "controller": _controllers(release, namespace)}[role]


def _listed(cluster, token, namespace):
    """(rights, paths) of a token in a namespace."""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
    status, answer = cluster.api("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review, token=token)
    assert status == 201 and not answer["status"]["incomplete"], answer
    return ({(group, resource, name, verb) for rule in answer["status"]["resourceRules"] for group in rule["apiGroups"]
             for resource in rule["resources"] for name in rule.get("resourceNames") or [""] for verb in rule["verbs"]},
            {(path, verb) for rule in answer["status"]["nonResourceRules"] for path in rule["nonResourceURLs"] for verb in rule["verbs"]})


def _set(cluster, verb, values):
    helm(verb, RELEASE, CHART, "-n", NAMESPACE, "--create-namespace" if verb == "install" else "--reset-values", "--values", "-",
         cluster=cluster, stdin=json.dumps({"store": {"persistence": {"enabled": False}}, **values}))


@pytest.fixture(scope="module")
def tokens(fresh):
    """{role: its token}; and of an account that nobody gave anything."""
    fresh.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TEAM}},
                {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": "default"}})
    _set(fresh, "install", {})
    return {"nobody": fresh.service_account_token("default", "nobody"),
            **{role: fresh.service_account_token(NAMESPACE, role) for role in ("webhook", "scanner", "controller")}}


def _differences(cluster, tokens, release):
    """{(role, namespace): what the API server lists and the table has not, or the other way round}."""
    found = {}
    for role, token in tokens.items():
        for namespace in NAMESPACES:
            listed, paths = _listed(cluster, token, namespace)
            different = (listed ^ _expected(role, release, namespace)) | (paths ^ ANYBODY_S_PATHS)
            if different:
                found[role, namespace] = different
    return found


def _same(cluster, tokens, release):
    """Roles are in force a moment after they were written."""
    try:
        cluster.wait_until(lambda: not _differences(cluster, tokens, release), 30, "the table")
    except AssertionError:
        assert _differences(cluster, tokens, release) == {}


# Admission pitfalls 9 and 64.
@pytest.mark.parametrize("release", RELEASES)
def test_each_role_has_the_rights_of_the_table_and_no_other(fresh, tokens, release):
    _set(fresh, "upgrade", RELEASES[release])
    _same(fresh, tokens, release)


@pytest.mark.parametrize("how", ["to the account", "to all accounts of the release's namespace"])
def test_one_right_more_is_seen_wherever_it_was_given(fresh, tokens, how):
    _set(fresh, "upgrade", {})
    _same(fresh, tokens, "the defaults")
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "more", "namespace": TEAM},
            "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]}
    subject = ({"kind": "ServiceAccount", "name": "webhook", "namespace": NAMESPACE} if how == "to the account" else
               {"kind": "Group", "name": f"system:serviceaccounts:{NAMESPACE}", "apiGroup": "rbac.authorization.k8s.io"})
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "more", "namespace": TEAM},
               "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "more"}, "subjects": [subject]}
    more = {("", "configmaps", "", "get")}
    expected = {("webhook", TEAM): more} if how == "to the account" else {
        (each, TEAM): more for each in ("webhook", "scanner", "controller")}
    fresh.apply(role, binding)
    try:
        fresh.wait_until(lambda: _differences(fresh, tokens, "the defaults") == expected, 30, f"the list shows {expected}")
    finally:
        fresh.kubectl("delete", "role/more", "rolebinding/more", "-n", TEAM)
    _same(fresh, tokens, "the defaults")
