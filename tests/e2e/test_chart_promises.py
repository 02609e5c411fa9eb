"""What must hold of the chart whatever its values are."""

import pytest

from charts import containers, one, pod_spec, render
from chart_values import RENDERED

EVERY = pytest.mark.parametrize("values", RENDERED.values(), ids=RENDERED)
ROLES = ("webhook", "controller", "scanner")

# Admission pitfall 98.
@EVERY
def test_pods_are_restricted_and_openshift_safe_in(helm_built, values):
    objects = render(values)
    for where, found in containers(objects):
        security = found["securityContext"]
        assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"], where
        assert security["runAsNonRoot"] and security["capabilities"] == {"drop": ["ALL"]}, where
        assert security["seccompProfile"] == {"type": "RuntimeDefault"} and "runAsUser" not in security, where
        assert found["resources"]["limits"]["memory"] and found["resources"]["requests"]["memory"], where
    for workload in (o for o in objects if o["kind"] in ("Deployment", "StatefulSet", "Job")):
        security = pod_spec(workload)["securityContext"]
        assert "runAsUser" not in security, workload["metadata"]["name"]
        if values.get("openshift"):
            assert "fsGroup" not in security


@EVERY
def test_the_scanner_has_no_token_and_no_rights_in(helm_built, values):
    objects = render(values)
    name = f"{values.get('fullnameOverride', 'landwaiter')}-scanner"
    assert pod_spec(one(objects, "Deployment", name))["automountServiceAccountToken"] is False
    assert one(objects, "ServiceAccount", "scanner")["automountServiceAccountToken"] is False
    bound = [s["name"] for o in objects if o["kind"].endswith("RoleBinding") for s in o["subjects"]]
    assert "scanner" not in bound and "controller" in bound


# Admission pitfall 64.
@EVERY
def test_nobody_may_list_secrets_and_no_right_is_a_wildcard_in(helm_built, values):
    for role in (o for o in render(values) if o["kind"] in ("Role", "ClusterRole")):
        for rule in role["rules"]:
            assert "*" not in (*rule.get("apiGroups", ()), *rule["resources"], *rule["verbs"]), role["metadata"]["name"]
            if "secrets" in rule["resources"]:
                assert set(rule["verbs"]) <= {"get", "update", "create"}, role["metadata"]["name"]
                assert "update" not in rule["verbs"] or rule["resourceNames"], role["metadata"]["name"]


# Admission pitfall 100.
@EVERY
def test_every_role_listens_on_both_families_in(helm_built, values):
    for where, found in containers(render(values)):
        for arg in found.get("args", ()):
            if arg.startswith(("--listen=", "--health-listen=")):
                assert arg.split("=")[1].startswith("[::]:"), where


# Admission pitfalls 69 and 70.
@EVERY
def test_a_proxy_and_an_authority_reach_whoever_speaks_to_registries_in(helm_built, values):
    wanted = set()
    if values.get("proxy"):
        wanted |= {"https_proxy", "http_proxy", "no_proxy"}
    for where, found in containers(render(values)):
        if where.split("/")[1] not in ("controller", "scanner", "database") or found.get("command"):
            continue
        environment = {e["name"]: e.get("value", "") for e in found.get("env", ())}
        assert wanted <= set(environment) and ("https_proxy" in environment) == bool(wanted), where
        # The API server is in the cluster.
        assert not wanted or ".svc" in environment["no_proxy"] and "KUBERNETES_SERVICE_HOST" in environment["no_proxy"]
        if values.get("registries", {}).get("caBundle"):
            assert any(a in ("--registry-ca=/etc/landwaiter/ca/ca.crt", "--cacert=/etc/landwaiter/ca/ca.crt") for a in found["args"]), where
            assert "/etc/landwaiter/ca" in [m["mountPath"] for m in found["volumeMounts"]], where


@EVERY
def test_only_what_fetches_the_database_stands_beside_the_controller_and_has_no_token_in(helm_built, values):
    name = f"{values.get('fullnameOverride', 'landwaiter')}-controller"
    (workload,) = [o for o in render(values) if o["kind"] in ("Deployment", "StatefulSet") and o["metadata"]["name"] == name]
    spec = pod_spec(workload)
    assert spec["automountServiceAccountToken"] is False
    mounted = {c["name"] for c in (*spec.get("initContainers", ()), *spec["containers"])
               if any(m["name"] == "token" for m in c.get("volumeMounts", ()))}
    assert mounted == {"controller"}
    beside = [c["name"] for c in spec.get("initContainers", ())]
    assert beside == ([] if values.get("database", {}).get("source") == "volume" else ["database"])


# Admission pitfall 15.
def test_each_role_outlives_a_node(helm_built):
    objects = render()
    for role in ROLES:
        name = f"landwaiter-{role}"
        (workload,) = [o for o in objects if o["kind"] in ("Deployment", "StatefulSet") and o["metadata"]["name"] == name]
        spec = pod_spec(workload)
        assert workload["spec"]["replicas"] == 2
        assert {c["topologyKey"] for c in spec["topologySpreadConstraints"]} == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
        budget = one(objects, "PodDisruptionBudget", name)["spec"]
        assert budget["maxUnavailable"] == 1 and budget["selector"] == workload["spec"]["selector"]
        assert spec.get("priorityClassName") == (None if role == "scanner" else "system-cluster-critical")
    webhook = pod_spec(one(objects, "Deployment", "landwaiter-webhook"))
    pause = webhook["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    longest = 30  # seconds that a request may take: the longest timeout of a webhook
    assert pause + longest < webhook["terminationGracePeriodSeconds"]
    assert one(objects, "Deployment", "landwaiter-webhook")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@EVERY
def test_a_quota_admits_pods_of_the_systems_priorities_where_a_cluster_asks_for_one(helm_built, values):
    """GKE: "insufficient quota to match these scopes: [{PriorityClass In [system-cluster-critical]}]"."""
    objects = render(values)
    asked = {pod_spec(o).get("priorityClassName") for o in objects if o["kind"] in ("Deployment", "StatefulSet")}
    named = {v for o in objects if o["kind"] == "ResourceQuota"
             for e in o["spec"]["scopeSelector"]["matchExpressions"] for v in e["values"]}
    wanted = values.get("resourceQuota", {}).get("enabled", True)
    assert named == ({name for name in asked if name and name.startswith("system-")} if wanted else set())


def test_services_and_budgets_select_exactly_one_role_each(helm_built):
    objects = render()
    pods = {o["metadata"]["name"]: o["spec"]["template"]["metadata"]["labels"] for o in objects if o["kind"] in ("Deployment", "StatefulSet")}
    pods["landwaiter-disarm"] = one(objects, "Job", "landwaiter-disarm")["spec"]["template"]["metadata"]["labels"]
    pods["landwaiter-test"] = one(objects, "Pod", "landwaiter-test")["metadata"]["labels"]
    for kind, selector_of in (("Service", lambda o: o["spec"]["selector"]), ("PodDisruptionBudget", lambda o: o["spec"]["selector"]["matchLabels"]),
                              ("NetworkPolicy", lambda o: o["spec"]["podSelector"]["matchLabels"])):
        for found in (o for o in objects if o["kind"] == kind):
            selected = [n for n, labels in pods.items() if selector_of(found).items() <= labels.items()]
            assert selected == [found["metadata"]["name"]], f"{kind} {found['metadata']['name']}"


# --- network policies: who reaches whom on which port of the pods

REACHED = {("webhook", "controller", "https"), ("controller", "scanner", "https"), ("controller", "webhook", "https")}


def _admits(objects, source, target, port):
    """Whether the policies let a pod of one role reach a port of another: egress of the one, ingress of the other."""
    policies = {o["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]: o["spec"] for o in objects if o["kind"] == "NetworkPolicy"}
    workload = next(o for o in objects if o["kind"] in ("Deployment", "StatefulSet") and o["metadata"]["name"] == f"landwaiter-{target}")
    number = next(p["containerPort"] for c in pod_spec(workload)["containers"] for p in c["ports"] if p["name"] == port)

    def is_peer(peers, role):
        return peers is None or any(p.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component") == role for p in peers)
    out = any(is_peer(r.get("to"), target) and {"protocol": "TCP", "port": number} in r["ports"] for r in policies[source]["egress"])
    return out and any(is_peer(r.get("from"), source) and {"protocol": "TCP", "port": port} in r["ports"] for r in policies[target]["ingress"])


@pytest.mark.parametrize("values", [{}, {"webhook": {"port": 10250}}, {"networkPolicy": {"apiServer": [{"ipBlock": {"cidr": "10.0.0.1/32"}}]}}],
                         ids=["by default", "with the webhook on another port", "with the API server named"])
# Admission pitfalls 14 and 101.
def test_the_roles_reach_those_whom_they_call_and_no_other(helm_built, values):
    objects = render(values)
    seen = {(s, t, "https") for s in ROLES for t in ROLES if s != t and _admits(objects, s, t, "https")}
    assert seen == REACHED


# Admission pitfall 101.
def test_whoever_calls_the_webhook_is_let_in_where_the_namespace_denies_by_default(helm_built):
    (ingress,) = [r for r in one(render(), "NetworkPolicy", "landwaiter-webhook")["spec"]["ingress"]
                  if r["ports"] == [{"protocol": "TCP", "port": "https"}]]
    assert "from" not in ingress, "the API server is no pod: nothing but an address selects it"


def test_no_role_reaches_the_metadata_service_and_the_scanner_only_ports_of_registries(helm_built):
    objects = render()
    for role in ROLES:
        for rule in one(objects, "NetworkPolicy", f"landwaiter-{role}")["spec"]["egress"]:
            for peer in rule.get("to", ()):
                block = peer.get("ipBlock")
                assert not block or "169.254.0.0/16" in block.get("except", ()) or "fd00:ec2::254/128" in block.get("except", ())
    ports = {p["port"] for r in one(objects, "NetworkPolicy", "landwaiter-scanner")["spec"]["egress"] for p in r["ports"]}
    assert ports == {53, 80, 443}


def test_a_clamd_is_reached_at_its_port_by_the_scanner_alone(helm_built):
    objects = render({"scanner": {"clamd": {"address": "clamav.security.svc:3310", "maxFileBytes": 5, "timeout": "30s"}}})
    for role in ROLES:
        ports = {p["port"] for r in one(objects, "NetworkPolicy", f"landwaiter-{role}")["spec"]["egress"] for p in r["ports"]}
        assert (3310 in ports) == (role == "scanner"), role
    args = pod_spec(one(objects, "Deployment", "landwaiter-scanner"))["containers"][0]["args"]
    assert {"--clamd=clamav.security.svc:3310", "--clamd-max-bytes=5", "--clamd-timeout=30s"} <= set(args)
