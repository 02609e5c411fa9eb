"""What the API server's own audit log says of a pod beside its verdict: the exception that let it in, the database that
its image was matched with."""

import re
import subprocess

from bench import audit_annotations
from making import ADVISORIES, BAD, CRITICAL, advisory, build_database
from objects import NO_CRITICAL, pod, policy
from roles import landwaiter

EXCEPTIONS, DATABASE, VERDICT = (f"pods.landwaiter.io/{key}" for key in ("exceptions", "database", "verdict"))
UNTIL, REASON = "2098-12-31", "not reachable, SEC-12"


def _built(database):
    """When the database in that folder was built, as `landwaiter db status` shows it."""
    shown = subprocess.run([landwaiter(), "db", "status", str(database)], capture_output=True, text=True, check=True,
                           stdin=subprocess.DEVNULL, timeout=30).stdout
    return re.search(r"^As of (\S+), ", shown, re.MULTILINE)[1]


def _answered(system, name, image, namespace, key, value):
    """Waits until the webhook has heard of what the API server has (by dry runs, which are not in the log as creations of
    pods), then makes the pod; kubectl's answer."""
    asked = pod(name, image, namespace)
    system.cluster.wait_until(
        lambda: system.review(system.roles.webhooks[0], asked, dry_run=True)["auditAnnotations"].get(key) == value, 60, f"{key} is {value}")
    return system.create(asked)


def test_the_audit_log_names_the_exception_that_let_a_pod_in(system, namespace):
    bad = system.push(packages=BAD)
    system.registry.push(bad.image, f"{bad.repository}-copy", "1")
    excused, copy = bad.tagged, f"{system.registry.host}/{bad.repository}-copy:1"
    system.enforce(namespace, policy(f"excuse-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8, exceptions=[
        {"ids": [CRITICAL], "images": [excused], "until": UNTIL, "reason": REASON}]))
    system.request_scan(bad)
    said = f"{CRITICAL} until {UNTIL}: {REASON}"
    for image in (excused, copy):  # until the webhook knows what these tags mean
        system.cluster.wait_until(
            lambda i=image: "digests" in system.review(system.roles.webhooks[0], pod("known", i, namespace))["auditAnnotations"], 60,
            f"{image} is known")
    done = _answered(system, "excused", excused, namespace, "exceptions", said)
    assert done.returncode == 0, done.stderr
    seen = audit_annotations(system.cluster, namespace, "excused")
    assert (seen[VERDICT], seen[EXCEPTIONS]) == ("Allow", said)
    # Under another name the same digest is not excused, and nothing says that it were.
    done = system.create(pod("copy", copy, namespace))
    assert done.returncode != 0 and CRITICAL in done.stderr, done.stderr
    seen = audit_annotations(system.cluster, namespace, "copy")
    assert seen[VERDICT] == "Deny" and EXCEPTIONS not in seen


def test_the_audit_log_names_the_database_in_force(system, namespace):
    system.enforce(namespace, policy(f"dated-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    clean = system.push()
    system.request_scan(clean)
    first = _built(system.roles.database)
    try:
        assert _answered(system, "first", clean.pinned, namespace, "database", first).returncode == 0
        build_database(system.roles.database, [*ADVISORIES, advisory("CVE-2099-2101", "libnobodyhas", fixed="1.1")])
        second = _built(system.roles.database)
        assert second > first
        assert _answered(system, "second", clean.pinned, namespace, "database", second).returncode == 0
        # Named in a denial, too.
        bad = system.push(packages=BAD)
        system.request_scan(bad)
        assert _answered(system, "third", bad.pinned, namespace, "database", second).returncode != 0
    finally:
        build_database(system.roles.database)
    found = {name: audit_annotations(system.cluster, namespace, name) for name in ("first", "second", "third")}
    assert {name: (seen[VERDICT], seen[DATABASE]) for name, seen in found.items()} == {
        "first": ("Allow", first), "second": ("Allow", second), "third": ("Deny", second)}
