"""`landwaiter scan docker:NAME` and `podman:NAME`: an image that a container engine holds, over its socket."""

import json
import os

import pytest

from fake_engine import FakeEngine
from imagewriter import Image, Layer, tar_of
from making import BAD, CRITICAL, build_database, debian_files
from test_scan_command import ids, run


def docker_save(folder):
    """What `docker save` writes of one image asked for by its ID: it has no tag."""
    tar = tar_of(debian_files(BAD))
    image = Image([Layer(tar, "plain")])
    path = folder / "save.tar"
    path.write_bytes(tar_of({
        "config.json": image.config._data,  # pylint: disable=protected-access
        "layer/layer.tar": tar,
        "manifest.json": json.dumps([{"Config": "config.json", "RepoTags": None, "Layers": ["layer/layer.tar"]}])}))
    return path


@pytest.fixture(scope="module", name="database")
def fixture_database(tmp_path_factory):
    return build_database(tmp_path_factory.mktemp("engine") / "db")


@pytest.fixture(name="scan")
def fixture_scan(database, tmp_path):
    """Scans with an engine at a socket of the test's; its variable names it."""
    def scan(image, variable, socket, *flags):
        environment = {k: v for k, v in os.environ.items() if k not in ("DOCKER_HOST", "CONTAINER_HOST")}
        if variable:
            environment[variable] = f"unix://{socket}"
        return run("scan", image, "--db", database, "--format", "json", *flags,
                   env={**environment, "XDG_RUNTIME_DIR": str(tmp_path)})
    return scan


@pytest.mark.parametrize("image,variable", [("docker:team/app:1", "DOCKER_HOST"), ("podman:team/app:1", "CONTAINER_HOST")])
def test_an_engines_image_is_asked_for_by_name_and_exported_by_its_id(scan, tmp_path, image, variable):
    with FakeEngine(tmp_path / "engine.sock", {"team/app:1": docker_save(tmp_path)}) as engine:
        done = scan(image, variable, engine.socket_path)
    assert done.returncode == 0, done.stderr
    assert ids(done) == [CRITICAL]
    assert engine.seen == ["/images/team/app%3A1/json", f"/images/sha256%3A{1:064x}/get"]


def test_a_socket_at_its_usual_place_is_found_without_a_variable(scan, tmp_path):
    with FakeEngine(tmp_path / "docker.sock", {"app": docker_save(tmp_path)}):
        done = scan("docker:app", None, None)
    assert done.returncode == 0, done.stderr
    assert ids(done) == [CRITICAL]


def test_an_image_that_the_engine_does_not_have_is_named_in_its_words(scan, tmp_path):
    with FakeEngine(tmp_path / "engine.sock", {}) as engine:
        done = scan("docker:nothing:1", "DOCKER_HOST", engine.socket_path)
    assert done.returncode == 3 and not done.stdout
    assert "No such image: nothing:1" in done.stderr and "NotFound" in done.stderr, done.stderr


# Pitfall 52.
@pytest.mark.parametrize("cut", [100, 5000])
def test_an_export_that_breaks_off_is_no_result(scan, tmp_path, cut):
    with FakeEngine(tmp_path / "engine.sock", {"app": docker_save(tmp_path)}, cut) as engine:
        done = scan("docker:app", "DOCKER_HOST", engine.socket_path)
    assert done.returncode == 3 and not done.stdout, done.stdout
    assert "docker" in done.stderr and "RegistryUnavailable" in done.stderr, done.stderr


def test_no_engine_names_the_sockets_that_were_tried(scan, tmp_path):
    done = scan("podman:app", None, None)
    assert done.returncode == 3 and not done.stdout
    assert f"{tmp_path}/podman/podman.sock" in done.stderr and "CONTAINER_HOST" in done.stderr, done.stderr


@pytest.mark.parametrize("address", ["ssh://host", "unix://", "nonsense"])
def test_an_address_that_is_not_spoken_to_is_told(database, address):
    done = run("scan", "docker:app", "--db", database, env={**os.environ, "DOCKER_HOST": address})
    assert done.returncode == 3 and f"DOCKER_HOST={address}" in done.stderr, done.stderr


def test_a_prefix_without_a_name_is_bad_usage(database):
    done = run("scan", "docker:", "--db", database)
    assert done.returncode == 2 and "names no image" in done.stderr, done.stderr
