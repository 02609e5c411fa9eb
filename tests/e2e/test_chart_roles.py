"""The roles as processes with exactly the arguments and the accounts that the chart gives them. Only what a
kubelet would bring is put in place: folders for mounts, addresses for names."""

import json
import os

import pytest

from charts import CHART, NAMESPACE, container, helm, one, placed, render
from making import BAD, CRITICAL, build_database, debian_image
from objects import NO_CRITICAL, image_scan, policy
from processes import Process, ProcessGroup, free_ports
from roles import Role, Roles, landwaiter
from system import Pushed, System

KINDS = {"webhook": "Deployment", "controller": "Deployment", "scanner": "Deployment"}
TEAM = "team"
MIRRORED = "registry.invalid"  # RFC 2606: no name server knows it


@pytest.fixture(scope="module")
def values(registry):
    return {"certificates": {"source": "secrets"}, "webhook": {"arm": False}, "store": {"persistence": {"enabled": False}},
            "database": {"source": "volume", "volume": {"persistentVolumeClaim": {"claimName": "db"}}},
            "registries": {"plainHttp": [registry.host], "allowAddresses": ["127.0.0.1/32"],
                           "hosts": {MIRRORED: f'[host."http://{registry.host}"]\n'}}}


@pytest.fixture(scope="module")
def running(fresh, values, workdir):
    """{role: Role} on the chart that helm installed."""
    helm("install", "landwaiter", CHART, "-n", NAMESPACE, "--create-namespace", "--values", "-", cluster=fresh, stdin=json.dumps(values))
    folder = workdir / "chart-roles"
    bench = Roles(fresh, folder, None)  # its certificates and kubeconfigs alone
    bench.make_certificates()
    ports = {role: free_ports(2) for role in KINDS}
    group, roles, objects = ProcessGroup(), {}, render(values)
    database = build_database(folder / "database")
    hosts = one(objects, "ConfigMap", "landwaiter-registry-hosts")["data"]
    for name, text in hosts.items():
        (folder / "hosts" / name).mkdir(parents=True)
        (folder / "hosts" / name / "hosts.toml").write_text(text)
    try:
        for role in ("scanner", "controller", "webhook"):
            found = container(objects, KINDS[role], f"landwaiter-{role}", role)
            mounts = {"/etc/landwaiter/certificates": folder / "certificates" / role, "/var/lib/landwaiter": folder / "data",
                      "/etc/landwaiter/database": database, "/etc/landwaiter/hosts": folder / "hosts", "/scratch": folder / "tmp", "/layers": folder / "layers"}
            argv = [landwaiter(), *placed(found["args"], mounts, ports[role], {r: p[0] for r, p in ports.items()})]
            if role != "scanner":
                argv += ["--kubeconfig", fresh.service_account_kubeconfig(NAMESPACE, role)]
            env = {"PATH": os.environ["PATH"], **{e["name"]: str(folder / "tmp") for e in found.get("env", ()) if e["name"] == "TMPDIR"}}
            process = group.add(Process(role, argv, folder / f"{role}.log", env=env)).start()
            roles[role] = Role(process, *ports[role])
            roles[role].wait_ready()
        yield roles
        assert {name: role.stop() for name, role in roles.items()} == {name: 0 for name in roles}, "each ends well when it is told to"
    finally:
        group.stop()


def test_they_serve_with_the_flags_of_the_chart_and_judge(running, fresh, registry):
    system = System(fresh, registry, None)
    fresh.apply(policy("chart", NO_CRITICAL))
    pushed = Pushed(registry, debian_image(BAD))
    fresh.apply(image_scan("asked", pushed.tagged))
    scan = system.wait_scan(pushed.scan_name)
    assert CRITICAL in json.dumps(scan["status"]["topFindings"])
    fresh.wait_until(lambda: (system.scan(pushed.scan_name)["status"].get("policies") or [{}])[0].get("verdict") == "Fail", 30,
                     "the policy's verdict")


def test_they_have_images_from_the_mirrors_of_the_chart(running, fresh, registry):
    system = System(fresh, registry, None)
    pushed = Pushed(registry, debian_image(BAD))
    before = len(registry.requests())
    fresh.apply(image_scan("asked-of-a-mirror", f"{MIRRORED}/{pushed.repository}:1"))
    scan = system.wait_scan(pushed.scan_name)
    assert CRITICAL in json.dumps(scan["status"]["topFindings"])
    asked = registry.requests(before, of=pushed.repository)
    assert asked and all(r.path.endswith(f"?ns={MIRRORED}") for r in asked), asked


# --- each role's token, against the API server: (account, method, path, body) and the status

SCAN = image_scan("by-token", "a:1")
SCANS, POLICIES = "/apis/landwaiter.io/v1alpha1/imagescans", "/apis/landwaiter.io/v1alpha1/scanpolicies"
GUARDED = image_scan("guarded", "a:1", pullSecrets=[{"namespace": "default", "name": "regcred"}])
STATUS = {"status": {"verdict": "Pass"}}
POLICY = policy("by-token", NO_CRITICAL)
EVENT = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"},
         "involvedObject": {"kind": "Pod", "namespace": "default", "name": "p"}}
CALLS = {
    "webhook": [("GET", SCANS, None, 200), ("GET", POLICIES, None, 200), ("GET", "/api/v1/namespaces", None, 200),
                ("POST", SCANS, SCAN, 403), ("POST", SCANS, GUARDED, 403), ("PATCH", f"{SCANS}/existing/status", STATUS, 403),
                ("PATCH", f"{POLICIES}/existing/status", STATUS, 403), ("DELETE", f"{SCANS}/existing", None, 403),
                ("POST", "/api/v1/namespaces/default/events", EVENT, 403), ("GET", "/api/v1/pods", None, 403),
                ("GET", "/api/v1/namespaces/default/secrets/s", None, 403), ("GET", "/api/v1/nodes", None, 403)],
    "scanner": [(method, path, body, 403) for method, path, body in (
        ("GET", SCANS, None), ("GET", POLICIES, None), ("GET", "/api/v1/namespaces", None), ("GET", "/api/v1/pods", None),
        ("GET", "/api/v1/nodes", None), ("GET", "/api/v1/namespaces/landwaiter/secrets", None),
        ("GET", "/api/v1/namespaces/landwaiter/configmaps", None), ("POST", SCANS, SCAN),
        ("PATCH", f"{SCANS}/existing/status", STATUS), ("POST", "/api/v1/namespaces/default/events", EVENT))],
    "controller": [("GET", "/api/v1/namespaces/default/secrets", None, 403), ("POST", "/api/v1/namespaces/default/secrets", {}, 403),
                   ("GET", "/api/v1/namespaces/default/secrets/absent", None, 404), ("POST", f"{SCANS}?dryRun=All", GUARDED, 201),
                   ("POST", POLICIES, POLICY, 403), ("DELETE", "/api/v1/namespaces/default/pods/p", None, 403)],
    "viewer": [("GET", SCANS, None, 200), ("GET", POLICIES, None, 200), ("POST", SCANS, SCAN, 403), ("POST", POLICIES, POLICY, 403)],
    "tenant": [("GET", SCANS, None, 200), ("POST", f"{SCANS}?dryRun=All", SCAN, 201), ("POST", f"{SCANS}?dryRun=All", GUARDED, 403),
               ("PATCH", f"{SCANS}/existing?dryRun=All", {"spec": {"rescanAfter": "2026-11-23T10:00:00Z"}}, 200),
               ("PATCH", f"{SCANS}/existing?dryRun=All", {"spec": GUARDED["spec"]}, 403),
               ("PATCH", f"{SCANS}/existing/status", STATUS, 403), ("DELETE", f"{SCANS}/existing", None, 403),
               ("POST", POLICIES, POLICY, 403), ("PATCH", f"{POLICIES}/existing", {"spec": {"enforcement": "Audit"}}, 403)],
    "administrator": [("POST", f"{POLICIES}?dryRun=All", POLICY, 201), ("POST", f"{SCANS}?dryRun=All", GUARDED, 403),
                      ("DELETE", f"{SCANS}/existing?dryRun=All", None, 200), ("PATCH", f"{SCANS}/existing/status", STATUS, 403),
                      ("PATCH", f"{POLICIES}/existing/status", STATUS, 403)],
}
PEOPLE = {"viewer": "view", "tenant": "edit", "administrator": "admin"}


@pytest.fixture(scope="module")
def accounts(running, fresh):
    """Tokens: the roles' own, and those of accounts with the cluster's view, edit and admin."""
    fresh.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TEAM}},
                image_scan("existing", "a:1"), policy("existing", NO_CRITICAL, match={"images": ["none.invalid/**"]}))
    for person, role in PEOPLE.items():
        fresh.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": person, "namespace": TEAM}},
                    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": person},
                     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                     "subjects": [{"kind": "ServiceAccount", "name": person, "namespace": TEAM}]})
    return {name: fresh.service_account_token(TEAM if name in PEOPLE else NAMESPACE, name) for name in CALLS}


# Admission pitfall 44.
@pytest.mark.parametrize("account", CALLS)
def test_by_its_own_token_an_account_can_do_its_work_and_nothing_else(accounts, fresh, account):
    def answers():
        return [(method, path, fresh.api(method, path, body, "application/merge-patch+json" if method == "PATCH" else "application/json",
                                         token=accounts[account])[0]) for method, path, body, _ in CALLS[account]]
    expected = [(method, path, status) for method, path, _, status in CALLS[account]]
    # Aggregation and the guard take a moment to be in force.
    try:
        fresh.wait_until(lambda: answers() == expected, 30, "every answer is as expected")
    except AssertionError:
        assert answers() == expected


def test_the_scanner_s_account_can_do_no_more_than_anybody(accounts, fresh):
    def rights(token):
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": NAMESPACE}}
        status, answer = fresh.api("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review, token=token)
        assert status == 201, answer
        return sorted(json.dumps(r, sort_keys=True) for kind in ("resourceRules", "nonResourceRules") for r in answer["status"][kind])
    assert rights(accounts["scanner"]) == rights(fresh.service_account_token(NAMESPACE, "default"))
    assert rights(accounts["webhook"]) != rights(accounts["scanner"])
