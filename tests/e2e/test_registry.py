"""The registry of the test bench, and the images that are pushed to it."""

import base64
import http.client

import pytest

from imagewriter import DOCKER, OCI, Executable, Image, Index, Layer, tar_of
from registry import Registry

FILES = {"etc/os-release": "ID=debian\nVERSION_ID=12\n", "bin/run": Executable(b"#!")}
ACCEPT = ("application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
          "application/vnd.docker.distribution.manifest.v2+json")


def _get(registry, path, user=None):
    headers = {"Accept": ACCEPT, "User-Agent": "test"}
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Docker-Content-Digest"), answer.read()


@pytest.mark.parametrize("kind", [DOCKER, OCI])
@pytest.mark.parametrize("compression", ["gzip", "plain"])
def test_a_pushed_image_is_served_under_its_digest(registry, kind, compression):
    image = Image([Layer(tar_of(FILES), compression)], kind=kind)
    registry.push(image, f"pushed/{kind}-{compression}", "1")
    assert _get(registry, f"/v2/pushed/{kind}-{compression}/manifests/1") == (200, image.digest, image.manifest)


def test_an_index_is_served_with_its_images(registry):
    images = [Image([Layer(tar_of({**FILES, "arch": p}))], platform=p) for p in ("linux/amd64", "linux/arm64/v8")]
    index = Index(images)
    registry.push(index, "pushed/index", "1")
    assert _get(registry, "/v2/pushed/index/manifests/1")[1] == index.digest
    for image in images:
        assert _get(registry, f"/v2/pushed/index/manifests/{image.digest}")[2] == image.manifest


def test_the_same_content_has_the_same_digest():
    assert Image([Layer(tar_of(FILES))]).digest == Image([Layer(tar_of(dict(reversed(FILES.items()))))]).digest


def test_requests_are_counted_without_the_tests_own_pushes(registry):
    before = len(registry.requests())
    registry.push(Image([Layer(tar_of({"a": "counted"}))]), "pushed/counted", "1")
    _get(registry, "/v2/pushed/counted/manifests/1")
    assert [(r.method, r.path, r.status) for r in registry.requests(before, of="pushed/counted")] == [
        ("GET", "/v2/pushed/counted/manifests/1", 200)]


def test_a_registry_with_users_lets_only_them_in(workdir):
    with Registry(workdir / "private", {"robot": "s3cret"}, name="private") as private:
        private.push(Image([Layer(tar_of(FILES))]), "app", "1")
        assert [_get(private, "/v2/app/manifests/1", user)[0] for user in (None, "robot:wrong", "robot:s3cret")] == [
            401, 401, 200]
