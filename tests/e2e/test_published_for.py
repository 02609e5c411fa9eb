"""publishedFor: a finding counts when its advisory is that old, by the dates of real advisories in a real database."""

import datetime

import pytest

from making import ADVISORIES, BAD, CRITICAL, advisory, build_database
from objects import pod, policy

FRESH, DATELESS = "CVE-2099-3401", "CVE-2099-3402"


def _published(record, age):
    """The record, published so long ago; nobody knows when, where `age` is None."""
    record = {k: v for k, v in record.items() if k != "published"}
    if age is not None:
        record["published"] = (datetime.datetime.now(datetime.timezone.utc) - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    return record


@pytest.fixture(scope="module")
def dated(system):
    """The images {name: pushed}, each with one finding, of advisories of different age."""
    database = system.roles.database
    build_database(database, [*ADVISORIES, _published(advisory(FRESH, "libfresh", fixed="1.1"), datetime.timedelta(days=3)),
                              _published(advisory(DATELESS, "libdateless", fixed="1.1"), None)])
    packages = {"three days": {"libfresh": "1.0"}, "months": BAD, "nobody knows how long": {"libdateless": "1.0"}}
    made = {name: system.push(packages=content) for name, content in packages.items()}
    for image in made.values():
        # The controller takes the database up by itself: at first the one before may be asked.
        system.request_scan(image)
        system.cluster.wait_until(
            lambda name=image.scan_name: system.scan(name)["status"].get("vulnerabilities", {}).get("critical") == 1, 90,
            f"the one finding of {image.repository}")
    yield made
    build_database(database)


CASES = {
    # name: (publishedFor, published so long ago, the finding that it is denied for, None where it is let in)
    "an advisory of three days leaves a fortnight's rule eleven days": ("14d", "three days", None),
    "an advisory of three days is too old for a rule of two": ("2d", "three days", FRESH),
    "hours count, too": ("73h", "three days", None),
    "and so does a part of a day": ("2d23h", "three days", FRESH),
    "an advisory of months ago is left nothing": ("14d", "months", CRITICAL),
    "nor is one without a date": ("14d", "nobody knows how long", DATELESS),
    "a rule without it takes the youngest": (None, "three days", FRESH),
}


# Admission pitfall 77.
@pytest.mark.parametrize("name", CASES)
def test_a_pod_is_judged_by_the_age_of_the_advisory(system, dated, namespace, name):
    time, image, finding = CASES[name]
    rule = {"name": "mended-in-time", "vulnerabilities": {"severityAtLeast": "Critical", **({"publishedFor": time} if time else {})}}
    system.enforce(namespace, policy(f"age-{namespace}", rule, namespace=namespace, waitSeconds=8))
    scan = dated[image].scan_name
    system.cluster.wait_until(lambda: [p for p in system.scan(scan)["status"].get("policies", []) if p["name"] == f"age-{namespace}"], 60,
                              "the image is judged by the policy")
    done = system.create(pod("p", dated[image].pinned, namespace))
    if finding is None:
        # kubectl says on which day it will be denied, if nothing changes but the time.
        published = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3)
        days = {(published + datetime.timedelta(hours=hours, minutes=minutes)).strftime("%Y-%m-%d")
                for hours in [int(time[:-1]) * (24 if time.endswith("d") else 1)] for minutes in (-30, 0)}
        assert done.returncode == 0, done.stderr
        assert any(f"would be denied from {day}: rule mended-in-time: {FRESH}" in done.stderr for day in days), done.stderr
    else:
        assert done.returncode != 0 and finding in done.stderr and "mended-in-time" in done.stderr, done.stderr
