"""ScanExceptions: a team's own word about what runs in its namespace, as far as a policy takes it; the same at the
door, in the background and on the command line."""

import datetime
import json
import subprocess

import pytest

from making import BAD, CRITICAL, build_database
from objects import JUDGE_RUNNING, NO_CRITICAL, NOT_ROOT, pod, policy
from roles import landwaiter

KIND = "/apis/landwaiter.io/v1alpha1"


def _day(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%d")


def _exception(name, namespace, until=None, **spec):
    return {"apiVersion": "landwaiter.io/v1alpha1", "kind": "ScanException", "metadata": {"name": name, "namespace": namespace},
            "spec": {"until": until or _day(60), "reason": "ticket SEC-12", **spec}}


def _of_both(name, namespace, other, *rules, **spec):
    """A policy of two namespaces, which goes with the first."""
    made = policy(name, *rules, waitSeconds=8, match={"namespaceSelector": {"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace, other]}]}}, **JUDGE_RUNNING, **spec)
    made["metadata"]["labels"] = {"test": namespace}
    return made


@pytest.fixture(scope="module")
def bad(system):
    pushed = system.push(packages=BAD)
    system.request_scan(pushed)
    return pushed


def _status(system, name, namespace):
    found = system.cluster.get(f"{KIND}/namespaces/{namespace}/scanexceptions/{name}") or {}
    return found.get("status", {})


def _condition(system, name, namespace, kind):
    found = [c for c in _status(system, name, namespace).get("conditions", []) if c["type"] == kind]
    return (found[0]["status"], found[0]["reason"], found[0]["message"]) if found else None


def _answer(system, pushed, namespace):
    return system.create(pod("asked", pushed.pinned, namespace), dry_run=True)


def _until(system, pushed, namespace, admitted, what):
    system.cluster.wait_until(lambda: (_answer(system, pushed, namespace).returncode == 0) == admitted, 60, what)


def test_an_exception_lets_its_own_namespace_in_and_no_other(system, namespace, other_namespace, bad):
    guard = f"guard-{namespace}"
    system.enforce(namespace, _of_both(guard, namespace, other_namespace, NO_CRITICAL, allowExceptions={"rules": ["no-critical"]}))
    _until(system, bad, namespace, False, "it is denied at first")
    system.cluster.apply(_exception("libbad", namespace, ids=[CRITICAL], approvedBy="sec@example.com"))
    _until(system, bad, namespace, True, "the exception lets it in")
    assert CRITICAL in _answer(system, bad, other_namespace).stderr, "denied elsewhere as before"

    assert system.create(pod("runs", bad.pinned, namespace)).returncode == 0
    accepted = system.cluster.wait_until(lambda: _condition(system, "libbad", namespace, "Accepted"), 60, "a condition")
    assert accepted == ("True", "Taken", f"taken by {guard}")
    # Other tests' images may have the finding, too: they would be let in here as well.
    excused = system.cluster.wait_until(lambda: _status(system, "libbad", namespace).get("excuses"), 60, "it excuses the image")
    assert _status(system, "libbad", namespace)["policies"] == [guard]
    shown = system.cluster.kubectl("get", "sexc", "-n", namespace).stdout.splitlines()
    assert shown[0].split() == ["NAME", "UNTIL", "EXCUSES", "ACCEPTED", "EXPIRED", "REASON", "AGE"]
    assert shown[1].split()[:5] == ["libbad", _day(60), shown[1].split()[2], "True", "Current"]
    assert excused >= 1 and int(shown[1].split()[2]) >= 1

    system.cluster.kubectl("delete", "sexc", "libbad", "-n", namespace)
    _until(system, bad, namespace, False, "without it, denied at once again")


REFUSED = {
    "a policy that takes none": ({}, {"ids": [CRITICAL]}, "has no allowExceptions|no ScanPolicy has allowExceptions"),
    "another rule": ({"allowExceptions": {"rules": ["not-root"]}}, {"ids": [CRITICAL], "rules": ["no-critical"]}, "none about these rules"),
    "longer than it may last": ({"allowExceptions": {"for": "30d"}}, {"ids": [CRITICAL]}, "takes at most 720h"),
    "no approval": ({"allowExceptions": {"approvalRequired": True}}, {"ids": [CRITICAL]}, "only what has approvedBy"),
    "a whole rule above the bound": ({"allowExceptions": {"severityAtMost": "High"}}, {"rules": ["no-critical"]}, "write ids or packages"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_policy_does_not_take_excuses_nothing_and_says_why(system, namespace, bad, case):
    spec, wanted, words = REFUSED[case]
    system.enforce(namespace, policy(f"guard-{namespace}", NO_CRITICAL, NOT_ROOT, namespace=namespace, waitSeconds=8, **JUDGE_RUNNING, **spec))
    system.cluster.apply(_exception("refused", namespace, **wanted))
    said = system.cluster.wait_until(lambda: _condition(system, "refused", namespace, "Accepted"), 60, "a condition")
    assert said[:2] == ("False", "NotAllowed") and any(part in said[2] for part in words.split("|")), said
    _until(system, bad, namespace, False, "denied all the same")
    events = system.cluster.wait_until(
        lambda: system.cluster.items(f"/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.kind=ScanException"), 60, "an Event")
    assert [(e["type"], e["reason"]) for e in events] == [("Warning", "NotAllowed")]


def test_the_severity_bound_holds_at_the_door(system, namespace, bad):
    system.enforce(namespace, policy(f"guard-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8, **JUDGE_RUNNING,
                                     allowExceptions={"severityAtMost": "High"}))
    system.cluster.apply(_exception("critical", namespace, ids=[CRITICAL]))
    system.cluster.wait_until(lambda: (_condition(system, "critical", namespace, "Accepted") or ("",))[0] == "True", 60, "taken")
    _until(system, bad, namespace, False, "a critical finding is above the bound")


def test_one_that_ends_within_two_weeks_is_announced_and_one_that_has_ended_counts_no_more(system, namespace, bad):
    system.enforce(namespace, policy(f"guard-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8, allowExceptions={}, **JUDGE_RUNNING))
    system.cluster.apply(_exception("ending", namespace, until=_day(3), ids=[CRITICAL]))
    _until(system, bad, namespace, True, "it counts to its last day")
    system.cluster.wait_until(lambda: (_condition(system, "ending", namespace, "Expired") or ("", ""))[1] == "Ending", 60, "its end is told")
    ended = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    system.cluster.apply(_exception("ending", namespace, until=ended, ids=[CRITICAL]))
    _until(system, bad, namespace, False, "it has ended")
    system.cluster.wait_until(lambda: (_condition(system, "ending", namespace, "Expired") or ("",))[0] == "True", 60, "it says so")
    events = system.cluster.items(f"/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.kind=ScanException,reason=Ending")
    assert events and events[0]["type"] == "Warning"


SCHEMA = {
    "nothing excused": ({}, "write at least one of ids, packages, paths and rules"),
    "an end that is no day": ({"ids": ["CVE-1"], "until": "soon"}, "write the last day"),
    "a reason of blanks": ({"ids": ["CVE-1"], "reason": "  "}, "write why this is excused"),
    "an unknown field": ({"ids": ["CVE-1"], "severity": "Low"}, 'unknown field "spec.severity"'),
}


@pytest.mark.parametrize("case", SCHEMA)
def test_the_api_server_refuses_what_says_nothing(installed, case):
    spec, words = SCHEMA[case]
    wanted = _exception("refused", "default")
    wanted["spec"].update(spec)
    done = installed.kubectl("create", "--validate=strict", "--dry-run=server", "-f", "-", stdin=wanted, check=False)
    assert done.returncode != 0 and words in done.stderr, done.stderr


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return build_database(tmp_path_factory.mktemp("exceptions") / "database")


def _scan(bad, database, tmp_path, *flags):
    rules = [policy("guard", NO_CRITICAL, allowExceptions={})]
    (tmp_path / "policy.json").write_text(json.dumps(rules[0]))
    return subprocess.run([landwaiter(), "scan", bad.pinned, "--db", str(database), "--policy", str(tmp_path / "policy.json"),
                           "--layer-cache", "off", *flags], capture_output=True, text=True, timeout=120)


def test_a_policy_about_other_images_is_named(bad, database, tmp_path):
    rules = policy("elsewhere", NO_CRITICAL, match={"images": ["registry.example.com/**"]})
    (tmp_path / "elsewhere.json").write_text(json.dumps(rules))
    alone = _scan(bad, database, tmp_path, "--policy", str(tmp_path / "elsewhere.json"))
    assert alone.returncode == 1 and "policy elsewhere is about other images" in alone.stderr, alone.stderr
    assert "policy guard" not in alone.stderr


def test_the_command_line_says_the_same(bad, database, tmp_path):
    (tmp_path / "exceptions.json").write_text(json.dumps(_exception("libbad", "shop", ids=[CRITICAL])))
    exceptions = ("--exceptions", str(tmp_path / "exceptions.json"))
    assert _scan(bad, database, tmp_path).returncode == 1
    excused = _scan(bad, database, tmp_path, *exceptions)
    assert excused.returncode == 0, excused.stdout + excused.stderr
    assert f"ScanException shop/libbad: {CRITICAL} until {_day(60)}: ticket SEC-12" in excused.stdout
    assert _scan(bad, database, tmp_path, *exceptions, "--namespace", "bank").returncode == 1
    refused = json.loads((tmp_path / "exceptions.json").read_text())
    refused["spec"]["until"] = _day(200)
    (tmp_path / "exceptions.json").write_text(json.dumps(refused))
    longer = _scan(bad, database, tmp_path, *exceptions)
    assert longer.returncode == 1 and "ScanException shop/libbad is taken by no policy" in longer.stderr
