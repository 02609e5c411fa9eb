#!/usr/bin/env python3
"""Fails on an #include against the arrows of docs/architecture.md, on heavy headers in headers that
other rooms include, and on files that have outgrown one concept.

Each room lists the rooms it may include; itself is always allowed. The table is the same as the DEPS
in CMakeLists.txt, closed over what those rooms may include themselves.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIB = ["lib/base", "lib/http", "lib/kube", "lib/store"]
SCANNER_PARTS = ["scanner/versions", "scanner/packages", "scanner/image", "scanner/layer", "scanner/secrets", "scanner/malware",
                 "scanner/advisories"]
JUDGING = ["policy", "scanner/matching", "report", "resources"]
ALLOWED = {
    "lib/base": [],
    "lib/http": ["lib/base"],
    "lib/kube": ["lib/base", "lib/http"],
    "lib/store": ["lib/base"],
    "model": ["lib/base"],
    "scanner/versions": ["model", "lib/base"],
    "scanner/packages": ["model", "lib/base"],
    "scanner/image": ["model", "lib/base", "lib/http"],
    "scanner/secrets": ["model", "lib/base"],
    "scanner/malware": ["lib/base"],
    "scanner/layer": ["scanner/packages", "scanner/secrets", "model", "lib/base"],
    "scanner/advisories": ["scanner/versions", "model", "lib/base"],
    "scanner/updates": ["scanner/advisories", "model", "lib/base", "lib/http"],
    "scanner/matching": ["scanner/advisories", "scanner/versions", "model", "lib/base"],
    "policy": ["scanner/versions", "model", "lib/base"],
    "report": ["policy", "scanner/matching", "model", "lib/base"],
    "resources": ["policy", "model", "lib/base"],
    "admission": ["resources", "policy", "model", "lib/base"],
    "scanner/service": ["scanner/layer", "scanner/image", "scanner/malware", "scanner/packages", "model", "lib/http", "lib/base"],
    # scanner/image: the controller resolves tags itself, because it alone holds credentials.
    # scanner/versions: which of a watched repository's tags are the newest.
    "controller": ["admission", "resources", "report", "policy", "scanner/matching", "scanner/advisories", "scanner/image",
                   "scanner/versions", "model"] + LIB,
    "webhook": ["admission", "resources", "policy", "model", "lib/base", "lib/http", "lib/kube"],
    # controller/trust: what arming is, and how certificates are kept, is written once.
    "doctor": ["controller", "resources", "model", "lib/base", "lib/http", "lib/kube"],
    "cli": ["controller", "webhook", "doctor", "scanner/service", "scanner/updates"] + JUDGING + SCANNER_PARTS + ["model"] + LIB,
}
HEAVY = re.compile(r'#include <(boost/|nlohmann/json\.hpp|simdjson|curl/|yaml-cpp/|CLI/)')
INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.M)
MAX_LINES = {".h": 250, ".cc": 420, ".cpp": 420}


def room_of(path: str) -> str | None:
    """The room is the folder, or the one above it: a room may sort its files into folders."""
    for folder in list(pathlib.PurePosixPath(path).parents)[:2]:
        if str(folder) in ALLOWED:
            return str(folder)
    return None


def included_from_outside() -> set[str]:
    """Headers that another room, or a test, includes; the others are a room's own business."""
    outside = set()
    for folder in list(ALLOWED) + ["tests"]:
        for path in (ROOT / folder).glob("**/*"):
            if path.suffix in MAX_LINES:
                outside.update(i for i in INCLUDE.findall(path.read_text()) if room_of(i) != folder)
    return outside


def faults() -> list[str]:
    found = []
    shared = included_from_outside()
    for room, allowed in ALLOWED.items():
        for path in sorted((ROOT / room).glob("**/*")):
            if path.suffix not in MAX_LINES:
                continue
            name = path.relative_to(ROOT).as_posix()
            text = path.read_text()
            for included in INCLUDE.findall(text):
                target = room_of(included)
                if target is None:
                    found.append(f"{name}: includes \"{included}\", which is in no room; include from the root")
                elif target != room and target not in allowed:
                    found.append(f"{name}: {room} may not include {target} (\"{included}\")")
            if name in shared and HEAVY.search(text):
                found.append(f"{name}: a heavy header in a header: {HEAVY.search(text).group(0)}")
            lines = text.count("\n")
            if lines > MAX_LINES[path.suffix]:
                found.append(f"{name}: {lines} lines, more than {MAX_LINES[path.suffix]}; split by concept")
    return found


def main() -> int:
    found = faults()
    print("\n".join(found) or f"include direction: {len(ALLOWED)} rooms, no fault")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
