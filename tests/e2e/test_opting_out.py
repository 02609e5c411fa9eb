"""Whoever owns a namespace writes its labels and those of its pods: neither takes it from under a policy of the cluster's, by the
selectors that are armed on the real API server."""

import pytest

from making import BAD, CRITICAL
from objects import NO_CRITICAL, pod, policy

# What other webhooks are left out by, and what might be guessed of ours.
LABELS = {
    "the name of a namespace that is left out": {"kubernetes.io/metadata.name": "kube-system"},
    "the name of the release's namespace": {"kubernetes.io/metadata.name": "landwaiter"},
    "what opts out of Gatekeeper, OPA and Kyverno": {"admission.gatekeeper.sh/ignore": "true", "openpolicyagent.org/webhook": "ignore",
                                                     "kyverno.io/ignore": "true"},
    "names of the cluster's own": {"control-plane": "true", "runlevel": "0", "openshift.io/run-level": "0"},
    "our own labels": {"app.kubernetes.io/name": "landwaiter", "app.kubernetes.io/part-of": "landwaiter", "landwaiter.io/ignore": "true",
                       "landwaiter.io/disarmed": "true"},
}


SEEN = {"test.landwaiter.io/labels": "seen"}


@pytest.fixture(scope="module")
def watched(system):
    """The API server's admission knows namespaces by a watch. Where it has seen a namespace's label SEEN, no ConfigMap can be
    made in it."""
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]
    system.cluster.apply(
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "labels-seen"},
         "spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": rules}, "validations": [{"expression": "false"}]}},
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "labels-seen"},
         "spec": {"policyName": "labels-seen", "validationActions": ["Deny"],
                  "matchResources": {"namespaceSelector": {"matchLabels": SEEN}}}})
    yield
    system.cluster.kubectl("delete", "validatingadmissionpolicybinding/labels-seen", "validatingadmissionpolicy/labels-seen")


@pytest.fixture
def owner(system, namespace):
    """The token of an account that has the cluster's role admin in its namespace, and may change the namespace itself."""
    rbac = "rbac.authorization.k8s.io"
    subjects = [{"kind": "ServiceAccount", "name": "owner", "namespace": namespace}]
    system.cluster.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "owner", "namespace": namespace}},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "relabel", "namespace": namespace},
         "rules": [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "patch", "update"]}]},
        *({"apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": {"name": name, "namespace": namespace},
           "roleRef": {"apiGroup": rbac, "kind": kind, "name": name}, "subjects": subjects}
          for kind, name in (("ClusterRole", "admin"), ("Role", "relabel"))))
    return system.cluster.service_account_token(namespace, "owner")


# Admission pitfall 45.
@pytest.mark.parametrize("which", LABELS)
def test_labels_take_no_namespace_out(system, watched, namespace, owner, which):
    labels, cluster, bad = LABELS[which], system.cluster, system.push(packages=BAD)
    name = f"all-{namespace}"
    # Of every namespace, as a cluster's administrator writes it; of this image alone, so that no other test meets it.
    everywhere = policy(name, NO_CRITICAL, waitSeconds=8, match={"images": [f"{system.registry.host}/{bad.repository}:*"]})
    everywhere["metadata"]["labels"] = {"test": namespace}
    system.enforce(namespace, everywhere)
    system.request_scan(bad)
    path = f"/api/v1/namespaces/{namespace}"

    def denied(name, **metadata):
        asked = pod(name, bad.tagged, namespace)
        asked["metadata"].update(metadata)
        status, answer = cluster.api("POST", f"{path}/pods", asked, token=owner)
        assert status == 403, "it was let in"
        return CRITICAL in answer["message"]
    # Until the owner's rights are in force and the image is judged.
    cluster.wait_until(lambda: denied("before"), 60, "its owner's pod is denied")

    patch = {"metadata": {"labels": {**labels, **SEEN}, "annotations": labels}}
    status, answer = cluster.api("PATCH", path, patch, "application/merge-patch+json", token=owner)
    assert status == 200, "the owner may write them"
    written = answer["metadata"]["labels"]
    # All but the name, which is the API server's.
    assert {k: written[k] for k in labels} == {k: namespace if k.endswith("/metadata.name") else v for k, v in labels.items()}
    cluster.wait_until(
        lambda: cluster.api("POST", f"{path}/configmaps?dryRun=All", {"metadata": {"name": "c"}})[0] == 422, 60, "admission knows the labels")
    assert denied("after", labels=labels, annotations=labels)
