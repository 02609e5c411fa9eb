"""VEX: statements in ConfigMaps of Landwaiter's own namespace take findings out; those of other namespaces do not."""

import json
import subprocess

import pytest

from making import BAD, CRITICAL, build_database
from objects import NO_CRITICAL, pod, policy
from roles import landwaiter

OWN = "landwaiter"


def _document(product, status="not_affected", time="2026-01-01T00:00:00Z"):
    return json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex-1", "author": "us",
                       "timestamp": time, "version": 1, "statements": [
                           {"vulnerability": {"name": CRITICAL}, "products": [{"@id": product}], "status": status,
                            "justification": "vulnerable_code_not_present"}]})


@pytest.fixture
def says(system):
    """Puts documents into a ConfigMap of a namespace."""
    made = []

    def put(document, namespace=OWN, name="vex", labelled=True):
        made.append((namespace, name))
        labels = {"landwaiter.io/vex": "true"} if labelled else {}
        system.cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "data": {"ours.json": document},
                              "metadata": {"name": name, "namespace": namespace, "labels": labels}})

    yield put
    for namespace, name in made:
        system.cluster.kubectl("delete", "configmap", name, "-n", namespace, "--ignore-not-found")


@pytest.fixture(scope="module")
def bad(system):
    pushed = system.push(packages=BAD)
    system.request_scan(pushed)
    return pushed


def _admitted(system, pushed, namespace):
    return system.create(pod("asked", pushed.pinned, namespace), dry_run=True).returncode == 0


def _until(system, pushed, namespace, admitted, what):
    system.cluster.wait_until(lambda: _admitted(system, pushed, namespace) == admitted, 60, what)


def _counts(system, pushed):
    return system.scan(pushed.scan_name)["status"]["vulnerabilities"]


def test_a_statement_takes_the_finding_out_and_the_scan_says_how_many(system, namespace, bad, says):
    system.enforce(namespace, policy(f"guard-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    _until(system, bad, namespace, False, "denied at first")
    before = _counts(system, bad)
    says(_document(f"pkg:oci/x?repository_url={bad.pinned.rpartition('@')[0]}"))
    assert before["critical"] == 1 and "suppressed" not in before
    says(_document("pkg:oci/app@" + bad.digest.replace(":", "%3A")))
    _until(system, bad, namespace, True, "the statement about this digest lets it in")
    after = _counts(system, bad)
    assert (after["critical"], after["suppressed"]) == (0, 1), after

    says(_document("pkg:oci/app@" + bad.digest.replace(":", "%3A"), status="affected"))
    _until(system, bad, namespace, False, "affected after all")
    assert "suppressed" not in _counts(system, bad)


@pytest.mark.parametrize("where", ["of another namespace", "without the label"])
def test_other_config_maps_say_nothing(system, namespace, other_namespace, bad, says, where):
    system.enforce(namespace, policy(f"guard-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    document = _document("pkg:oci/app@" + bad.digest.replace(":", "%3A"))
    if where == "of another namespace":
        says(document, namespace=other_namespace)
    else:
        says(document, labelled=False)
    # What would be looked at is: a statement about something else in a ConfigMap that counts, then the canary's turn.
    says(_document("pkg:deb/debian/another"), name="other")
    system.enforce(namespace, policy(f"again-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    assert not _admitted(system, bad, namespace)


def test_a_document_that_cannot_be_read_is_told_and_takes_nothing_from_the_others(system, namespace, bad, says):
    system.enforce(namespace, policy(f"guard-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    says(_document("pkg:oci/app@" + bad.digest.replace(":", "%3A")), name="good")
    says('{"@context": "https://openvex.dev/ns/v0.2.0", "statements": {}}', name="broken")
    events = system.cluster.wait_until(
        lambda: system.cluster.items(f"/api/v1/namespaces/{OWN}/events?fieldSelector=involvedObject.name=broken,reason=InvalidVex"), 60, "an Event")
    assert events[0]["type"] == "Warning" and "ours.json: statements is no list" in events[0]["message"]
    _until(system, bad, namespace, True, "the good one counts")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return build_database(tmp_path_factory.mktemp("vex") / "database")


def _scan(bad, database, *flags):
    return subprocess.run([landwaiter(), "scan", bad.pinned, "--db", str(database), "--layer-cache", "off", "--exit-code", "5", *flags],
                          capture_output=True, text=True, timeout=120)


def test_the_command_line_takes_files_and_says_what_they_took_out(bad, database, tmp_path):
    (tmp_path / "vex.json").write_text(_document("pkg:oci/app@" + bad.digest.replace(":", "%3A")))
    vex = ("--vex", str(tmp_path / "vex.json"))
    assert _scan(bad, database).returncode == 5
    table = _scan(bad, database, *vex)
    assert table.returncode == 0, table.stdout + table.stderr
    assert "Taken out by VEX: 1 finding" in table.stdout
    assert f"{CRITICAL} in libbad 1.0-1: not_affected, vulnerable_code_not_present (https://example.com/vex-1)" in table.stdout
    platform = json.loads(_scan(bad, database, *vex, "--format", "json").stdout)["platforms"][0]
    assert platform["findings"] == [] and platform["vulnerabilities"]["critical"] == 0
    assert [(s["finding"]["id"], s["status"], s["source"]) for s in platform["suppressed"]] == [
        (CRITICAL, "not_affected", "https://example.com/vex-1")]


@pytest.mark.parametrize("text, says", [("{}", "is no VEX document"), ("{", "JSON"), (None, "vex.json")])
def test_a_file_that_cannot_be_read_is_bad_usage(bad, database, tmp_path, text, says):
    if text is not None:
        (tmp_path / "vex.json").write_text(text)
    done = _scan(bad, database, "--vex", str(tmp_path / "vex.json"))
    assert done.returncode == 2 and says in done.stderr, done.stderr
