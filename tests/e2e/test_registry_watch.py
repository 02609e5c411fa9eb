"""Registries watched: a RegistryWatch's tags become ImageScans that are scanned, new digests are noticed, what is watched stays,
and what a registry does wrong is said and bounded."""

import base64
import itertools
import json
import time

import pytest

from making import BAD, debian_image
from objects import NO_CRITICAL, PASSWORD, TOKEN_USERS, pod, policy
from odd_registry import Answer
from system import SCANS, Pushed, condition

_numbers = itertools.count(1)


def watch(name, namespace, host, *repositories, **spec):
    return {"apiVersion": "landwaiter.io/v1alpha1", "kind": "RegistryWatch", "metadata": {"name": name, "namespace": namespace},
            "spec": {"registry": host, "repositories": list(repositories), **spec}}


def _path(namespace, name="w"):
    return f"/apis/landwaiter.io/v1alpha1/namespaces/{namespace}/registrywatches/{name}"


def _wait(system, namespace, ready="True", reason=None, complete=None, name="w", generation=None):
    """Waits until the watch's conditions are so; returns it."""
    def looked():
        seen = system.cluster.get(_path(namespace, name))
        status, at = condition(seen, "Ready"), (seen or {}).get("status", {}).get("observedGeneration")
        there = status["status"] == ready and reason in (None, status["reason"]) and generation in (None, at)
        return there and complete in (None, condition(seen, "Complete")["reason"]) and seen
    try:
        return system.cluster.wait_until(looked, 90, f"{namespace}/{name} has Ready={ready} {reason or ''} {complete or ''}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {system.cluster.get(_path(namespace, name))}") from None


def _look_again(system, namespace, name="w"):
    """What a pipeline does when it has pushed."""
    system.cluster.api("PATCH", _path(namespace, name), {"spec": {"checkAfter": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}}, "application/merge-patch+json")


@pytest.fixture
def namespace(system, namespace):
    """Its watches go with the test: each is looked at as long as it is there."""
    yield namespace
    system.cluster.delete_all(f"/apis/landwaiter.io/v1alpha1/namespaces/{namespace}/registrywatches", "")


def test_the_image_of_a_watched_tag_is_scanned_before_anybody_runs_it(system, namespace):
    image = system.push(debian_image(BAD))
    system.cluster.apply(watch("w", namespace, system.registry.host, image.repository))
    scan = system.wait_scan(image.scan_name)
    assert condition(scan, "InUse")["reason"] == "Watched"
    assert scan["status"]["displayName"].startswith(image.repository)
    seen = _wait(system, namespace, reason="Checked", complete="AllChecked")
    assert (seen["status"]["repositories"], seen["status"]["tags"], seen["status"]["images"]) == (1, 1, 1)
    assert seen["status"]["newestImages"][0]["image"] == image.tagged
    assert seen["status"]["newestImages"][0]["digest"] == image.digest
    assert len(system.scans_of(image.digest)) == 1
