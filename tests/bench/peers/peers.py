"""Syft and OSV-Scanner on the image that ours was measured on, as ratios to ours.

They do other things besides (Syft catalogues files' digests, OSV-Scanner matches): what is compared is what
a user waits and pays for until the packages of an image are known.
"""

import json
import os
import subprocess
import tarfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BIN = os.path.join(ROOT, "build", "peers", "bin")
PEER_RUNS = 3


def docker_archive(image, path):
    """An image of an OCI layout as a `docker save` archive with its layers as they are, which is what
    OSV-Scanner takes without a daemon."""
    manifest = json.loads(image.manifest)
    blobs = image.blobs()
    names = {d["digest"]: d["digest"].split(":")[1] + ".tar.gz" for d in manifest["layers"]}
    names[manifest["config"]["digest"]] = manifest["config"]["digest"].split(":")[1] + ".json"
    table = [{"Config": names[manifest["config"]["digest"]], "RepoTags": ["bench:latest"],
              "Layers": [names[d["digest"]] for d in manifest["layers"]]}]
    with tarfile.open(path, "w") as archive:
        for digest, name in names.items():
            info = tarfile.TarInfo(name)
            info.size = blobs[digest].size
            with blobs[digest].open() as content:
                archive.addfile(info, content)
        table_path = f"{path}.manifest"
        with open(table_path, "w", encoding="utf-8") as f:
            json.dump(table, f)
        archive.add(table_path, "manifest.json")
    return path


def commands(host, image, workdir):
    """{name: (command, environment, accepted exit codes)}."""
    environment = {"HOME": workdir, "PATH": os.environ["PATH"], "TMPDIR": workdir,
                   "SYFT_REGISTRY_INSECURE_USE_HTTP": "true", "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    archive = docker_archive(image, os.path.join(workdir, "bench.tar"))
    return {
        "syft": ([os.path.join(BIN, "syft"), "scan", "-q", f"registry:{host}/bench:latest", "-o", "json"], environment,
                 (0,)),
        # Without a database of advisories it says so, and lists all packages (1: it found some, 127: no database).
        "osv-scanner": ([os.path.join(BIN, "osv-scanner"), "scan", "image", "--offline", "--offline-vulnerabilities",
                         "--all-packages", "--format", "json", "--archive", archive], environment, (0, 1, 127)),
    }


def bench_peers(measure, host, image, workdir, ours):
    """`ours` are the measured runs of ours on the same image."""
    subprocess.run([os.path.join(ROOT, "tests", "bench", "peers", "build.sh")], check=True, stdin=subprocess.DEVNULL)
    best = lambda rows, key: min(row[key] for row in rows)  # noqa: E731
    for name, (command, environment, accepted) in commands(host, image, workdir).items():
        rows = [measure(command, accepted, environment) for _ in range(PEER_RUNS)]
        peak, our_peak = (max(row["peak"] for row in r) for r in (rows, ours))
        print(f"  {name:14}{best(rows, 'wall'):9.2f}{best(rows, 'cpu'):9.2f}{peak / 1e6:9.0f}"
              f"   ours takes 1/{best(rows, 'wall') / best(ours, 'wall'):.1f} of its time, "
              f"1/{best(rows, 'cpu') / best(ours, 'cpu'):.1f} of its CPU, 1/{peak / our_peak:.1f} of its memory")
