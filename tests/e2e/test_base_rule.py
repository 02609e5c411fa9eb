"""What an image is built on: told by its layers and by what RegistryWatches have found, in the cluster and on the command line."""

import itertools
import json
import subprocess

import pytest
import yaml

from imagewriter import Image, Layer, tar_of
from making import debian_image
from objects import pod, policy
from roles import landwaiter
from test_registry_watch import watch

_salt = itertools.count(1)


def _built_on(base, config=None):
    """An image FROM `base`: its layers, and one of its own."""
    return Image([*base.layers, Layer(tar_of({"app/salt": str(next(_salt))}))], config or {"User": "1000"})


@pytest.fixture(scope="module")
def bases(system, cluster):
    """{name: pushed} of a base that is watched, one that is watched as legacy, and one that nobody watches; and of what is built on each."""
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "platform"}})
    made = {name: system.push(repository=f"bases/{name}", tag="1") for name in ("good", "legacy", "stray")}
    cluster.apply(watch("bases", "platform", system.registry.host, "bases/good", "bases/legacy"))
    for name in ("good", "legacy"):
        system.wait_scan(made[name].scan_name)
        system.cluster.wait_until(lambda n=name: made[n].tagged in system.scan(made[n].scan_name)["status"].get("watchedAs", []), 60,
                                  f"{name} is known by its name")
    for name in ("good", "legacy", "stray"):
        made[f"on {name}"] = system.push(_built_on(made[name].image))
    made["on on good"] = system.push(_built_on(made["on good"].image))
    # Its labels say that it is built on the good one, and it names itself so.
    host = system.registry.host
    liar = debian_image(Labels={"org.opencontainers.image.base.name": f"{host}/bases/good:1",
                                "org.opencontainers.image.base.digest": made["good"].digest})
    made["liar"] = system.push(liar)
    made["claimed"] = system.push()
    yield made
    cluster.delete_all("/apis/landwaiter.io/v1alpha1/namespaces/platform/registrywatches", "")


ALLOWED = {"allowed": ["HOST/bases/good"]}
CASES = {
    # name: (the rule, the image, what the pod is denied for: None where it is let in)
    "built on an allowed base": (ALLOWED, "on good", None),
    "built on what is built on it": (ALLOWED, "on on good", None),
    "the allowed base itself": (ALLOWED, "good", None),
    "built on another that is known": (ALLOWED, "on legacy", "is built on"),
    "built on what nobody knows": (ALLOWED, "on stray", "is not built on one among the base images allowed"),
    "its labels are nobody's word": (ALLOWED, "liar", "is not built on one"),
    "another tag": ({"allowed": ["HOST/bases/good:2"]}, "on good", "no image is known by"),
    "a base that nobody watches is not known by its name": ({"allowed": ["HOST/bases/stray"]}, "on stray", "no image is known by"),
    "built on a denied one": ({"denied": ["**/legacy"]}, "on legacy", "which is denied as a base image"),
    "not built on the denied one": ({"denied": ["**/legacy"]}, "on good", None),
    "a digest will do": ({"allowed": ["DIGEST"]}, "on good", None),
    "an unknown base counts": ({"unknown": "Count"}, "on stray", "its base image is not known"),
    "a known one does not": ({"unknown": "Count"}, "on legacy", None),
}


@pytest.mark.parametrize("name", CASES)
def test_a_pod_is_judged_by_what_its_image_is_built_on(system, bases, namespace, name):
    rule, image, words = CASES[name]
    rule = json.loads(json.dumps(rule).replace("HOST", system.registry.host).replace("DIGEST", bases["good"].digest))
    system.enforce(namespace, policy(f"base-{namespace}", {"name": "bases", "base": rule}, namespace=namespace, waitSeconds=20))
    done = system.create(pod("p", bases[image].pinned, namespace))
    if words is None:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode != 0 and words in done.stderr, done.stderr


def test_a_name_that_a_pod_gives_an_image_makes_no_base_of_it(system, bases, namespace):
    """The digest is of another repository; that it is written behind an allowed name changes nothing."""
    claimed = bases["claimed"]
    system.request_scan(claimed)
    rule = {"name": "bases", "base": {"allowed": [f"{system.registry.host}/bases/good"]}}
    system.enforce(namespace, policy(f"base-{namespace}", rule, namespace=namespace, waitSeconds=20))
    done = system.create(pod("p", f"{system.registry.host}/bases/good:1@{claimed.digest}", namespace))
    assert done.returncode != 0, done.stderr
    on_it = system.push(_built_on(claimed.image))
    done = system.create(pod("q", on_it.pinned, namespace))
    assert done.returncode != 0 and "is not built on one" in done.stderr, done.stderr


def test_layers_of_an_unknown_base_are_counted(system, bases, namespace):
    rule = {"name": "few", "image": {"maxLayersFromUnknownBase": 1}}
    system.enforce(namespace, policy(f"few-{namespace}", rule, namespace=namespace, waitSeconds=20))
    done = system.create(pod("p", bases["on stray"].pinned, namespace))
    assert done.returncode != 0 and "has 2 layers and its base image is not known, at most 1" in done.stderr, done.stderr
    assert system.create(pod("q", bases["on on good"].pinned, namespace)).returncode == 0


COMMANDS = {
    # name: (--base, the rule, the verdict)
    "the base that is named is allowed": (["good"], {"allowed": ["**/good"]}, "Pass"),
    "another one is not": (["good", "legacy"], {"allowed": ["**/legacy"]}, "Fail"),
    "without bases nobody knows": ([], {"allowed": ["**/good"]}, "Unknown"),
    "an entry that is not named cannot be told": (["legacy"], {"allowed": ["**/good"]}, "Unknown"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_line_judges_by_the_bases_that_it_is_given(system, bases, tmp_path, name):
    given, rule, verdict = COMMANDS[name]
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(policy("p", {"name": "bases", "base": rule})))
    done = subprocess.run(
        [landwaiter(), "scan", bases["on good"].pinned, "--plain-http", system.registry.host, "--db", str(system.roles.database),
         "--policy", str(file), "--format", "json", *(flag for one in given for flag in ("--base", bases[one].tagged))],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert json.loads(done.stdout)["policies"][0]["verdict"] == verdict, done.stderr


def test_a_folder_is_no_base_and_it_is_said_why(system, bases, tmp_path):
    done = subprocess.run(
        [landwaiter(), "scan", bases["on good"].pinned, "--plain-http", system.registry.host, "--db", str(system.roles.database),
         "--base", f"dir:{tmp_path}"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3 and done.stdout == "", done.stdout
    assert f"base image dir:{tmp_path}: is no image but a folder or a document, which has no layers" in done.stderr, done.stderr
