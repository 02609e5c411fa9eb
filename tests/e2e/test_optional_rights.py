"""Rights that are off until they are wanted: by the controller's own token, on the chart that helm installed, what
`admission.nudge` and `admission.hold` bring is there with them and not without, and nothing beside it ever."""

import json

import pytest

from charts import CHART, NAMESPACE, RELEASE, helm
from objects import cron_job, deployment, job, owned, pod, replication_controller
from processes import wait_until

TEAM = "team"
MODES = {"neither": {}, "nudge": {"nudge": True}, "hold": {"hold": True}, "both": {"nudge": True, "hold": True}}
NUDGE, HOLD, NEVER = {"nudge", "both"}, {"hold", "both"}, set()
APPS, BATCH, CORE = (f"/{group}/namespaces/{TEAM}" for group in ("apis/apps/v1", "apis/batch/v1", "api/v1"))
OWNERS = {"ReplicaSet": f"{APPS}/replicasets/owner", "StatefulSet": f"{APPS}/statefulsets/owner", "DaemonSet": f"{APPS}/daemonsets/owner",
          "Job": f"{BATCH}/jobs/owner", "ReplicationController": f"{CORE}/replicationcontrollers/owner"}
ANNOTATED = {"metadata": {"annotations": {"landwaiter.io/judged-at": "2026-11-26T00:00:00Z"}}}
SCALED = {"spec": {"replicas": 7}}
OK = {"GET": 200, "PATCH": 200, "PUT": 200, "DELETE": 200, "POST": 201}


def _with_subresources():
    for path in OWNERS.values():
        yield from (("PATCH", path + "/status", {"status": {}}, NEVER), ("GET", path + "/status", None, NEVER))
        if not path.endswith(("daemonsets/owner", "jobs/owner")):
            yield from (("PATCH", path + "/scale", SCALED, NEVER), ("GET", path + "/scale", None, NEVER))


# (method, path, body, the modes in which it is allowed): every call is a dry run of what would succeed.
CALLS = [
    *(("PATCH", path, ANNOTATED, NUDGE) for path in OWNERS.values()),
    *((method, path, None, NEVER) for path in OWNERS.values() for method in ("GET", "DELETE")),
    # Lists, and the deletion of all.
    *((method, path.rsplit("/", 1)[0], None, NEVER) for path in OWNERS.values() for method in ("GET", "DELETE")),
    *(("PUT", path, {}, NEVER) for path in OWNERS.values()),
    *(("POST", path.rsplit("/", 1)[0], {}, NEVER) for path in OWNERS.values()),
    *_with_subresources(),
    # Owners' owners and neighbours.
    ("PATCH", f"{APPS}/deployments/owner", ANNOTATED, NEVER),
    ("PATCH", f"{BATCH}/cronjobs/owner", ANNOTATED, NEVER),
    ("PATCH", f"{CORE}/configmaps/kube-root-ca.crt", ANNOTATED, NEVER),
    ("PATCH", f"{CORE}/serviceaccounts/default", ANNOTATED, NEVER),
    ("PATCH", f"/api/v1/namespaces/{TEAM}", ANNOTATED, NEVER),
    ("PATCH", f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}-webhook", ANNOTATED, NEVER),
    # Pods that are held.
    ("PATCH", f"{CORE}/pods/p", ANNOTATED, HOLD), ("DELETE", f"{CORE}/pods/p", None, HOLD),
    *((method, f"{CORE}/pods/p", {} if method == "PUT" else None, NEVER) for method in ("GET", "PUT")),
    ("POST", f"{CORE}/pods", {}, NEVER), ("DELETE", f"{CORE}/pods", None, NEVER),
    ("PATCH", f"{CORE}/pods/p/status", {"status": {}}, NEVER), ("PATCH", f"{CORE}/pods/p/ephemeralcontainers", {"spec": {}}, NEVER),
    ("PATCH", f"{CORE}/pods/p/resize", {"spec": {}}, NEVER), ("POST", f"{CORE}/pods/p/binding", {}, NEVER),
    ("POST", f"{CORE}/pods/p/eviction", {}, NEVER), ("POST", f"{CORE}/pods/p/exec?command=true", None, NEVER),
    ("GET", f"{CORE}/pods/p/log", None, NEVER),
]
# What each adds to the rights of the account, in all: (group, resource, verb).
ADDED = {
    "nudge": {("apps", "replicasets", "patch"), ("apps", "statefulsets", "patch"), ("apps", "daemonsets", "patch"),
              ("batch", "jobs", "patch"), ("", "replicationcontrollers", "patch")},
    "hold": {("", "pods", "patch"), ("", "pods", "delete"),
             *(("admissionregistration.k8s.io", "mutatingwebhookconfigurations", verb) for verb in ("get", "patch", "delete"))},
}
ADDED["both"] = ADDED["nudge"] | ADDED["hold"]
ADDED["neither"] = set()


def _still(made):
    """As made, but without pods: only rights are of interest."""
    spec = made["spec"]
    if made["kind"] == "DaemonSet":
        spec["template"]["spec"]["nodeSelector"] = {"no-such": "label"}
    elif made["kind"] in ("Job", "CronJob"):
        spec["suspend"] = True
    else:
        spec["replicas"] = 0
    return made


def _set(cluster, verb, mode):
    values = {"admission": MODES[mode], "store": {"persistence": {"enabled": False}}}
    helm(verb, RELEASE, CHART, "-n", NAMESPACE, "--create-namespace" if verb == "install" else "--reset-values", "--values", "-",
         cluster=cluster, stdin=json.dumps(values))


@pytest.fixture(scope="module")
def account(fresh):
    """The token of the controller's account, of a release that helm installed; objects that it might reach for."""
    _set(fresh, "install", "neither")
    fresh.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TEAM}})
    fresh.wait_until(lambda: fresh.get(f"{CORE}/serviceaccounts/default") and fresh.get(f"{CORE}/configmaps/kube-root-ca.crt"), 30,
                     "the namespace is ready")
    fresh.apply(*(_still(owned(kind, "owner", "a:1", TEAM)) for kind in ("ReplicaSet", "StatefulSet", "DaemonSet")),
                *(_still(make("owner", "a:1", TEAM)) for make in (job, deployment, cron_job, replication_controller)),
                pod("p", "a:1", TEAM))
    return fresh.service_account_token(NAMESPACE, "controller")


def _answers(cluster, token):
    """The status of each call, 403 where rights are wanting."""
    def ask(method, path, body):
        dry = "" if method == "GET" else ("&" if "?" in path else "?") + "dryRun=All"
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        return cluster.api(method, path + dry, body, kind, token=token)[0]
    return {(method, path): ask(method, path, body) for method, path, body, _ in CALLS}


def _rights(cluster, token):
    """{(group, resource, verb)} of the account in the team's namespace, those with a name among them."""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": TEAM}}
    status, answer = cluster.api("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review, token=token)
    assert status == 201, answer
    return {(group, resource, verb) for rule in answer["status"]["resourceRules"] for group in rule.get("apiGroups", ())
            for resource in rule.get("resources", ()) for verb in rule["verbs"]}


@pytest.fixture(scope="module")
def without(account, fresh):
    return _rights(fresh, account)


# "neither" comes again at the end: what was taken away is gone.
@pytest.mark.parametrize("mode", [*MODES, "neither"])
def test_the_controller_s_account_can_do_what_is_switched_on_and_nothing_beside_it(account, without, fresh, mode):
    _set(fresh, "upgrade", mode)
    expected = {(method, path): OK[method] if mode in modes else 403 for method, path, _, modes in CALLS}
    assert len(expected) == len(CALLS)
    last = {}

    def as_expected():
        last.update(_answers(fresh, account))
        return last == expected
    try:
        wait_until(as_expected, 30, "roles are in force")
    except AssertionError:
        assert last == expected
    assert _rights(fresh, account) - without == ADDED[mode]
    assert without - _rights(fresh, account) == set()
