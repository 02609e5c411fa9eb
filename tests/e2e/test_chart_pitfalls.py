"""What other projects' charts got wrong: docs/pitfalls-admission.md has the list. The chart, rendered."""

import re

import pytest
import yaml

from charts import CHART, NAMESPACE, RELEASE, containers, helm, objects_of, one, pod_spec, render
from chart_values import RENDERED

WORKLOADS = ("Deployment", "StatefulSet", "Job", "Pod")
OTHER = {"release": "guard-of-mine", "namespace": "guards"}


def _webhooks(values=None):
    """The webhooks as they will be armed."""
    shipped = one(render(values), "ConfigMap", "landwaiter-webhook-configuration")
    return objects_of(shipped["data"]["webhook.yaml"])[0]["webhooks"]


def _objects_of_another_release(values):
    done = helm("template", OTHER["release"], CHART, "-n", OTHER["namespace"], "--values", "-", stdin=yaml.safe_dump(values))
    return objects_of(done.stdout)


def _workloads(objects):
    return [o for o in objects if o["kind"] in WORKLOADS]


# --- what is asked about

# Admission pitfall 2: what a cluster starts with is never asked about. 34: ephemeral containers are. 39: pods are, and every
# kind of workload in the version that is served. 43: DELETE has no object.
def test_pods_and_workloads_are_asked_about_when_they_come_and_change_and_nothing_else(helm_built):
    asked = {(group, version, resource, operation) for webhook in _webhooks() for rule in webhook["rules"]
             for group in rule["apiGroups"] for version in rule["apiVersions"]
             for resource in rule["resources"] for operation in rule["operations"]}
    kinds = {("", "pods"), ("", "pods/ephemeralcontainers"), ("", "replicationcontrollers"),
             ("apps", "deployments"), ("apps", "replicasets"), ("apps", "statefulsets"), ("apps", "daemonsets"),
             ("batch", "jobs"), ("batch", "cronjobs")}
    assert asked == {(group, "v1", resource, operation) for group, resource in kinds for operation in ("CREATE", "UPDATE")}
    assert {rule["scope"] for webhook in _webhooks() for rule in webhook["rules"]} == {"Namespaced"}
    assert {webhook["matchPolicy"] for webhook in _webhooks()} == {"Equivalent"}


# Admission pitfalls 1 and 12: the selector leaves it out, not the code. 45: by the label that no tenant may set.
def test_by_default_the_cluster_s_own_namespaces_and_the_release_s_are_left_out_by_name(helm_built):
    for webhook in _webhooks():
        (selected,) = webhook["namespaceSelector"]["matchExpressions"]
        assert selected == {"key": "kubernetes.io/metadata.name", "operator": "NotIn",
                            "values": ["kube-system", "kube-node-lease", NAMESPACE]}
        assert "objectSelector" not in webhook, "whoever writes the object would choose"


# Admission pitfalls 1 and 3: what the webhook's pods need before they run.
def test_further_namespaces_are_left_out_beside_the_release_s(helm_built):
    for webhook in _webhooks({"webhook": {"excludedNamespaces": ["kube-system", "calico-system", "policy-of-others"]}}):
        (selected,) = webhook["namespaceSelector"]["matchExpressions"]
        assert selected["values"] == ["kube-system", "calico-system", "policy-of-others", NAMESPACE]


# Admission pitfall 4: what is ignored holds a request up as long. 5: and times add up.
@pytest.mark.parametrize("timeout", [2, 10, 30])
def test_a_webhook_that_only_warns_holds_nothing_up_for_long(helm_built, timeout):
    judging, warning = _webhooks({"webhook": {"timeoutSeconds": timeout}})
    assert (judging["name"], judging["timeoutSeconds"]) == ("pods.landwaiter.io", timeout)
    assert (warning["name"], warning["failurePolicy"]) == ("workloads.landwaiter.io", "Ignore")
    assert warning["timeoutSeconds"] == min(timeout, 3)


# Admission pitfall 5.
def test_no_request_is_validated_twice(helm_built):
    resources = [resource for webhook in _webhooks() for rule in webhook["rules"] for resource in rule["resources"]]
    assert len(resources) == len(set(resources))


CHANGES_PODS = {"holding": {"admission": {"hold": True}}, "pinning": {"admission": {"pinDigests": True}},
                "both": {"admission": {"hold": True, "pinDigests": True}}}


def _changing(values):
    """The webhooks of the MutatingWebhookConfiguration as they will be armed."""
    shipped = one(render(values), "ConfigMap", "landwaiter-webhook-configuration")
    return [w for o in objects_of(shipped["data"]["webhook.yaml"]) if o["kind"] == "MutatingWebhookConfiguration" for w in o["webhooks"]]


# Admission pitfalls 49: by default nothing is changed, and where it is, of pods alone. 5: whoever waits for it waits five seconds at
# most. 41: a dry run shows it. 45: left out by name.
@pytest.mark.parametrize("values", CHANGES_PODS.values(), ids=CHANGES_PODS)
def test_pods_alone_are_changed_and_only_where_it_was_asked_for_by(helm_built, values):
    assert _changing({}) == []
    (webhook,) = _changing({**values, "webhook": {"timeoutSeconds": 30}})
    (rule,) = webhook["rules"]
    assert set(rule["resources"]) <= {"pods", "pods/ephemeralcontainers"}
    assert (webhook["timeoutSeconds"], webhook["failurePolicy"]) == (5, "Ignore"), "the other door answers for what it does not change"
    assert (webhook["sideEffects"], webhook["reinvocationPolicy"]) == ("NoneOnDryRun", "IfNeeded")
    assert webhook["namespaceSelector"] == _webhooks()[0]["namespaceSelector"] and "objectSelector" not in webhook
    (webhook,) = _changing({**values, "webhook": {"timeoutSeconds": 2}})
    assert webhook["timeoutSeconds"] == 2


# Admission pitfall 103.
def test_image_reviews_have_a_port_that_hosts_may_call(helm_built):
    objects = render({"admission": {"imageReview": {"enabled": True, "clientCA": {"secret": "apiserver-ca"}}},
                      "certificates": {"extraNames": ["webhook=10.0.0.7"]}})
    ports = {p["name"]: p["port"] for p in one(objects, "Service", "landwaiter-webhook")["spec"]["ports"]}
    assert ports["image-review"] == 8445
    (controller,) = one(objects, "StatefulSet", "landwaiter-controller")["spec"]["template"]["spec"]["containers"]
    assert any("webhook=10.0.0.7" in a for a in controller["args"]), controller["args"]


# Admission pitfall 41: without it a server's dry run is refused.
def test_dry_runs_are_said_to_have_no_side_effects(helm_built):
    assert {webhook["sideEffects"] for webhook in _webhooks()} == {"NoneOnDryRun"}


# Admission pitfall 46: AKS's enforcer and the controller would write the selectors in turn.
@pytest.mark.parametrize("values", RENDERED.values(), ids=RENDERED)
def test_no_enforcer_rewrites_the_selectors_in(helm_built, values):
    objects = render(values)
    shipped = [o for o in objects if o["kind"] in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")]
    for found in objects:
        if found["kind"] == "ConfigMap" and "webhook.yaml" in found["data"]:
            shipped += objects_of(found["data"]["webhook.yaml"])
    assert len(shipped) > 1
    assert {o["metadata"]["annotations"]["admissions.enforcer/disabled"] for o in shipped} == {"true"}


# --- names

def _names_meant(workload):
    """(kind, name) of what a pod of the chart's cannot start without."""
    spec = pod_spec(workload)
    yield "ServiceAccount", spec["serviceAccountName"]
    for volume in spec.get("volumes", ()):
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
    for found in (*spec.get("initContainers", ()), *spec["containers"]):
        for arg in found["args"]:
            if named := re.match(r"--\w+=https://([\w-]+)\.([\w-]+)\.svc:", arg):
                assert named[2] == OTHER["namespace"], arg
                yield "Service", named[1]
            if arg.startswith("--validating="):
                yield "ValidatingWebhookConfiguration", arg.split("=")[1]
            if arg.startswith("--name-prefix="):
                yield "Secret", arg.split("=")[1] + "-webhook-tls"
            if arg.startswith("--namespace="):
                assert arg == f"--namespace={OTHER['namespace']}"


# Admission pitfall 20: a Lease of the last installation, a name that only one release has. 27: another namespace.
@pytest.mark.parametrize("values", [{}, {"fullnameOverride": "gate"}], ids=["by default", "under another name"])
def test_under_any_release_and_namespace_all_that_pods_mean_is_in_it(helm_built, values):
    objects = _objects_of_another_release(values)
    there = {(o["kind"], o["metadata"]["name"]) for o in objects}
    for workload in _workloads(objects):
        assert set(_names_meant(workload)) - there == set(), workload["metadata"]["name"]
    placed = {o["metadata"]["namespace"] for o in objects if "namespace" in o["metadata"]}
    assert placed == {OTHER["namespace"]}
    for binding in (o for o in objects if o["kind"].endswith("RoleBinding")):
        assert {s["namespace"] for s in binding["subjects"]} == {OTHER["namespace"]}
    (configuration,) = [o for o in objects if o["kind"] == "ConfigMap" and "webhook.yaml" in o["data"]]
    for webhook in objects_of(configuration["data"]["webhook.yaml"])[0]["webhooks"]:
        service = webhook["clientConfig"]["service"]
        assert service["namespace"] == OTHER["namespace"] and ("Service", service["name"]) in there
    # The rights are to the very Lease that goes with the release.
    (lease,) = [o["metadata"]["name"] for o in objects if o["kind"] == "Lease"]
    rights = [r["resourceNames"] for o in objects if o["kind"] == "Role" for r in o["rules"]
              if r["resources"] == ["leases"] and "update" in r["verbs"]]
    assert rights == [[lease]]


# Admission pitfall 27: with cert-manager too, under the name that the API server asks for.
def test_certificates_of_cert_manager_are_for_the_services_in_their_namespace(helm_built):
    objects = _objects_of_another_release({"certificates": {"source": "certManager"}})
    services = {f"{o['metadata']['name']}.{OTHER['namespace']}.svc" for o in objects if o["kind"] == "Service"}
    named = [name for o in objects if o["kind"] == "Certificate" and not o["spec"].get("isCA") for name in o["spec"]["dnsNames"]]
    assert sorted(named) == sorted(services) and len(named) == 3


# --- install, upgrade, uninstall

# Admission pitfall 19: a hook's object is no part of the release.
def test_nothing_but_what_ends_is_a_hook(helm_built):
    hooks = [o for o in render() if "helm.sh/hook" in o["metadata"].get("annotations", {})]
    lasting = [o["kind"] for o in hooks if "hook-succeeded" not in o["metadata"]["annotations"]["helm.sh/hook-delete-policy"]]
    assert hooks and lasting == []
    assert {o["metadata"]["annotations"]["helm.sh/hook"] for o in hooks} == {"pre-delete", "test"}


# Admission pitfall 21: Helm never upgrades what is in crds/.
def test_crds_are_templates_and_stay_when_the_release_goes(helm_built):
    crds = [o for o in render() if o["kind"] == "CustomResourceDefinition"]  # `helm template` shows no crds/ unless asked to
    assert {o["metadata"]["name"] for o in crds} == {"imagescans.landwaiter.io", "scanpolicies.landwaiter.io", "scanexceptions.landwaiter.io",
                                                   "registrywatches.landwaiter.io"}
    assert {o["metadata"]["annotations"]["helm.sh/resource-policy"] for o in crds} == {"keep"}


# Admission pitfalls 24 and 28: no key and no caBundle is rendered, so that nothing is there to be set back.
@pytest.mark.parametrize("values", RENDERED.values(), ids=RENDERED)
def test_neither_keys_nor_authorities_are_rendered_in(helm_built, values):
    objects = render(values)
    assert [o["metadata"]["name"] for o in objects if o["kind"] == "Secret" and ("data" in o or "stringData" in o)] == []
    for configuration in (o for o in objects if o["kind"].endswith("WebhookConfiguration")):
        assert "webhooks" not in configuration
        assert not [a for a in configuration["metadata"]["annotations"] if a.startswith("cert-manager.io/")]
    for found in (o for o in objects if o["kind"] == "ConfigMap" and "webhook.yaml" in o["data"]):
        assert "caBundle" not in found["data"]["webhook.yaml"]


# --- where pods run

# Admission pitfall 14: two ways to be reached where the API server reaches few.
def test_a_webhook_on_the_host_s_network_is_reached_by_its_port_and_can_be_replaced(helm_built):
    objects = render({"webhook": {"hostNetwork": True, "port": 4443}, "namespace": {"create": True}})
    webhook = one(objects, "Deployment", "landwaiter-webhook")
    spec = pod_spec(webhook)
    assert spec["hostNetwork"] is True and spec["dnsPolicy"] == "ClusterFirstWithHostNet"
    assert "--listen=[::]:4443" in spec["containers"][0]["args"]
    assert {p["name"]: p["containerPort"] for p in spec["containers"][0]["ports"]}["https"] == 4443
    # With as many nodes as replicas there is no free port for one more.
    assert webhook["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}
    (service,) = [p for p in one(objects, "Service", "landwaiter-webhook")["spec"]["ports"] if p["name"] == "https"]
    assert (service["port"], service["targetPort"]) == (443, "https")
    enforced = one(objects, "Namespace", NAMESPACE)["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert enforced == "privileged", "or no pod of it were made"


# Admission pitfall 97: a Windows node cannot run it, and a taint must not keep it away.
def test_every_pod_asks_for_linux_and_tolerates_what_its_role_does(helm_built):
    tolerated = [{"key": "dedicated", "operator": "Exists"}]
    values = {role: {"tolerations": tolerated} for role in ("webhook", "controller", "scanner")}
    seen = _workloads(render(values))
    assert len(seen) == 5
    for workload in seen:
        spec = pod_spec(workload)
        assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}, workload["metadata"]["name"]
        assert spec["tolerations"] == tolerated, workload["metadata"]["name"]


def test_every_pod_pulls_by_the_secrets_that_were_given(helm_built):
    for workload in _workloads(render({"imagePullSecrets": [{"name": "regcred"}]})):
        assert pod_spec(workload)["imagePullSecrets"] == [{"name": "regcred"}], workload["metadata"]["name"]


# Admission pitfall 98: a read-only root has no place for temporary files.
@pytest.mark.parametrize("values", RENDERED.values(), ids=RENDERED)
def test_whoever_writes_files_has_a_place_for_them_in(helm_built, values):
    objects = render(values)
    needing = 0
    for workload in _workloads(objects):
        volumes = {v["name"]: v for v in pod_spec(workload).get("volumes", ())}
        for where, found in containers([workload]):
            role = where.split("/")[1]
            mounts = {m["mountPath"]: m["name"] for m in found.get("volumeMounts", ())}
            if role not in ("controller", "scanner", "database"):
                continue
            (temporary,) = [e["value"] for e in found["env"] if e["name"] == "TMPDIR"]
            assert volumes[mounts[temporary]]["emptyDir"]["sizeLimit"], where
            needing += 1
    assert needing >= 2


# Admission pitfall 99: a sidecar of a mesh never ends.
def test_no_mesh_joins_pods_that_must_end(helm_built):
    ending = [o for o in _workloads(render()) if o["kind"] in ("Job", "Pod")]
    assert len(ending) == 2
    for workload in ending:
        metadata = workload["metadata"] if workload["kind"] == "Pod" else workload["spec"]["template"]["metadata"]
        assert metadata["labels"]["sidecar.istio.io/inject"] == "false"
        assert metadata["annotations"]["sidecar.istio.io/inject"] == "false"
        assert metadata["annotations"]["linkerd.io/inject"] == "disabled"


# Admission pitfall 101: a namespace that denies by default must not keep the release from being deleted.
@pytest.mark.parametrize("component", ["disarm", "test"])
def test_a_hook_s_pod_reaches_the_api_server_where_the_namespace_denies_by_default(helm_built, component):
    objects = render({"networkPolicy": {"apiServer": [{"ipBlock": {"cidr": "10.0.0.1/32"}}], "apiServerPorts": [6443]}})
    policy = one(objects, "NetworkPolicy", f"{RELEASE}-{component}")
    asking = one(objects, "Job" if component == "disarm" else "Pod", f"{RELEASE}-{component}")
    weights = [int(o["metadata"]["annotations"].get("helm.sh/hook-weight", 0)) for o in (policy, asking)]
    assert weights[0] < weights[1], "it is there before the pod"
    assert policy["metadata"]["annotations"]["helm.sh/hook"] == asking["metadata"]["annotations"]["helm.sh/hook"]
    assert "ingress" not in policy["spec"] and policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    names, api, *more = policy["spec"]["egress"]
    # That of `helm test` calls the webhook, too.
    assert [p["port"] for way in more for p in way["ports"]] == ([] if component == "disarm" else [8443])
    assert {p["port"] for p in names["ports"]} == {53}
    assert api == {"ports": [{"protocol": "TCP", "port": 6443}], "to": [{"ipBlock": {"cidr": "10.0.0.1/32"}}]}


# Admission pitfall 82: else it is the kernel that ends the scanner, and every scan in it.
def test_the_scanner_s_memory_holds_as_many_scans_as_it_runs(helm_built):
    (found,) = pod_spec(one(render(), "Deployment", "landwaiter-scanner"))["containers"]
    flags = dict(a.split("=", 1) for a in found["args"] if "=" in a)
    limit = found["resources"]["limits"]["memory"]
    assert limit.endswith("Gi")
    assert int(flags["--concurrent-scans"]) * int(flags["--scan-memory"]) < int(limit[:-2]) * 2**30
