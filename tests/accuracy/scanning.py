"""What `landwaiter scan` finds, as rows of text to compare."""

import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(ROOT, "tests", "cluster"))

from imagewriter import Image, Layer, OCI, tar_of, write_layout  # noqa: E402  pylint: disable=wrong-import-position
from roles import landwaiter  # noqa: E402  pylint: disable=wrong-import-position

SCAN_SECONDS = 300


def build_database(folder, feeds):
    """Builds a database of [(type, path)] in `folder`."""
    command = [landwaiter(), "db", "build", "--output", str(folder)]
    for kind, path in feeds:
        command += ["--feed", f"{kind}={path}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"db build: exit {done.returncode}: {done.stderr}")
    return str(folder)


def scan(image, database):
    """The report of an image's only platform. Exit 3 is a report too: coverage says what was not read."""
    done = subprocess.run([landwaiter(), "scan", "--db", database, "--format", "json", "--no-progress",
                           "--layer-cache", "off", image],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SCAN_SECONDS, check=False)
    if done.returncode not in (0, 3) or not done.stdout:
        raise RuntimeError(f"scan {image}: exit {done.returncode}: {done.stderr}")
    (platform,) = json.loads(done.stdout)["platforms"]
    return platform


def write_image(folder, files):
    """An OCI layout of one layer with these files ({path: bytes}); what `scan` takes."""
    write_layout(Image([Layer(tar_of(files))], {}, kind=OCI), str(folder), "accuracy")
    return f"oci:{folder}"


def packages(platform, found_by):
    return [package for package in platform["packages"] if package["foundBy"] == found_by]


def faults(platform, source):
    """Why a source's coverage is not Read; empty where it is."""
    return [line["reason"] for line in platform["coverage"] if line["source"] == source and line["state"] != "Read"]
