"""Reports of what runs, in each namespace: of both kinds, true to the verdicts, written only when something changed, and
gone with what they were about."""

import pytest

from charts import render
from making import ADVISORIES, BAD, advisory, build_database
from objects import NO_CRITICAL, deployment, pod, policy
from report_crds import OPENREPORTS, WGPOLICY

NOT_ROOT = {"name": "not-root", "action": "Warn", "image": {"runsAsRoot": True}}
KINDS = {"wgpolicy": ("/apis/wgpolicyk8s.io/v1alpha2", "policyreports"), "openreports": ("/apis/openreports.io/v1alpha1", "reports")}
FOUND = "CVE-2099-3701"


def _install(cluster, *crds):
    cluster.apply(*crds)
    for crd in crds:
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"crd/{crd['metadata']['name']}")


@pytest.fixture(scope="module")
def reports(system):
    """The leading controller keeps reports of both kinds, by the rights that the chart gives it for that."""
    objects = [o for o in render({"controller": {"policyReports": "both"}}) if o["metadata"]["name"].endswith("-policy-reports")]
    assert sorted(o["kind"] for o in objects) == ["ClusterRole", "ClusterRoleBinding"]
    cluster, crds = system.cluster, (WGPOLICY, OPENREPORTS)
    rights = {"apiVersion": "v1", "kind": "List", "items": objects}
    cluster.kubectl("apply", "-f", "-", stdin=rights)
    with system.roles.controllers[0].started_with({"--policy-reports": "both"}):
        # It starts without the kinds, and waits for them.
        controller = system.roles.controllers[0]
        cluster.wait_until(lambda: "its CRD is waited for" in controller.process.log(), 60, "the log says that the CRDs are not there")
        _install(cluster, *crds)
        for kind in KINDS:
            cluster.wait_until(lambda k=kind: controller.metric("landwaiter_policy_report_kind_available", kind=k) == 1, 120, f"{kind} is there")
        assert controller.process.log().count("its CRD is waited for") == 2, "once for each kind"
        yield system
    cluster.kubectl("delete", "-f", "-", stdin=rights)
    cluster.kubectl("delete", *(f"crd/{c['metadata']['name']}" for c in crds))


def _report(system, kind, namespace, name="landwaiter"):
    root, plural = KINDS[kind]
    return system.cluster.get(f"{root}/namespaces/{namespace}/{plural}/{name}")


def _results(system, kind, namespace):
    """{(policy, rule): result} of a namespace's report; {} where there is none."""
    return {(r["policy"], r["rule"]): r for r in (_report(system, kind, namespace) or {}).get("results", [])}


def _says(system, namespace, expected, what):
    """Waits until the reports of both kinds say this of each rule: {(policy, rule): outcome}."""
    for kind in KINDS:
        def looked(kind=kind):
            return {k: r["result"] for k, r in _results(system, kind, namespace).items()} == expected
        try:
            system.cluster.wait_until(looked, 90, f"{kind}: {what}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {_report(system, kind, namespace)}") from None


def test_a_namespace_has_reports_of_what_runs_in_it(reports, namespace, other_namespace):
    system, name = reports, f"rep-{namespace}"
    system.enforce(namespace, policy(name, NO_CRITICAL, NOT_ROOT, namespace=namespace, enforcement="Audit"))
    bad = system.push(packages=BAD, user="0")
    system.request_scan(bad)
    for where in (namespace, other_namespace):
        assert system.create(deployment("web", bad.pinned, where, 2)).returncode == 0
    _says(system, namespace, {(name, "no-critical"): "fail", (name, "not-root"): "warn"}, "an image that fails")
    (replica_set,) = system.cluster.items(f"/apis/apps/v1/namespaces/{namespace}/replicasets")
    for kind, severity in (("wgpolicy", "high"), ("openreports", "critical")):
        report = _report(system, kind, namespace)
        assert report["scope"] == {"apiVersion": "v1", "kind": "Namespace", "name": namespace}
        assert report["summary"] == {"pass": 0, "fail": 1, "warn": 1, "error": 0, "skip": 0}
        assert report["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "landwaiter"
        result = _results(system, kind, namespace)[(name, "no-critical")]
        assert result["severity"] == severity, "as far as the kind's schema has words for it"
        (resource,) = result["resources"]
        assert resource == {"apiVersion": "apps/v1", "kind": "ReplicaSet", "namespace": namespace,
                            "name": replica_set["metadata"]["name"], "uid": replica_set["metadata"]["uid"]}
        properties = result["properties"]
        assert properties["digest"] == bad.digest and properties["scan"] == bad.scan_name and properties["image"] == bad.pinned
        assert properties["pods"] == "2" and int(properties["critical"]) >= 1
        assert result["message"] and result["scored"] is True and result["source"] == "landwaiter" and result["timestamp"]["seconds"] > 0
        assert _results(system, kind, namespace)[(name, "not-root")]["scored"] is False
        assert _report(system, kind, other_namespace) is None, "no policy is for that namespace"
    assert _report(system, "openreports", namespace)["source"] == "landwaiter"
    header, row = system.cluster.kubectl("get", "policyreports.wgpolicyk8s.io", "-n", namespace).stdout.splitlines()
    assert dict(zip(header.split(), row.split()))["FAIL"] == "1"


def test_reports_follow_verdicts_and_go_with_what_they_are_about(reports, namespace):
    system, name = reports, f"rep-{namespace}"
    controller = system.roles.controllers[0]
    system.enforce(namespace, policy(name, NO_CRITICAL, namespace=namespace))
    pushed = system.push(packages={"libreport": "1.0"})
    system.request_scan(pushed)
    assert system.create(deployment("web", pushed.pinned, namespace)).returncode == 0
    _says(system, namespace, {(name, "no-critical"): "pass"}, "an image that passes")
    try:
        build_database(system.roles.database, [*ADVISORIES, advisory(FOUND, "libreport", fixed="1.1")])
        _says(system, namespace, {(name, "no-critical"): "fail"}, "it turned bad")
        assert FOUND in _results(system, "wgpolicy", namespace)[(name, "no-critical")]["message"]
    finally:
        build_database(system.roles.database)
    _says(system, namespace, {(name, "no-critical"): "pass"}, "it is good again")

    # Looked at again without a change: nothing is written.
    before = {kind: _report(system, kind, namespace)["metadata"]["resourceVersion"] for kind in KINDS}
    looked = controller.metric("landwaiter_reconcile_total", controller="runtime", result="success")
    system.request_scan(system.push())
    system.cluster.wait_until(lambda: controller.metric("landwaiter_reconcile_total", controller="runtime", result="success") > looked, 60,
                              "they were looked at")
    assert {kind: _report(system, kind, namespace)["metadata"]["resourceVersion"] for kind in KINDS} == before

    # A report that is not ours stays, whatever becomes of ours.
    root, plural = KINDS["wgpolicy"]
    system.cluster.apply({"apiVersion": "wgpolicyk8s.io/v1alpha2", "kind": "PolicyReport", "metadata": {"name": "others", "namespace": namespace}})
    system.cluster.kubectl("delete", "deployment/web", "-n", namespace)
    for kind in KINDS:
        system.cluster.wait_until(lambda k=kind: _report(system, k, namespace) is None, 90, f"{kind}: nothing runs there any more")
    assert system.cluster.get(f"{root}/namespaces/{namespace}/{plural}/others") is not None


def test_reports_go_with_the_policy(reports, namespace):
    system, name = reports, f"rep-{namespace}"
    system.enforce(namespace, policy(name, NO_CRITICAL, namespace=namespace, enforcement="Audit"))
    bad = system.push(packages=BAD)
    assert system.create(pod("bare", bad.pinned, namespace)).returncode == 0
    _says(system, namespace, {(name, "no-critical"): "fail"}, "a bare pod")
    assert _results(system, "openreports", namespace)[(name, "no-critical")]["resources"][0]["kind"] == "Pod"
    # What a restarted controller finds is its own, and pruned like the rest.
    system.roles.controllers[0].restart()
    system.cluster.kubectl("delete", "scanpolicy", name)
    system.cluster.delete_all("/apis/landwaiter.io/v1alpha1/scanpolicies", f"test={namespace}")
    for kind in KINDS:
        system.cluster.wait_until(lambda k=kind: _report(system, k, namespace) is None, 120, f"{kind}: no policy is for the namespace")
