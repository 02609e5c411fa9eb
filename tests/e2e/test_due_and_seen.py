"""knownExploitedDueWithin and firstSeenFor: by the due date of a real list in a real database, and by when the cluster met a finding."""

import datetime
import json

import pytest

from making import ADVISORIES, advisory, build_database
from objects import pod, policy

OVERDUE, DUE, UNDATED, UNLISTED = (f"CVE-2099-35{n:02}" for n in (1, 2, 3, 4))
SEEN = "CVE-2099-3510"


def _day(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%d")


def _names(finding):
    return f"lib{finding.lower()}"


@pytest.fixture(scope="module")
def listed(system, workdir):
    """An image of each finding; the list of known exploited ones says by when."""
    kev = workdir / "kev-due.json"
    kev.write_text(json.dumps({"vulnerabilities": [
        {"cveID": OVERDUE, "dateAdded": _day(-30), "dueDate": _day(-2)}, {"cveID": DUE, "dateAdded": _day(-3), "dueDate": _day(10)},
        {"cveID": UNDATED, "dateAdded": _day(-3)}]}))
    database = system.roles.database
    wanted = (OVERDUE, DUE, UNDATED, UNLISTED, SEEN)
    build_database(database, [*ADVISORIES, *(advisory(one, _names(one), fixed="2.0", severity="LOW") for one in wanted)], f"kev={kev}")
    made = {one: system.push(packages={_names(one): "1.0"}) for one in wanted}
    for image in made.values():
        # The controller takes the database up by itself: at first the one before may be asked.
        system.request_scan(image)
        system.cluster.wait_until(lambda name=image.scan_name: system.scan(name)["status"].get("vulnerabilities", {}).get("low") == 1, 90,
                                  f"the one finding of {image.repository}")
    yield made
    build_database(database)


def _row(system, image, name):
    return system.cluster.wait_until(
        lambda: next((p for p in system.scan(image.scan_name)["status"].get("policies", []) if p["name"] == name), None), 60,
        f"{image.repository} is judged by {name}")


DUE_CASES = {
    # name: (knownExploitedDueWithin, the finding, denied, said from which day on)
    "what is overdue is denied": ("0d", OVERDUE, True, None),
    "what is due in ten days is left them": ("0d", DUE, False, 11),
    "and is denied by a rule of a fortnight": ("14d", DUE, True, None),
    "three days before it a rule of three days begins": ("3d", DUE, False, 8),
    "what has no day is denied": ("0d", UNDATED, True, None),
    "what is not on the list is never due": ("3650d", UNLISTED, False, None),
}


@pytest.mark.parametrize("name", DUE_CASES)
def test_a_pod_is_judged_by_the_lists_due_date(system, listed, namespace, name):
    within, finding, denied, from_day = DUE_CASES[name]
    image = listed[finding]
    rule = {"name": "due", "vulnerabilities": {"knownExploitedDueWithin": within}}
    system.enforce(namespace, policy(f"due-{namespace}", rule, namespace=namespace, waitSeconds=8))
    _row(system, image, f"due-{namespace}")
    done = system.create(pod("p", image.pinned, namespace))
    assert (done.returncode != 0) == denied, done.stderr
    assert not denied or (finding in done.stderr and "due" in done.stderr), done.stderr
    assert from_day is None or any(f"would be denied from {_day(day)}: rule due: {finding}" in done.stderr
                                   for day in (from_day, from_day - 1)), done.stderr


def _fails_from(system, image, name):
    return _row(system, image, name).get("failsFrom", {}).get("from")


def test_a_finding_is_as_old_as_the_clusters_first_sight_of_it(system, listed, namespace):
    image = listed[SEEN]
    name, short = f"seen-{namespace}", f"short-{namespace}"
    rule = {"name": "seen", "vulnerabilities": {"ids": [SEEN], "firstSeenFor": "14d"}}
    system.enforce(namespace, policy(name, rule, namespace=namespace, waitSeconds=8))
    first = _fails_from(system, image, name)
    assert first, "its advisory is old, the finding is not"
    done = system.create(pod("p", image.pinned, namespace))
    assert done.returncode == 0 and f"would be denied from {first[:10]}: rule seen: {SEEN}" in done.stderr, done.stderr

    # Another image that has it, a scan of the first anew, and a controller that begins anew: the day stays.
    other = system.push(packages={_names(SEEN): "1.1"})
    system.request_scan(other)
    assert _fails_from(system, other, name) == first
    before = system.scan(image.scan_name)["metadata"]["uid"]
    system.cluster.kubectl("delete", "imagescan", image.scan_name)
    system.request_scan(image)
    system.cluster.wait_until(lambda: system.scan(image.scan_name)["metadata"]["uid"] != before, 60, "it was made anew")
    system.wait_scan(image.scan_name)
    assert _fails_from(system, image, name) == first
    system.roles.controllers[0].restart()
    late = system.push(packages={_names(SEEN): "1.2"})
    system.request_scan(late)
    assert _fails_from(system, late, name) == first

    # By now it is known for more than a second: even what is pushed today has no time left.
    system.enforce(namespace, policy(short, {"name": "seen", "vulnerabilities": {"ids": [SEEN], "firstSeenFor": "1s"}},
                                     namespace=namespace, waitSeconds=8))
    assert _row(system, late, short)["verdict"] == "Fail"
    denied = system.create(pod("q", late.pinned, namespace))
    assert denied.returncode != 0 and SEEN in denied.stderr, denied.stderr
