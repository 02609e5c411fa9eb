"""Registries and images that are broken or hostile: a named reason, never "no vulnerabilities"."""

import gzip
import json
import os

import pytest

from imagewriter import Blob, Image, Layer, sha256, tar_of
from making import BAD, debian_files, debian_image
from objects import NO_CRITICAL, pod, policy
from odd_registry import Answer
from system import condition


@pytest.fixture
def guarded(system, namespace):
    system.enforce(namespace, policy(f"odd-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    return namespace


def _refused(system, namespace, image, *words):
    """A pod of this image is denied, and every one of `words` is in the denial."""
    done = system.create(pod("p", image, namespace))
    assert done.returncode != 0, f"admitted: {image}"
    for word in words:
        assert word in done.stderr, done.stderr
    return done.stderr


# --- registries

ANSWERS = {
    "401 without a challenge": (Answer(401), ["PullUnauthorized"]),
    "403": (Answer(403, b'{"errors":[{"code":"DENIED"}]}'), ["PullUnauthorized"]),
    "404": (Answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'), ["NotFound"]),
    "500": (Answer(500, b"boom"), []),
    "503": (Answer(503), []),
    "half a manifest": (Answer(200, b'{"schemaVersion":2,' + b" " * 500, {
        "Content-Type": "application/vnd.oci.image.manifest.v1+json"}, cut=100), []),
    "nothing": (Answer(silent=True), []),
    "a redirect to the metadata address": (Answer(307, headers={"Location": "http://169.254.169.254/latest"}), []),
    "a redirect without end": (Answer(307, headers={"Location": "/v2/loop/manifests/1"}), []),
    "a page instead of a manifest": (Answer(200, b"<html></html>", {"Content-Type": "text/html"}), []),
    "a manifest of an unknown media type": (Answer(200, b'{"schemaVersion":2}', {
        "Content-Type": "application/vnd.example+json"}), ["UnsupportedMediaType"]),
    "a manifest of 8 MiB": (Answer(200, b'{"a":"' + b"x" * (8 << 20) + b'"}', {
        "Content-Type": "application/vnd.oci.image.manifest.v1+json"}), []),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_registry_that_answers(system, odd_registry, guarded, name):
    answer, words = ANSWERS[name]
    repository = "answers/" + "".join(c if c.isalnum() else "-" for c in name.lower())
    odd_registry.everywhere[repository] = answer
    text = _refused(system, guarded, f"{odd_registry.host}/{repository}:1", *words)
    assert "boom" not in text and "<html>" not in text


def test_a_registry_that_asks_to_be_left_alone(system, limiting_registry, guarded):
    limiting_registry.everywhere["answers/429"] = Answer(429, headers={"Retry-After": "3600"})
    _refused(system, guarded, f"{limiting_registry.host}/answers/429:1", "RateLimited")


METADATA = {"plainly": "https://169.254.169.254/", "as IPv6": "https://[::ffff:169.254.169.254]/",
            "as a number": "https://2852039166/", "as the link-local range": "https://[fe80::1]/"}


@pytest.mark.parametrize("written", METADATA)
def test_a_redirect_to_the_metadata_address_is_refused_however_it_is_written(system, odd_registry, guarded, written):
    repository = "metadata/" + written.replace(" ", "-").lower()
    odd_registry.everywhere[repository] = Answer(302, headers={"Location": METADATA[written]})
    text = _refused(system, guarded, f"{odd_registry.host}/{repository}:1")
    assert "AddressRefused" in text and "plain HTTP" not in text, text


# --- images

def _broken(odd_registry, name, image, **changed):
    """Serves an image with some blobs' answers changed; returns its reference."""
    repository = "broken/" + "".join(c if c.isalnum() else "-" for c in name.lower())
    reference = odd_registry.serve(image, repository)
    for digest, answer in changed.get("blobs", {}).items():
        odd_registry.answers[f"/v2/{repository}/blobs/{digest}"] = answer
    return reference


def _wait_failed(system, digest, reason=None):
    return condition(system.wait_scan(digest.replace(":", "-"), ready="False", reason=reason), "Ready")


def test_a_layer_with_other_bytes_than_its_digest(system, odd_registry, guarded):
    image = debian_image(BAD)
    blob = image.layers[0].blob
    with blob.open() as content:
        wrong = bytearray(content.read())
    wrong[len(wrong) // 2] ^= 1
    reference = _broken(odd_registry, "digest", image, blobs={blob.digest: Answer(200, bytes(wrong))})
    _refused(system, guarded, reference)
    assert blob.digest in _wait_failed(system, image.digest, "DigestMismatch")["message"]


def test_a_layer_whose_diff_id_is_another(system, odd_registry, guarded):
    honest = debian_image(BAD)
    layer = honest.layers[0]
    layer.diff_id = sha256(b"something else")
    image = Image([layer], {"User": "1000"})
    _refused(system, guarded, _broken(odd_registry, "diffid", image))
    _wait_failed(system, image.digest, "DigestMismatch")


def test_a_layer_that_ends_early(system, odd_registry, guarded):
    layer = Layer(tar_of({**debian_files(BAD), "big": os.urandom(1 << 20)}))
    with layer.blob.open() as content:
        layer.blob = Blob(content.read()[:-1000])
    image = Image([layer], {"User": "1000"})
    _refused(system, guarded, _broken(odd_registry, "truncated", image))
    assert _wait_failed(system, image.digest)["message"]


def test_a_layer_that_stops_in_the_middle_of_the_body(system, odd_registry, guarded):
    image = debian_image(BAD, files={"big": os.urandom(1 << 20)})
    blob = image.layers[0].blob
    with blob.open() as content:
        body = content.read()
    reference = _broken(odd_registry, "half", image, blobs={blob.digest: Answer(200, body, cut=len(body) // 2)})
    _refused(system, guarded, reference)
    assert _wait_failed(system, image.digest)["message"]


def test_a_gzip_bomb(system, odd_registry, guarded):
    layer = Layer(b"")
    bomb = tar_of(debian_files(BAD)) + b"\0" * (400 << 20)  # 1000:1, beyond the first 100 MiB
    layer.diff_id, layer.blob = sha256(bomb), Blob(gzip.compress(bomb, 9, mtime=0))
    del bomb
    image = Image([layer], {"User": "1000"})
    _refused(system, guarded, _broken(odd_registry, "bomb", image))
    assert _wait_failed(system, image.digest, "TooLarge")["message"]


# Pitfall 159.
def test_a_package_database_that_is_cut(system, odd_registry, guarded):
    files = debian_files(BAD)
    files["var/lib/dpkg/status"] = "Package: libbad\nStatus: install ok installed\nVers"
    image = Image([Layer(tar_of(files))], {"User": "1000"})
    _refused(system, guarded, _broken(odd_registry, "status", image))
    scan = system.scan(image.digest.replace(":", "-"))
    dpkg, = [c for c in scan["status"]["platforms"][0]["coverage"] if c["source"] == "dpkg"]
    assert dpkg["state"] == "Failed" and dpkg["reason"]
    assert condition(scan, "Complete")["status"] == "False"


def test_an_operating_system_without_a_feed(system, odd_registry, guarded):
    files = {**debian_files(BAD), "etc/os-release": 'ID=plan9\nVERSION_ID="4"\n'}
    image = Image([Layer(tar_of(files))], {"User": "1000"})
    assert "UnsupportedOS" in _refused(system, guarded, _broken(odd_registry, "os", image))


# Pitfall 20.
def test_a_layer_of_an_unknown_media_type(system, odd_registry, guarded):
    image = debian_image(BAD)
    manifest = json.loads(image.manifest)
    manifest["layers"][0]["mediaType"] = "application/vnd.example.layer"
    image.manifest = json.dumps(manifest).encode()
    image.digest = sha256(image.manifest)
    _refused(system, guarded, _broken(odd_registry, "mediatype", image))
    _wait_failed(system, image.digest, "UnsupportedMediaType")
