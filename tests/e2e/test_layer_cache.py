"""What was read of a layer is read no more, and nothing else changes by it."""

import os

import pytest

from imagewriter import Image, Layer, tar_of
from making import BAD, CRITICAL, UNFIXED, build_database, debian_files
from test_scan_command import ids, run


@pytest.fixture(scope="module", name="database")
def fixture_database(tmp_path_factory):
    return build_database(tmp_path_factory.mktemp("layers") / "db")


@pytest.fixture(name="scan")
def fixture_scan(database, tmp_path):
    def scan(reference, cache=None):
        done = run("scan", reference, "--db", database, "--format", "json",
                   "--layer-cache", cache or tmp_path / "layers")
        assert done.returncode == 0, done.stderr
        return done
    return scan


def fetched(registry, since, image):
    """The image's layers that were fetched, base first."""
    paths = [r.path for r in registry.requests(since) if r.method == "GET"]
    return [number for number, layer in enumerate(image.layers) if any(layer.blob.digest in path for path in paths)]


def image_over(base, name):
    return Image([base, Layer(tar_of({f"opt/{name}": name}))], {})


# Admission pitfall 67.
# Pitfall 152.
def test_only_layers_never_seen_are_fetched(registry, scan):
    base = Layer(tar_of(debian_files(BAD)))
    first, second = image_over(base, "first"), image_over(base, "second")
    for image, name in ((first, "first"), (second, "second")):
        registry.push(image, f"layers/{name}", "1")
    expectations = [("first", first, [0, 1]), ("second", second, [1]), ("second", second, []), ("first", first, [])]
    for name, image, expected in expectations:
        before = len(registry.requests())
        done = scan(f"{registry.host}/layers/{name}:1")
        assert ids(done) == [CRITICAL]
        assert fetched(registry, before, image) == expected, name


# Admission pitfall 95.
def test_a_scan_from_the_cache_says_the_same_bytes(registry, scan):
    base = Layer(tar_of(debian_files({**BAD, "libold": "1"})))
    image = Image([base, Layer(tar_of({"var/lib/dpkg/.wh.status": b"", "opt/x": "y"})),
                   Layer(tar_of(debian_files({"libold": "1"})))], {})
    registry.push(image, "layers/same", "1")
    reference = f"{registry.host}/layers/same:1"
    uncached, cold, warm = scan(reference, "off"), scan(reference), scan(reference)
    assert ids(warm) == [UNFIXED]
    assert uncached.stdout == cold.stdout == warm.stdout


# Admission pitfall 95.
def test_a_damaged_cache_costs_a_fetch_and_no_result(registry, scan, tmp_path):
    image = image_over(Layer(tar_of(debian_files(BAD))), "damaged")
    registry.push(image, "layers/damaged", "1")
    scan(f"{registry.host}/layers/damaged:1")
    for name in os.listdir(tmp_path / "layers"):
        if name.endswith(".kept"):
            with open(tmp_path / "layers" / name, "r+b") as f:
                f.seek(100)
                f.write(b"\xff\xff")
    before = len(registry.requests())
    assert ids(scan(f"{registry.host}/layers/damaged:1")) == [CRITICAL]
    assert fetched(registry, before, image) == [0, 1]


def test_a_cache_that_others_may_write_is_not_used_and_said(registry, database, tmp_path):
    image = image_over(Layer(tar_of(debian_files(BAD))), "open")
    registry.push(image, "layers/open", "1")
    cache = tmp_path / "open"
    cache.mkdir()
    cache.chmod(0o777)
    done = run("scan", f"{registry.host}/layers/open:1", "--db", database, "--format", "json", "--layer-cache", cache)
    assert done.returncode == 0 and ids(done) == [CRITICAL]
    assert "can be written by others" in done.stderr
    assert os.listdir(cache) == []
