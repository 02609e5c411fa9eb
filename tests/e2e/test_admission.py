"""What kubectl says when pods are created: denied, warned about, admitted, and why."""

import json

import pytest

from making import BAD, CRITICAL, HIGH, UNFIXED
from objects import NO_CRITICAL, NOT_ROOT, deployment, job, pod, policy

FIXABLE_CRITICAL = {"name": "no-fixable-critical", "vulnerabilities": {"severityAtLeast": "Critical", "fixAvailable": True}}
WAIT = {"waitSeconds": 8}  # the first scan of an image is part of the request


@pytest.fixture
def guarded(system, namespace):
    """A namespace whose pods may have no critical finding."""
    system.enforce(namespace, policy(f"guard-{namespace}", NO_CRITICAL, namespace=namespace, **WAIT))
    return namespace


@pytest.fixture(scope="module")
def bad(system):
    pushed = system.push(packages=BAD)
    system.request_scan(pushed)
    return pushed


@pytest.fixture(scope="module")
def clean(system):
    pushed = system.push()
    system.request_scan(pushed)
    return pushed


def _known_by_its_tag(system, pushed, namespace):
    """A pod asked for it before, so the webhook knows which digest the tag is."""
    assert system.create(pod("first", pushed.tagged, namespace)).returncode != 0


def _until_judged(system, pushed, policy_name):
    """Warnings about workloads and audits wait for nobody: they say what is known."""
    system.cluster.wait_until(lambda: [p for p in system.scan(pushed.scan_name)["status"].get("policies", [])
                                       if p["name"] == policy_name], 30, f"{pushed.scan_name} is judged by {policy_name}")


# --- the reason

# Admission pitfall 71.
def test_an_image_that_was_never_seen_is_scanned_and_denied_with_a_reason_to_act_on(system, guarded):
    never_seen = system.push(packages=BAD)
    done = system.create(pod("p", never_seen.tagged, guarded))
    assert done.returncode != 0
    for part in ('admission webhook "pods.landwaiter.io" denied the request', never_seen.tagged, f"guard-{guarded}",
                 "no-critical", CRITICAL, "libbad", "1.0-1", "2.0-1", f"kubectl describe imagescan {never_seen.scan_name}"):
        assert part in done.stderr, part
    assert system.pod(guarded, "p") is None


def test_the_reason_fits_a_terminal_however_much_is_wrong(system, guarded, namespace):
    many = {"libbad": "1.0-1", "libold": "1.0"}
    containers = [{"name": f"c{i}", "image": system.push(packages=many).tagged} for i in range(12)]
    spec = pod("p", "unused", namespace)
    spec["spec"]["containers"] = containers
    answer = system.review(system.roles.webhooks[0], spec)
    message = answer["status"]["message"]
    assert not answer["allowed"] and len(message.encode()) <= 2048
    assert all(c.isprintable() or c == "\n" for c in message)


def test_a_clean_image_is_admitted_and_runs(system, guarded):
    done = system.create(pod("p", system.push().tagged, guarded))
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr
    system.cluster.wait_until(lambda: system.pod(guarded, "p")["status"].get("phase") == "Running", 30, "Running")


# Admission pitfall 48.
def test_a_pinned_reference_is_judged_as_its_tag(system, guarded, bad, clean):
    assert CRITICAL in system.create(pod("p", bad.pinned, guarded)).stderr
    assert system.create(pod("q", clean.pinned, guarded)).returncode == 0


# --- which images of a pod

def _with(namespace, good, **spec):
    return pod("p", good, namespace, **spec)


PLACES = {
    "a second container": lambda ns, good, image: {**_with(ns, good), "spec": {"containers": [
        {"name": "main", "image": good}, {"name": "side", "image": image}]}},
    # Admission pitfall 37.
    "an init container": lambda ns, good, image: _with(ns, good, initContainers=[{"name": "first", "image": image}]),
    # Admission pitfalls 37 and 40.
    "a sidecar": lambda ns, good, image: _with(ns, good, initContainers=[
        {"name": "beside", "image": image, "restartPolicy": "Always"}]),
    # Admission pitfall 36.
    "an image volume": lambda ns, good, image: _with(ns, good, volumes=[{"name": "data", "image": {"reference": image}}]),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_bad_image_is_denied_as(system, guarded, bad, clean, place):
    assert system.create(PLACES[place](guarded, clean.pinned, clean.pinned)).returncode == 0
    system.cluster.kubectl("delete", "pod", "p", "-n", guarded, "--now")
    done = system.create(PLACES[place](guarded, clean.pinned, bad.pinned))
    assert done.returncode != 0 and CRITICAL in done.stderr, done.stderr


# Admission pitfall 34.
def test_a_bad_ephemeral_container_is_denied_and_the_pod_stays(system, guarded, bad, clean):
    system.cluster.kubectl("create", "-f", "-", stdin=pod("p", clean.tagged, guarded))
    debug = lambda image: system.cluster.kubectl(  # noqa: E731
        "debug", "p", "-n", guarded, f"--image={image}", "--profile=general", "--attach=false", "--quiet", "--", "true", check=False)
    done = debug(bad.tagged)
    assert done.returncode != 0 and CRITICAL in done.stderr, done.stderr
    assert debug(clean.tagged).returncode == 0
    assert len(system.pod(guarded, "p")["spec"]["ephemeralContainers"]) == 1


# --- enforcement, match, rules

def test_warn_admits_and_says_so_on_the_terminal(system, namespace, bad):
    system.enforce(namespace, policy(f"warn-{namespace}", NO_CRITICAL, namespace=namespace, enforcement="Warn", **WAIT))
    done = system.create(pod("p", bad.tagged, namespace))
    assert done.returncode == 0
    assert "Warning:" in done.stderr and CRITICAL in done.stderr
    assert all(len(line) <= 256 + len("Warning: ") for line in done.stderr.splitlines())


def test_a_rule_with_action_warn_only_warns_under_enforce(system, namespace, bad):
    system.enforce(namespace, policy(f"soft-{namespace}", {**NO_CRITICAL, "action": "Warn"}, namespace=namespace, **WAIT))
    done = system.create(pod("p", bad.tagged, namespace))
    assert done.returncode == 0 and CRITICAL in done.stderr


def test_audit_says_nothing_to_the_user_and_all_to_the_audit_log(system, namespace, bad):
    system.enforce(namespace, policy(f"audit-{namespace}", NO_CRITICAL, namespace=namespace, enforcement="Audit", **WAIT))
    _until_judged(system, bad, f"audit-{namespace}")
    done = system.create(pod("p", bad.pinned, namespace))
    assert done.returncode == 0 and "Warning" not in done.stderr

    def annotations():
        return [e["annotations"] for e in system.cluster.audit() if e["objectRef"].get("namespace") == namespace
                and e["objectRef"]["resource"] == "pods" and e["objectRef"].get("name") == "p" and e["verb"] == "create"]
    seen = system.cluster.wait_until(annotations, 30, "the audit event")[0]
    said = {k: v for k, v in seen.items() if k.startswith("pods.landwaiter.io/")}
    assert said, seen
    assert "Fail" in json.dumps(said) and f"audit-{namespace}" in json.dumps(said) and bad.digest in json.dumps(said)


# Admission pitfall 7.
def test_without_a_policy_any_image_is_admitted_unscanned(system, namespace):
    pushed = system.push(packages=BAD)
    before = len(system.registry.requests())
    assert system.create(pod("p", pushed.tagged, namespace), dry_run=True).returncode == 0
    assert system.registry.requests(before, of=pushed.repository) == []


def test_excluded_images_are_admitted(system, namespace, bad):
    excluded = f"{system.registry.host}/{bad.repository}:*"
    system.enforce(namespace, policy(f"exc-{namespace}", NO_CRITICAL, namespace=namespace, match={"excludeImages": [excluded]}))
    assert system.create(pod("p", bad.tagged, namespace)).returncode == 0


def test_the_strictest_of_several_policies_counts(system, namespace, bad):
    system.enforce(namespace,
                   policy(f"lax-{namespace}", NO_CRITICAL, namespace=namespace, enforcement="Audit"),
                   policy(f"hard-{namespace}", FIXABLE_CRITICAL, namespace=namespace))
    done = system.create(pod("p", bad.tagged, namespace))
    assert done.returncode != 0 and f"hard-{namespace}" in done.stderr


RULES = {
    # name: (rule, packages of the image, its user, words of the denial or None where it passes)
    "a critical finding without a fix fails a rule on criticals": (NO_CRITICAL, {"libold": "1"}, "1000", UNFIXED),
    "a critical finding without a fix passes a rule on fixable ones": (FIXABLE_CRITICAL, {"libold": "1"}, "1000", None),
    "a high finding passes a rule on criticals": (NO_CRITICAL, {"libpoor": "1.0"}, "1000", None),
    "a fixed version passes": (NO_CRITICAL, {"libbad": "2.0-1"}, "1000", None),
    "no user is root": (NOT_ROOT, {}, "", "not-root"),
    "user 0 is root": (NOT_ROOT, {}, "0", "not-root"),
    "a named user is looked up in the image": (NOT_ROOT, {}, "app", None),
    "a denied package": ({"name": "no-telnet", "packages": {"denied": [{"name": "telnet*"}]}}, {"telnetd": "1"}, "1000", "telnetd"),
    "a required package that is missing": ({"name": "agent", "packages": {"required": [{"name": "agent", "type": "deb"}]}}, {},
                                           "1000", "agent"),
    "an id that is denied": ({"name": "ids", "vulnerabilities": {"ids": [HIGH]}}, {"libpoor": "1.0"}, "1000", HIGH),
    "as many findings as maxCount lets pass": ({"name": "few", "vulnerabilities": {"severityAtLeast": "High", "maxCount": 1}},
                                               {"libpoor": "1.0"}, "1000", None),
    "more findings than maxCount lets pass": ({"name": "few", "vulnerabilities": {"severityAtLeast": "High", "maxCount": 1}},
                                              {"libpoor": "1.0", "libold": "1"}, "1000", "few"),
}


@pytest.mark.parametrize("name", RULES)
def test_rules(system, namespace, name):
    rule, packages, user, words = RULES[name]
    system.enforce(namespace, policy(f"rule-{namespace}", rule, namespace=namespace, **WAIT))
    done = system.create(pod("p", system.push(packages=packages, user=user).tagged, namespace))
    if words is None:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode != 0 and words in done.stderr, done.stderr


CONFIGURATIONS = {
    "an open port 22": ({"name": "r", "image": {"deniedPorts": [22]}}, {"ExposedPorts": {"22/tcp": {}}}, True),
    "another open port": ({"name": "r", "image": {"deniedPorts": [22]}}, {"ExposedPorts": {"80/tcp": {}}}, False),
    "no health check": ({"name": "r", "image": {"healthcheckRequired": True}}, {}, True),
    "a health check": ({"name": "r", "image": {"healthcheckRequired": True}}, {"Healthcheck": {"Test": ["CMD", "true"]}}, False),
    "a missing label": ({"name": "r", "image": {"requiredLabels": [{"name": "team"}]}}, {}, True),
    "a label with another value": ({"name": "r", "image": {"requiredLabels": [{"name": "team", "value": "a*"}]}},
                                   {"Labels": {"team": "b"}}, True),
    "the label": ({"name": "r", "image": {"requiredLabels": [{"name": "team", "value": "a*"}]}}, {"Labels": {"team": "ab"}}, False),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_image_rules(system, namespace, name):
    rule, config, denied = CONFIGURATIONS[name]
    system.enforce(namespace, policy(f"image-{namespace}", rule, namespace=namespace, **WAIT))
    done = system.create(pod("p", system.push(**config).tagged, namespace))
    assert (done.returncode != 0) == denied, done.stderr


REFERENCES = {
    "a registry that is not listed": {"registries": ["registry.example.com"]},
    "a denied tag": {"deniedTags": ["1"]},
    "a tag where a digest is required": {"digestRequired": True},
}


# Admission pitfall 7.
@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_rule_needs_no_scan(system, namespace, name):
    system.enforce(namespace, policy(f"ref-{namespace}", {"name": "by-name", "reference": REFERENCES[name]}, namespace=namespace))
    pushed = system.push()
    before = len(system.registry.requests())
    done = system.create(pod("p", pushed.tagged, namespace))
    assert done.returncode != 0 and "by-name" in done.stderr
    assert system.registry.requests(before, of=pushed.repository) == [] and system.scan(pushed.scan_name) is None


# --- owners

# Admission pitfall 11.
def test_a_deployment_is_warned_about_and_its_replicaset_says_why_there_is_no_pod(system, guarded, bad):
    _known_by_its_tag(system, bad, guarded)
    done = system.create(deployment("web", bad.tagged, guarded))
    assert done.returncode == 0, "a workload is never denied"
    assert "Warning:" in done.stderr and "no-critical" in done.stderr

    def event():
        return [e for e in system.cluster.items(f"/api/v1/namespaces/{guarded}/events") if e["reason"] == "FailedCreate"]
    message = system.cluster.wait_until(event, 30, "a FailedCreate event")[0]["message"]
    assert "no-critical" in message and CRITICAL in message
    assert system.cluster.items(f"/api/v1/namespaces/{guarded}/pods") == []


def test_a_job_is_warned_about_too(system, guarded, bad):
    _known_by_its_tag(system, bad, guarded)
    done = system.create(job("once", bad.tagged, guarded))
    assert done.returncode == 0 and "no-critical" in done.stderr


# Admission pitfall 32.
def test_scaling_a_deployment_is_no_question_of_its_images(system, guarded, bad):
    system.create(deployment("web", bad.tagged, guarded, replicas=0))
    done = system.cluster.kubectl("scale", "deployment/web", "-n", guarded, "--replicas=1")
    assert "Warning" not in done.stderr
    done = system.cluster.kubectl("label", "deployment/web", "-n", guarded, "a=b")
    assert "Warning" not in done.stderr
