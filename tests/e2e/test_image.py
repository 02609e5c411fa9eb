"""The image that the Dockerfile makes: its size and labels, what is in it and what says so, its program run from its
root, and Landwaiter's own verdict on it.

The program in it is the one under test, in place of stage `program`: compiling it again takes ten minutes. With
LANDWAITER_TEST_IMAGE_BUILD=full everything is built as users build it.
"""

import datetime
import hashlib
import json
import os
import re
import shutil

import pytest
import yaml

from built_image import BuiltImage, compiled_here, push_base, run
from charts import CHART
from image_pods import Pods
from imagewriter import Image, Layer, StoredImage, tar_of
from making import BAD, CRITICAL, advisory, build_database, debian_image
from objects import NO_CRITICAL, image_scan, policy
from roles import ROOT, landwaiter
from system import Pushed

MOST_BYTES = 60_000_000
TESTDATA = os.environ.get("LANDWAITER_TESTDATA", os.path.join(ROOT, "..", "shared", "testdata"))
FULL = os.environ.get("LANDWAITER_TEST_IMAGE_BUILD") == "full"
# What no package brings, and no package's record names.
OUR_FILES = {"usr/bin/landwaiter", "usr/share/sbom/landwaiter.cdx.json", "etc/ssl/certs/ca-certificates.crt", "etc/nsswitch.conf",
             "etc/passwd", "etc/group"}
RECORDS = "var/lib/dpkg/status.d"


@pytest.fixture(scope="module")
def base(registry, workdir):
    folder = workdir / "image-base"
    folder.mkdir()
    yield push_base(registry, str(folder))
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def image(base, workdir):
    built = BuiltImage(workdir / "image")
    if FULL:
        # What this machine's own builds compiled need not be compiled again.
        cache = run("ccache", "-k", "cache_dir").stdout.strip()
        program = ("--volume", f"{cache}:/ccache", "--build-arg", f"JOBS={os.environ.get('LANDWAITER_TEST_IMAGE_JOBS', '')}")
    else:
        program = ("--build-context", f"program={compiled_here(built.workdir + '/program')}")
    try:
        yield built.build(base, *program, "--build-arg", "REVISION=of-a-test")
    finally:
        built.remove()


@pytest.fixture(scope="module")
def files(image):
    """The paths of all regular files and of all links, by kind."""
    found = {"file": set(), "link": set()}
    for parent, folders, names in os.walk(image.root):
        for name in (*folders, *names):
            path = os.path.join(parent, name)
            if os.path.islink(path):
                found["link"].add(os.path.relpath(path, image.root))
            elif os.path.isfile(path):
                found["file"].add(os.path.relpath(path, image.root))
    return found


@pytest.fixture(scope="module")
def records(image):
    """{package: fields of its record} as dpkg wrote them."""
    found = {}
    for name in os.listdir(image.path(RECORDS)):
        if not name.endswith(".md5sums"):
            with open(image.path(f"{RECORDS}/{name}"), encoding="utf-8") as f:
                found[name] = dict(re.findall(r"^([A-Za-z-]+):[ \n](.*(?:\n .*)*)", f.read(), re.MULTILINE))
    return found


@pytest.fixture(scope="module")
def sbom(image):
    with open(image.path("usr/share/sbom/landwaiter.cdx.json"), encoding="utf-8") as f:
        return json.load(f)


def _version():
    with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as f:
        return re.search(r"project\(landwaiter VERSION ([0-9.]+)", f.read())[1]


def _scan(*args, check=True):
    return run(landwaiter(), "scan", "--no-progress", "--layer-cache", "off", *args, check=check)


def _platform(*args):
    (platform,) = json.loads(_scan("--format", "json", *args).stdout)["platforms"]
    return platform


# --- what a user sees of it

def test_it_is_small(image):
    assert sum(layer["size"] for layer in image.layers) < MOST_BYTES


def test_its_labels_name_what_it_is(image):
    labels = {k.removeprefix("org.opencontainers.image."): v for k, v in image.config["Labels"].items()
              if k.startswith("org.opencontainers.image.")}
    with open(os.path.join(CHART, "Chart.yaml"), encoding="utf-8") as f:
        chart = yaml.safe_load(f)
    created = datetime.datetime.strptime(labels.pop("created"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    assert abs(datetime.datetime.now(datetime.timezone.utc) - created) < datetime.timedelta(days=1)
    assert labels == {"title": "landwaiter", "description": chart["description"], "version": chart["appVersion"],
                      "revision": "of-a-test", "vendor": "Landwaiter"}
    assert labels["version"] == _version()


def test_its_user_is_a_number_that_is_not_root_s(image):
    # runAsNonRoot: true without runAsUser, as the chart has it, takes no name.
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", image.config["User"])
    assert image.config["Entrypoint"] == ["/usr/bin/landwaiter"] and "Cmd" not in image.config


def test_nothing_in_it_starts_another_program_or_changes_its_user(image, files):
    runnable = {f for f in files["file"] if os.stat(image.path(f)).st_mode & 0o111 and not re.search(r"\.so(\.|$)", f)}
    # The others are packages' scripts, without their shell.
    assert runnable == {"usr/bin/landwaiter", "usr/sbin/update-ca-certificates", "etc/update-motd.d/10-uname"}
    assert not {f for f in files["file"] if os.stat(image.path(f)).st_mode & 0o6000}
    assert "usr/bin/sh" not in files["file"] | files["link"]


# --- what is in it is what its records say

def test_every_file_is_a_package_s_unchanged_or_one_of_a_few(image, files, records):
    sums = {}
    for package, fields in records.items():
        path = image.path(f"{RECORDS}/{package}.md5sums")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                sums.update({path: md5 for md5, path in (line.rstrip("\n").split("  ", 1) for line in f)})
        for line in fields.get("Conffiles", "").splitlines():
            if line.strip():
                path, md5 = line.split()[:2]
                sums[path.lstrip("/")] = md5
    # Packages name /lib, which is a link to /usr/lib.
    sums = {re.sub(r"^(bin|sbin|lib|lib64)/", r"usr/\1/", path): md5 for path, md5 in sums.items()}
    own = {f for f in files["file"] if f in OUR_FILES or f.startswith(f"{RECORDS}/")}
    assert OUR_FILES <= own
    assert files["file"] - own - sums.keys() == set(), "files of no package"
    changed = set()
    for path in files["file"] - own:
        with open(image.path(path), "rb") as f:
            if hashlib.file_digest(f, "md5").hexdigest() != sums[path]:
                changed.add(path)
    assert changed == set(), "files that are not as their package brought them"


def test_its_packages_are_those_whose_libraries_the_program_loads(image, records):
    assert {f["Status"] for f in records.values()} == {"install ok installed"}
    loaded = run("ldd", image.path("usr/bin/landwaiter")).stdout
    libraries = {os.path.basename(path) for path in re.findall(r"(\S+) \(0x", loaded) if path.startswith("/")}
    assert len(libraries) > 20
    folder = next(p for p in os.listdir(image.path("usr/lib")) if p.endswith("-linux-gnu"))
    inside = set(os.listdir(image.path(f"usr/lib/{folder}"))) | set(os.listdir(image.path("usr/lib64")))
    assert libraries - inside == set()
    assert {"libc6", "libssl3", "libcurl4", "base-files", "ca-certificates"} <= records.keys()
    assert not records.keys() & {"dpkg", "apt", "bash", "dash", "perl-base", "coreutils", "python3"}


def test_its_sbom_is_cyclonedx_and_names_every_package(sbom, records):
    assert (sbom["bomFormat"], sbom["specVersion"], sbom["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sbom["serialNumber"])
    about = sbom["metadata"]["component"]
    assert (about["type"], about["name"], about["version"]) == ("application", "landwaiter", _version())
    references = [c["bom-ref"] for c in sbom["components"]]
    assert len(set(references)) == len(references)
    assert sbom["dependencies"] == [{"ref": about["bom-ref"], "dependsOn": references}]
    for component in sbom["components"]:
        assert component["type"] == "library" and component["purl"].startswith("pkg:deb/debian/"), component
    loaded = {(c["name"], c["version"]) for c in sbom["components"] if c["properties"][0]["value"] == "dynamically"}
    assert loaded == {(f["Package"], f["Version"]) for f in records.values()}
    compiled = {re.sub(r"[\d.]*-dev$", "", c["name"]): c["properties"][0]["value"] for c in sbom["components"]
                if c["properties"][0]["value"] != "dynamically"}
    assert compiled == {"libboost": "as headers", "libcli": "as headers", "nlohmann-json": "as headers", "libzstd": "statically"}


@pytest.fixture(scope="module")
def no_advisories(workdir):
    """A database that knows a package which nobody has."""
    return build_database(workdir / "image-no-advisories", [advisory("CVE-2099-7777", "libnobody", fixed="1")])


def test_landwaiter_reads_the_same_packages_from_the_image_and_from_its_sbom(image, sbom, records, no_advisories):
    in_image = _platform(f"oci:{image.layout}", "--db", no_advisories)
    assert {(p["name"], p["version"]) for p in in_image["packages"]} == {(f["Package"], f["Version"]) for f in records.values()}
    assert {line["state"] for line in in_image["coverage"]} == {"Read"}
    in_sbom = _platform(f"sbom:{image.path('usr/share/sbom/landwaiter.cdx.json')}", "--db", no_advisories)
    assert {(p["name"], p["version"]) for p in in_sbom["packages"]} == {(c["name"], c["version"]) for c in sbom["components"]}
    sources = {p["name"]: (p["sourceName"], p["sourceVersion"]) for p in in_image["packages"]}
    assert {p["name"]: (p["sourceName"], p["sourceVersion"]) for p in in_sbom["packages"] if p["name"] in sources} == sources


# --- its program, from its root, as its user

@pytest.mark.parametrize("command, says", [
    (["--version"], f"landwaiter {_version()}\n"), (["webhook", "--help"], "answer the API server's reviews"),
    (["controller", "--help"], "Watch pods"), (["scanner", "--help"], "scan images of registries"),
    (["db", "update", "--help"], "--every"), (["disarm", "--help"], "--validating")], ids=" ".join)
def test_its_program_starts(image, command, says):
    assert says in image.run(*command).stdout


@pytest.fixture
def mounts(image, no_advisories, tmp_path):
    tmp_path.chmod(0o777)
    return {"/tmp": tmp_path, "/tmp/image": image.layout, "/tmp/db": no_advisories}


def test_it_scans_itself_as_this_machine_does(image, no_advisories, mounts):
    inside = image.run("scan", "oci:/tmp/image", "--db", "/tmp/db", "--format", "json", "--layer-cache", "off", mounts=mounts)
    (platform,) = json.loads(inside.stdout)["platforms"]
    assert platform == _platform(f"oci:{image.layout}", "--db", no_advisories)
    assert len(platform["packages"]) > 30


def test_its_root_is_not_written_to(image, mounts):
    refused = image.run("scan", "oci:/tmp/image", "--db", "/tmp/db", "--output", "/var/lib/landwaiter/report", mounts=mounts,
                        check=False)
    assert refused.returncode == 3 and "Read-only file system" in refused.stderr, refused


# --- what Landwaiter says of it

@pytest.fixture(scope="module")
def debian_advisories(workdir):
    feed = os.path.join(TESTDATA, "feeds", "debian", "debian-tracker-bookworm.json")
    known = os.path.join(TESTDATA, "feeds", "kev", "known_exploited_vulnerabilities.json")
    if not os.path.exists(feed):
        pytest.skip(f"the shared test data has no {feed} (LANDWAITER_TESTDATA): the image was not judged by Debian's advisories")
    folder = str(workdir / "image-advisories")
    run(landwaiter(), "db", "build", "--feed", f"debian={feed}", "--feed", f"kev={known}", "--output", folder)
    return folder


@pytest.fixture
def strict(registry, tmp_path):
    """examples/policies/landwaiter-image.yaml, with the registry of the tests as ours, and without the day on which its
    exceptions end: no test fails by the calendar."""
    with open(os.path.join(ROOT, "examples", "policies", "landwaiter-image.yaml"), encoding="utf-8") as f:
        text = re.sub(r'until: "[0-9-]+"', 'until: "9999-12-31"', f.read())
    (tmp_path / "strict.yaml").write_text(text.replace("registry.example.com", registry.host))
    return tmp_path / "strict.yaml"


def test_its_policy_is_the_strict_one_with_exceptions_that_say_why():
    read = {}
    for folder, name in (("manifests", "strict"), ("examples", "landwaiter-image")):
        with open(os.path.join(ROOT, folder, "policies", f"{name}.yaml"), encoding="utf-8") as f:
            read[name] = yaml.safe_load(f)["spec"]
    own = read["landwaiter-image"]
    exceptions, match = own.pop("exceptions"), own.pop("match")
    assert own == read["strict"]
    assert match["images"] == ["registry.example.com/**/landwaiter"]
    # Each is of one vulnerability in one package: nothing else is excused.
    assert all(len(e["ids"]) == len(e["packages"]) == 1 and e["images"] == match["images"] and e["reason"] for e in exceptions)


def test_the_strict_policy_lets_it_in_and_nothing_found_has_a_fix(image, registry, debian_advisories, strict):
    reference = registry.push(StoredImage(image.layout), "our/landwaiter", "1")
    judged = _scan(reference, "--db", debian_advisories, "--policy", strict, check=False)
    assert judged.returncode == 0 and "Verdict: Pass" in judged.stdout, judged.stdout + judged.stderr
    fixable = _platform(reference, "--db", debian_advisories, "--ignore-unfixed")["findings"]
    assert fixable == [], f"build it anew: Debian has mended {sorted({f['packageName'] for f in fixable})}"


def test_the_same_policy_refuses_it_with_an_older_library(image, registry, debian_advisories, strict):
    """What passes above could have failed: the record of libssl3 says the version of Debian 12's first release."""
    with open(image.path(f"{RECORDS}/libssl3"), encoding="utf-8") as f:
        older = re.sub(r"^Version: .*", "Version: 3.0.9-1", f.read(), flags=re.MULTILINE)
    stored = StoredImage(image.layout)
    layers = [_LayerOf(stored, n) for n in range(len(image.layers))]
    changed = Image([*layers, Layer(tar_of({f"{RECORDS}/libssl3": older}))], {"User": image.config["User"]})
    reference = registry.push(changed, "our/landwaiter", "older")
    judged = _scan(reference, "--db", debian_advisories, "--policy", strict, check=False)
    assert judged.returncode == 1 and "no-critical" in judged.stdout + judged.stderr, judged.stdout + judged.stderr
    assert "libssl3" in judged.stdout


class _LayerOf:
    """A layer of a stored image, for an image over it."""

    compression = "gzip"

    def __init__(self, stored, number):
        content = json.loads(stored.manifest)
        blobs = stored.blobs()
        self.blob = blobs[content["layers"][number]["digest"]]
        with blobs[content["config"]["digest"]].open() as f:
            self.diff_id = json.load(f)["rootfs"]["diff_ids"][number]


# --- in the pods of the chart

@pytest.fixture
def pods(image, fresh, registry, workdir):
    running = Pods(fresh, workdir / "image-pods", image, registry)
    build_database(running.folder / "database")
    running.install()
    try:
        for name in ("controller", "scanner", "webhook"):
            running.start(name)
        for role in running.roles.values():
            role.wait_ready()
        yield running
        assert {name: role.stop() for name, role in running.roles.items()} == dict.fromkeys(running.roles, 0)
    finally:
        running.group.stop()


def test_its_roles_run_as_the_chart_has_them_and_deny_a_bad_image(pods, registry):
    pods.wait_armed()
    cluster = pods.cluster
    for role in pods.roles.values():
        with open(f"/proc/{role.process.pid}/status", encoding="ascii") as f:
            status = dict(re.findall(r"^(\w+):\t(.*)$", f.read(), re.MULTILINE))
        assert status["Uid"].split() == ["65532"] * 4 and status["Groups"].strip() == "" and int(status["CapEff"], 16) == 0
        assert status["NoNewPrivs"] == "1"
    good, bad = Pushed(registry, debian_image()), Pushed(registry, debian_image(BAD))
    cluster.apply(policy("from-the-image", NO_CRITICAL, onUnscanned="Deny", waitSeconds=8))

    def answer(pushed, says):
        def asked():
            done = cluster.kubectl("run", "p", "--image", pushed.pinned, "--dry-run=server", check=False)
            return says in done.stdout + done.stderr
        return cluster.wait_until(asked, 60, f"{pushed.pinned}: {says}")
    # A dry run asks nobody: neither for a tag's digest nor for a scan. The ImageScans do.
    cluster.apply(*(image_scan(f"ask-{n}", p.tagged) for n, p in enumerate((good, bad))))
    answer(bad, CRITICAL)
    answer(good, "pod/p created (server dry run)")
    with open(pods.folder / "database" / "manifest.json", encoding="utf-8") as f:
        built = datetime.datetime.fromisoformat(json.load(f)["builtAt"])
    assert pods.roles["controller"].metric("landwaiter_database_built_timestamp_seconds") == built.timestamp()
    assert pods.roles["webhook"].metric("landwaiter_build_info", version=_version()) == 1


# --- the Dockerfile as users build it

def test_what_the_build_is_given_is_enough_to_compile(tmp_path):
    """Stage `program` up to what would be compiled, in the context without what .dockerignore leaves out."""
    with open(os.path.join(ROOT, ".dockerignore"), encoding="utf-8") as f:
        ignored = [line.strip().strip("/") for line in f if line.strip() and not line.startswith("#")]
    shutil.copytree(ROOT, tmp_path / "src", ignore=lambda parent, names: [
        n for n in names if os.path.samefile(parent, ROOT) and any(re.fullmatch(i.replace("*", ".*"), n) for i in ignored)])
    src, build = tmp_path / "src", tmp_path / "build"
    run("cmake", "-G", "Ninja", "-S", src, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DLANDWAITER_TESTS=OFF")
    inputs = run("ninja", "-C", build, "-t", "inputs", "landwaiter").stdout
    compiled = {os.path.relpath(line, src) for line in inputs.splitlines() if line.startswith(f"{src}/") and line.endswith((".cc", ".cpp"))}
    # Files that are new here and not yet known to git are compiled, too.
    product = {f for f in run("git", "-C", ROOT, "ls-files", "*.cc", "*.cpp").stdout.split() if not f.startswith("tests/")}
    assert len(product) > 100 and product - compiled == set()
    # The packages that the Dockerfile installs for it: all that building needs, none of the tests' own.
    packages = run(os.path.join(ROOT, "scripts", "image", "build-packages.sh")).stdout.split()
    assert {"g++", "cmake", "ninja-build", "ccache", "libcurl4-openssl-dev"} <= set(packages)
    assert not {"debootstrap", "buildah", "docker-registry", "python3"} & set(packages)


@pytest.mark.skipif(not FULL, reason="LANDWAITER_TEST_IMAGE_BUILD is not `full`: the program was compiled by this machine's build")
def test_every_stage_of_it_was_built(image):
    assert [f"AS {stage}" in image.build_log for stage in ("program", "root")] == [True, True]
    assert "ninja -C /build" in image.build_log
