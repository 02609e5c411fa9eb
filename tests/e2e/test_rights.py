"""The shipped RBAC and guard: each role may do its work and nothing else."""

import pytest

from objects import image_scan

CONTROLLER, WEBHOOK, SCANNER = (f"system:serviceaccount:landwaiter:{n}" for n in ("controller", "webhook", "scanner"))
# (resource, verb, namespace or "" for the whole cluster[, name])
MAY = {
    CONTROLLER: [("imagescans.landwaiter.io", "create", ""), ("imagescans.landwaiter.io", "patch", ""),
                 ("imagescans.landwaiter.io/status", "update", ""), ("imagescans.landwaiter.io", "delete", ""),
                 ("scanpolicies.landwaiter.io/status", "patch", ""), ("registrywatches.landwaiter.io", "watch", ""),
                 ("registrywatches.landwaiter.io/status", "patch", ""), ("pods", "watch", ""), ("nodes", "list", ""),
                 ("secrets", "get", "shop"), ("serviceaccounts", "get", "shop"), ("events", "create", "shop"),
                 ("leases.coordination.k8s.io", "create", "landwaiter"),
                 ("leases.coordination.k8s.io", "update", "landwaiter", "landwaiter-controller"),
                 ("secrets", "create", "landwaiter"), ("secrets", "update", "landwaiter", "landwaiter-ca"),
                 ("secrets", "update", "landwaiter", "landwaiter-webhook-tls"),
                 ("validatingwebhookconfigurations.admissionregistration.k8s.io", "get", "", "landwaiter"),
                 ("validatingwebhookconfigurations.admissionregistration.k8s.io", "patch", "", "landwaiter")],
    WEBHOOK: [("imagescans.landwaiter.io", "watch", ""), ("scanpolicies.landwaiter.io", "list", ""), ("namespaces", "watch", "")],
    SCANNER: [],
}
MAY_NOT = {
    CONTROLLER: [("secrets", "list", ""), ("secrets", "watch", ""), ("secrets", "create", "shop"),
                 ("secrets", "update", "landwaiter", "another"), ("secrets", "update", "shop", "landwaiter-ca"),
                 ("secrets", "delete", "landwaiter", "landwaiter-ca"), ("secrets", "patch", "landwaiter", "landwaiter-ca"),
                 ("pods", "delete", "shop"), ("pods", "patch", "shop"), ("pods", "get", "shop"), ("scanpolicies.landwaiter.io", "update", ""),
                 ("registrywatches.landwaiter.io", "patch", ""), ("registrywatches.landwaiter.io", "create", ""),
                 ("scanpolicies.landwaiter.io", "get", ""), ("scanpolicies.landwaiter.io/status", "update", ""),
                 ("imagescans.landwaiter.io", "update", ""), ("imagescans.landwaiter.io/status", "patch", ""),
                 ("imagescans.landwaiter.io/status", "get", ""), ("events.events.k8s.io", "create", "shop"),
                 ("leases.coordination.k8s.io", "update", "landwaiter", "another"),
                 ("leases.coordination.k8s.io", "patch", "landwaiter", "landwaiter-controller"),
                 ("leases.coordination.k8s.io", "update", "kube-system"), ("serviceaccounts/token", "create", "landwaiter"),
                 ("validatingwebhookconfigurations.admissionregistration.k8s.io", "delete", ""),
                 ("validatingwebhookconfigurations.admissionregistration.k8s.io", "create", ""),
                 ("validatingwebhookconfigurations.admissionregistration.k8s.io", "update", "", "landwaiter"),
                 ("validatingwebhookconfigurations.admissionregistration.k8s.io", "patch", "", "another")],
    WEBHOOK: [("imagescans.landwaiter.io", "create", ""), ("imagescans.landwaiter.io/status", "patch", ""),
              ("secrets", "get", "shop"), ("secrets", "get", "landwaiter", "landwaiter-ca"), ("pods", "list", ""), ("scanpolicies.landwaiter.io", "patch", ""),
              ("imagescans.landwaiter.io", "get", ""), ("scanpolicies.landwaiter.io", "get", ""), ("namespaces", "get", "shop")],
    SCANNER: [("imagescans.landwaiter.io", "get", ""), ("namespaces", "get", ""), ("secrets", "get", "landwaiter")],
}


def _allowed(cluster, user, resource, verb, namespace, object_name=""):
    kind, _, subresource = resource.partition("/")
    name, _, group = kind.partition(".")
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {
        "user": user, "groups": ["system:serviceaccounts", "system:serviceaccounts:landwaiter", "system:authenticated"],
        "resourceAttributes": {"group": group, "resource": name, "subresource": subresource, "verb": verb,
                               "namespace": namespace, "name": object_name}}}
    status, answer = cluster.api("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    assert status == 201, answer
    return answer["status"]["allowed"]


@pytest.mark.parametrize("user", [CONTROLLER, WEBHOOK, SCANNER])
def test_a_role_may(installed, user):
    assert [w for w in MAY[user] if not _allowed(installed, user, *w)] == []


# Admission pitfalls 9 and 64.
@pytest.mark.parametrize("user", [CONTROLLER, WEBHOOK, SCANNER])
def test_a_role_may_not(installed, user):
    assert [w for w in MAY_NOT[user] if _allowed(installed, user, *w)] == []


def test_the_scanner_has_no_token_mounted(installed):
    account = installed.get("/api/v1/namespaces/landwaiter/serviceaccounts/scanner")
    assert account["automountServiceAccountToken"] is False


# A guard is in force a moment after it was made.
def _until_guarded(installed, action):
    return installed.wait_until(lambda: "only landwaiter's controller" in (done := action()).stderr and done, 30,
                                "the guard refuses")


# Admission pitfall 44.
def test_nobody_but_the_controller_may_set_pull_secrets(installed):
    scan = image_scan("with-secrets", "a:1", pullSecrets=[{"namespace": "shop", "name": "regcred"}])
    done = _until_guarded(installed, lambda: installed.kubectl("create", "--dry-run=server", "-f", "-", stdin=scan, check=False))
    assert done.returncode != 0
    by_controller = installed.kubectl("create", "--dry-run=server", "-f", "-", stdin=scan,
                                      kubeconfig=installed.service_account_kubeconfig("landwaiter", "controller"))
    assert "created" in by_controller.stdout


def test_nobody_may_add_pull_secrets_later_but_other_changes_pass(installed):
    installed.apply(image_scan("plain", "a:1"))
    add = lambda: installed.kubectl("patch", "imagescan", "plain", "--type=merge", "-p",  # noqa: E731
                                    '{"spec":{"pullSecrets":[{"namespace":"a","name":"b"}]}}', "--dry-run=server", check=False)
    _until_guarded(installed, add)
    installed.kubectl("patch", "imagescan", "plain", "--type=merge", "-p", '{"spec":{"rescanAfter":"2026-11-23T10:00:00Z"}}')
    installed.kubectl("delete", "imagescan", "plain")
