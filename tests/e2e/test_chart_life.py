"""install, upgrade, rollback, uninstall: the real helm on the real API server. kwok plays the kubelets, so
pods run without their programs, but for that of `helm uninstall`: it ends because the pod's command has disarmed
(kubelet.py)."""

import json

import pytest

from charts import CHART, NAMESPACE, RELEASE, helm, objects_of, render, template
from kubelet import Kubelet, uninstall
from objects import NO_CRITICAL, image_scan, pod, policy
from processes import wait_until
from roles import manifest

CONFIGURATION = f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{RELEASE}"
PODS = {"webhook": 2, "controller": 2, "scanner": 2}
# What lives by itself and says nothing of us.
PASSING = ("Event", "Lease", "EndpointSlice", "Endpoints")
KEPT = {("CustomResourceDefinition", "<none>", "imagescans.landwaiter.io"),
        ("CustomResourceDefinition", "<none>", "scanpolicies.landwaiter.io"),
        ("CustomResourceDefinition", "<none>", "scanexceptions.landwaiter.io"),
        ("CustomResourceDefinition", "<none>", "registrywatches.landwaiter.io"),
        ("APIService", "<none>", "v1alpha1.landwaiter.io")}


def _everything(cluster):
    """(kind, namespace, name) of all objects of the cluster."""
    kinds = cluster.kubectl("api-resources", "--verbs=list", "-o", "name").stdout.split()
    shown = cluster.kubectl("get", ",".join(kinds), "-A", "--ignore-not-found", "--no-headers", "-o",
                            "custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name").stdout
    found = {tuple(line.split()) for line in shown.splitlines()}
    return {f for f in found if f[0] not in PASSING or (f[0] == "Lease" and f[1] == NAMESPACE)}


def _make_volumes(cluster, tag):
    for number in range(PODS["controller"]):
        cluster.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"pv-{tag}-{number}"},
                       "spec": {"capacity": {"storage": "20Gi"}, "accessModes": ["ReadWriteOnce"],
                                "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": "/nonexistent"}}})


def _make_namespace(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": NAMESPACE, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    cluster.wait_until(lambda: cluster.get(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"), 30, "the default account")


def _running(cluster):
    pods = cluster.items(f"/api/v1/namespaces/{NAMESPACE}/pods")
    return {role: sum(1 for p in pods if p["metadata"]["labels"].get("app.kubernetes.io/component") == role
                      and p["status"].get("phase") == "Running" and "deletionTimestamp" not in p["metadata"]) for role in PODS}


def _configuration(cluster):
    return cluster.get(CONFIGURATION)


def _arm_with_nobody_there(cluster):
    """As the controller arms, but where nobody listens: with failurePolicy Fail no pod is made any more."""
    webhooks = manifest("webhook.yaml")[0]["webhooks"]
    for webhook in webhooks:
        webhook["clientConfig"] = {"url": "https://127.0.0.1:9/validate"}
    status, answer = cluster.api(
        "PATCH", f"{CONFIGURATION}?fieldManager=landwaiter-arming&force=true",
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": RELEASE},
         "webhooks": webhooks}, "application/apply-patch+yaml")
    assert status == 200, answer
    cluster.wait_until(lambda: "failed calling webhook" in _try_pod(cluster), 30, "pods are refused because nobody answers")


def _secret(part):
    return f"/api/v1/namespaces/{NAMESPACE}/secrets/{RELEASE}-{part}"


CERTIFICATES = ("ca", "webhook-tls", "controller-tls", "scanner-tls")


def _certificates(cluster):
    return {part: cluster.get(_secret(part)).get("data") for part in CERTIFICATES}


def _keep_certificates(cluster):
    """As the controller does: a whole update of what was read."""
    for part in CERTIFICATES:
        secret = cluster.get(_secret(part))
        assert "data" not in secret
        secret["data"] = {key: "a2VwdA==" for key in ("ca.crt", "tls.crt", "tls.key")}
        status, answer = cluster.api("PUT", _secret(part), secret)
        assert status == 200, answer


def _try_pod(cluster):
    """What kubectl says to a pod in namespace default: '' where it is taken."""
    done = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=pod("probe", "a:1", "default"), check=False)
    return done.stderr if done.returncode else ""


def _diff(cluster, *args):
    """`helm template | kubectl diff`: (exit code, text)."""
    done = cluster.kubectl("diff", "-f", "-", stdin=template({}, "--no-hooks", *args).stdout, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def namespace_alone(fresh):
    _make_namespace(fresh)
    return fresh


def _install(cluster, tag):
    """A release that runs, was armed as the controller arms, and is used; what stood there before."""
    _make_volumes(cluster, tag)
    before = _everything(cluster) - KEPT  # an earlier release's CRDs: this one takes them over
    helm("install", RELEASE, CHART, "-n", NAMESPACE, "--wait", "--timeout", "120s", cluster=cluster)
    assert _running(cluster) == PODS, "all pods are admitted under Pod Security restricted, and run"
    assert "webhooks" not in _configuration(cluster)
    assert _try_pod(cluster) == "", "nothing is asked of a webhook that was not armed"
    _arm_with_nobody_there(cluster)
    _keep_certificates(cluster)
    cluster.apply(policy("mine", NO_CRITICAL), image_scan("asked", "registry.example.com/a:1"))
    return before


def _uninstall(cluster, before):
    assert "failed calling webhook" in _try_pod(cluster), "until here pods are refused"
    uninstall(cluster)
    assert _try_pod(cluster) == "", "nothing is blocked"
    kept = KEPT | {("ScanPolicy", "<none>", "mine"), ("ImageScan", "<none>", "asked")}
    cluster.wait_until(lambda: _everything(cluster) - before == kept or None, 60,
                       f"only CRDs and users' objects remain, not {_everything(cluster) - before - kept}")
    _was_disarmed_first(cluster)
    cluster.kubectl("delete", "scanpolicy/mine", "imagescan/asked")


# Admission pitfalls 17, 20 and 98.
def test_install_upgrade_rollback_uninstall(namespace_alone):
    cluster = namespace_alone
    before = _install(cluster, "run")
    armed, certificates = _configuration(cluster)["webhooks"], _certificates(cluster)
    assert _diff(cluster) == (0, ""), "Helm and GitOps tools see no difference to what runs"

    helm("upgrade", RELEASE, CHART, "-n", NAMESPACE, "--wait", "--timeout", "120s", "--set", "logLevel=debug,webhook.replicas=3",
         cluster=cluster)
    assert _running(cluster) == {**PODS, "webhook": 3}
    assert _configuration(cluster)["webhooks"] == armed, "an upgrade leaves what the controller applied"
    exit_code, shown = _diff(cluster)
    assert exit_code == 1 and "log-level=debug" in shown, "the same look sees a real difference"

    helm("rollback", RELEASE, "1", "-n", NAMESPACE, "--wait", "--timeout", "120s", cluster=cluster)
    wait_until(lambda: _running(cluster) == PODS, 60, "the first revision runs")
    assert _diff(cluster) == (0, "")
    assert _configuration(cluster)["webhooks"] == armed
    assert _certificates(cluster) == certificates and all(certificates.values())
    revisions = json.loads(helm("history", RELEASE, "-n", NAMESPACE, "-o", "json", cluster=cluster).stdout)
    assert [r["description"] for r in revisions] == ["Install complete", "Upgrade complete", "Rollback to 1"]
    _uninstall(cluster, before)


# Admission pitfall 17.
def test_uninstall_after_the_roles_were_killed_blocks_nothing(namespace_alone):
    cluster = namespace_alone
    before = _install(cluster, "killed")
    cluster.kubectl("delete", "deployments,statefulsets", "--all", "-n", NAMESPACE)
    _uninstall(cluster, before)


# Admission pitfall 17.
def test_an_uninstall_that_could_not_disarm_deletes_nothing(namespace_alone):
    """No node runs the Job's pod, then one whose account lost its right: helm gives up, and the release is there as before. With
    both mended the next uninstall goes through."""
    cluster = namespace_alone
    before = _install(cluster, "stuck")
    there = _everything(cluster)
    right = f"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{RELEASE}-controller"
    binding, token = cluster.get(right), cluster.service_account_token(NAMESPACE, "controller")

    def until_answered(status):
        cluster.wait_until(lambda: cluster.api("GET", CONFIGURATION, token=token)[0] == status, 30, f"the account is answered {status}")

    def given_up():
        done = helm("uninstall", RELEASE, "-n", NAMESPACE, "--wait", "--timeout", "15s", cluster=cluster, check=False)
        assert done.returncode != 0, done.stdout
        assert _configuration(cluster)["webhooks"] and "failed calling webhook" in _try_pod(cluster)
        left = {o for o in there - _everything(cluster) if o[0] not in ("Pod", "ClusterRoleBinding")}
        assert left == set(), "helm has deleted nothing"
    given_up()
    assert cluster.api("DELETE", right)[0] == 200
    until_answered(403)
    with Kubelet(cluster, "disarm") as kubelet:
        given_up()
    assert kubelet.ran and {code for _, code in kubelet.ran} != {0}, kubelet.output
    assert "forbidden" in kubelet.output[0], kubelet.output
    for gone in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
        del binding["metadata"][gone]
    assert cluster.api("POST", right.rpartition("/")[0], binding)[0] == 201
    until_answered(200)
    _uninstall(cluster, before)


def _was_disarmed_first(cluster):
    """The hook's last Job was made, and had ended, before anything of the release was deleted, and in between its pod's
    account, the controller's, took the webhooks away."""
    def last(verb, resource, name, user=None):
        return max(n for n, e in enumerate(cluster.audit()) if e["verb"] == verb and e["objectRef"]["resource"] == resource
                   and e["objectRef"].get("name") == name and e["responseStatus"]["code"] < 300 and user in (None, e["user"]["username"]))
    disarmed = last("delete", "jobs", f"{RELEASE}-disarm")  # by hook-succeeded
    written = last("patch", "validatingwebhookconfigurations", RELEASE, f"system:serviceaccount:{NAMESPACE}:controller")
    assert last("create", "jobs", f"{RELEASE}-disarm") < written < disarmed
    assert disarmed < last("delete", "validatingwebhookconfigurations", RELEASE)
    assert disarmed < last("delete", "deployments", f"{RELEASE}-webhook") or not cluster.items(
        f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments")


def test_a_pod_that_is_not_restricted_is_refused_where_ours_are_taken(namespace_alone):
    done = namespace_alone.kubectl("create", "--dry-run=server", "-f", "-", stdin=pod("p", "a:1", NAMESPACE), check=False)
    assert done.returncode != 0 and 'violates PodSecurity "restricted' in done.stderr


def test_a_second_release_is_refused_by_helm(namespace_alone):
    cluster = namespace_alone
    args = ("-n", NAMESPACE, "--set", "store.persistence.enabled=false")
    helm("install", RELEASE, CHART, *args, cluster=cluster)
    try:
        second = helm("install", "another", CHART, *args, cluster=cluster, check=False)
        assert second.returncode != 0 and "cannot be imported into the current release" in second.stderr
    finally:
        uninstall(cluster)


def test_the_plain_manifests_install_and_go(namespace_alone):
    cluster = namespace_alone
    _make_volumes(cluster, "plain")
    shipped = {"apiVersion": "v1", "kind": "List", "items": manifest("install.yaml")}
    cluster.kubectl("apply", "-f", "-", stdin=shipped)
    wait_until(lambda: _running(cluster) == PODS, 60, "all pods run")
    _arm_with_nobody_there(cluster)
    again = cluster.kubectl("diff", "-f", "-", stdin=shipped, check=False)
    assert (again.returncode, again.stdout + again.stderr) == (0, ""), "applied again they change nothing"
    # As docs/install.md says: the webhook configuration first.
    cluster.kubectl("delete", "validatingwebhookconfiguration", RELEASE)
    kept = [o for o in shipped["items"] if o["kind"] not in ("CustomResourceDefinition", "Namespace")]
    cluster.kubectl("delete", "--ignore-not-found", "-f", "-", stdin={**shipped, "items": kept})
    assert _try_pod(cluster) == ""
    # Not Helm's: the next test's release could not take them over.
    cluster.kubectl("delete", "-f", "-", stdin={**shipped, "items": manifest("install.yaml", "CustomResourceDefinition")})


SECRETS = [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}}
           for namespace in ("shop", "bank") for name in ("regcred", "database-password")]
MODES = {
    "cluster": ({}, {("shop", "regcred"), ("shop", "database-password"), ("bank", "regcred"), ("bank", "database-password")}),
    "namespaces": ({"namespaces": ["shop"]}, {("shop", "regcred"), ("shop", "database-password")}),
    "names": ({"names": ["regcred"]}, {("shop", "regcred"), ("bank", "regcred")}),
    "none": ({}, set()),
}


# Admission pitfall 64.
@pytest.mark.parametrize("mode", MODES)
def test_the_controller_reads_pull_secrets_as_far_as_the_mode_says(namespace_alone, mode):
    cluster = namespace_alone
    for name in ("shop", "bank"):
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.apply(*SECRETS)
    more, readable = MODES[mode]
    rights = [o for o in render({"registries": {"secrets": {"mode": mode, **more}}})
              if o["kind"] in ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
              and "helm.sh/hook" not in o["metadata"].get("annotations", {})]
    together = {"apiVersion": "v1", "kind": "List", "items": rights}
    cluster.kubectl("apply", "-f", "-", stdin=together)
    try:
        token = cluster.service_account_kubeconfig(NAMESPACE, "controller")
        cluster.wait_until(lambda: cluster.kubectl("get", "nodes", kubeconfig=token, check=False).returncode == 0, 30, "its rights hold")
        got = {(s["metadata"]["namespace"], s["metadata"]["name"]) for s in SECRETS
               if cluster.kubectl("get", "secret", s["metadata"]["name"], "-n", s["metadata"]["namespace"],
                                  kubeconfig=token, check=False).returncode == 0}
        assert got == readable
        listed = cluster.kubectl("get", "secrets", "-n", "shop", kubeconfig=token, check=False)
        assert listed.returncode != 0 and "forbidden" in listed.stderr
    finally:
        cluster.kubectl("delete", "-f", "-", stdin=together)
